using System.Runtime.CompilerServices;
using SeaCluster.Runs.Work;

namespace SeaCluster.ClusterBenchmark;

/// <summary>A lane that takes a given time a sample instead of a GPU: as many samples side by side as it has slots, each slot refilled at once.</summary>
/// <param name="slots">Samples side by side.</param>
/// <param name="each">A sample's time; zero: no longer than it takes to hand it on.</param>
/// <param name="bytes">Size of a result's file; 0: results have none.</param>
public sealed class SimulatedLane(int slots, TimeSpan each, int bytes) : ISampleProcessor
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] content = new byte[bytes];
        Queue<(long Due, WorkSample Sample)> busy = new();
        bool more = true;
        while (true)
        {
            // In batches of a quarter of the slots: a lane on a GPU asks when a step is over, not for each sample.
            if (busy.Count == 0 || (more && slots - busy.Count >= Math.Max(1, slots / 4)))
            {
                IReadOnlyList<WorkSample> taken = await queue.TakeAsync(slots - busy.Count, wait: busy.Count == 0, cancel);
                // A queue that had nothing is asked again when the lane is empty, not after each sample.
                more = taken.Count > 0;
                foreach (WorkSample sample in taken)
                {
                    busy.Enqueue((Environment.TickCount64 + (long)each.TotalMilliseconds, sample));
                }
            }

            if (!busy.TryPeek(out (long Due, WorkSample Sample) next))
            {
                yield break;
            }

            if (next.Due - Environment.TickCount64 is > 0 and var left)
            {
                await Task.Delay((int)left, cancel);
            }

            busy.Dequeue();
            yield return SampleResult.Done(next.Sample, bytes == 0 ? null : stream => stream.Write(content)) with { Loss = 0.004, Steps = 40, Duration = each };
        }
    }
}
