namespace SeaCluster.Runs.Studies;

/// <summary>
/// The arms beside which SEA has to be seen, so that nobody need trust that optimising is what helps. Each is a variant of the given spec: these keys are set, and what is
/// then left unread goes back to its default.
/// </summary>
public static class ControlArms
{
    private static readonly KeyValuePair<string, string>[] TextAlone =
        [new("align.mix.harmful_media", "0"), new("align.mix.benign_media", "0"), new("align.mix.retention", "0")];

    /// <summary>Every arm's name and the keys that it sets, in the order of the table.</summary>
    public static IReadOnlyList<KeyValuePair<string, IReadOnlyList<KeyValuePair<string, string>>>> All { get; } =
    [
        Arm("text-sft", [new("align.method", "sft"), .. TextAlone]),
        Arm("text-dpo", [new("align.method", "dpo"), .. TextAlone]),
        // Eraser on the language model: its reference is the model without the adapter.
        Arm("eraser", [new("align.method", "eraser"), new("align.adapter", "lora"), .. TextAlone]),
        Arm("blank", [new("align.media", "blank"), new("align.mix.retention", "0")]),
        Arm("content-only", [new("align.media", "synthetic"), new("synthesize.init", "blank"), new("synthesize.pairs", "[content]")]),
        Arm("style-only", [new("align.media", "synthetic"), new("synthesize.init", "blank"), new("synthesize.pairs", "[style]")]),
        Arm("sea", [new("align.media", "synthetic"), new("synthesize.init", "blank"), new("synthesize.pairs", "[content, style]")]),
        // What the small world found to help in every modality: docs/reproduction.md.
        Arm("sea+", [new("align.media", "synthetic"), new("synthesize.init", "real"), new("synthesize.pairs", "[content, style, topic]")]),
        Arm("real", [new("align.media", "real"), new("align.mix.retention", "0")]),
    ];

    private static KeyValuePair<string, IReadOnlyList<KeyValuePair<string, string>>> Arm(string name, KeyValuePair<string, string>[] keys) => new(name, keys);
}
