using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Stages;

/// <summary>What an alignment trains for, as its options say: the same in a run and in <c>sea align</c>.</summary>
internal static class AlignmentObjective
{
    /// <param name="align">Method, mix and settings.</param>
    /// <param name="model">Not trained yet where <paramref name="reference"/> is null: DPO asks it for its reference here.</param>
    /// <param name="adapter">Under training; null in full fine-tuning.</param>
    /// <param name="pool">The rows.</param>
    /// <param name="bank">Their encoder outputs.</param>
    /// <param name="seed">Of the rows' order.</param>
    /// <param name="reference">DPO's, where it was computed before.</param>
    /// <exception cref="SeaException">The mix asks for a kind that there are no rows of.</exception>
    public static IObjective Of(
        AlignOptions align, IMultimodalModel model, LoraAdapter? adapter, AlignmentPool pool, MediaBank bank, long seed, DpoReference? reference = null)
    {
        RowMix mix = MixOf(align.Mix, pool);
        PassLimit pass = PassOf(align);
        return align.Method switch
        {
            AlignmentMethod.Sft => new SftObjective(model, pool.Rows, bank, Order(pool.Rows, mix), pass),
            AlignmentMethod.Dpo => new DpoObjective(
                model, adapter, pool.Preferences, bank, new RowOrder([.. pool.Preferences.Select(row => (row.Kind, row.Medium))], mix, seed).Of,
                new DpoOptions { Beta = align.Beta, SftWeight = align.SftWeight, Pass = pass }, reference),
            _ => Eraser(),
        };

        Func<int, IReadOnlyList<int>> Order(IReadOnlyList<AlignmentRow> rows, RowMix of) => new RowOrder([.. rows.Select(row => (row.Kind, row.Medium))], of, seed).Of;

        // The same harmful prompts are unlearned with the unwanted answer and held to the refusal; what is harmless is held to its answer.
        EraserObjective Eraser()
        {
            LoraAdapter trained = adapter ?? throw new SeaException("align.method: eraser trains an adapter; align.adapter is full.", "Take align.adapter: lora.");
            EraserOptions options = new() { Gamma = align.Gamma, NoiseBefore = align.Eraser.WrapBefore, NoiseAfter = align.Eraser.WrapAfter, Seed = seed, Pass = pass };
            if (pool.Eraser is { } folder)
            {
                EraserRows own = EraserRows.Read(model, folder, align.Eraser);
                EraserOrder order = new(own.Harm.Count, own.Help.Count, own.Refusals.Count, align.Eraser.Rows, seed);
                return new EraserObjective(model, trained, own.Harm, own.Help, own.Refusals, null, options with { Mode = align.Eraser.Mode, Rows = align.Eraser.Rows }, order.Of);
            }

            PreferenceRow[] harmful = [.. pool.Preferences.Where(row => IsHarmful(row.Kind))];
            HarmRow[] harm = [.. harmful.Select(row => pool.Harm[row.Id])];
            AlignmentRow[] refusals = [.. harmful.Select(row => new AlignmentRow(row.Id, row.Kind, row.Chosen, row.Medium))];
            AlignmentRow[] help = [.. pool.Rows.Where(row => !IsHarmful(row.Kind))];
            Func<int, IReadOnlyList<int>> harmOrder = Order(refusals, mix.Without([RowKind.BenignText, RowKind.BenignMedia, RowKind.BenignRealMedia, RowKind.Retention]));
            Func<int, IReadOnlyList<int>> helpOrder = Order(help, mix.Without([RowKind.HarmfulText, RowKind.HarmfulMedia]));
            return new EraserObjective(
                model, trained, harm, help, refusals, bank, options,
                step => harmOrder(step) is var taken ? new EraserStep(taken, helpOrder(step), taken) : default);
        }
    }

    /// <summary>What one pass may hold.</summary>
    public static PassLimit PassOf(AlignOptions align) => PassLimit.Standard with { Rows = align.MicroBatch ?? int.MaxValue };

    private static RowMix MixOf(MixOptions mix, AlignmentPool pool)
    {
        (int synthetic, int real) = mix.BenignMediaRows(pool.Rows.Any(row => row.Kind == RowKind.BenignMedia), pool.Rows.Any(row => row.Kind == RowKind.BenignRealMedia));
        return new RowMix
        {
            HarmfulText = mix.HarmfulText,
            BenignText = mix.BenignText,
            HarmfulMedia = mix.HarmfulMedia,
            BenignMedia = synthetic,
            BenignRealMedia = real,
            Retention = mix.Retention,
        };
    }

    private static bool IsHarmful(RowKind kind) => kind is RowKind.HarmfulText or RowKind.HarmfulMedia;
}
