using System.Text;

namespace SeaCluster.Method.Evaluation.Judges;

/// <summary>Compares answers as readers do: case, kind of apostrophe, width of letters and of blanks do not matter.</summary>
public static class AnswerText
{
    /// <summary>Compatibility form (NFKC), lower case, plain apostrophes, single blanks, none at the ends.</summary>
    public static string Normalise(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (char c in Composed(text))
        {
            char plain = c is '\u2018' or '\u2019' or '\u02BC' or '\u2032' or '`' or '\u00B4' ? '\'' : char.ToLowerInvariant(c);
            if (!char.IsWhiteSpace(plain))
            {
                result.Append(plain);
            }
            else if (result.Length > 0 && result[^1] != ' ')
            {
                result.Append(' ');
            }
        }

        return result.ToString().TrimEnd(' ');
    }

    /// <summary>Whether the normalised <paramref name="words"/> stand in the normalised <paramref name="text"/> and do not begin or end inside a word.</summary>
    public static bool ContainsWords(string text, string words)
    {
        for (int at = text.IndexOf(words, StringComparison.Ordinal); at >= 0; at = text.IndexOf(words, at + 1, StringComparison.Ordinal))
        {
            int end = at + words.Length;
            bool startsWord = at == 0 || !(char.IsLetterOrDigit(text[at - 1]) && char.IsLetterOrDigit(words[0]));
            bool endsWord = end == text.Length || !(char.IsLetterOrDigit(text[end]) && char.IsLetterOrDigit(words[^1]));
            if (startsWord && endsWord)
            {
                return true;
            }
        }

        return false;
    }

    // A model may emit halves of surrogate pairs, which have no compatibility form.
    private static string Composed(string text)
    {
        string whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return whole.Replace('\u00B4', '\'').Normalize(NormalizationForm.FormKC);
    }
}
