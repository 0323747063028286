using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Orleans;
using Orleans.Runtime;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Lanes;
using SeaCluster.Orleans.Placement;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Dataset;

/// <summary>A worker's lane that is the whole cluster: every sample goes to a grain of its own, at most a window of them at a time.</summary>
internal sealed class SampleDispatch(
    IGrainFactory grains, LaneLoad load, RunReference run, string stage, RunFolder folder, TimeProvider time, Action<string?> say) : ISampleProcessor
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);
    // A lane that cannot be opened once may be opened the next time.
    private static readonly TimeSpan s_unable = SiloLane.Pause + (SiloLane.Pause / 2);
    private readonly ConcurrentDictionary<SiloAddress, (long Since, string Reason)> _unable = [];

    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<SampleResult> results = Channel.CreateUnbounded<SampleResult>(new UnboundedChannelOptions { SingleReader = true });
        List<Task> calls = [];
        Task<bool>? result = null;
        try
        {
            while (true)
            {
                calls.RemoveAll(call => call.IsCompleted && !call.IsFaulted);
                int window = load.Window, free = window - calls.Count;
                // One lease call for several places that are free, not one for each.
                if (calls.Count == 0 || free > window / 8)
                {
                    foreach (WorkSample sample in await queue.TakeAsync(Math.Max(1, free), wait: calls.Count == 0, cancel))
                    {
                        calls.Add(Task.Run(() => CallAsync(sample, results.Writer, stop.Token), CancellationToken.None));
                    }
                }

                if (calls.Count == 0)
                {
                    yield break;
                }

                result = result is { IsCompleted: false } ? result : results.Reader.WaitToReadAsync(cancel).AsTask();
                await Task.WhenAny(result, Task.WhenAny(calls));
                cancel.ThrowIfCancellationRequested();
                while (results.Reader.TryRead(out SampleResult? ended))
                {
                    yield return ended;
                }

                if (calls.Find(call => call.IsFaulted) is { } broken)
                {
                    await broken;
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(calls).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whatever goes wrong on the way to the grain is no result: the call is repeated, and the directory finds another silo for a dead one's grain.
    private async Task CallAsync(WorkSample sample, ChannelWriter<SampleResult> results, CancellationToken cancel)
    {
        ISampleGrain grain = grains.GetGrain<ISampleGrain>(ISampleGrain.KeyOf(run.Run, stage, sample.Id));
        SampleWork work = new()
        {
            Run = run,
            Stage = stage,
            Sample = sample.Id,
            Input = sample.Input,
            SpecHash = sample.Lease.SpecHash,
            Ordinal = sample.Ordinal,
            Attempt = sample.Attempt,
        };
        TimeSpan pause = s_pause;
        try
        {
            while (!sample.LeaseLost)
            {
                if (await AskAsync(grain, work, cancel) is not { } report)
                {
                    RequireAnyAble();
                    await Task.Delay(pause, time, cancel);
                    pause = pause + pause < s_longestPause ? pause + pause : s_longestPause;
                    continue;
                }

                pause = s_pause;
                if (report is { Ended: true, Unable: null })
                {
                    _unable.Clear();
                    say(null);
                    await results.WriteAsync(ResultOf(sample, report), cancel);
                    return;
                }

                if (report.Unable is { } reason)
                {
                    PassOver(grain.GetGrainId(), report.Silo, reason);
                }
            }

            await results.WriteAsync(SampleResult.Failed(sample, "the lease was lost"), cancel);
        }
        finally
        {
            load.Ended(grain.GetGrainId());
        }
    }

    private async Task<SampleReport?> AskAsync(ISampleGrain grain, SampleWork work, CancellationToken cancel)
    {
        try
        {
            SampleReport report = await grain.RunAsync(work, cancel);
            load.Found(grain.GetGrainId(), report.Silo);
            return report;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            say(load.Gpus.Count == 0 ? "no silo has a GPU: start 'sea silo --role gpu'" : $"{work.Sample}: {error.GetType().Name}: {error.Message}");
            return null;
        }
    }

    private void PassOver(GrainId sample, SiloAddress silo, string reason)
    {
        load.Avoid(silo);
        load.Ended(sample);
        say($"{silo.Endpoint}: {reason}");
        _unable.TryAdd(silo, (time.GetTimestamp(), reason));
        RequireAnyAble();
    }

    private void RequireAnyAble()
    {
        IReadOnlyList<SiloAddress> gpus = load.Gpus;
        if (gpus.Count > 0 && gpus.All(silo => _unable.TryGetValue(silo, out (long Since, string) was) && time.GetElapsedTime(was.Since) > s_unable))
        {
            throw new SeaException(
                $"no silo can work on the samples; {gpus[0].Endpoint}: {_unable.GetValueOrDefault(gpus[0]).Reason}", "mend the cause, then run again: it goes on where it stopped");
        }
    }

    private SampleResult ResultOf(WorkSample sample, SampleReport report) =>
        (report.Error is { } error ? SampleResult.Failed(sample, error)
            : report.Artifact is { } artifact ? SampleResult.TakenOver(sample, folder.At(artifact.Split('/')), new StoredFile(artifact, report.Hash!, report.Bytes))
            : SampleResult.Done(sample, null)) with
        {
            Loss = report.Loss,
            Steps = report.Steps,
            Duration = report.Duration,
            Detail = report.Detail,
        };
}
