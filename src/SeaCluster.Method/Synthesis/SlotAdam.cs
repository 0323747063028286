using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>
/// Adam (Kingma and Ba 2015) on the encoder outputs of all slots at once, one below the other, [rows, encoder hidden]. Each slot has its own moments
/// and step count: a sample that joins late is corrected for its own bias.
/// </summary>
internal sealed class SlotAdam(SynthesisOptions options, double learningRate)
{
    /// <summary>One step for the slots whose <paramref name="steps"/> is above zero: their number of this step, from 1; others stay.</summary>
    /// <param name="values">[rows, encoder hidden]</param>
    /// <param name="first">First moments.</param>
    /// <param name="second">Second moments.</param>
    /// <param name="gradient">Of the loss.</param>
    /// <param name="slotOfRow">[rows], the slot that a row is of.</param>
    /// <param name="steps">A number for each slot.</param>
    public void Step(Tensor values, Tensor first, Tensor second, Tensor gradient, Tensor slotOfRow, IReadOnlyList<int> steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        first.mul_(options.Beta1).add_(gradient, alpha: 1 - options.Beta1);
        second.mul_(options.Beta2).addcmul_(gradient, gradient, 1 - options.Beta2);
        Tensor size = PerSlot(steps, step => learningRate / (1 - Math.Pow(options.Beta1, step)), slotOfRow);
        Tensor root = PerSlot(steps, step => 1 / Math.Sqrt(1 - Math.Pow(options.Beta2, step)), slotOfRow);
        values.sub_(first * size / ((second.sqrt() * root) + options.Epsilon));
    }

    private static Tensor PerSlot(IReadOnlyList<int> steps, Func<int, double> value, Tensor slotOfRow) =>
        tensor(steps.Select(step => step > 0 ? (float)value(step) : 0f).ToArray()).to(slotOfRow.device).index_select(0, slotOfRow).unsqueeze(-1);
}
