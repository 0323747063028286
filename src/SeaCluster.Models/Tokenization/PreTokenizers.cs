using System.Text;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>Reads the <c>pre_tokenizer</c> of <c>tokenizer.json</c>.</summary>
internal static class PreTokenizers
{
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <param name="section">The component, or null for none.</param>
    public static PreTokenizer Read(JsonSection? section)
    {
        if (section is null)
        {
            return (piece, output) => output.Add(piece);
        }

        switch (section.RequiredText("type"))
        {
            case "Sequence":
                return InTurn([.. section.Sections("pretokenizers").Select(Read)]);
            case "Split":
                (string? literal, CodePointRegex? regex) = Normalizers.Pattern(section);
                return Splitting.By(literal, regex, Behaviour(section), section.Flag("invert", false));
            case "ByteLevel":
                return ByteLevel(section);
            case "WhitespaceSplit":
                return SplitWhitespace;
            case "Metaspace":
                return Metaspace(section);
            case var other:
                throw section.Unfit("type", $"is '{other}', pre-tokenizers read are Sequence, Split, ByteLevel, WhitespaceSplit and Metaspace");
        }
    }

    private static SplitBehaviour Behaviour(JsonSection section)
    {
        string name = section.RequiredText("behavior");
        return Enum.TryParse(name, out SplitBehaviour behaviour) && behaviour.ToString() == name
            ? behaviour
            : throw section.Unfit("behavior", $"is '{name}', known are {string.Join(", ", Enum.GetNames<SplitBehaviour>())}");
    }

    private static PreTokenizer InTurn(PreTokenizer[] steps) => (piece, output) =>
    {
        List<Piece> current = [piece];
        foreach (PreTokenizer step in steps)
        {
            List<Piece> next = new(current.Count);
            foreach (Piece part in current)
            {
                step(part, next);
            }

            current = next;
        }

        output.AddRange(current);
    };

    private static PreTokenizer ByteLevel(JsonSection section)
    {
        bool prefixSpace = section.Flag("add_prefix_space", true);
        PreTokenizer? split = section.Flag("use_regex", true)
            ? Splitting.By(null, new CodePointRegex(ByteLevelPattern, section), SplitBehaviour.Isolated, invert: false)
            : null;
        return (piece, output) =>
        {
            Piece whole = prefixSpace && !piece.Text.StartsWith(' ') ? piece with { Text = " " + piece.Text } : piece;
            if (split is null)
            {
                output.Add(whole with { Text = ToBytes(whole.Text) });
                return;
            }

            List<Piece> parts = [];
            split(whole, parts);
            output.AddRange(parts.Select(part => part with { Text = ToBytes(part.Text) }));
        };
    }

    private static string ToBytes(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : string.Create(Encoding.UTF8.GetByteCount(text), text, static (characters, text) =>
    {
        Span<byte> buffer = stackalloc byte[4];
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int count = rune.EncodeToUtf8(buffer);
            for (int i = 0; i < count; i++)
            {
                characters[at++] = ByteAlphabet.CharacterOf(buffer[i]);
            }
        }
    });

    private static void SplitWhitespace(Piece piece, List<Piece> output)
    {
        int start = 0;
        for (int i = 0; i <= piece.Text.Length; i++)
        {
            if (i == piece.Text.Length || char.IsWhiteSpace(piece.Text[i]))
            {
                if (i > start)
                {
                    output.Add(new Piece(piece.Text[start..i], piece.AtStart && start == 0));
                }

                start = i + 1;
            }
        }
    }

    private static PreTokenizer Metaspace(JsonSection section)
    {
        string replacement = section.Text("replacement") ?? "▁";

        // Older files say add_prefix_space instead of prepend_scheme.
        string scheme = section.Text("prepend_scheme") ?? (section.Flag("add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never"))
        {
            throw section.Unfit("prepend_scheme", $"is '{scheme}', known are always, first and never");
        }

        PreTokenizer? split = section.Flag("split", true) ? Splitting.By(replacement, null, SplitBehaviour.MergedWithNext, invert: false) : null;
        return (piece, output) =>
        {
            string text = piece.Text.Replace(" ", replacement, StringComparison.Ordinal);
            bool prepend = scheme == "always" || (scheme == "first" && piece.AtStart);
            Piece whole = piece with { Text = prepend && !text.StartsWith(replacement, StringComparison.Ordinal) ? replacement + text : text };
            if (split is null)
            {
                output.Add(whole);
            }
            else
            {
                split(whole, output);
            }
        };
    }
}
