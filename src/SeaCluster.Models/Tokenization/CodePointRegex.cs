using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>
/// A pattern of <c>tokenizer.json</c>, written for an engine that works on code points, on .NET's, which works on UTF-16 units. Code points beyond the
/// basic plane are shown to the engine as one basic-plane stand-in of the same general category, so <c>\p{L}</c> and the like see them rightly.
/// </summary>
internal sealed class CodePointRegex
{
    private static readonly SearchValues<char> Surrogates = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(unit => (char)unit)]);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // The reference folds the long s (U+017F) with s; .NET does not.
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string FoldedContractions = "(?:'[sS\u017F]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";

    private readonly Regex _regex;
    private readonly string _where;

    /// <param name="pattern">The pattern as the file has it.</param>
    /// <param name="section">The component that holds it, for messages.</param>
    public CodePointRegex(string pattern, JsonSection section)
    {
        _where = $"{section.File}: {section.PathOf("pattern")}";
        if (pattern.AsSpan().ContainsAny(Surrogates))
        {
            throw new SeaException($"{_where} names characters beyond U+FFFF, which is not supported.");
        }

        try
        {
            _regex = new Regex(pattern.Replace(Contractions, FoldedContractions, StringComparison.Ordinal), RegexOptions.CultureInvariant, Limit);
        }
        catch (ArgumentException error)
        {
            throw new SeaException($"{_where} cannot be used: {error.Message}", inner: error);
        }
    }

    /// <summary>All matches from left to right, as places in <paramref name="text"/>.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    public List<(int Start, int End)> Matches(string text)
    {
        int[]? places = null;
        string shown = text;
        if (text.AsSpan().ContainsAny(Surrogates))
        {
            (shown, places) = Show(text);
        }

        List<(int, int)> matches = [];
        try
        {
            foreach (ValueMatch match in _regex.EnumerateMatches(shown))
            {
                int end = match.Index + match.Length;
                matches.Add(places is null ? (match.Index, end) : (places[match.Index], places[end]));
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new SeaException($"{_where} takes more than {Limit.TotalSeconds:0} s on a text of {text.Length} characters.", inner: error);
        }

        return matches;
    }

    private static (string Shown, int[] Places) Show(string text)
    {
        StringBuilder shown = new(text.Length);
        int[] places = new int[text.Length + 1];
        int place = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            places[shown.Length] = place;
            place += rune.Utf16SequenceLength;
            shown.Append(rune.IsBmp ? (char)rune.Value : StandIn(Rune.GetUnicodeCategory(rune)));
        }

        places[shown.Length] = place;
        return (shown.ToString(), places);
    }

    /// <summary>A character of the basic plane with the given category that no tokenizer's pattern names by itself.</summary>
    public static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\uA640',
        UnicodeCategory.LowercaseLetter => '\uA641',
        UnicodeCategory.TitlecaseLetter => '\u1F88',
        UnicodeCategory.ModifierLetter => '\uA717',
        UnicodeCategory.OtherLetter => '\uA000',
        UnicodeCategory.NonSpacingMark => '\uA66F',
        UnicodeCategory.SpacingCombiningMark => '\uA823',
        UnicodeCategory.EnclosingMark => '\uA670',
        UnicodeCategory.DecimalDigitNumber => '\uA8D0',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\uA830',
        UnicodeCategory.Format => '\uFFF9',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.ConnectorPunctuation => '\uFE33',
        UnicodeCategory.DashPunctuation => '\uFE31',
        UnicodeCategory.OpenPunctuation => '\uFE35',
        UnicodeCategory.ClosePunctuation => '\uFE36',
        UnicodeCategory.InitialQuotePunctuation => '\u2E02',
        UnicodeCategory.FinalQuotePunctuation => '\u2E03',
        UnicodeCategory.OtherPunctuation => '\uA874',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\uA838',
        UnicodeCategory.ModifierSymbol => '\uA700',
        UnicodeCategory.OtherSymbol => '\uA490',
        _ => '\uFDD0',
    };
}
