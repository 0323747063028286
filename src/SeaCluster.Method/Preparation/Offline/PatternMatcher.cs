using System.Text.RegularExpressions;
using SeaCluster.Method.Preparation.Templates;

namespace SeaCluster.Method.Preparation.Offline;

/// <summary>Matches whole instructions against the templates' patterns.</summary>
internal sealed class PatternMatcher
{
    private const string Phrase = "{phrase}";
    private const string Bare = "{bare_phrase}";
    private readonly PreparationTemplates _templates;
    private readonly List<(InstructionPattern Pattern, Regex Expression, bool Bare)> _patterns;

    public PatternMatcher(PreparationTemplates templates)
    {
        _templates = templates;
        _patterns = [.. templates.Patterns.Select(pattern => (pattern, Expression(pattern.Match), pattern.Match.Contains(Bare, StringComparison.Ordinal)))];
    }

    /// <summary>The phrase by the first pattern that matches, or null.</summary>
    public FoundPhrase? Find(string prompt)
    {
        foreach ((InstructionPattern pattern, Regex expression, bool bare) in _patterns)
        {
            Match match = expression.Match(prompt);
            if (!match.Success)
            {
                continue;
            }

            string phrase = match.Groups["phrase"].Value.Trim();
            string first = phrase.Split(' ')[0].ToLowerInvariant();
            if (bare && first is "a" or "an" or "the" or "to")
            {
                continue;
            }

            PhraseForm form = pattern.Kind == PhraseKind.Product ? PhraseForm.Product : PhraseForm.Infinitive;
            string detoxified = pattern.Detoxified
                ?? pattern.Match.Replace(Bare, _templates.Substitutes[form], StringComparison.Ordinal).Replace(Phrase, _templates.Substitutes[form], StringComparison.Ordinal);
            return new FoundPhrase(phrase, form, phrase, detoxified);
        }

        return null;
    }

    private static Regex Expression(string pattern)
    {
        string slot = pattern.Contains(Bare, StringComparison.Ordinal) ? Bare : Phrase;
        IEnumerable<string> sides = pattern.Split(slot).Select(side =>
            string.Join(@"\s+", side.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Regex.Escape)));
        string[] parts = [.. sides];
        string before = parts[0].Length == 0 ? "" : parts[0] + @"\s+";
        string after = parts[1].Length == 0 ? "" : @"\s*" + parts[1];
        return new Regex($@"^\s*{before}(?<phrase>\S.*?){after}\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking);
    }
}
