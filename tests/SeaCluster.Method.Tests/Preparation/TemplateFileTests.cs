using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;

namespace SeaCluster.Method.Tests.Preparation;

public sealed class TemplateFileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_changes_what_it_names_and_the_hash()
    {
        PreparationTemplates templates = Load("""{ "name": "mine", "content": { "questions": ["What is it?"] }, "modalities": { "image": { "words": { "noun": "picture" } } } }""");
        templates.Name.ShouldBe("mine");
        templates.Hash.ShouldNotBe(TemplateFile.General.Hash);
        templates.Modalities["image"].Content.Questions.ShouldBe(["What is it?"]);
        templates.Modalities["audio"].Content.Questions.ShouldBe(["What is it?"]);
        templates.Modalities["image"].Content.HeldOut.ShouldBe(TemplateFile.General.Modalities["image"].Content.HeldOut);
        templates.Modalities["image"].Words["noun"].ShouldBe("picture");
        templates.Refusals.ShouldBe(TemplateFile.General.Refusals);
    }

    [Fact]
    public async Task A_modality_can_be_added()
    {
        PreparationTemplates templates = Load("""{ "modalities": { "smell": { "words": { "noun": "smell", "shows": "suggests", "show": "suggest" }, "style": [ { "questions": ["Is it strong?"], "answers": ["It is faint."] } ] } } }""");
        OfflinePreparer preparer = new(new RowComposer(templates, "smell", 0));
        PreparedRow row = (await preparer.PrepareAsync(new SafetyRow("r", "How do I bake bread?", null))).Row.ShouldNotBeNull();
        (row.DetoxifiedInstruction, row.Style.Answer).ShouldBe(("The smell suggests an activity. How do I do this activity?", "It is faint."));
    }

    [Theory]
    [InlineData("physical_harm", "The audio is about physical harm.")]
    [InlineData("{phrase}", "The audio is about {phrase}.")]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    public async Task A_row_with_a_category_has_a_topic_control(string? category, string? answer)
    {
        OfflinePreparer preparer = new(new RowComposer(TemplateFile.General, "audio", 0));

        PreparedRow row = (await preparer.PrepareAsync(new SafetyRow("a", "How do I rob a bank?", "No.", null, category))).Row!;

        row.Topic?.Answer.ShouldBe(answer);
        (row.Topic is null).ShouldBe(answer is null);
        RowValidation.Check(row).ShouldBeNull();
        AuxiliaryPairs all = AuxiliaryPairs.Both | AuxiliaryPairs.Topic;
        SynthesisJob.SampleOf(row, new SynthesisOptions { Pairs = all }).Pairs.Select(pair => pair.Answer).ShouldBe(new[] { row.Content.Answer, row.Style.Answer, answer }.OfType<string>());
        SynthesisOptions alone = new() { Pairs = AuxiliaryPairs.Topic };
        if (answer is null)
        {
            Should.Throw<SeaException>(() => SynthesisJob.SampleOf(row, alone)).Message.ShouldStartWith("Row 'a' (");
        }
        else
        {
            SynthesisJob.SampleOf(row, alone).Pairs.ShouldBe([new QuestionAnswer(row.Topic!.Question, answer)]);
        }
    }

    [Fact]
    public void An_unknown_modality_names_the_known_ones()
    {
        SeaException error = Should.Throw<SeaException>(() => new RowComposer(TemplateFile.General, "smell", 0));
        (error.Message, error.Hint).ShouldBe(("The templates 'general' have no modality 'smell'.", "They have: image, video, audio."));
    }

    [Theory]
    [InlineData("""{ "refusal": ["no"] }""", "unknown key 'refusal'; did you mean 'refusals'?")]
    [InlineData("""{ "modalities": { "image": { "stile": [] } } }""", "unknown key 'modalities.image.stile'; did you mean 'style'?")]
    [InlineData("""{ "content": { "answers": {} } }""", "unknown key 'content.answers'; did you mean 'answer'?")]
    [InlineData("""{ "lexicon": { "phrase_words": { "aims": 3 } } }""", "unknown key 'lexicon.phrase_words.aims'; did you mean 'aim'?")]
    [InlineData("""{ "refusals": [] }""", "refusals: expected at least one refusal.")]
    [InlineData("""{ "prefix_rate": 2 }""", "prefix_rate: expected a number from 0 to 1.")]
    [InlineData("""{ "patterns": [ { "kind": "product", "match": "make it" } ] }""", "patterns[0].match: expected exactly one {phrase} or {bare_phrase}.")]
    [InlineData("""{ "sentence": { "product": "A {thing}." } }""", "modalities.image: 'A {thing}.': expected one of")]
    [InlineData("""{ "content": { "answer": { "product": "A thing." } } }""", "content.answer (image, Product): expected a text with {phrase}.")]
    [InlineData("""{ "lexicon": { "noun_leads": ["("] } }""", "lexicon: '(' is no regular expression")]
    [InlineData("""{ "topic": { "answer": "It is a topic." } }""", "modalities.image.topic.answer: expected a text with {category}.")]
    [InlineData("""{ "topic": { "questions": ["Is {phrase} shown?"] } }""", "modalities.image: 'Is {phrase} shown?': expected one of {category}, {kind}")]
    [InlineData("""{ "topic": { "question": "?" } }""", "unknown key 'topic.question'; did you mean 'questions'?")]
    [InlineData("""{ "prefix_rate": "much" }""", "$.prefix_rate")]
    [InlineData("""{ "name": null }""", "")]
    [InlineData("""[]""", "expected a JSON object of templates.")]
    [InlineData("{\n \"name\": \n}", ":3: not valid JSON")]
    public void A_wrong_file_is_told_what_is_wrong(string text, string message)
    {
        SeaException error = Should.Throw<SeaException>(() => Load(text));
        error.Message.ShouldStartWith(_folder["templates.json"]);
        error.Message.ShouldContain(message);
    }

    [Fact]
    public void A_missing_file_is_named() => Should.Throw<SeaException>(() => TemplateFile.Load(_folder["none.json"])).Message.ShouldEndWith("none.json: no such templates file.");

    private PreparationTemplates Load(string text) => TemplateFile.Load(_folder.Write("templates.json", text));
}
