using System.Text.RegularExpressions;

namespace SeaCluster.Models.Adapters;

/// <summary>Which linear layers of the language model an adapter attaches to: projection names, or a pattern over full names.</summary>
public sealed class LoraTargets
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly IReadOnlyList<string>? names;
    private readonly Regex? pattern;
    private readonly string text;

    private LoraTargets(IReadOnlyList<string>? names, Regex? pattern, string text)
    {
        this.names = names;
        this.pattern = pattern;
        this.text = text;
    }

    /// <summary>All seven projections of a decoder layer.</summary>
    public static LoraTargets All { get; } = Named("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    /// <summary>Queries and values, the default of PEFT for these language models.</summary>
    public static LoraTargets QueryValue { get; } = Named("q_proj", "v_proj");

    /// <summary>The layers whose name ends with one of these.</summary>
    public static LoraTargets Named(params string[] projections) =>
        projections.Length > 0 ? new LoraTargets(projections, null, string.Join(',', projections)) : throw new SeaException("LoRA targets: no projection is named.", Known);

    /// <summary>
    /// The layers whose whole name matches, as PEFT reads a <c>target_modules</c> string; the name is
    /// <c>model.language_model.layers.0.self_attn.q_proj</c>.
    /// </summary>
    /// <exception cref="SeaException">Not a regular expression.</exception>
    public static LoraTargets Pattern(string regex)
    {
        try
        {
            return new LoraTargets(null, new Regex($"^(?:{regex})$", RegexOptions.CultureInvariant, Patience), regex);
        }
        catch (ArgumentException error)
        {
            throw new SeaException($"LoRA targets: '{regex}' is not a regular expression: {error.Message}", Known, error);
        }
    }

    /// <summary><c>all</c>, names separated by commas, or a pattern.</summary>
    public static LoraTargets Parse(string text) =>
        text == "all" ? All
        : text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ',' or ' ')
            ? Named(text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            : Pattern(text);

    /// <summary>Whether a layer of that canonical name is meant.</summary>
    public bool Match(string linear) =>
        names is not null
            ? names.Any(name => linear.EndsWith('.' + name, StringComparison.Ordinal))
            : pattern!.IsMatch("model." + linear) || pattern.IsMatch(linear);

    /// <inheritdoc/>
    public override string ToString() => text;

    private const string Known = "Name some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj and down_proj, or 'all', or give a regular expression.";
}
