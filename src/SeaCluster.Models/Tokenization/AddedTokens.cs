using System.Buffers;
using System.Text;

namespace SeaCluster.Models.Tokenization;

/// <summary>A token that is found in the text before anything else looks at it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it only counts where no word character touches it.</param>
/// <param name="StripLeft">Whether it swallows white space before it.</param>
/// <param name="StripRight">Whether it swallows white space after it.</param>
/// <param name="Normalized">Whether it is looked for after normalisation instead of before.</param>
/// <param name="Special">Whether it is left out of text that is decoded without special tokens.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized, bool Special);

/// <summary>Finds added tokens in a text: leftmost first, and the longest where several begin at one place.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _first;

    /// <param name="tokens">The tokens with the text that each is looked for under.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach ((string text, AddedToken token) in tokens.Where(pair => pair.Text.Length > 0))
        {
            int node = 0;
            foreach (char next in text)
            {
                if (!_edges.TryGetValue((node, next), out int child))
                {
                    _edges[(node, next)] = child = _tokens.Count;
                    _tokens.Add(null);
                }

                node = child;
            }

            _tokens[node] ??= token;
        }

        _first = SearchValues.Create([.. _edges.Keys.Where(edge => edge.Node == 0).Select(edge => edge.Next)]);
    }

    /// <summary>A stretch of the text: a token, or text between tokens.</summary>
    public readonly record struct Part(int Start, int End, AddedToken? Token);

    /// <summary>Cuts a text at its added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="literal">Stretches (start, length) in which no token may be found, not even with one character.</param>
    public List<Part> Cut(string text, IReadOnlyList<(int Start, int Length)> literal)
    {
        List<Part> parts = [];
        int done = 0, at = 0;
        while (at < text.Length)
        {
            int candidate = text.AsSpan(at).IndexOfAny(_first);
            if (candidate < 0)
            {
                break;
            }

            at += candidate;
            (int end, AddedToken? token) = Longest(text, at, Limit(literal, at, text.Length));
            if (token is null)
            {
                at++;
                continue;
            }

            if (token.SingleWord && (IsWord(text, at, before: true) || IsWord(text, end, before: false)))
            {
                at = end;
                continue;
            }

            int start = at;
            at = end;
            while (token.StripLeft && start > done && char.IsWhiteSpace(text[start - 1]))
            {
                start--;
            }

            while (token.StripRight && end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            if (start > done)
            {
                parts.Add(new Part(done, start, null));
            }

            parts.Add(new Part(start, end, token));
            done = end;
        }

        if (done < text.Length)
        {
            parts.Add(new Part(done, text.Length, null));
        }

        return parts;
    }

    private (int End, AddedToken? Token) Longest(string text, int start, int limit)
    {
        (int, AddedToken?) best = (start, null);
        for (int node = 0, at = start; at < limit && _edges.TryGetValue((node, text[at]), out node); at++)
        {
            if (_tokens[node] is AddedToken token)
            {
                best = (at + 1, token);
            }
        }

        return best;
    }

    /// <summary>Where a token that starts here must end: before the next literal stretch, and at once inside one.</summary>
    private static int Limit(IReadOnlyList<(int Start, int Length)> literal, int start, int length)
    {
        int limit = length;
        for (int i = 0; i < literal.Count; i++)
        {
            if (literal[i].Start + literal[i].Length > start && literal[i].Length > 0)
            {
                limit = Math.Min(limit, literal[i].Start);
            }
        }

        return limit;
    }

    private static bool IsWord(string text, int place, bool before)
    {
        OperationStatus status = before
            ? Rune.DecodeLastFromUtf16(text.AsSpan(0, place), out Rune rune, out _)
            : Rune.DecodeFromUtf16(text.AsSpan(place), out rune, out _);
        return status == OperationStatus.Done && (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune)
            is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark
            or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.LetterNumber
            or System.Globalization.UnicodeCategory.ConnectorPunctuation);
    }
}
