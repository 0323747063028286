using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SeaCluster.Method.Preparation.Rows;

namespace SeaCluster.Method.Preparation;

/// <summary>The rows of all input files in order, each prompt once.</summary>
internal sealed class RowStream(PreparationOptions options)
{
    // Hashes and places instead of texts: a million rows take some tens of megabytes.
    private readonly Dictionary<UInt128, (int File, long Line)> _prompts = [];
    private readonly Dictionary<UInt128, (int File, long Line)> _ids = [];

    /// <summary>Reads from the start, once; duplicates and ids that stand for two prompts come as problems.</summary>
    public IEnumerable<RowRead> Read()
    {
        long count = 0;
        for (int file = 0; file < options.Inputs.Count; file++)
        {
            foreach (RowRead read in RowReader.Read(options.Inputs[file], options.MaxRowBytes))
            {
                if (count++ >= options.Limit)
                {
                    yield break;
                }

                yield return read.Row is { } row && Repeated(row, file) is { } problem ? new RowRead(null, problem) : read;
            }
        }
    }

    private RowProblem? Repeated(SafetyRow row, int file)
    {
        (int File, long Line) place = (file, long.Parse(row.Source.AsSpan(row.Source.LastIndexOf(':') + 1), CultureInfo.InvariantCulture));
        UInt128 prompt = Hash(RowLayout.Folded(row.Prompt));
        if (!_prompts.TryAdd(prompt, place))
        {
            return Problem(row, place, RejectionCode.Duplicate, $"the prompt is the same as that of {Name(_prompts[prompt])}, case and white space aside");
        }

        UInt128 id = Hash(row.Id);
        return _ids.TryAdd(id, place)
            ? null
            : Problem(row, place, RejectionCode.BadRow, $"the id '{row.Id}' stands for another prompt at {Name(_ids[id])}: give each prompt its own id, or none");
    }

    private RowProblem Problem(SafetyRow row, (int File, long Line) place, string code, string reason) =>
        new(options.Inputs[place.File], place.Line, code, reason, row.Original);

    private string Name((int File, long Line) place) => $"{options.Inputs[place.File]}:{place.Line}";

    private static UInt128 Hash(string text) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
