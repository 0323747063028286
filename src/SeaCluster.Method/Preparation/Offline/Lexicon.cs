using System.Text.RegularExpressions;
using SeaCluster.Method.Preparation.Templates;

namespace SeaCluster.Method.Preparation.Offline;

/// <summary>The templates' word lists and leads, ready to be asked.</summary>
internal sealed class Lexicon
{
    // Regular expressions come from a user's file and meet any text: none may run away.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _telling;
    private readonly HashSet<string> _making;
    private readonly HashSet<string> _makingGerunds;
    private readonly HashSet<string> _joined;
    private readonly HashSet<string> _imperative;
    private readonly HashSet<string> _notProducts;
    private readonly HashSet<string> _activityNouns;
    private readonly HashSet<string> _notActivityNouns;
    private readonly HashSet<string> _mass;
    private readonly HashSet<string> _clauseStarts;
    private readonly HashSet<string> _prepositions;
    private readonly HashSet<string> _determiners;

    public Lexicon(LexiconTemplates words)
    {
        Length = words.PhraseWords;
        Politeness = Expression($@"\G\s*(?:{Join(words.Politeness)})(?=[\s,.!:]|$)[\s,.!:]*");
        InfinitiveLead = Expression($@"(?<![\w'-])(?:{Join(words.InfinitiveLeads)})(?:(?<=\s)|\s+)(?=\S)");
        NounLead = Expression($@"(?<![\w'-])(?:{Join(words.NounLeads)})\s+(?=\S)");
        Topic = Expression($@"\G\s*(?:{Join([.. words.TopicVerbs.OrderByDescending(verb => verb.Length)])})(?: to (?:me|us))?(?: in (?:great )?detail)?\s+(?=\S)");
        NeutralTail = Expression($@"(?:\s*,)?\s*(?<![\w'-])(?:{Join(words.NeutralTails)})(?=[\s.?!]*$)");
        _telling = [.. words.TellingVerbs];
        _making = [.. words.MakingVerbs];
        _makingGerunds = [.. words.MakingVerbs.Select(Gerund)];
        _joined = [.. words.HandlingVerbs, .. words.MakingVerbs];
        _joined.UnionWith([.. _joined.Select(Gerund)]);
        _imperative = [.. words.ImperativeVerbs, .. words.MakingVerbs, .. words.HandlingVerbs];
        _notProducts = [.. words.NotProducts];
        _activityNouns = [.. words.ActivityNouns];
        _notActivityNouns = [.. words.NotActivityNouns];
        _mass = [.. words.MassNouns];
        _clauseStarts = [.. words.ClauseStarts];
        _prepositions = [.. words.Prepositions];
        _determiners = [.. words.Determiners];
    }

    public PhraseWords Length { get; }

    public Regex Politeness { get; }

    public Regex InfinitiveLead { get; }

    public Regex NounLead { get; }

    public Regex Topic { get; }

    public Regex NeutralTail { get; }

    public bool IsTelling(string word) => _telling.Contains(word);

    /// <summary>Whether the verb (one or several words) makes its object, as an infinitive or a gerund.</summary>
    public bool IsMaking(string verb, bool gerund) => (gerund ? _makingGerunds : _making).Contains(verb);

    public bool IsJoined(string verb) => _joined.Contains(verb);

    public bool IsImperative(string verb) => _imperative.Contains(verb);

    public bool IsNoProduct(string word) => _notProducts.Contains(word);

    public bool IsMass(string word) => _mass.Contains(word);

    public bool IsClauseStart(string word) => _clauseStarts.Contains(word);

    public bool IsPreposition(string word) => _prepositions.Contains(word);

    /// <summary>Whether a noun's own words end before the word: "bomb | that …", "recipe | for …".</summary>
    public bool EndsNoun(string word) => IsClauseStart(word) || IsPreposition(word);

    public bool IsDeterminer(string word) => _determiners.Contains(word);

    /// <summary>Whether a word is a gerund by its ending.</summary>
    public bool IsGerund(string word) => word.Length > 4 && word.EndsWith("ing", StringComparison.Ordinal) && !_notActivityNouns.Contains(word);

    /// <summary>Whether a noun names something that is done.</summary>
    public bool IsActivityNoun(string noun) =>
        _activityNouns.Contains(noun)
        || (!_notActivityNouns.Contains(noun) && noun.Length > 5
            && (noun.EndsWith("ing", StringComparison.Ordinal) || noun.EndsWith("tion", StringComparison.Ordinal)
                || noun.EndsWith("sion", StringComparison.Ordinal) || noun.EndsWith("cide", StringComparison.Ordinal)));

    /// <summary>"make" → "making", "get" → "getting", "set up" → "setting up".</summary>
    internal static string Gerund(string verb)
    {
        int blank = verb.IndexOf(' ', StringComparison.Ordinal);
        string first = blank < 0 ? verb : verb[..blank];
        string rest = blank < 0 ? "" : verb[blank..];
        bool silentE = first.Length > 2 && first.EndsWith('e') && !first.EndsWith("ee", StringComparison.Ordinal);
        bool doubled = first.Length is 3 or 4 && !IsVowel(first[^1]) && first[^1] is not ('w' or 'x' or 'y') && IsVowel(first[^2]) && !IsVowel(first[^3]) && first.Count(IsVowel) == 1;
        return (silentE ? first[..^1] : doubled ? first + first[^1] : first) + "ing" + rest;
    }

    private static bool IsVowel(char letter) => letter is 'a' or 'e' or 'i' or 'o' or 'u';

    private static string Join(IReadOnlyList<string> alternatives) =>
        alternatives.Count == 0 ? "(?!)" : string.Join('|', alternatives.Select(text => text.Replace(" ", @"\s+", StringComparison.Ordinal)));

    private static Regex Expression(string text) => new(text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, s_limit);
}
