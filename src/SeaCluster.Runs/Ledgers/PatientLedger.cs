using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers;

/// <summary>
/// A ledger that waits while the one behind it is away and then goes on: every call is repeated, each time after a longer wait, until it is answered, the call is cancelled
/// or <paramref name="stop"/> ends all waiting. Repeating is safe, as <see cref="ILedger"/> says.
/// </summary>
/// <param name="inner">The ledger.</param>
/// <param name="time">The clock to wait by.</param>
/// <param name="away">Told that it is away and since when: at once, after a minute, and then each time that has doubled.</param>
/// <param name="back">Told once when it is back, and how long it was away.</param>
/// <param name="stop">Ends all waiting with <see cref="OperationCanceledException"/>.</param>
public sealed class PatientLedger(ILedger inner, TimeProvider time, Action<string, TimeSpan> away, Action<TimeSpan> back, CancellationToken stop) : ILedger
{
    /// <summary>The first wait; it doubles.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstReminder = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long? _since;
    private TimeSpan _reminder;

    /// <inheritdoc/>
    public Task<DateTimeOffset> NowAsync(CancellationToken cancel = default) => KeepAsync(() => inner.NowAsync(cancel), cancel);

    /// <inheritdoc/>
    public Task CreateRunAsync(NewRun run, CancellationToken cancel = default) => KeepAsync(() => inner.CreateRunAsync(run, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRow>> RunsAsync(CancellationToken cancel = default) => KeepAsync(() => inner.RunsAsync(cancel), cancel);

    /// <inheritdoc/>
    public Task<RunRow?> RunAsync(string run, CancellationToken cancel = default) => KeepAsync(() => inner.RunAsync(run, cancel), cancel);

    /// <inheritdoc/>
    public Task<bool> MoveRunAsync(string run, RunState from, RunState to, string? message = null, long? version = null, CancellationToken cancel = default) =>
        KeepAsync(() => inner.MoveRunAsync(run, from, to, message, version, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageRow>> StagesAsync(string run, CancellationToken cancel = default) => KeepAsync(() => inner.StagesAsync(run, cancel), cancel);

    /// <inheritdoc/>
    public Task<bool> MoveStageAsync(string run, string stage, StageMove move, CancellationToken cancel = default) => KeepAsync(() => inner.MoveStageAsync(run, stage, move, cancel), cancel);

    /// <inheritdoc/>
    public Task AddStageTimeAsync(string run, string stage, TimeSpan worked, CancellationToken cancel = default) => KeepAsync(() => inner.AddStageTimeAsync(run, stage, worked, cancel), cancel);

    /// <inheritdoc/>
    public Task<int> EnqueueAsync(string run, string stage, string specHash, IReadOnlyList<NewSample> samples, CancellationToken cancel = default) =>
        KeepAsync(() => inner.EnqueueAsync(run, stage, specHash, samples, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel = default) =>
        KeepAsync(() => inner.LeaseAsync(run, stage, count, terms, cancel), cancel);

    /// <inheritdoc/>
    public Task<LeasedBatch?> LeaseBatchAsync(string run, string stage, LeaseTerms terms, CancellationToken cancel = default) =>
        KeepAsync(() => inner.LeaseBatchAsync(run, stage, terms, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseKey>> RenewAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, TimeSpan duration, CancellationToken cancel = default) =>
        KeepAsync(() => inner.RenewAsync(run, stage, leases, duration, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CompletionOutcome>> CompleteAsync(string run, string stage, IReadOnlyList<Completion> completions, CancellationToken cancel = default) =>
        KeepAsync(() => inner.CompleteAsync(run, stage, completions, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<FailureOutcome>> FailAsync(string run, string stage, IReadOnlyList<Failure> failures, RetryPolicy policy, CancellationToken cancel = default) =>
        KeepAsync(() => inner.FailAsync(run, stage, failures, policy, cancel), cancel);

    /// <inheritdoc/>
    public Task ReleaseAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, CancellationToken cancel = default) => KeepAsync(() => inner.ReleaseAsync(run, stage, leases, cancel), cancel);

    /// <inheritdoc/>
    public Task<int> ExpireLeasesAsync(string run, CancellationToken cancel = default) => KeepAsync(() => inner.ExpireLeasesAsync(run, cancel), cancel);

    /// <inheritdoc/>
    public Task<int> RequeueAsync(string run, string stage, IReadOnlyList<string>? samples = null, CancellationToken cancel = default) => KeepAsync(() => inner.RequeueAsync(run, stage, samples, cancel), cancel);

    /// <inheritdoc/>
    public Task<int> ReopenAsync(string run, string stage, IReadOnlyList<string> samples, string reason, CancellationToken cancel = default) =>
        KeepAsync(() => inner.ReopenAsync(run, stage, samples, reason, cancel), cancel);

    /// <inheritdoc/>
    public Task<SampleCounts> CountsAsync(string run, string stage, CancellationToken cancel = default) => KeepAsync(() => inner.CountsAsync(run, stage, cancel), cancel);

    /// <inheritdoc/>
    public Task<DateTimeOffset?> NextAvailableAsync(string run, string stage, CancellationToken cancel = default) => KeepAsync(() => inner.NextAvailableAsync(run, stage, cancel), cancel);

    /// <inheritdoc/>
    public Task<DoneLately> DoneSinceAsync(string run, string stage, DateTimeOffset since, int most = 10_000, CancellationToken cancel = default) => KeepAsync(() => inner.DoneSinceAsync(run, stage, since, most, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SampleRow>> SamplesAsync(string run, string stage, SampleQuery query, CancellationToken cancel = default) =>
        KeepAsync(() => inner.SamplesAsync(run, stage, query, cancel), cancel);

    /// <inheritdoc/>
    public Task<SampleRow?> SampleAsync(string run, string stage, string sample, CancellationToken cancel = default) => KeepAsync(() => inner.SampleAsync(run, stage, sample, cancel), cancel);

    /// <inheritdoc/>
    public Task PutArtifactAsync(string run, ArtifactRow artifact, CancellationToken cancel = default) => KeepAsync(() => inner.PutArtifactAsync(run, artifact, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> ArtifactsAsync(string run, string? stage = null, CancellationToken cancel = default) => KeepAsync(() => inner.ArtifactsAsync(run, stage, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> StageFilesAsync(string run, CancellationToken cancel = default) => KeepAsync(() => inner.StageFilesAsync(run, cancel), cancel);

    /// <inheritdoc/>
    public Task AppendEventAsync(string run, NewEvent added, CancellationToken cancel = default) => KeepAsync(() => inner.AppendEventAsync(run, added, cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRow>> EventsAsync(string run, long after, int limit, CancellationToken cancel = default) => KeepAsync(() => inner.EventsAsync(run, after, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task KeepAsync(Func<Task> call, CancellationToken cancel) => KeepAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancel);

    private async Task<T> KeepAsync<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                T result = await call();
                Answered();
                return result;
            }
            catch (SeaException error) when (error.InnerException is LedgerAwayException)
            {
                Missed(error.Message);
            }

            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop);
            await Task.Delay(wait, time, either.Token);
        }
    }

    // Several calls miss the ledger at once; people are told as of one.
    private void Missed(string message)
    {
        lock (_gate)
        {
            if (_since is not { } since)
            {
                _since = time.GetTimestamp();
                _reminder = FirstReminder;
                away(message, TimeSpan.Zero);
            }
            else if (time.GetElapsedTime(since) is var gone && gone >= _reminder)
            {
                _reminder = gone * 2;
                away(message, gone);
            }
        }
    }

    private void Answered()
    {
        if (_since is null)
        {
            return;
        }

        lock (_gate)
        {
            if (_since is { } since)
            {
                _since = null;
                back(time.GetElapsedTime(since));
            }
        }
    }
}
