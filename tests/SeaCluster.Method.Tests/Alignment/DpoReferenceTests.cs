using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Alignment;

public sealed class DpoReferenceTests : IDisposable
{
    private readonly AlignmentFixture fixture = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sea-reference-");

    private string Kept => Path.Combine(folder.FullName, "reference.jsonl");

    public void Dispose()
    {
        fixture.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_second_start_reads_the_reference_and_runs_no_forward_pass()
    {
        PreferenceRow[] rows = Pairs(3);
        DpoReference first = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept);
        first.Computed.ShouldBe(rows.Length);
        CountingModel counting = new(fixture.Model);
        DpoReference second = DpoReference.Of(counting, null, rows, fixture.Media, PassLimit.Standard, Kept);
        second.Computed.ShouldBe(0);
        counting.DecoderUses.ShouldBe(0);
        second.Rows.ShouldBe(first.Rows);
        DpoReference.Of(counting, null, rows, fixture.Media, PassLimit.Standard).Rows.ShouldBe(first.Rows);
        counting.DecoderUses.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_training_that_goes_on_has_the_losses_of_an_undisturbed_one_without_computing_the_reference_again()
    {
        double[] undisturbed = [.. Train(new AlignmentFixture(), Path.Combine(folder.FullName, "other.jsonl"), null, 8, expected: 12)];
        string checkpoint = Path.Combine(folder.FullName, "checkpoint.safetensors");
        double[] before = [.. Train(new AlignmentFixture(), Kept, checkpoint, 3, expected: 12)];
        double[] after = [.. Train(new AlignmentFixture(), Kept, checkpoint, 8, expected: 0)];
        before.Concat(after).ShouldBe(undisturbed);
    }

    [Fact]
    public void An_interrupted_reference_goes_on_and_ends_with_the_bytes_of_an_undisturbed_one()
    {
        PreferenceRow[] rows = Pairs(12);
        string undisturbed = Path.Combine(folder.FullName, "undisturbed.jsonl");
        DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, undisturbed);
        using CancellationTokenSource stop = new();
        Should.Throw<OperationCanceledException>(() => DpoReference.Of(
            fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept, (done, all) => { if (done > 0) { stop.Cancel(); } }, stop.Token))
            .CancellationToken.ShouldBe(stop.Token);
        // A kill in the midst of a line leaves half of it.
        File.AppendAllText(Kept, """{"id":"HarmfulMedia""");
        List<(int, int)> told = [];
        DpoReference rest = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept, (done, all) => told.Add((done, all)));
        rest.Computed.ShouldBe(rows.Length - 128);
        told.ShouldBe([(128, rows.Length), (192, rows.Length), (256, rows.Length)]);
        File.ReadAllBytes(Kept).ShouldBe(File.ReadAllBytes(undisturbed));
    }

    [Theory]
    [InlineData("rows")]
    [InlineData("embedding")]
    [InlineData("model")]
    [InlineData("not a reference")]
    public void Other_rows_embeddings_or_weights_never_use_it(string changed)
    {
        PreferenceRow[] rows = Pairs(1);
        DpoReference first = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept);
        using (no_grad())
        {
            switch (changed)
            {
                case "rows":
                    int[] ids = [.. rows[0].Rejected.Ids[..^1], 7];
                    rows[0] = rows[0] with { Rejected = rows[0].Rejected with { Ids = ids } };
                    break;
                case "embedding":
                    fixture.Outputs["e0"].Values[0, 0] += 1f;
                    break;
                case "model":
                    using (DisposeScope scope = NewDisposeScope())
                    {
                        fixture.Model.Weights["language_model.layers.0.self_attn.q_proj.weight"].mul_(1.5f);
                    }

                    break;
                default:
                    File.WriteAllText(Kept, "something else\n");
                    break;
            }
        }

        DpoReference other = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept);
        other.Computed.ShouldBe(rows.Length);
        if (changed == "model")
        {
            other.Rows.ShouldNotBe(first.Rows);
        }

        DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept).Computed.ShouldBe(0);
    }

    [Fact]
    public void An_altered_figure_is_computed_again()
    {
        PreferenceRow[] rows = Pairs(6);
        DpoReference first = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept);
        string[] lines = File.ReadAllLines(Kept);
        lines[70] = lines[70].Replace("\"chosen\":-", "\"chosen\":-1", StringComparison.Ordinal);
        File.WriteAllText(Kept, string.Join('\n', lines) + "\n");
        DpoReference again = DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard, Kept);
        again.Computed.ShouldBe(rows.Length - 64);
        again.Rows.ShouldBe(first.Rows);
    }

    [Fact]
    public void A_reference_that_is_not_finite_names_its_row()
    {
        PreferenceRow[] rows = Pairs(1);
        using (no_grad())
        {
            using DisposeScope scope = NewDisposeScope();
            fixture.Model.Weights["language_model.norm.weight"].fill_(float.NaN);
        }

        Should.Throw<SeaException>(() => DpoReference.Of(fixture.Model, null, rows, fixture.Media, PassLimit.Standard)).Message.ShouldStartWith($"Row '{rows[0].Id}': the reference gives");
    }

    private static IEnumerable<double> Train(AlignmentFixture own, string kept, string? checkpoint, int until, int expected)
    {
        using (own)
        {
            PreferenceRow[] rows = Pairs(own, 1)[..12];
            using Trainer trainer = new(own.Model, AlignmentFixture.Options);
            DpoReference reference = DpoReference.Of(own.Model, trainer.Adapter, rows, own.Media, PassLimit.Standard, kept);
            reference.Computed.ShouldBe(expected);
            DpoObjective objective = new(own.Model, trainer.Adapter, rows, own.Media, step => [step % 12, (step + 5) % 12], new DpoOptions { Beta = 0.5 }, reference);
            if (checkpoint is not null)
            {
                trainer.Resume(objective, checkpoint);
            }

            foreach (StepMetrics step in trainer.Run(objective))
            {
                yield return step.Loss;
                if (trainer.Steps == until)
                {
                    trainer.Save(objective, checkpoint);
                    yield break;
                }
            }
        }
    }

    private PreferenceRow[] Pairs(int times) => Pairs(fixture, times);

    private static PreferenceRow[] Pairs(AlignmentFixture fixture, int times) =>
    [
        .. Enumerable.Range(0, times).SelectMany(copy => fixture.Rows.Where(row => row.Kind is RowKind.HarmfulText or RowKind.HarmfulMedia).Select(row =>
        {
            int first = Array.FindIndex(row.Prompt.Labels, label => label >= 0);
            int[] ids = [.. row.Prompt.Ids[..first], 500 + copy, 510, 520, 2];
            return new PreferenceRow($"{row.Id} {copy}", row.Kind, row.Prompt, row.Prompt with { Ids = ids, Labels = [.. ids.Select((id, t) => t < first ? EncodedPrompt.NoLabel : id)] }, row.Medium);
        })),
    ];
}
