using System.Text.Json.Serialization;

namespace SeaCluster.Method.Preparation.Templates;

/// <summary>
/// The wording of prepared rows and the rules that find the key phrase: one JSON file. The built-in one is for English requests; a user's
/// file replaces the parts it names. In texts, <c>{phrase}</c>, <c>{a_phrase}</c> (with its article), <c>{kind}</c>, <c>{a_kind}</c> and the
/// modality's <see cref="ModalityTemplates.Words"/> are filled in.
/// </summary>
public sealed record PreparationTemplates
{
    /// <summary>Named in every prepared row.</summary>
    public required string Name { get; init; }

    /// <summary>Whether the rules of <see cref="Lexicon"/> are tried where no pattern matches.</summary>
    public required bool Rules { get; init; }

    /// <summary>Whole-instruction patterns, tried in order before the rules.</summary>
    public required IReadOnlyList<InstructionPattern> Patterns { get; init; }

    /// <summary>What stands in for the phrase in the detoxified instruction.</summary>
    public required FormTexts Substitutes { get; init; }

    /// <summary>The share of rows that get the prefix, 0 to 1, drawn by the row's seed.</summary>
    public required double PrefixRate { get; init; }

    /// <summary>The default refusals; a row without a response gets one, drawn by its seed.</summary>
    public required IReadOnlyList<string> Refusals { get; init; }

    /// <summary>Wording by modality: <c>image</c>, <c>audio</c>, <c>video</c>.</summary>
    public required IReadOnlyDictionary<string, ModalityTemplates> Modalities { get; init; }

    /// <summary>The words and leads of the rules.</summary>
    public required LexiconTemplates Lexicon { get; init; }

    /// <summary>First 8 hexadecimal digits of the SHA-256 of the merged file; part of every row's preparer version.</summary>
    [JsonIgnore]
    public string Hash { get; init; } = "";
}

/// <summary>
/// One text for each grammatical form of a phrase: "steal a car", "stealing a car", "car theft", "pipe bomb". The first three are
/// activities; where gerund or noun are absent the infinitive's text is used.
/// </summary>
public sealed record FormTexts
{
    /// <summary>"steal a car".</summary>
    public required string Infinitive { get; init; }

    /// <summary>"stealing a car".</summary>
    public string? Gerund { get; init; }

    /// <summary>"car theft".</summary>
    public string? Noun { get; init; }

    /// <summary>"pipe bomb".</summary>
    public required string Product { get; init; }

    /// <summary>The text for a form.</summary>
    public string this[PhraseForm form] => form switch
    {
        PhraseForm.Product => Product,
        PhraseForm.Gerund => Gerund ?? Infinitive,
        PhraseForm.Noun => Noun ?? Infinitive,
        _ => Infinitive,
    };
}

/// <summary>A pattern for a whole instruction, compared without case and amount of white space.</summary>
/// <param name="Kind">The kind of the phrase in it.</param>
/// <param name="Match">The instruction with <c>{phrase}</c>, or <c>{bare_phrase}</c> for a phrase that starts with neither an article nor "to".</param>
/// <param name="Detoxified">The detoxified instruction, or null for <paramref name="Match"/> with the substitute in the phrase's place.</param>
public sealed record InstructionPattern(PhraseKind Kind, string Match, string? Detoxified = null);

/// <summary>The content control's wording.</summary>
public sealed record ContentTemplates
{
    /// <summary>Questions to optimise on; one is drawn by the row's seed.</summary>
    public required IReadOnlyList<string> Questions { get; init; }

    /// <summary>Questions for the perception check alone; where empty, the questions that were not drawn are used.</summary>
    public required IReadOnlyList<string> HeldOut { get; init; }

    /// <summary>The answer, which names the phrase.</summary>
    public required FormTexts Answer { get; init; }
}

/// <summary>The topic control's wording; <c>{category}</c> stands for the row's category.</summary>
/// <param name="Questions">What is asked; one is drawn by the row's seed.</param>
/// <param name="Answer">The answer, which names the category.</param>
public sealed record TopicTemplates(IReadOnlyList<string> Questions, string Answer);

/// <summary>A harmless question about the medium's looks or sound, and its possible answers; both are drawn by the row's seed.</summary>
public sealed record StyleTemplates(IReadOnlyList<string> Questions, IReadOnlyList<string> Answers);

/// <summary>
/// Wording of one modality. In the file, <c>prefix</c>, <c>sentence</c>, <c>content</c> and <c>topic</c> may also stand at the top level: then they hold for
/// every modality that does not have its own.
/// </summary>
public sealed record ModalityTemplates
{
    /// <summary>Words for the texts' braces, such as <c>noun</c>.</summary>
    public required IReadOnlyDictionary<string, string> Words { get; init; }

    /// <summary>What is put before the detoxified instruction to point at the medium, with its blank.</summary>
    public required FormTexts Prefix { get; init; }

    /// <summary>The phrase as a sentence.</summary>
    public required FormTexts Sentence { get; init; }

    /// <summary>The content control.</summary>
    public required ContentTemplates Content { get; init; }

    /// <summary>The topic control, for rows that have a category.</summary>
    public required TopicTemplates Topic { get; init; }

    /// <summary>Style questions.</summary>
    public required IReadOnlyList<StyleTemplates> Style { get; init; }
}

/// <summary>How long a phrase should and may be, in words.</summary>
/// <param name="Aim">A longer phrase is cut at a clause where that leaves enough.</param>
/// <param name="Most">A phrase that stays longer is refused.</param>
public sealed record PhraseWords(int Aim, int Most);

/// <summary>
/// The rules' words. <c>politeness</c>, <c>*_leads</c> and <c>neutral_tails</c> are .NET regular expressions in lower case (a blank stands for
/// any white space); the others are words.
/// </summary>
public sealed record LexiconTemplates
{
    public required PhraseWords PhraseWords { get; init; }

    /// <summary>Openings that are skipped before a request.</summary>
    public required IReadOnlyList<string> Politeness { get; init; }

    /// <summary>What stands before an infinitive: "how do i", "tell me how to".</summary>
    public required IReadOnlyList<string> InfinitiveLeads { get; init; }

    /// <summary>What stands before a gerund or a noun: "instructions for".</summary>
    public required IReadOnlyList<string> NounLeads { get; init; }

    /// <summary>Verbs that only introduce another request: "write (a guide on how to …)".</summary>
    public required IReadOnlyList<string> TellingVerbs { get; init; }

    /// <summary>Verbs whose object is the topic: "describe …".</summary>
    public required IReadOnlyList<string> TopicVerbs { get; init; }

    /// <summary>Verbs whose object is a product: "make …".</summary>
    public required IReadOnlyList<string> MakingVerbs { get; init; }

    /// <summary>Verbs that may be joined to a making verb: "make and sell …".</summary>
    public required IReadOnlyList<string> HandlingVerbs { get; init; }

    /// <summary>Other verbs that may open a request.</summary>
    public required IReadOnlyList<string> ImperativeVerbs { get; init; }

    /// <summary>Words after a making verb (articles skipped) with which it names no product: "make someone …", "get into …".</summary>
    public required IReadOnlyList<string> NotProducts { get; init; }

    /// <summary>Nouns that name activities: "theft".</summary>
    public required IReadOnlyList<string> ActivityNouns { get; init; }

    /// <summary>Nouns that end like activities and are none: "ammunition".</summary>
    public required IReadOnlyList<string> NotActivityNouns { get; init; }

    /// <summary>Nouns without an article: "malware".</summary>
    public required IReadOnlyList<string> MassNouns { get; init; }

    /// <summary>Words before which a long phrase is cut.</summary>
    public required IReadOnlyList<string> ClauseStarts { get; init; }

    /// <summary>Words before which a long phrase is cut where it has no clause to cut; they also end a noun's own words.</summary>
    public required IReadOnlyList<string> Prepositions { get; init; }

    /// <summary>Articles and the like.</summary>
    public required IReadOnlyList<string> Determiners { get; init; }

    /// <summary>Closings that stay in the detoxified instruction: "step by step".</summary>
    public required IReadOnlyList<string> NeutralTails { get; init; }
}

/// <summary>The grammatical form of a phrase.</summary>
public enum PhraseForm
{
    /// <summary>An activity as a bare verb: "steal a car".</summary>
    Infinitive,

    /// <summary>An activity as "-ing": "stealing a car".</summary>
    Gerund,

    /// <summary>An activity as a noun: "car theft".</summary>
    Noun,

    /// <summary>A product: "pipe bomb".</summary>
    Product,
}
