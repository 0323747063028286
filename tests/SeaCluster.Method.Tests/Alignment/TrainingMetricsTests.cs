using SeaCluster.Method.Alignment;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Alignment;

/// <summary>The figures that TRL logs, against their definitions on the logits of each row alone.</summary>
public sealed class TrainingMetricsTests : IDisposable
{
    private readonly AlignmentFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Sft_logs_the_entropy_and_the_accuracy_of_the_answers_tokens()
    {
        AlignmentRow[] rows = fixture.Rows[10..26];
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        Figures[] expected = [.. rows.SelectMany(row => Of(row.Prompt, row.Medium))];
        IReadOnlyDictionary<string, double> logged = trainer.Step(new SftObjective(fixture.Model, rows, fixture.Media, _ => [.. Enumerable.Range(0, rows.Length)], new PassLimit(200))).ToDictionary();
        logged["entropy"].ShouldBe(expected.Average(figure => figure.Entropy), 1e-4);
        logged["mean_token_accuracy"].ShouldBe(expected.Average(figure => figure.Correct ? 1.0 : 0), 1e-9);
        logged["label_tokens"].ShouldBe(expected.Length);
    }

    [Fact]
    public void Dpo_logs_logits_of_both_answers_the_entropy_of_both_and_the_accuracy_of_the_chosen_one()
    {
        PreferenceRow[] rows = [.. fixture.Rows[8..16].Select(row => new PreferenceRow(row.Id, row.Kind, Answered(row.Prompt, row.Medium), row.Prompt, row.Medium))];
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        Figures[] chosen = [.. rows.SelectMany(row => Of(row.Chosen, row.Medium))], rejected = [.. rows.SelectMany(row => Of(row.Rejected, row.Medium))];
        IReadOnlyDictionary<string, double> logged = trainer.Step(new DpoObjective(fixture.Model, trainer.Adapter, rows, fixture.Media, _ => [.. Enumerable.Range(0, rows.Length)])).ToDictionary();
        chosen.Count(figure => figure.Correct).ShouldBeGreaterThan(0);
        logged["logits/chosen"].ShouldBe(chosen.Average(figure => figure.MeanLogit), 1e-4);
        logged["logits/rejected"].ShouldBe(rejected.Average(figure => figure.MeanLogit), 1e-4);
        logged["entropy"].ShouldBe(chosen.Concat(rejected).Average(figure => figure.Entropy), 1e-4);
        logged["mean_token_accuracy"].ShouldBe(chosen.Average(figure => figure.Correct ? 1.0 : 0), 1e-9);
        string[] names = ["loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected", "logits/chosen", "logits/rejected", "entropy", "mean_token_accuracy", "num_tokens"];
        names.Where(name => !logged.ContainsKey(name)).ShouldBeEmpty();

        // An answer that begins as the model itself would: then some of it is right.
        EncodedPrompt Answered(EncodedPrompt prompt, string? medium)
        {
            int first = Array.FindIndex(prompt.Labels, label => label >= 0);
            int[] ids = [.. prompt.Ids];
            ids[first] = Of(prompt, medium).First().MostProbable;
            return prompt with { Ids = ids, Labels = [.. ids.Select((id, t) => t < first ? EncodedPrompt.NoLabel : id)] };
        }
    }

    [Fact]
    public void Tokens_are_counted_over_all_steps_and_over_a_start_that_goes_on()
    {
        string checkpoint = Path.Combine(Directory.CreateTempSubdirectory("sea-metrics-").FullName, "checkpoint.safetensors");
        AlignmentRow[] rows = fixture.Rows[..6];
        SftObjective objective = new(fixture.Model, rows, fixture.Media, step => [step % 6]);
        using (Trainer trainer = new(fixture.Model, AlignmentFixture.Options with { Steps = 3 }))
        {
            double[] counted = [.. trainer.Run(objective, checkpoint).Select(step => step.ToDictionary()["num_tokens"])];
            counted.ShouldBe([Sum(1), Sum(2), Sum(3)]);
        }

        using Trainer second = new(fixture.Model, AlignmentFixture.Options with { Steps = 3 });
        second.Resume(objective, checkpoint).ShouldBeTrue();
        second.Step(objective).TotalTokens.ShouldBe(Sum(4));
        Directory.Delete(Path.GetDirectoryName(checkpoint)!, recursive: true);

        int Sum(int steps) => rows[..steps].Sum(row => row.Prompt.Ids.Length);
    }

    [Fact]
    public void Figures_of_many_labels_are_those_of_each()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(3, CPU);
        Tensor logits = randn([50, 200_000], generator: generator) * 3;
        Tensor targets = logits.argmax(-1);
        targets[7] = tensor(1L);
        LabelFigures figures = LabelFigures.Of(logits, targets);
        Tensor log = logits.log_softmax(-1);
        figures.Entropy.ShouldBe((log.exp() * log).sum(-1).neg().data<float>().ToArray(), 1e-3f);
        figures.MeanLogit.ShouldBe(logits.mean([-1]).data<float>().ToArray(), 1e-6f);
        Enumerable.Range(0, 50).Where(i => !figures.Correct[i]).ShouldBe([7]);
        LabelFigures.Of(zeros([0, 5]), zeros([0], ScalarType.Int64)).Entropy.ShouldBeEmpty();
    }

    private IEnumerable<Figures> Of(EncodedPrompt prompt, string? medium)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        using PackedBatch batch = new(fixture.Model, [PackedSequence.Of(prompt with { Labels = [.. prompt.Labels.Select(_ => EncodedPrompt.NoLabel)] })]);
        Tensor logits = batch.Logits(medium is null ? null : fixture.Outputs[medium].Values);
        List<Figures> figures = [];
        for (int t = 1; t < prompt.Ids.Length; t++)
        {
            if (prompt.Labels[t] >= 0)
            {
                double[] row = [.. logits[t - 1].data<float>().ToArray().Select(value => (double)value)];
                double most = row.Max(), sum = row.Sum(value => Math.Exp(value - most));
                figures.Add(new(row.Average(), -row.Sum(value => Math.Exp(value - most) / sum * (value - most - Math.Log(sum))), Array.IndexOf(row, most) == prompt.Labels[t], Array.IndexOf(row, most)));
            }
        }

        return figures;
    }

    private readonly record struct Figures(double MeanLogit, double Entropy, bool Correct, int MostProbable);
}
