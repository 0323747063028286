using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SeaCluster.Orleans.Contracts;

namespace SeaCluster.Orleans.Lanes;

/// <summary>
/// One device, one model at a time: samples of the run whose lane is open go to it as it has room; those of another run wait until it has none left.
/// </summary>
internal sealed class SiloLane(ILaneSource source, TimeProvider time, IHostApplicationLifetime life, ILogger<SiloLane> log) : ISiloLane, IDisposable
{
    /// <summary>For how long a silo is passed over whose lane cannot be opened.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Run, string Stage), RunLane> _lanes = [];
    private readonly Dictionary<string, (DateTimeOffset Until, string Reason)> _unable = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc/>
    public Task<LaneResult> RunAsync(SampleWork work, CancellationToken cancel)
    {
        lock (_gate)
        {
            (string, string) key = (work.Run.Run, work.Stage);
            if (_lanes.TryGetValue(key, out RunLane? lane) && lane.TryAdd(work, out Task<LaneResult> result, cancel))
            {
                return result;
            }

            lane = new RunLane(source, work.Run, work.Stage, time, () => _lanes.Count > 1);
            _lanes[key] = lane;
            lane.TryAdd(work, out result, cancel);
            _ = Task.Run(() => ServeAsync(key, lane), CancellationToken.None);
            return result;
        }
    }

    /// <inheritdoc/>
    public string? WhyNot(string sample)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            return _unable.Where(each => each.Value.Until > now && sample.StartsWith(each.Key, StringComparison.Ordinal)).Select(each => each.Value.Reason).FirstOrDefault();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ServeAsync((string Run, string Stage) key, RunLane lane)
    {
        CancellationToken stop = life.ApplicationStopping;
        try
        {
            await _turn.WaitAsync(stop);
            try
            {
                Log.Opened(log, key.Stage, key.Run);
                if (await lane.ServeAsync(stop) is { } reason)
                {
                    lock (_gate)
                    {
                        _unable[ISampleGrain.KeyOf(key.Run, key.Stage, "")] = (time.GetUtcNow() + Pause, reason);
                    }
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            lane.Close("the silo stops");
        }
        catch (Exception error)
        {
            Log.Broke(log, key.Stage, key.Run, error);
            lane.Close($"{error.GetType().Name}: {error.Message}");
        }
        finally
        {
            lock (_gate)
            {
                if (_lanes.TryGetValue(key, out RunLane? mine) && mine == lane)
                {
                    _lanes.Remove(key);
                }
            }
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "lane: {Stage} of {Run}")]
    public static partial void Opened(ILogger log, string stage, string run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "lane: {Stage} of {Run} cannot go on here")]
    public static partial void Broke(ILogger log, string stage, string run, Exception error);
}
