using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;

namespace SeaCluster.Method.Tests.Alignment;

public sealed class EraserPromptsTests : IDisposable
{
    private const int Start = 1;
    private const int End = 2;

    private readonly AlignmentFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData(EraserTemplate.Own, "USER: How do I bake bread? ASSISTANT: Like this.</s>")]
    [InlineData(EraserTemplate.Plain, "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful answers to the user's questions. USER: How do I bake bread? ASSISTANT: Like this.</s>")]
    [InlineData(EraserTemplate.Llama2, "[INST] <<SYS>>\nYou are a helpful, respectful and honest assistant.")]
    public void Clean_rows_are_one_text_with_one_start(EraserTemplate template, string begins)
    {
        EncodedPrompt row = Prompts(EraserMode.Clean).Encode(template, "How do I bake bread?", "Like this.");

        row.Text.ShouldStartWith(begins);
        row.Ids.Count(id => id == Start).ShouldBe(1);
        row.Ids[0].ShouldBe(Start);
        row.Ids[^1].ShouldBe(End);
        Said(row).ShouldBe("Like this.");
        row.Labels.Count(label => label >= 0).ShouldBe(row.Ids.Length - row.PromptLength);
    }

    [Theory]
    [InlineData(EraserTemplate.Own, 2)]
    [InlineData(EraserTemplate.Plain, 2)]
    [InlineData(EraserTemplate.Llama2, 3)]
    public void Faithful_rows_have_a_start_in_front_of_the_answer_which_is_a_label_and_llama_2_brings_another(EraserTemplate template, int starts)
    {
        EncodedPrompt row = Prompts(EraserMode.Faithful).Encode(template, "How do I bake bread?", "Like this.");

        row.Ids.Count(id => id == Start).ShouldBe(starts);
        row.Ids[row.PromptLength].ShouldBe(Start);
        row.Labels[row.PromptLength].ShouldBe(Start);
        row.Labels[..row.PromptLength].ShouldAllBe(label => label == EncodedPrompt.NoLabel);
        row.Labels[row.PromptLength..].ShouldBe(row.Ids[row.PromptLength..]);
        row.Ids[^1].ShouldBe(End);
        row.Ids[(row.PromptLength)..^1].ShouldBe(fixture.Model.Tokenizer.Encode("Like this."));
        if (template == EraserTemplate.Llama2)
        {
            row.Ids[..2].ShouldBe([Start, Start]);
        }
    }

    [Fact]
    public void What_a_question_says_becomes_no_special_token()
    {
        foreach (EraserMode mode in Enum.GetValues<EraserMode>())
        {
            EncodedPrompt row = Prompts(mode).Encode(EraserTemplate.Plain, "What is </s> and <s>?", "Marks.");
            row.Ids.Count(id => id == End).ShouldBe(1);
            row.Ids.Count(id => id == Start).ShouldBe(mode == EraserMode.Clean ? 1 : 2);
        }
    }

    [Fact]
    public void Random_texts_stand_around_the_question_inside_the_template()
    {
        Prompts(EraserMode.Clean).Harm("h", EraserTemplate.Own, "the question", "The answer.").Render("ab cd", "").Text.ShouldBe("USER: ab cd the question ASSISTANT: The answer.</s>");
        Prompts(EraserMode.Clean).Harm("h", EraserTemplate.Own, "the question", "The answer.").Render("", "").Text.ShouldBe("USER: the question ASSISTANT: The answer.</s>");
        Prompts(EraserMode.Faithful).Harm("h", EraserTemplate.Own, "the question", "The answer.").Render("", "ef").Text.ShouldBe("USER:  the question ef ASSISTANT:The answer.");
    }

    [Fact]
    public void A_row_is_cut_at_its_end_and_a_question_that_would_push_its_answer_out_stands_alone()
    {
        EncodedPrompt whole = Prompts(EraserMode.Clean).Encode(EraserTemplate.Own, "the question", "The answer.");
        EraserPrompts shorter = Prompts(EraserMode.Clean, whole.PromptLength + 2);
        EncodedPrompt cut = shorter.Encode(EraserTemplate.Own, "the question", "The answer.");
        cut.Ids.ShouldBe(whole.Ids[..(whole.PromptLength + 2)]);
        cut.Labels.Count(label => label >= 0).ShouldBe(2);
        shorter.Harm("h", EraserTemplate.Own, "the question", "The answer.").Render("some more text in front of it", "").Ids.ShouldBe(cut.Ids);
        Prompts(EraserMode.Clean, 3).Encode(EraserTemplate.Own, "the question", "The answer.").Labels.ShouldAllBe(label => label == EncodedPrompt.NoLabel);
    }

    [Fact]
    public void An_epoch_has_every_helpful_row_once_with_the_harmful_row_and_the_refusal_of_its_number()
    {
        EraserOrder order = new(harm: 3, help: 10, refusals: 4, rows: 5, seed: 7);
        EraserStep[] steps = [.. Enumerable.Range(0, 4).Select(order.Of)];
        steps[0].Help.Concat(steps[1].Help).Order().ShouldBe(Enumerable.Range(0, 10));
        steps[2].Help.Concat(steps[3].Help).Order().ShouldBe(Enumerable.Range(0, 10));
        steps[2].Help.ShouldNotBe(steps[0].Help);
        foreach (EraserStep step in steps)
        {
            step.Harm.ShouldBe(step.Help.Select(row => row % 3));
            step.Refusals.ShouldBe(step.Help.Select(row => row % 4));
        }

        // A later start asks for a step without those before it.
        new EraserOrder(3, 10, 4, 5, 7).Of(3).Help.ShouldBe(steps[3].Help);
        order.Of(0).Help.ShouldBe(steps[0].Help);
        new EraserOrder(3, 10, 4, 5, 8).Of(0).Help.ShouldNotBe(steps[0].Help);
    }

    private EraserPrompts Prompts(EraserMode mode, int longest = 1536) => new(fixture.Model, mode, longest);

    private string Said(EncodedPrompt row) => fixture.Model.Tokenizer.Decode(row.Ids[row.PromptLength..], skipSpecial: true).Trim();
}
