using System.Text.RegularExpressions;
using SeaCluster.Method.Preparation.Templates;

namespace SeaCluster.Method.Preparation.Offline;

/// <summary>
/// Finds the key phrase of an English request by rules: a lead ("tell me how to …", "instructions for …"), an imperative ("develop a …"), a
/// topic ("describe …") or a quoted phrase.
/// </summary>
internal sealed partial class RequestGrammar(Lexicon lexicon, FormTexts substitutes)
{
    private const int DeepestNesting = 4;

    // No request is that long, and it bounds the regular expressions' work.
    private const int LongestSentence = 2000;

    /// <summary>The phrase, or null with the reason in <paramref name="problem"/>.</summary>
    public FoundPhrase? Find(string prompt, out string problem)
    {
        problem = "no request pattern was found: expected something like 'how do I …', 'tell me how to …' or 'write a …'";
        try
        {
            return FindIn([.. SentenceSplitter.Split(prompt).Select(part => Make(part.Text, part.Mark)).OfType<Sentence>()], ref problem);
        }
        catch (RegexMatchTimeoutException)
        {
            problem = "a lead of the lexicon took too long on this instruction";
            return null;
        }
    }

    private FoundPhrase? FindIn(List<Sentence> sentences, ref string problem)
    {
        foreach (Func<Sentence, PhraseSpan?> rule in (Func<Sentence, PhraseSpan?>[])[ByLead, ByImperative, ByTopic, ByQuote, ByNoun])
        {
            foreach (Sentence sentence in sentences)
            {
                if (rule(sentence) is { } span && PhraseText.Build(lexicon, substitutes, sentence, span, ref problem) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    // "How do I X?", "Write a guide on how to X": the phrase follows the last of nested leads.
    private PhraseSpan? ByLead(Sentence sentence)
    {
        for (Lead lead = NextLead(sentence, sentence.Body); lead.Found; lead = NextLead(sentence, lead.End))
        {
            // In "write a review that gives information about X" the lead belongs to what is written.
            bool inside = lead.BeforeNoun && Relative().Match(sentence.Text, sentence.Body, lead.Start - sentence.Body).Success;
            if (!inside && AfterLead(sentence, lead, DeepestNesting) is { } span)
            {
                return span with { Head = sentence.ClauseStart(lead.Start) };
            }
        }

        return null;
    }

    private PhraseSpan? AfterLead(Sentence sentence, Lead lead, int nesting)
    {
        Lead inner = NextLead(sentence, lead.End);
        bool introduces = inner.Found && nesting > 0 && (inner.Start == lead.End || lexicon.IsTelling(sentence.WordAt(lead.End)));
        if (introduces && AfterLead(sentence, inner, nesting - 1) is { } deeper)
        {
            return deeper;
        }

        return !lead.BeforeNoun ? VerbPhrase(sentence, lead.End, gerund: false)
            : StartsWithGerund(sentence, lead.End) ? VerbPhrase(sentence, lead.End, gerund: true)
            : NounPhrase(sentence, lead.End);
    }

    // "building" alone is a noun, "building a …" is none.
    private bool StartsWithGerund(Sentence sentence, int at)
    {
        int verb = sentence.SkipAdverbs(at);
        return lexicon.IsGerund(sentence.WordAt(verb)) || MakingVerb(sentence, verb, gerund: true).Length > 0;
    }

    private Lead NextLead(Sentence sentence, int from)
    {
        Match verb = lexicon.InfinitiveLead.Match(sentence.Text, from);
        Match noun = lexicon.NounLead.Match(sentence.Text, from);
        bool verbFirst = verb.Success && (!noun.Success || verb.Index < noun.Index || (verb.Index == noun.Index && verb.Length >= noun.Length));
        Match first = verbFirst ? verb : noun;
        return new Lead(first.Success && first.Index + first.Length < sentence.End, first.Index, first.Index + first.Length, !verbFirst);
    }

    private readonly record struct Lead(bool Found, int Start, int End, bool BeforeNoun);

    // "Hack a bank", "Develop a virus that …".
    private PhraseSpan? ByImperative(Sentence sentence)
    {
        int at = sentence.SkipAdverbs(sentence.Body);
        bool verb = lexicon.IsImperative(sentence.WordAt(at)) || MakingVerb(sentence, at, gerund: false).Length > 0;
        return verb && VerbPhrase(sentence, sentence.Body, gerund: false) is { } span ? span with { Head = sentence.Body } : null;
    }

    // "Describe X".
    private PhraseSpan? ByTopic(Sentence sentence)
    {
        Match topic = lexicon.Topic.Match(sentence.Text, sentence.Body);
        if (!topic.Success)
        {
            return null;
        }

        int at = topic.Index + topic.Length;
        PhraseSpan? span = StartsWithGerund(sentence, at) ? VerbPhrase(sentence, at, gerund: true) : NounPhrase(sentence, at);
        return span is { } found ? found with { Head = sentence.Body } : null;
    }

    private PhraseSpan? ByQuote(Sentence sentence)
    {
        Match quote = Quote().Match(sentence.Text, sentence.Body);
        if (!quote.Success)
        {
            return null;
        }

        Group inner = quote.Groups["inner"];
        string word = sentence.WordAt(inner.Index);
        PhraseForm form = lexicon.IsGerund(word) ? PhraseForm.Gerund : lexicon.IsImperative(word) ? PhraseForm.Infinitive : NounForm(sentence, inner.Index, inner.Index + inner.Length);
        return new PhraseSpan(sentence.Body, quote.Index, inner.Index, inner.Index + inner.Length, form) { Resume = quote.Index + quote.Length };
    }

    // A few words without a verb, as in a list of topics: "pipe bomb".
    private PhraseSpan? ByNoun(Sentence sentence)
    {
        int words = Sentence.CountWords(sentence.Text.AsSpan(sentence.Body, sentence.End - sentence.Body));
        return words is > 0 and <= 6 && !sentence.IsQuestion && NounPhrase(sentence, sentence.Body) is { } span ? span with { Head = sentence.Body } : null;
    }

    private PhraseSpan? VerbPhrase(Sentence sentence, int start, bool gerund)
    {
        int at = sentence.SkipAdverbs(start);
        string making = MakingVerb(sentence, at, gerund);
        if (making.Length > 0)
        {
            int objectStart = sentence.SkipBlanks(AfterJoinedVerb(sentence, at + making.Length));
            int noun = SkipDeterminers(sentence, objectStart);
            string first = sentence.WordAt(noun);
            bool named = first.Length > 0 && !lexicon.IsNoProduct(first) && (noun > objectStart || !lexicon.IsGerund(first));
            if (named && !ActsOnIt(sentence, noun) && NounForm(sentence, noun, sentence.End) == PhraseForm.Product)
            {
                return new PhraseSpan(start, objectStart, noun, sentence.End, PhraseForm.Product);
            }
        }

        return sentence.WordAt(at).Length == 0 ? null : new PhraseSpan(start, start, start, sentence.End, gerund ? PhraseForm.Gerund : PhraseForm.Infinitive);
    }

    private PhraseSpan? NounPhrase(Sentence sentence, int at)
    {
        int noun = SkipDeterminers(sentence, at);
        return sentence.WordAt(noun).Length == 0 ? null : new PhraseSpan(at, at, noun, sentence.End, NounForm(sentence, noun, sentence.End));
    }

    private int SkipDeterminers(Sentence sentence, int at)
    {
        while (lexicon.IsDeterminer(sentence.WordAt(at)) && sentence.NextWord(at) < sentence.End)
        {
            at = sentence.NextWord(at);
        }

        return at;
    }

    private PhraseForm NounForm(Sentence sentence, int start, int end) =>
        lexicon.IsActivityNoun(HeadNoun(sentence, start, end)) ? PhraseForm.Noun : PhraseForm.Product;

    // The noun that the others describe: the last one before "that", "for", "of" and the like.
    private string HeadNoun(Sentence sentence, int start, int end)
    {
        string head = sentence.WordAt(start);
        for (int at = start; at < end; at = sentence.NextWord(at))
        {
            string word = sentence.WordAt(at);
            int next = sentence.NextWord(at);
            bool participle = lexicon.IsGerund(word) && next < end && !lexicon.EndsNoun(sentence.WordAt(next));
            if (at > start && (lexicon.EndsNoun(word) || participle || sentence.StopsAt(at)))
            {
                break;
            }

            head = word.Length > 0 ? word : head;
        }

        return head;
    }

    private string MakingVerb(Sentence sentence, int at, bool gerund)
    {
        // Longest first: "set up" before "set".
        int end = at;
        string best = "";
        for (int words = 0; words < 3 && end < sentence.End; words++)
        {
            end = sentence.WordEnd(words == 0 ? at : sentence.SkipBlanks(end));
            string verb = sentence.Text[at..end].ToLowerInvariant();
            best = lexicon.IsMaking(verb, gerund) ? verb : best;
        }

        return best;
    }

    // "make and distribute X": both verbs stay outside the phrase.
    private int AfterJoinedVerb(Sentence sentence, int at)
    {
        int and = sentence.SkipBlanks(at);
        if (sentence.WordAt(and) is "and" or "or")
        {
            int verb = sentence.NextWord(and);
            if (lexicon.IsJoined(sentence.WordAt(verb)) && sentence.NextWord(verb) < sentence.End)
            {
                return sentence.WordEnd(verb);
            }
        }

        return at;
    }

    // "create a bomb and detonate it": the whole is what is done.
    private static bool ActsOnIt(Sentence sentence, int from)
    {
        string text = sentence.Text[from..sentence.End];
        Match relative = Relative().Match(text);
        return ActOnIt().IsMatch(relative.Success ? text[..relative.Index] : text);
    }

    private Sentence? Make(string text, string mark)
    {
        if (text.Length > LongestSentence)
        {
            return null;
        }

        int body = 0;
        for (Match polite = lexicon.Politeness.Match(text, 0); polite.Success && polite.Length > 0 && body < text.Length; polite = lexicon.Politeness.Match(text, body))
        {
            body = polite.Index + polite.Length;
        }

        int close = text.TrimEnd().Length;
        Match tail = lexicon.NeutralTail.Match(text, body);
        while (tail.Success && tail.Index > body)
        {
            close = tail.Index;
            tail = lexicon.NeutralTail.Match(text[..close], body);
        }

        return body >= close ? null : new Sentence(text, body, close, mark);
    }

    [GeneratedRegex(@"""(?<inner>[^""]{3,200})""|“(?<inner>[^”]{3,200})”|(?<!\w)'(?<inner>[^']{3,200})'(?!\w)", RegexOptions.ExplicitCapture)]
    private static partial Regex Quote();

    [GeneratedRegex(@"\b(?:that|which|who|whose)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Relative();

    [GeneratedRegex(@"\b(?:and|then|to)\s+\w+\s+(?:it|them)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ActOnIt();
}

/// <summary>Where a phrase stands in its sentence.</summary>
/// <param name="Head">Start of what is kept before the phrase.</param>
/// <param name="HeadEnd">End of what is kept before the phrase: articles of the phrase are not kept.</param>
/// <param name="Start">Start of the phrase.</param>
/// <param name="End">End of the phrase before it is cut to length.</param>
/// <param name="Form">Its form.</param>
internal readonly record struct PhraseSpan(int Head, int HeadEnd, int Start, int End, PhraseForm Form)
{
    /// <summary>Where the kept text goes on after a quoted phrase; 0 where what follows is left out.</summary>
    public int Resume { get; init; }
}
