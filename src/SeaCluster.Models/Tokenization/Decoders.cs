using System.Globalization;
using System.Text;
using System.Text.Unicode;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>Reads the <c>decoder</c> of <c>tokenizer.json</c>.</summary>
internal static class Decoders
{
    /// <param name="section">The component, or null for none: tokens are joined with blanks.</param>
    public static TokenDecoder? Read(JsonSection? section) => section is null ? null : ReadOne(section);

    private static TokenDecoder ReadOne(JsonSection section)
    {
        switch (section.RequiredText("type"))
        {
            case "Sequence":
                TokenDecoder[] steps = [.. section.Sections("decoders").Select(ReadOne)];
                return tokens => steps.Aggregate(tokens, (current, step) => step(current));
            case "Replace":
                Func<string, string> replace = Normalizers.Replacement(section);
                return tokens => tokens.ConvertAll(token => replace(token));
            case "ByteFallback":
                return ByteFallback;
            case "Fuse":
                return tokens => [string.Concat(tokens)];
            case "Strip":
                return Strip(section);
            case "ByteLevel":
                return ByteLevel;
            case "Metaspace":
                return Metaspace(section);
            case var other:
                throw section.Unfit("type", $"is '{other}', decoders read are Sequence, Replace, ByteFallback, Fuse, Strip, ByteLevel and Metaspace");
        }
    }

    /// <summary>Runs of <c>&lt;0xNN&gt;</c> tokens become the text that their bytes spell, or one replacement character a byte where they spell none.</summary>
    private static List<string> ByteFallback(List<string> tokens)
    {
        List<string> result = new(tokens.Count);
        List<byte> bytes = [];
        foreach (string token in tokens)
        {
            if (TryByte(token, out byte value))
            {
                bytes.Add(value);
                continue;
            }

            Flush();
            result.Add(token);
        }

        Flush();
        return result;

        void Flush()
        {
            if (bytes.Count == 0)
            {
                return;
            }

            byte[] run = [.. bytes];
            bytes.Clear();
            if (Utf8.IsValid(run))
            {
                result.Add(Encoding.UTF8.GetString(run));
            }
            else
            {
                result.AddRange(Enumerable.Repeat("\uFFFD", run.Length));
            }
        }
    }

    private static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static TokenDecoder Strip(JsonSection section)
    {
        string content = section.RequiredText("content");
        if (content.Length != 1)
        {
            throw section.Unfit("content", "must be one character");
        }

        int most = section.Integer("start") ?? 0, mostAtEnd = section.Integer("stop") ?? 0;
        return tokens => tokens.ConvertAll(token =>
        {
            int start = 0, end = token.Length;
            while (start < Math.Min(most, token.Length) && token[start] == content[0])
            {
                start++;
            }

            while (end > start && token.Length - end < mostAtEnd && token[end - 1] == content[0])
            {
                end--;
            }

            return token[start..end];
        });
    }

    /// <summary>The bytes of all tokens together; what is no UTF-8 becomes replacement characters.</summary>
    private static List<string> ByteLevel(List<string> tokens)
    {
        using MemoryStream bytes = new();
        List<byte> own = [];
        foreach (string token in tokens)
        {
            own.Clear();
            foreach (char character in token)
            {
                if (!ByteAlphabet.TryByteOf(character, out byte value))
                {
                    // An added token is plain text.
                    own.Clear();
                    own.AddRange(Encoding.UTF8.GetBytes(token));
                    break;
                }

                own.Add(value);
            }

            bytes.Write([.. own]);
        }

        return [Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length)];
    }

    private static TokenDecoder Metaspace(JsonSection section)
    {
        string replacement = section.Text("replacement") ?? "▁";
        bool prefixed = (section.Text("prepend_scheme") ?? (section.Flag("add_prefix_space", true) ? "always" : "never")) != "never";
        return tokens => [.. tokens.Select((token, index) => token.Replace(replacement, index == 0 && prefixed ? "" : " ", StringComparison.Ordinal))];
    }
}
