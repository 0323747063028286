using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests;

/// <summary>
/// A lane without a model: each sample takes a few steps of hashing, its result hangs on its input alone. Inputs may ask to fail: <c>bad</c>
/// always, <c>flaky</c> at the first attempt.
/// </summary>
internal sealed class FakeLane(int width, Action<string> say, Func<CancellationToken, Task>? beforeTick = null) : ISampleProcessor
{
    public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        List<Slot> slots = [];
        while (true)
        {
            if (slots.Count < width)
            {
                foreach (WorkSample sample in await queue.TakeAsync(width - slots.Count, wait: slots.Count == 0, cancel))
                {
                    say($"begin {sample.Id}");
                    slots.Add(new Slot(sample));
                }
            }

            if (slots.Count == 0)
            {
                yield break;
            }

            await (beforeTick?.Invoke(cancel) ?? Task.CompletedTask);
            cancel.ThrowIfCancellationRequested();
            foreach (Slot slot in slots)
            {
                slot.Step();
                say($"step {slot.Sample.Id}");
            }

            foreach (Slot slot in slots.Where(slot => slot.Finished).ToList())
            {
                slots.Remove(slot);
                yield return slot.Result();
            }
        }
    }

    private sealed class Slot(WorkSample sample)
    {
        private readonly int _steps = 2 + (int)(sample.Ordinal % 4);
        private byte[] _state = SHA256.HashData(Encoding.UTF8.GetBytes(sample.Input));
        private int _done;

        public WorkSample Sample => sample;

        public bool Finished => _done == _steps;

        public void Step()
        {
            _state = SHA256.HashData(_state);
            _done++;
        }

        public SampleResult Result()
        {
            if (sample.Input.Contains("bad", StringComparison.Ordinal) || (sample.Attempt == 1 && sample.Input.Contains("flaky", StringComparison.Ordinal)))
            {
                return SampleResult.Failed(sample, "loss is NaN at step 2");
            }

            byte[] content = [.. Enumerable.Repeat(_state, 100).SelectMany(bytes => bytes)];
            return SampleResult.Done(sample, stream => stream.Write(content)) with { Loss = _state[0] / 256.0, Steps = _steps, Duration = TimeSpan.FromMilliseconds(_steps) };
        }
    }
}
