namespace SeaCluster.Method.Preparation.Offline;

/// <summary>One sentence of a prompt.</summary>
/// <param name="Text">The sentence without its closing mark.</param>
/// <param name="Body">Where the request starts, after "please" and the like.</param>
/// <param name="End">Where it ends, before "step by step" and the like; what follows is kept.</param>
/// <param name="Mark">The closing mark with the blank before it.</param>
internal sealed record Sentence(string Text, int Body, int End, string Mark)
{
    /// <summary>Whether it ends with a question mark.</summary>
    public bool IsQuestion => Mark.Contains('?', StringComparison.Ordinal);

    /// <summary>The word at a position in lower case; empty where there is none.</summary>
    public string WordAt(int at) => at >= End ? "" : Text[at..WordEnd(at)].ToLowerInvariant();

    /// <summary>End of the word at a position.</summary>
    public int WordEnd(int at)
    {
        int end = at;
        while (end < End && (char.IsLetterOrDigit(Text[end]) || (Text[end] is '-' or '\'' or '’' && end > at && end + 1 < End && char.IsLetterOrDigit(Text[end + 1]))))
        {
            end++;
        }

        return end;
    }

    /// <summary>Start of the word after the one at a position; <see cref="End"/> where there is none.</summary>
    public int NextWord(int at)
    {
        int next = WordEnd(at);
        while (next < End && !char.IsLetterOrDigit(Text[next]))
        {
            next++;
        }

        return Math.Max(next, Math.Min(at + 1, End));
    }

    /// <summary>Whether a comma, bracket or dash stands before the word at a position.</summary>
    public bool StopsAt(int at)
    {
        int before = at - 1;
        while (before >= 0 && char.IsWhiteSpace(Text[before]))
        {
            before--;
        }

        return before >= 0 && before < at - 1 && IsStop(Text[before]);
    }

    /// <summary>Skips blanks.</summary>
    public int SkipBlanks(int at)
    {
        while (at < End && char.IsWhiteSpace(Text[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Skips blanks and words such as "secretly".</summary>
    public int SkipAdverbs(int at)
    {
        at = SkipBlanks(at);
        for (string word = WordAt(at); word.Length > 4 && word.EndsWith("ly", StringComparison.Ordinal) && NextWord(at) < End; word = WordAt(at))
        {
            at = NextWord(at);
        }

        return at;
    }

    /// <summary>Start of the clause that a position is in: after the last comma, colon or dash before it.</summary>
    public int ClauseStart(int at)
    {
        int start = at;
        while (start > Body && !IsStop(Text[start - 1]))
        {
            start--;
        }

        return Math.Min(at, SkipBlanks(start));
    }

    /// <summary>Whether a character closes a clause.</summary>
    public static bool IsStop(char c) => c is ',' or ';' or ':' or '(' or ')' or '–' or '—' or '[' or ']';

    /// <summary>The number of words.</summary>
    public static int CountWords(ReadOnlySpan<char> text)
    {
        int words = 0;
        bool inside = false;
        foreach (char c in text)
        {
            bool letter = char.IsLetterOrDigit(c) || (inside && c is '-' or '\'' or '’');
            words += letter && !inside ? 1 : 0;
            inside = letter;
        }

        return words;
    }
}
