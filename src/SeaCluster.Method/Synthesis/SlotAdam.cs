using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>
/// Adam (Kingma and Ba 2015) on the encoder outputs of all slots at once, [slots, tokens, encoder hidden]. Each slot has its own moments
/// and step count: a sample that joins late is corrected for its own bias.
/// </summary>
internal sealed class SlotAdam(SynthesisOptions options, double learningRate)
{
    /// <summary>One step for the slots whose <paramref name="steps"/> is above zero: their number of this step, from 1; others stay.</summary>
    public void Step(Tensor values, Tensor first, Tensor second, Tensor gradient, IReadOnlyList<int> steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        first.mul_(options.Beta1).add_(gradient, alpha: 1 - options.Beta1);
        second.mul_(options.Beta2).addcmul_(gradient, gradient, 1 - options.Beta2);
        Tensor size = PerSlot(steps, step => learningRate / (1 - Math.Pow(options.Beta1, step)), values);
        Tensor root = PerSlot(steps, step => 1 / Math.Sqrt(1 - Math.Pow(options.Beta2, step)), values);
        values.sub_(first * size / ((second.sqrt() * root) + options.Epsilon));
    }

    private static Tensor PerSlot(IReadOnlyList<int> steps, Func<int, double> value, Tensor like) =>
        tensor(steps.Select(step => step > 0 ? (float)value(step) : 0f).ToArray(), [steps.Count, 1, 1]).to(like.device);
}
