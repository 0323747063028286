using System.Diagnostics;
using System.Runtime.CompilerServices;
using SeaCluster.Runs.Work;

namespace SeaCluster.ClusterBenchmark;

/// <summary>A lane that takes a given time a sample instead of a GPU: as many samples side by side as it has slots, and new ones for free slots whenever a step is over.</summary>
/// <param name="slots">Samples side by side.</param>
/// <param name="each">A sample's time; zero: no longer than it takes to hand it on.</param>
/// <param name="bytes">Size of a result's file; 0: results have none.</param>
public sealed class SimulatedLane(int slots, TimeSpan each, int bytes) : ISampleProcessor
{
    // As many as a synthesis takes for most samples.
    private const int Steps = 40;

    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] content = new byte[bytes];
        Queue<(long Due, WorkSample Sample)> busy = new();
        TimeSpan step = each / Steps;
        long steps = 0, began = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (WorkSample sample in busy.Count < slots ? await queue.TakeAsync(slots - busy.Count, wait: busy.Count == 0, cancel) : [])
            {
                busy.Enqueue((steps + Steps, sample));
            }

            if (busy.Count == 0)
            {
                yield break;
            }

            if (step > TimeSpan.Zero)
            {
                // Steps follow each other as a device's do; one that a wait made late is not made up for.
                TimeSpan left = (step * ++steps) - Stopwatch.GetElapsedTime(began);
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left, cancel);
                }
                else if (left < -step)
                {
                    began = Stopwatch.GetTimestamp() - (long)(step.TotalSeconds * steps * Stopwatch.Frequency);
                }
            }

            // Where samples take no time, a quarter of them ends with each step.
            for (int ended = 0; busy.TryPeek(out (long Due, WorkSample Sample) next) && (step > TimeSpan.Zero ? next.Due <= steps : ended < Math.Max(1, slots / 4)); ended++)
            {
                busy.Dequeue();
                yield return SampleResult.Done(next.Sample, bytes == 0 ? null : stream => stream.Write(content)) with { Loss = 0.004, Steps = Steps, Duration = each };
            }
        }
    }
}
