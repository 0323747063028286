namespace SeaCluster.Method.Preparation.Offline;

/// <summary>
/// Splits a prompt into sentences: at full stops, question and exclamation marks that end a word, at empty lines and before list items. A line
/// end alone is a blank, as prompts are often wrapped.
/// </summary>
internal static class SentenceSplitter
{
    private static readonly string[] s_abbreviations = ["e.g", "i.e", "mr", "mrs", "dr", "vs", "etc", "st"];

    /// <summary>The sentences without their marks, and each mark with the blanks before it.</summary>
    public static IEnumerable<(string Text, string Mark)> Split(string prompt)
    {
        int start = 0;
        for (int at = 0; at < prompt.Length;)
        {
            int markEnd = MarkEnd(prompt, at);
            if (markEnd > at && !IsAbbreviation(prompt, start, at))
            {
                int blank = at;
                while (blank > start && char.IsWhiteSpace(prompt[blank - 1]))
                {
                    blank--;
                }

                yield return (TrimStart(prompt[start..blank]), prompt[blank..markEnd]);
                start = at = markEnd;
            }
            else if (EndsParagraph(prompt, at))
            {
                yield return (TrimStart(prompt[start..at]), "");
                start = ++at;
            }
            else
            {
                at++;
            }
        }

        yield return (TrimStart(prompt[start..]), "");
    }

    private static string TrimStart(string text) => text.TrimStart(' ', '\t', '\r', '\n', '-', '*', '•').TrimEnd();

    // The end of a run of marks and closing quotes that a blank or the end follows; the start where there is none.
    private static int MarkEnd(string text, int at)
    {
        int end = at;
        while (end < text.Length && text[end] is '.' or '?' or '!')
        {
            end++;
        }

        if (end == at)
        {
            return at;
        }

        while (end < text.Length && text[end] is '"' or '\'' or '”' or '’' or ')')
        {
            end++;
        }

        return end == text.Length || char.IsWhiteSpace(text[end]) ? end : at;
    }

    private static bool IsAbbreviation(string text, int start, int at)
    {
        if (text[at] != '.')
        {
            return false;
        }

        foreach (string abbreviation in s_abbreviations)
        {
            int from = at - abbreviation.Length;
            bool word = from >= start && (from == start || !char.IsLetterOrDigit(text[from - 1]));
            if (word && text.AsSpan(from, abbreviation.Length).Equals(abbreviation, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool EndsParagraph(string text, int at)
    {
        if (text[at] is not '\n')
        {
            return false;
        }

        int next = at + 1;
        while (next < text.Length && text[next] is ' ' or '\t' or '\r')
        {
            next++;
        }

        return next < text.Length && (text[next] is '\n' or '-' or '*' or '•' || (char.IsAsciiDigit(text[next]) && next + 1 < text.Length && text[next + 1] is '.' or ')'));
    }
}
