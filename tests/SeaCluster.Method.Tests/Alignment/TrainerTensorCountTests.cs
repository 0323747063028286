using SeaCluster.Method.Alignment;
using SeaCluster.Models.Adapters;
using SeaCluster.Tests;
using SeaCluster.Torch;
using Xunit.Abstractions;

namespace SeaCluster.Method.Tests.Alignment;

[Collection(TensorCounts.Alone)]
public sealed class TrainerTensorCountTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thousand_steps_leave_no_tensor()
    {
        using AlignmentFixture fixture = new();
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options with { Steps = 1010 });
        AlignmentRow[] rows = [.. fixture.Rows.Take(1)];
        SftObjective objective = new(fixture.Model, rows, null, _ => [0]);
        foreach (StepMetrics _ in trainer.Run(objective).Take(10))
        {
        }

        long before = TensorStatistics.Live;
        StepMetrics last = trainer.Run(objective).Last();
        TensorStatistics.Live.ShouldBe(before);
        output.WriteLine($"{last.TokensPerSecond:F0} tokens/s, loss {last.Loss:G3}");
        last.Step.ShouldBe(1010);
    }

    [Fact]
    public void Everything_is_freed_and_the_model_frozen_again()
    {
        using AlignmentFixture fixture = new();
        fixture.Media.Projected("e0");
        long before = TensorStatistics.Live;
        foreach (LoraConfig? lora in new[] { AlignmentFixture.Options.Lora, null })
        {
            using Trainer trainer = new(fixture.Model, AlignmentFixture.Options with { Lora = lora, Steps = 1 });
            trainer.Run(new SftObjective(fixture.Model, [.. fixture.Rows.Take(1)], null, _ => [0])).Count().ShouldBe(1);
        }

        TensorStatistics.Live.ShouldBe(before);
        fixture.Model.LanguageModel.Parameters.ShouldAllBe(parameter => !parameter.Tensor.requires_grad);
        fixture.Model.LanguageModel.Linears.ShouldAllBe(linear => linear.Update == null);
    }
}
