using SeaCluster.Method.Preparation.Templates;

namespace SeaCluster.Method.Preparation.Offline;

/// <summary>Cuts a phrase to length and writes the detoxified sentence around it.</summary>
internal static class PhraseText
{
    private const int LongestPhrase = 300;

    private static readonly HashSet<string> s_empty =
        ["do", "it", "this", "that", "so", "them", "be", "one", "something", "anything", "things", "i", "you", "the", "a", "an", "activity", "product", "some", "more", "is", "are", "what", "and", "or"];

    /// <summary>The phrase and its detoxified sentence; null, with the reason, where nothing usable is left.</summary>
    public static FoundPhrase? Build(Lexicon lexicon, FormTexts substitutes, Sentence sentence, PhraseSpan span, ref string problem)
    {
        int end = Cut(lexicon, sentence, span);
        while (end > span.Start && !char.IsLetterOrDigit(sentence.Text[end - 1]) && sentence.Text[end - 1] is not ('%' or '+' or '#'))
        {
            end--;
        }

        int start = span.Start;
        while (start < end && !char.IsLetterOrDigit(sentence.Text[start]) && sentence.Text[start] is not ('$' or '#' or '.'))
        {
            start++;
        }

        if (end <= start)
        {
            return null;
        }

        string phrase = FoldBlanks(sentence.Text[start..end]);
        bool opens = start == SkipToLetter(sentence.Text) && phrase.Length > 1 && char.IsUpper(phrase[0]) && !char.IsUpper(phrase[1]);
        phrase = opens ? char.ToLowerInvariant(phrase[0]) + phrase[1..] : phrase;
        int words = Sentence.CountWords(phrase);
        if (phrase.ToLowerInvariant().Split(' ').All(s_empty.Contains))
        {
            problem = $"the request says only '{phrase}', which names nothing";
            return null;
        }

        if (phrase.Length > LongestPhrase || words > lexicon.Length.Most)
        {
            problem = $"the shortest key phrase found has {words} words and {phrase.Length} characters; the limit is {lexicon.Length.Most} words (lexicon.phrase_words.most) and {LongestPhrase} characters";
            return null;
        }

        string head = sentence.Text[span.Head..Math.Max(span.Head, span.HeadEnd)];
        string tail = span.Resume > 0 ? sentence.Text[Math.Min(span.Resume, sentence.Text.Length)..] : sentence.Text[sentence.End..];
        string detoxified = FoldBlanks(head + substitutes[span.Form] + tail + sentence.Mark);
        bool capital = char.IsUpper(sentence.Text[SkipToLetter(sentence.Text)]);
        return new FoundPhrase(phrase, span.Form, WithArticle(lexicon, sentence, span, phrase), capital ? Capitalise(detoxified) : detoxified);
    }

    private static string Capitalise(string text)
    {
        int at = SkipToLetter(text);
        return at < text.Length ? text[..at] + char.ToUpperInvariant(text[at]) + text[(at + 1)..] : text;
    }

    /// <summary>The phrase with the article it needs, for a phrase whose own article is not known.</summary>
    public static string WithArticle(Lexicon lexicon, string phrase)
    {
        string[] words = phrase.ToLowerInvariant().Split(' ');
        int head = Array.FindIndex(words, 1, lexicon.EndsNoun);
        string noun = words[(head < 0 ? words.Length : head) - 1];
        bool plural = noun.Length > 3 && noun.EndsWith('s') && !noun.EndsWith("ss", StringComparison.Ordinal) && !noun.EndsWith("us", StringComparison.Ordinal) && !noun.EndsWith("is", StringComparison.Ordinal);
        bool bare = plural || lexicon.IsMass(noun) || lexicon.IsDeterminer(words[0]) || char.IsDigit(phrase[0]);
        return bare ? phrase : Article(phrase) + phrase;
    }

    private static string WithArticle(Lexicon lexicon, Sentence sentence, PhraseSpan span, string phrase)
    {
        // English singular nouns stand bare only where they cannot be counted, so a bare phrase stays bare.
        string before = sentence.Text[span.HeadEnd..span.Start].Trim().ToLowerInvariant();
        return span.Form != PhraseForm.Product || before.Length == 0 ? phrase
            : before is "a" or "an" ? Article(phrase) + phrase
            : WithArticle(lexicon, phrase);
    }

    private static string Article(string phrase)
    {
        bool vowel = char.ToLowerInvariant(phrase[0]) is 'a' or 'e' or 'i' or 'o' or 'u';
        bool sounded = phrase.StartsWith("uni", StringComparison.OrdinalIgnoreCase) || phrase.StartsWith("use", StringComparison.OrdinalIgnoreCase) || phrase.StartsWith("eu", StringComparison.OrdinalIgnoreCase);
        return vowel && !sounded ? "an " : "a ";
    }

    // At a comma, unless it belongs to a list; then, where the phrase is still long, before "that", "without", "using" and the like.
    private static int Cut(Lexicon lexicon, Sentence sentence, PhraseSpan span)
    {
        int end = span.End;
        for (int at = span.Start; at < end; at++)
        {
            if (Sentence.IsStop(sentence.Text[at]) && !IsList(sentence.Text, span.Start, at, end))
            {
                end = at;
            }
        }

        if (Sentence.CountWords(sentence.Text.AsSpan(span.Start, end - span.Start)) <= lexicon.Length.Aim)
        {
            return end;
        }

        int clause = 0;
        int preposition = 0;
        int words = 0;
        for (int at = span.Start; at < end && words <= lexicon.Length.Aim; at = sentence.NextWord(at), words++)
        {
            bool enough = words >= (span.Form == PhraseForm.Product ? 2 : 3);
            clause = enough && lexicon.IsClauseStart(sentence.WordAt(at)) ? at : clause;
            preposition = enough && lexicon.IsPreposition(sentence.WordAt(at)) ? at : preposition;
        }

        return clause > 0 ? clause : preposition > 0 ? preposition : end;
    }

    // "lie, cheat or steal" is one phrase: a comma with at most three words on each side and an "and" or "or" to come.
    private static bool IsList(string text, int start, int comma, int end)
    {
        if (text[comma] != ',')
        {
            return false;
        }

        ReadOnlySpan<char> rest = text.AsSpan(comma + 1, end - comma - 1);
        int next = rest.IndexOf(',');
        ReadOnlySpan<char> item = next < 0 ? rest : rest[..next];
        bool joined = rest.Contains(" or ", StringComparison.OrdinalIgnoreCase) || rest.Contains(" and ", StringComparison.OrdinalIgnoreCase);
        bool first = Sentence.CountWords(text.AsSpan(start, comma - start)) <= 3;
        return joined && (first || item.TrimStart().StartsWith("and ", StringComparison.OrdinalIgnoreCase) || item.TrimStart().StartsWith("or ", StringComparison.OrdinalIgnoreCase));
    }

    private static string FoldBlanks(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static int SkipToLetter(string text)
    {
        int at = 0;
        while (at < text.Length - 1 && !char.IsLetter(text[at]))
        {
            at++;
        }

        return at;
    }
}
