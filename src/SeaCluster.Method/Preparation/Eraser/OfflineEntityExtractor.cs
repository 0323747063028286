using System.Text.RegularExpressions;

namespace SeaCluster.Method.Preparation.Eraser;

/// <summary>
/// Entities by rule, without network: runs of up to three words between function words and punctuation, the candidates of RAKE (Rose et al. 2010, Automatic keyword
/// extraction from individual documents). English only, and coarser than named entities; an LLM finds better ones.
/// </summary>
public sealed partial class OfflineEntityExtractor : IEntityExtractor
{
    private const int MostWords = 3;
    private const int LeastLetters = 3;

    // Words that end a run: function words, and the verbs and adverbs of instructions.
    private static readonly HashSet<string> Between = new((
        "a about above accordingly across actually add after again against all allow almost along already also although always am among an and another any anyone anything apply are around as ask at avoid away "
        + "back be became because become been before begin behind being below between both bring but buy by call can carefully choose close come complete consider contact continue could course create cut "
        + "day decide did different do does doing done down during each easily either else enough ensure even ever every everyone everything example explain "
        + "far few fill find finally finish first follow following for from fully gather gathered get give go going gone good great had has have having he help her here him his hold how however i if in including inside instead into is it its itself "
        + "heat hide just keep know last later least leave less let like likely little look made make making many may maybe me mean might mix more most move much must my near need never new next no none nor not note nothing now "
        + "of off often okay on once one only onto open or other others our out over own part parts perhaps place please possible pour press push prepare provide put quickly quite rather really remember remove right "
        + "said same say seal second see send set several shake shall she should show simply since so some someone something soon start step steps still stir stop such sure take tell than that the their them then there these they thing things third this those three through time to together too try turn two "
        + "under until up upon us use used using usually very via wait want was way we wear well were what when where whether which while who whom whose why will wish with within without would wrap write yes yet you your yourself")
        .Split(' '), StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => "offline-entities-1";

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ExtractAsync(string text, CancellationToken cancel) => Task.FromResult(Extract(text));

    private static IReadOnlyList<string> Extract(string text)
    {
        List<string> found = [], run = [];
        foreach (string piece in Pieces().Matches(text).Select(match => match.Value).Append("."))
        {
            if (char.IsLetter(piece[0]) && !Between.Contains(piece.ToLowerInvariant()))
            {
                run.Add(piece);
                continue;
            }

            // A longer run is a clause that no function word parts: nothing in it can be told from the rest.
            if (run.Count is > 0 and <= MostWords && run.Exists(word => word.Length >= LeastLetters))
            {
                found.Add(string.Join(' ', run));
            }

            run.Clear();
        }

        return [.. found.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    [GeneratedRegex(@"[\p{L}][\p{L}\p{N}'’-]*|[^\s]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Pieces();
}
