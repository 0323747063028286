namespace SeaCluster.Method.Preparation;

/// <summary>Finds phrases in text without regard to case and amount of white space, at word boundaries.</summary>
internal static class Words
{
    /// <summary>Whether <paramref name="phrase"/> stands in <paramref name="text"/>.</summary>
    public static bool Contains(string text, string phrase) => Find(text, phrase, 0).Length > 0;

    /// <summary>The first place of the phrase from <paramref name="from"/> on; length 0 where there is none.</summary>
    public static (int Start, int Length) Find(string text, string phrase, int from)
    {
        ReadOnlySpan<char> wanted = phrase.AsSpan().Trim();
        if (wanted.IsEmpty)
        {
            return default;
        }

        for (int start = from; start < text.Length; start++)
        {
            int length = MatchAt(text, start, wanted);
            if (length > 0 && Boundary(text, start) && Boundary(text, start + length))
            {
                return (start, length);
            }
        }

        return default;
    }

    /// <summary>Replaces every place of the phrase.</summary>
    public static string Replace(string text, string phrase, string by)
    {
        System.Text.StringBuilder result = new();
        int from = 0;
        for ((int Start, int Length) place = Find(text, phrase, 0); place.Length > 0; place = Find(text, phrase, from))
        {
            result.Append(text, from, place.Start - from).Append(by);
            from = place.Start + place.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    private static int MatchAt(string text, int start, ReadOnlySpan<char> phrase)
    {
        int at = start;
        for (int i = 0; i < phrase.Length;)
        {
            if (char.IsWhiteSpace(phrase[i]))
            {
                int blanks = at;
                while (blanks < text.Length && char.IsWhiteSpace(text[blanks]))
                {
                    blanks++;
                }

                if (blanks == at)
                {
                    return 0;
                }

                at = blanks;
                while (i < phrase.Length && char.IsWhiteSpace(phrase[i]))
                {
                    i++;
                }

                continue;
            }

            if (at >= text.Length || char.ToLowerInvariant(text[at]) != char.ToLowerInvariant(phrase[i]))
            {
                return 0;
            }

            at++;
            i++;
        }

        return at - start;
    }

    // A boundary lies where at most one side is a letter or digit: "bomb" is not in "bombs".
    private static bool Boundary(string text, int at) =>
        at <= 0 || at >= text.Length || !char.IsLetterOrDigit(text[at - 1]) || !char.IsLetterOrDigit(text[at]);
}
