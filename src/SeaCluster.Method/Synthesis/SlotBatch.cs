using SeaCluster.Models;
using SeaCluster.Models.Attention;
using SeaCluster.Models.Packing;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>The slots of a lane stacked for one forward and backward pass, for as long as the same samples share it.</summary>
internal sealed class SlotBatch : IDisposable
{
    private readonly IReadOnlyList<Slot> slots;
    private readonly PackedBatch batch;
    private readonly SlotAdam adam;
    private readonly Tensor values;
    private readonly Tensor first;
    private readonly Tensor second;
    private readonly Tensor weights;
    private readonly Tensor slotOfRow;
    private readonly long[] rows;
    private readonly float[] hostWeights;
    private readonly int[] slotOfLabel;

    public SlotBatch(IMultimodalModel model, IReadOnlyList<Slot> slots, ConstantPrefix? constant, SynthesisOptions options, double learningRate)
    {
        this.slots = [.. slots];
        adam = new SlotAdam(options, learningRate);
        batch = new PackedBatch(model, [.. slots.Select(slot => slot.Sequence)], constant);
        using DisposeScope scope = NewDisposeScope();
        rows = [.. slots.Select(slot => slot.Values.shape[0])];
        values = cat([.. slots.Select(slot => slot.Values)], 0).detach().requires_grad_(true).DetachFromDisposeScope();
        first = cat([.. slots.Select(slot => slot.First)], 0).DetachFromDisposeScope();
        second = cat([.. slots.Select(slot => slot.Second)], 0).DetachFromDisposeScope();
        slotOfRow = tensor(rows.SelectMany((count, slot) => Enumerable.Repeat((long)slot, (int)count)).ToArray()).to(model.Device).DetachFromDisposeScope();
        hostWeights = batch.MeanPerQuestion(perToken: options.Reduction == TokenReduction.Mean);
        weights = tensor(hostWeights).to(model.Device).DetachFromDisposeScope();
        slotOfLabel = [.. slots.SelectMany((slot, index) => Enumerable.Repeat(index, slot.Sequence.Labels.Count))];
    }

    /// <summary>Tokens of a forward pass.</summary>
    public int Tokens => batch.Tokens;

    /// <summary>Loss of every slot, gradient, and one Adam step for the slots that are not done by it.</summary>
    public void Step()
    {
        using DisposeScope scope = NewDisposeScope();
        if (slots.All(slot => slot.OnlyLooks))
        {
            using IDisposable frozen = no_grad();
            Observe(batch.AnswerNll(values).cpu());
            return;
        }

        Tensor nll = batch.AnswerNll(values);
        (nll * weights).sum().backward();
        Observe(nll.detach().cpu());
        Tensor gradient = values.grad!;
        adam.Step(values, first, second, gradient, slotOfRow, [.. slots.Select(slot => slot.Done ? 0 : slot.Losses.Count)]);
        gradient.zero_();
    }

    /// <summary>Gives the slots their values and moments back.</summary>
    public void Store()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long start = 0;
        for (int i = 0; i < slots.Count; i++)
        {
            slots[i].Dispose();
            slots[i].Values = values.narrow(0, start, rows[i]).detach().clone().DetachFromDisposeScope();
            slots[i].First = first.narrow(0, start, rows[i]).clone().DetachFromDisposeScope();
            slots[i].Second = second.narrow(0, start, rows[i]).clone().DetachFromDisposeScope();
            start += rows[i];
        }
    }

    public void Dispose()
    {
        batch.Dispose();
        values.Dispose();
        first.Dispose();
        second.Dispose();
        weights.Dispose();
        slotOfRow.Dispose();
    }

    private void Observe(Tensor nll)
    {
        double[] losses = new double[slots.Count];
        float[] perLabel = nll.data<float>().ToArray();
        for (int i = 0; i < perLabel.Length; i++)
        {
            losses[slotOfLabel[i]] += (double)perLabel[i] * hostWeights[i];
        }

        for (int i = 0; i < slots.Count; i++)
        {
            slots[i].Observe((float)losses[i]);
        }
    }
}
