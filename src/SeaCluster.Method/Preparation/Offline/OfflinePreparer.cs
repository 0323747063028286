using SeaCluster.Method.Preparation.Templates;

namespace SeaCluster.Method.Preparation.Offline;

/// <summary>
/// Prepares rows by rules and a lexicon, without network: the templates' patterns first, then the request grammar. English only; other
/// languages need patterns or the LLM preparer.
/// </summary>
public sealed class OfflinePreparer : IPreparer
{
    // Raise when the rules change what they write.
    private const string RulesVersion = "offline-1";

    private readonly RowComposer _composer;
    private readonly Lexicon _lexicon;
    private readonly RequestGrammar _grammar;
    private readonly PatternMatcher _patterns;

    /// <param name="composer">The wording, modality and seed.</param>
    public OfflinePreparer(RowComposer composer)
    {
        _composer = composer;
        _lexicon = new Lexicon(composer.Templates.Lexicon);
        _grammar = new RequestGrammar(_lexicon, composer.Templates.Substitutes);
        _patterns = new PatternMatcher(composer.Templates);
    }

    /// <inheritdoc/>
    public string Version => $"{RulesVersion}/{_composer.Version}";

    /// <inheritdoc/>
    public int Concurrency => 1;

    /// <inheritdoc/>
    public string? Currency => null;

    /// <inheritdoc/>
    public decimal? Price(long promptTokens, long completionTokens) => null;

    /// <inheritdoc/>
    public RowForecast Forecast(SafetyRow row) => default;

    /// <inheritdoc/>
    public Task<PreparationOutcome> PrepareAsync(SafetyRow row, CancellationToken cancel = default) => Task.FromResult(Prepare(row, Version));

    /// <summary>Prepares a row under the given preparer version.</summary>
    internal PreparationOutcome Prepare(SafetyRow row, string version)
    {
        string problem = "no pattern of the templates matches the instruction, and their rules are off";
        FoundPhrase? found = (row.Known is { } known ? FromKnown(row, known) : null) ?? _patterns.Find(row.Prompt);
        if (found is null && _composer.Templates.Rules)
        {
            found = _grammar.Find(row.Prompt, out problem);
        }

        return found is null
            ? PreparationOutcome.Rejected(RejectionCode.NoPhrase, problem)
            : PreparationOutcome.Of(_composer.Compose(row, found, version));
    }

    /// <summary>The form and article of a phrase whose kind others found.</summary>
    internal FoundPhrase Describe(string phrase, PhraseKind? kind, string detoxified)
    {
        string[] words = phrase.ToLowerInvariant().Split(' ');
        PhraseForm form = kind == PhraseKind.Product ? PhraseForm.Product
            : _lexicon.IsGerund(words[0]) ? PhraseForm.Gerund
            : _lexicon.IsActivityNoun(words[^1]) && !_lexicon.IsImperative(words[0]) && kind is not null ? PhraseForm.Noun
            : PhraseForm.Infinitive;
        return new FoundPhrase(phrase, form, form == PhraseForm.Product ? PhraseText.WithArticle(_lexicon, phrase) : phrase, detoxified);
    }

    // A data set's own phrase is taken before any rule; where it is not in the instruction, the rules look for another.
    private FoundPhrase? FromKnown(SafetyRow row, KnownPhrase known)
    {
        (int start, int length) = Words.Find(row.Prompt, known.Phrase, 0);
        if (length == 0)
        {
            return null;
        }

        string phrase = string.Join(' ', row.Prompt.Substring(start, length).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        bool published = known.Detoxified is not null && _composer.ModalityName == "image" && !Words.Contains(known.Detoxified, phrase);
        if (published)
        {
            return Describe(phrase, known.Kind, known.Detoxified!) with { HasPrefix = true };
        }

        int before = ArticleStart(row.Prompt, start);
        FoundPhrase found = Describe(phrase, known.Kind, "");
        string substitute = _composer.Templates.Substitutes[found.Form];
        return found with { Detoxified = row.Prompt[..before] + substitute + Words.Replace(row.Prompt[(start + length)..], phrase, substitute) };
    }

    private static int ArticleStart(string text, int phraseStart)
    {
        string before = text[..phraseStart].TrimEnd();
        foreach (string article in (string[])["a", "an", "the", "some"])
        {
            if (before.EndsWith(" " + article, StringComparison.OrdinalIgnoreCase))
            {
                return before.Length - article.Length;
            }
        }

        return phraseStart;
    }
}
