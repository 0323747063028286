using System.Globalization;
using System.Text;

namespace SeaCluster.Models.Tokenization;

/// <summary>
/// Unicode normalisation form C for any well-formed text in linear time. <see cref="string.Normalize()"/> alone refuses U+FFFE and needs quadratic
/// time for long runs of combining marks that are out of order.
/// </summary>
internal static class CanonicalComposition
{
    private const char Refused = '\uFFFE';
    private const int LongRun = 64;

    // Marks of the lowest and the highest combining class: every mark that may move at all moves past one of them.
    private const string LowestMark = "\u0334", HighestMark = "\u0345";

    /// <param name="text">Well-formed UTF-16.</param>
    public static string Normalize(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        // The refused character is no mark and composes with nothing, so the parts between are independent.
        return text.Contains(Refused, StringComparison.Ordinal) ? string.Join(Refused, text.Split(Refused).Select(Compose)) : Compose(text);
    }

    private static string Compose(string text) => OrderLongRuns(text).Normalize(NormalizationForm.FormC);

    private static string OrderLongRuns(string text)
    {
        StringBuilder? result = null;
        int copied = 0, start = -1, count = 0;
        for (int i = 0; i <= text.Length;)
        {
            int width = 0;
            bool mark = i < text.Length && IsMark(text, i, out width);
            if (mark)
            {
                start = start < 0 ? i : start;
                count++;
            }
            else
            {
                if (count > LongRun)
                {
                    result ??= new StringBuilder(text.Length);
                    result.Append(text, copied, start - copied).Append(Order(text.AsSpan(start, i - start)));
                    copied = i;
                }

                start = -1;
                count = 0;
            }

            i += Math.Max(1, width);
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsMark(string text, int index, out int width)
    {
        width = char.IsSurrogatePair(text, index) ? 2 : 1;
        return CharUnicodeInfo.GetUnicodeCategory(text, index) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
    }

    /// <summary>A run of marks in canonical order: stable by combining class, where marks of class 0 stay put and part the others.</summary>
    private static string Order(ReadOnlySpan<char> run)
    {
        Dictionary<Rune, string> decompositions = [];
        List<Rune> marks = new(run.Length);
        foreach (Rune rune in run.EnumerateRunes())
        {
            if (!decompositions.TryGetValue(rune, out string? decomposed))
            {
                decompositions[rune] = decomposed = rune.ToString().Normalize(NormalizationForm.FormD);
            }

            foreach (Rune part in decomposed.EnumerateRunes())
            {
                marks.Add(part);
            }
        }

        Dictionary<Rune, int> classes = Classes(marks);
        StringBuilder ordered = new(run.Length);
        for (int i = 0; i < marks.Count;)
        {
            int end = i + 1;
            while (end < marks.Count && classes[marks[i]] > 0 && classes[marks[end]] > 0)
            {
                end++;
            }

            foreach (Rune mark in marks[i..end].OrderBy(mark => classes[mark]))
            {
                ordered.Append(mark);
            }

            i = end;
        }

        return ordered.ToString();
    }

    /// <summary>Ranks that order marks as their combining classes do, 0 for those that never move; .NET does not tell the classes.</summary>
    private static Dictionary<Rune, int> Classes(List<Rune> marks)
    {
        List<string> distinct = [.. marks.Distinct().Select(mark => mark.ToString())];
        string[] fixedMarks = [.. distinct.Where(mark => !Moves(mark, LowestMark) && !Moves(HighestMark, mark))];
        distinct.RemoveAll(fixedMarks.Contains);
        distinct.Sort((a, b) => Moves(a, b) ? 1 : Moves(b, a) ? -1 : 0);
        Dictionary<Rune, int> classes = fixedMarks.ToDictionary(mark => Rune.GetRuneAt(mark, 0), _ => 0);
        int rank = 1;
        for (int i = 0; i < distinct.Count; i++)
        {
            rank += i > 0 && Moves(distinct[i], distinct[i - 1]) ? 1 : 0;
            classes[Rune.GetRuneAt(distinct[i], 0)] = rank;
        }

        return classes;
    }

    /// <summary>Whether canonical order puts <paramref name="second"/> first: its class is lower, and neither is 0.</summary>
    private static bool Moves(string first, string second) =>
        first != second && (first + second).Normalize(NormalizationForm.FormD).StartsWith(second, StringComparison.Ordinal);
}
