namespace SeaCluster.Models.Tokenization;

/// <summary>What becomes of the matches when a text is split at them; named as in <c>tokenizer.json</c>.</summary>
internal enum SplitBehaviour
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Splits pieces at the matches of a string or pattern.</summary>
internal static class Splitting
{
    private readonly record struct Part(int Start, int End, bool Match);

    /// <summary>A pre-tokenizer that splits; exactly one of <paramref name="literal"/> and <paramref name="regex"/> is given.</summary>
    /// <param name="literal">A string to split at.</param>
    /// <param name="regex">A pattern to split at.</param>
    /// <param name="behaviour">What becomes of the matches.</param>
    /// <param name="invert">Whether what does not match counts as the match.</param>
    public static PreTokenizer By(string? literal, CodePointRegex? regex, SplitBehaviour behaviour, bool invert) => (piece, output) =>
    {
        List<(int Start, int End)> matches = regex is not null ? regex.Matches(piece.Text) : Occurrences(piece.Text, literal!);
        foreach (Part part in Join(Parts(piece.Text.Length, matches, invert), behaviour))
        {
            if (part.End > part.Start)
            {
                output.Add(new Piece(piece.Text[part.Start..part.End], piece.AtStart && part.Start == 0));
            }
        }
    };

    private static List<(int Start, int End)> Occurrences(string text, string literal)
    {
        List<(int, int)> found = [];
        for (int at = 0; literal.Length > 0 && (at = text.IndexOf(literal, at, StringComparison.Ordinal)) >= 0; at += literal.Length)
        {
            found.Add((at, at + literal.Length));
        }

        return found;
    }

    /// <summary>Matches and what lies between them, in order.</summary>
    private static List<Part> Parts(int length, List<(int Start, int End)> matches, bool invert)
    {
        List<Part> parts = new((2 * matches.Count) + 1);
        int done = 0;
        foreach ((int start, int end) in matches)
        {
            if (start > done)
            {
                parts.Add(new Part(done, start, invert));
            }

            parts.Add(new Part(start, end, !invert));
            done = end;
        }

        if (done < length)
        {
            parts.Add(new Part(done, length, invert));
        }

        return parts;
    }

    private static List<Part> Join(List<Part> parts, SplitBehaviour behaviour)
    {
        switch (behaviour)
        {
            case SplitBehaviour.Isolated:
                return parts;
            case SplitBehaviour.Removed:
                parts.RemoveAll(part => part.Match);
                return parts;
            case SplitBehaviour.MergedWithNext:
            {
                // As with the previous one, read from right to left.
                List<Part> joined = new(parts.Count);
                for (int i = parts.Count - 1; i >= 0; i--)
                {
                    bool merge = parts[i].Match && joined.Count > 0 && !parts[i + 1].Match;
                    if (merge)
                    {
                        joined[^1] = joined[^1] with { Start = parts[i].Start };
                    }
                    else
                    {
                        joined.Add(parts[i]);
                    }
                }

                joined.Reverse();
                return joined;
            }

            default:
            {
                List<Part> joined = new(parts.Count);
                for (int i = 0; i < parts.Count; i++)
                {
                    bool merge = joined.Count > 0 && (behaviour == SplitBehaviour.Contiguous
                        ? parts[i].Match == parts[i - 1].Match
                        : parts[i].Match && !parts[i - 1].Match);
                    if (merge)
                    {
                        joined[^1] = joined[^1] with { End = parts[i].End };
                    }
                    else
                    {
                        joined.Add(parts[i]);
                    }
                }

                return joined;
            }
        }
    }
}
