using System.Diagnostics;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>One thread's share of a lane: a batch of slots, each refilled as soon as its sample is finished.</summary>
internal sealed class SlotStream(Lane lane, int slotCount) : IDisposable
{
    private readonly SynthesisOptions options = lane.Options;
    private readonly List<Slot> slots = [];
    private readonly Queue<(SynthesisSample Sample, int Attempt)> again = new();
    private int slotCount = slotCount;

    /// <summary>Optimises samples until there are none left.</summary>
    public void Run(SampleSource take, Action<SynthesisResult> finished, CancellationToken cancellation)
    {
        while (true)
        {
            if (slots.Count == 0 || (!options.Deterministic && slots.Count < slotCount))
            {
                Fill(take);
            }

            if (slots.Count == 0)
            {
                lane.Tell(this, 0, slotCount, 0, TimeSpan.Zero);
                return;
            }

            using SlotBatch batch = lane.Batch(slots);
            while (!slots.Exists(slot => slot.Done))
            {
                cancellation.ThrowIfCancellationRequested();
                long begun = Stopwatch.GetTimestamp();
                try
                {
                    batch.Step();
                }
                catch (Exception error) when (slots.Count > 1 && OutOfMemory.Is(error))
                {
                    slotCount = slots.Count / 2;
                    break;
                }

                lane.Tell(this, slots.Count, options.Deterministic ? slots.Count : slotCount, batch.Tokens, Stopwatch.GetElapsedTime(begun));
            }

            batch.Store();
            Finish(finished);
            while (slots.Count > slotCount)
            {
                again.Enqueue((slots[^1].Sample, slots[^1].Attempt));
                slots[^1].Dispose();
                slots.RemoveAt(slots.Count - 1);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        slots.ForEach(slot => slot.Dispose());
        slots.Clear();
    }

    private void Fill(SampleSource take)
    {
        while (slots.Count < slotCount && again.TryDequeue(out (SynthesisSample Sample, int Attempt) next))
        {
            slots.Add(lane.Start(next.Sample, next.Attempt));
        }

        // A deterministic group is finished with, re-runs included, before the next begins: its batches follow from its members alone.
        if (slots.Count < slotCount && !(options.Deterministic && slots.Count > 0))
        {
            slots.AddRange(take(slotCount - slots.Count, slots.Count == 0).Select(sample => lane.Start(sample, 0)));
        }
    }

    private void Finish(Action<SynthesisResult> finished)
    {
        List<Slot> done = [.. slots.Where(slot => slot.Done)];
        slots.RemoveAll(slot => slot.Done);
        string?[] answers = Perception.Ask(lane.Model, [.. done.Select(slot => (slot.Sample.PerceptionQuestion, new EncoderOutput(slot.Values, slot.Layout)))]);
        for (int i = 0; i < done.Count; i++)
        {
            using Slot slot = done[i];
            bool perceived = answers[i] is { } answer && Perception.Names(answer, slot.Sample.Phrase);
            if (answers[i] is not null && !perceived && options.RerunUnperceived && slot.Attempt == 0)
            {
                again.Enqueue((slot.Sample, 1));
                continue;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor output = slot.Values.detach().cpu().clone().DetachFromDisposeScope();
            finished(new SynthesisResult(slot.Sample, new EncoderOutput(output, slot.Layout), [.. slot.Losses], slot.Attempt, answers[i], perceived) { StartMedium = slot.StartMedium });
        }
    }
}
