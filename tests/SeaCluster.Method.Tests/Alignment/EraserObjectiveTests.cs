using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Alignment;

public sealed class EraserObjectiveTests : IDisposable
{
    private readonly AlignmentFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Nothing_is_unlearned_beyond_gamma_and_an_untrained_adapter_diverges_nowhere()
    {
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        IReadOnlyDictionary<string, double> low = First(trainer, new EraserOptions { Gamma = 0.1, NoiseBefore = 0, NoiseAfter = 0 });
        low["unlearn"].ShouldBe(0);
        low["retain"].ShouldBe(0, 1e-6);
        low["maintain"].ShouldBe(0, 1e-6);
        IReadOnlyDictionary<string, double> high = First(trainer, new EraserOptions { Gamma = 50, NoiseBefore = 0, NoiseAfter = 0 });
        high["harm_nll"].ShouldBe(low["harm_nll"], 1e-5);
        high["unlearn"].ShouldBe(50 - high["harm_nll"], 1e-5);
        high["loss"].ShouldBe(high["unlearn"], 1e-5);
    }

    [Fact]
    public void Harmful_rows_in_several_passes_are_unlearned_together()
    {
        EraserOptions options = new() { Gamma = 50, NoiseBefore = 0, NoiseAfter = 0, Rows = 4 };
        (double whole, float[] one) = Gradient(options);
        (double split, float[] several) = Gradient(options with { Pass = new PassLimit(int.MaxValue, Rows: 1) });
        split.ShouldBe(whole, 1e-5);
        several.Zip(one, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
        one.Max(Math.Abs).ShouldBeGreaterThan(1e-4f);
        Gradient(options with { Gamma = 0.1, Pass = new PassLimit(int.MaxValue, Rows: 1) }).Gradient.Max(Math.Abs).ShouldBeLessThan(1e-6f);

        (double Loss, float[] Gradient) Gradient(EraserOptions options)
        {
            using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
            StepLoss loss = Objective(trainer, options).Backward(0);
            using TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();
            return (loss.Loss, AlignmentFixture.Flat(trainer.Adapter!.Parameters.Select(p => (p.Name, p.Tensor.grad!))));
        }
    }

    [Fact]
    public void A_given_order_chooses_the_rows_of_each_pool()
    {
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        EraserOptions options = new() { Gamma = 50, NoiseBefore = 0, NoiseAfter = 0, Rows = 1 };
        EraserObjective second = new(fixture.Model, trainer.Adapter!, Harm(), Rows(4), Rows(8), null, options, _ => new EraserStep([1], [0, 1, 2], [1]));
        StepLoss loss = second.Backward(0);
        loss.Rows.ShouldBe(5);
        loss.Others[0].Value.ShouldBe(Objective(trainer, options).Backward(1).Others[0].Value, 1e-6);
        second.Fingerprint.ShouldNotBe(Objective(trainer, options).Fingerprint);
    }

    [Fact]
    public void Noise_is_redrawn_at_every_use_and_follows_from_seed_and_step()
    {
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        EraserOptions noisy = new() { Gamma = 50, Rows = 3, Seed = 4 };
        StepLoss[] steps = [.. Enumerable.Range(0, 5).Select(Objective(trainer, noisy).Backward)];
        // Four harmful rows, three a step: step 4 has the rows of step 0 again, under other noise.
        steps.Select(step => step.Others[0].Value).Distinct().Count().ShouldBe(5);
        Objective(trainer, noisy).Backward(3).Others[0].Value.ShouldBe(steps[3].Others[0].Value);
        Objective(trainer, noisy with { Seed = 5 }).Backward(3).Others[0].Value.ShouldNotBe(steps[3].Others[0].Value);
        int plain = Objective(trainer, noisy with { NoiseBefore = 0, NoiseAfter = 0 }).Backward(0).Tokens;
        // A piece of text is about one token again, two where it meets another.
        steps[0].Tokens.ShouldBeInRange(plain + 1, plain + (3 * 70 * 3));
        steps[0].LabelTokens.ShouldBe(steps[4].LabelTokens);
    }

    [Fact]
    public void An_empty_pool_is_named()
    {
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options);
        Should.Throw<SeaException>(() => new EraserObjective(fixture.Model, trainer.Adapter!, Harm(), [], Rows(8))).Message.ShouldEndWith("there are no helpful rows.");
    }

    private IReadOnlyDictionary<string, double> First(Trainer trainer, EraserOptions options)
    {
        StepLoss loss = Objective(trainer, options).Backward(0);
        return loss.Others.Append(new("loss", loss.Loss)).ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    private EraserObjective Objective(Trainer trainer, EraserOptions options) => new(fixture.Model, trainer.Adapter!, Harm(), Rows(4), Rows(8), null, options);

    [Fact]
    public void Divergences_are_averaged_over_positions_in_clean_and_over_padded_ones_in_faithful_mode()
    {
        using Trainer trainer = new(fixture.Model, AlignmentFixture.Options, Perturbed());
        AlignmentRow[] help = Rows(4);
        int[] lengths = [.. help.Select(row => row.Prompt.Ids.Length)];
        lengths.Distinct().Count().ShouldBeGreaterThan(1);
        double[] sums = [.. help.Select(row => Sums(row.Prompt.Ids).Sum())];
        int width = (lengths.Max() + 7) / 8 * 8;
        double[] padding = Sums([.. Enumerable.Repeat(0, width - lengths.Min())]);
        padding.Sum().ShouldBeGreaterThan(1e-4);
        double padded = lengths.Sum(length => padding.Take(width - length).Sum());

        Retain(EraserMode.Clean).ShouldBe(sums.Sum() / lengths.Sum(), 1e-4);
        Retain(EraserMode.Faithful).ShouldBe((sums.Sum() + padded) / (width * lengths.Length), 1e-4);

        double Retain(EraserMode mode) => new EraserObjective(
            fixture.Model, trainer.Adapter!, Harm(), help, Rows(8), null, new EraserOptions { Gamma = 0, NoiseBefore = 0, NoiseAfter = 0, Rows = 4, Mode = mode })
            .Backward(0).Others.Single(figure => figure.Key == "retain").Value;

        // KL(reference || model) at every position.
        double[] Sums(int[] ids)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            using PackedBatch batch = new(fixture.Model, [PackedSequence.Of(new EncodedPrompt { Text = "", Ids = ids, Labels = [.. ids.Select(_ => EncodedPrompt.NoLabel)], MediaSpans = [], PromptLength = ids.Length })]);
            Tensor student = batch.Logits(null).log_softmax(-1), reference;
            using (trainer.Adapter!.Disabled())
            {
                reference = batch.Logits(null).log_softmax(-1);
            }

            return [.. (reference.exp() * (reference - student)).sum(-1).data<float>().ToArray().Select(value => (double)value)];
        }
    }

    private LoraAdapter Perturbed()
    {
        LoraAdapter adapter = LoraAdapter.Attach(fixture.Model.LanguageModel, new LoraConfig { Rank = 2 }, 1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach ((_, Tensor tensor) in adapter.Parameters.Where(parameter => parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal)))
        {
            tensor.fill_(0.05);
        }

        return adapter;
    }

    private HarmRow[] Harm() => [.. Enumerable.Range(0, 4).Select(i => new HarmRow($"harm {i}", (before, after) => fixture.Model.Prompts.Encode($"{before} how do I do {i} {after}", $"you do {i} so")))];

    private AlignmentRow[] Rows(int from) => [.. fixture.Rows.Where(row => row.Kind == RowKind.HarmfulText).Skip(from).Take(4)];
}
