namespace SeaCluster.Runs.Coordination;

/// <summary>Measures a stage's wall time and records it as it passes, so that a kill loses little of it; mirrors events at the same pace.</summary>
internal sealed class StageClock : IAsyncDisposable
{
    private readonly RunSession _session;
    private readonly StageName _stage;
    private readonly TimeProvider _time;
    private readonly PeriodicTimer _timer;
    private readonly Task _ticking;
    private long _recorded;

    public StageClock(RunSession session, StageName stage, TimeProvider time, TimeSpan tick)
    {
        _session = session;
        _stage = stage;
        _time = time;
        _recorded = time.GetTimestamp();
        _timer = new PeriodicTimer(tick, time);
        _ticking = TickAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _ticking;
        await RecordAsync();
    }

    private async Task TickAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await RecordAsync();
            await _session.MirrorEventsAsync();
        }
    }

    private async Task RecordAsync()
    {
        long now = _time.GetTimestamp();
        TimeSpan worked = _time.GetElapsedTime(_recorded, now);
        _recorded = now;
        await _session.Ledger.AddStageTimeAsync(_session.Run.Id, _stage.Text(), worked);
    }
}
