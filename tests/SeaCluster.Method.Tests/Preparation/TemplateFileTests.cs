using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Templates;
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
