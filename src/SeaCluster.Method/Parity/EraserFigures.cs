using SeaCluster.Method.Alignment;
using SeaCluster.Models;

namespace SeaCluster.Method.Parity;

/// <summary>The unlearning trajectory from the stored first adapter.</summary>
internal static class EraserFigures
{
    private static readonly (string Name, Func<EraserStep, double> Expected)[] Logged =
    [
        ("harm_nll", step => step.HarmNll), ("unlearn", step => step.Unlearn), ("retain", step => step.Retain), ("maintain", step => step.Maintain),
        ("loss", step => step.Loss), ("grad_norm", step => step.GradNorm),
    ];

    public static void Check(ParityCollector rows, Fixture fixture)
    {
        string group = $"{fixture.Name} eraser";
        if (fixture.Cases.Eraser is not { } eraser)
        {
            rows.Absent(group, "all");
            return;
        }

        rows.Share(group, [.. Logged.Select(entry => entry.Name), "adapter keys", "adapter after the last step, 1 - cosine"], () =>
        {
            if (eraser.Steps.Where((step, i) => new[] { eraser.Harm, eraser.Help, eraser.Refusals }.Any(pool => step.Row != i % pool.Count)).Any())
            {
                throw new SeaException("the rows are not taken in turn");
            }

            using Trainer trainer = TrainingFixture.Trainer(fixture, "eraser-initial", eraser.Settings, eraser.Steps.Count);
            EraserObjective objective = new(
                fixture.Model, trainer.Adapter!, [.. Rows(eraser.Harm).Select(row => new HarmRow(row.Id, (_, _) => row.Prompt))], Rows(eraser.Help), Rows(eraser.Refusals), null,
                new EraserOptions { Gamma = eraser.Gamma, NoiseBefore = 0, NoiseAfter = 0, Rows = 1 });
            IReadOnlyDictionary<string, double>[] steps = [.. trainer.Run(objective).Select(step => step.ToDictionary())];
            foreach ((string name, Func<EraserStep, double> expected) in Logged)
            {
                rows.Check(group, name, Tolerances.Training, () => Distance.Numbers([.. steps.Select(step => step[name])], [.. eraser.Steps.Select(expected)]), $"{steps.Length} steps");
            }

            TrainingFixture.Compare(rows, fixture, group, trainer, "eraser-final");

            AlignmentRow[] Rows(IReadOnlyList<RowCase> cases) => [.. cases.Select((row, i) => TrainingFixture.Row(fixture, row, $"row {i}"))];
        });
    }
}
