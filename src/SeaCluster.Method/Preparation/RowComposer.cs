using System.Text;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary>What a preparer found out about a row; the templates do the rest.</summary>
/// <param name="Phrase">The key phrase as it stands in the instruction.</param>
/// <param name="Form">Its grammatical form, which says its kind.</param>
/// <param name="WithArticle">The phrase with the article it needs ("a pipe bomb").</param>
/// <param name="Detoxified">The instruction without the phrase and without the prefix.</param>
public sealed record FoundPhrase(string Phrase, PhraseForm Form, string WithArticle, string Detoxified)
{
    /// <summary>Activity or product.</summary>
    public PhraseKind Kind => Form == PhraseForm.Product ? PhraseKind.Product : PhraseKind.Activity;

    /// <summary>A sentence that replaces the templates', or null.</summary>
    public string? Sentence { get; init; }

    /// <summary>Whether <see cref="Detoxified"/> already points at the medium, so that no prefix is put before it.</summary>
    public bool HasPrefix { get; init; }
}

/// <summary>Writes a prepared row from a found phrase and the templates of one modality.</summary>
public sealed class RowComposer
{
    private readonly PreparationTemplates _templates;
    private readonly ModalityTemplates _modality;
    private readonly string _modalityName;
    private readonly int _seed;

    /// <param name="templates">The wording.</param>
    /// <param name="modality">One of the templates' modalities.</param>
    /// <param name="seed">Changes every draw (style, question, refusal, prefix).</param>
    /// <exception cref="SeaException">The templates lack the modality.</exception>
    public RowComposer(PreparationTemplates templates, string modality, int seed)
    {
        if (!templates.Modalities.TryGetValue(modality, out ModalityTemplates? found))
        {
            throw new SeaException(
                $"The templates '{templates.Name}' have no modality '{modality}'.", $"They have: {string.Join(", ", templates.Modalities.Keys)}.");
        }

        _templates = templates;
        _modality = found;
        _modalityName = modality;
        _seed = seed;
    }

    /// <summary>The wording that this composer uses.</summary>
    public PreparationTemplates Templates => _templates;

    /// <summary>The modality's wording.</summary>
    public ModalityTemplates Modality => _modality;

    /// <summary>The modality's name.</summary>
    public string ModalityName => _modalityName;

    /// <summary>Templates, modality and seed as they go into a preparer's version: equal versions write equal rows.</summary>
    public string Version => $"{_templates.Name}@{_templates.Hash}/{_modalityName}/seed-{_seed}";

    /// <summary>The prepared row.</summary>
    public PreparedRow Compose(SafetyRow row, FoundPhrase found, string preparer)
    {
        RowSeed seed = new(_seed, row.Id);
        ContentTemplates content = _modality.Content;
        int question = seed.Index(content.Questions.Count, "content");
        IEnumerable<string> heldOut = content.HeldOut.Count > 0 ? content.HeldOut : content.Questions.Where((_, index) => index != question);
        bool prefixed = !found.HasPrefix && seed.Chance(_templates.PrefixRate, "prefix");
        return new PreparedRow(
            row.Id,
            found.Phrase,
            found.Kind,
            found.Sentence ?? Fill(_modality.Sentence[found.Form], found),
            row.Prompt,
            (prefixed ? Fill(_modality.Prefix[found.Form], found) : "") + found.Detoxified,
            new ControlPair(Fill(content.Questions[question], found), Fill(content.Answer[found.Form], found)),
            Style(found, seed),
            [.. heldOut.Select(text => Fill(text, found))],
            row.Response ?? seed.Pick(_templates.Refusals, "refusal"),
            row.Rejected,
            row.Category,
            _modalityName,
            row.Source,
            preparer)
        {
            Topic = string.IsNullOrWhiteSpace(row.Category) ? null : Topic(row.Category, found, seed),
        };
    }

    private ControlPair Topic(string category, FoundPhrase found, RowSeed seed)
    {
        // Data sets write categories as they like ("physical_harm"); the answer is to be language.
        string name = category.Trim().Replace('_', ' ');
        string Named(string text) => Fill(text.Replace("{category}", "\0", StringComparison.Ordinal), found).Replace("\0", name, StringComparison.Ordinal);
        return new ControlPair(Named(seed.Pick(_modality.Topic.Questions, "topic question")), Named(_modality.Topic.Answer));
    }

    private ControlPair Style(FoundPhrase found, RowSeed seed)
    {
        StyleTemplates style = seed.Pick(_modality.Style, "style");
        int answer = seed.Index(style.Answers.Count, "style answer");
        for (int i = 0; i < style.Answers.Count; i++)
        {
            // A phrase such as "drawing" can stand in a style's answer: then the next answer is taken.
            string text = Fill(style.Answers[(answer + i) % style.Answers.Count], found);
            if (!Words.Contains(text, found.Phrase))
            {
                return new ControlPair(Fill(seed.Pick(style.Questions, "style question"), found), text);
            }
        }

        return new ControlPair(Fill(style.Questions[0], found), Fill(style.Answers[answer], found));
    }

    private string Fill(string template, FoundPhrase found)
    {
        StringBuilder text = new();
        int at = 0;
        while (at < template.Length)
        {
            int open = template.IndexOf('{', at);
            int close = open < 0 ? -1 : template.IndexOf('}', open);
            if (close < 0)
            {
                break;
            }

            text.Append(template, at, open - at).Append(Value(template[(open + 1)..close], found));
            at = close + 1;
        }

        return text.Append(template, at, template.Length - at).ToString();
    }

    private string Value(string name, FoundPhrase found) => name switch
    {
        "phrase" => found.Phrase,
        "a_phrase" => found.WithArticle,
        "kind" => found.Kind == PhraseKind.Activity ? "activity" : "product",
        "a_kind" => found.Kind == PhraseKind.Activity ? "an activity" : "a product",
        _ => _modality.Words[name],
    };
}
