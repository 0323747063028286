using System.Diagnostics;
using System.Runtime.CompilerServices;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Telemetry;

/// <summary>
/// A ledger whose calls are timed, traced and counted, and whose answers are the process' signs of life. It stands behind <see cref="PatientLedger"/>, so that every
/// attempt counts while the ledger is away.
/// </summary>
/// <param name="inner">The ledger.</param>
/// <param name="health">Told of every answer.</param>
public sealed class MeteredLedger(ILedger inner, ProcessHealth health) : ILedger
{
    /// <inheritdoc/>
    public Task<DateTimeOffset> NowAsync(CancellationToken cancel = default) => CallAsync(() => inner.NowAsync(cancel));

    /// <inheritdoc/>
    public Task CreateRunAsync(NewRun run, CancellationToken cancel = default) => CallAsync(() => inner.CreateRunAsync(run, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRow>> RunsAsync(CancellationToken cancel = default) => CallAsync(() => inner.RunsAsync(cancel));

    /// <inheritdoc/>
    public Task<RunRow?> RunAsync(string run, CancellationToken cancel = default) => CallAsync(() => inner.RunAsync(run, cancel));

    /// <inheritdoc/>
    public Task<bool> MoveRunAsync(string run, RunState from, RunState to, string? message = null, long? version = null, CancellationToken cancel = default) =>
        CallAsync(() => inner.MoveRunAsync(run, from, to, message, version, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageRow>> StagesAsync(string run, CancellationToken cancel = default) => CallAsync(() => inner.StagesAsync(run, cancel));

    /// <inheritdoc/>
    public Task<bool> MoveStageAsync(string run, string stage, StageMove move, CancellationToken cancel = default) => CallAsync(() => inner.MoveStageAsync(run, stage, move, cancel));

    /// <inheritdoc/>
    public Task AddStageTimeAsync(string run, string stage, TimeSpan worked, CancellationToken cancel = default) => CallAsync(() => inner.AddStageTimeAsync(run, stage, worked, cancel));

    /// <inheritdoc/>
    public Task<int> EnqueueAsync(string run, string stage, string specHash, IReadOnlyList<NewSample> samples, CancellationToken cancel = default) =>
        CallAsync(() => inner.EnqueueAsync(run, stage, specHash, samples, cancel));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel = default)
    {
        IReadOnlyList<Lease> leases = await CallAsync(() => inner.LeaseAsync(run, stage, count, terms, cancel));
        health.Loaded();
        SampleInstruments.Leased(stage, leases);
        return leases;
    }

    /// <inheritdoc/>
    public async Task<LeasedBatch?> LeaseBatchAsync(string run, string stage, LeaseTerms terms, CancellationToken cancel = default)
    {
        LeasedBatch? batch = await CallAsync(() => inner.LeaseBatchAsync(run, stage, terms, cancel));
        health.Loaded();
        SampleInstruments.Leased(stage, batch?.Leases ?? []);
        return batch;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LeaseKey>> RenewAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, TimeSpan duration, CancellationToken cancel = default)
    {
        IReadOnlyList<LeaseKey> lost = await CallAsync(() => inner.RenewAsync(run, stage, leases, duration, cancel));
        SampleInstruments.Lost(stage, "renew", lost.Count);
        return lost;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CompletionOutcome>> CompleteAsync(string run, string stage, IReadOnlyList<Completion> completions, CancellationToken cancel = default)
    {
        IReadOnlyList<CompletionOutcome> outcomes = await CallAsync(() => inner.CompleteAsync(run, stage, completions, cancel));
        SampleInstruments.Completed(stage, completions, outcomes);
        return outcomes;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<FailureOutcome>> FailAsync(string run, string stage, IReadOnlyList<Failure> failures, RetryPolicy policy, CancellationToken cancel = default)
    {
        IReadOnlyList<FailureOutcome> outcomes = await CallAsync(() => inner.FailAsync(run, stage, failures, policy, cancel));
        SampleInstruments.Failed(stage, outcomes);
        return outcomes;
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, CancellationToken cancel = default)
    {
        await CallAsync(() => inner.ReleaseAsync(run, stage, leases, cancel));
        SampleInstruments.Released(stage, leases.Count);
    }

    /// <inheritdoc/>
    public Task<int> ExpireLeasesAsync(string run, CancellationToken cancel = default) => CallAsync(() => inner.ExpireLeasesAsync(run, cancel));

    /// <inheritdoc/>
    public Task<int> RequeueAsync(string run, string stage, IReadOnlyList<string>? samples = null, CancellationToken cancel = default) => CallAsync(() => inner.RequeueAsync(run, stage, samples, cancel));

    /// <inheritdoc/>
    public Task<int> ReopenAsync(string run, string stage, IReadOnlyList<string> samples, string reason, CancellationToken cancel = default) =>
        CallAsync(() => inner.ReopenAsync(run, stage, samples, reason, cancel));

    /// <inheritdoc/>
    public Task<SampleCounts> CountsAsync(string run, string stage, CancellationToken cancel = default) => CallAsync(() => inner.CountsAsync(run, stage, cancel));

    /// <inheritdoc/>
    public Task<DateTimeOffset?> NextAvailableAsync(string run, string stage, CancellationToken cancel = default) => CallAsync(() => inner.NextAvailableAsync(run, stage, cancel));

    /// <inheritdoc/>
    public Task<DoneLately> DoneSinceAsync(string run, string stage, DateTimeOffset since, int most = 10_000, CancellationToken cancel = default) => CallAsync(() => inner.DoneSinceAsync(run, stage, since, most, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<SampleRow>> SamplesAsync(string run, string stage, SampleQuery query, CancellationToken cancel = default) => CallAsync(() => inner.SamplesAsync(run, stage, query, cancel));

    /// <inheritdoc/>
    public Task<SampleRow?> SampleAsync(string run, string stage, string sample, CancellationToken cancel = default) => CallAsync(() => inner.SampleAsync(run, stage, sample, cancel));

    /// <inheritdoc/>
    public Task PutArtifactAsync(string run, ArtifactRow artifact, CancellationToken cancel = default) => CallAsync(() => inner.PutArtifactAsync(run, artifact, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> ArtifactsAsync(string run, string? stage = null, CancellationToken cancel = default) => CallAsync(() => inner.ArtifactsAsync(run, stage, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> StageFilesAsync(string run, CancellationToken cancel = default) => CallAsync(() => inner.StageFilesAsync(run, cancel));

    /// <inheritdoc/>
    public Task AppendEventAsync(string run, NewEvent added, CancellationToken cancel = default) => CallAsync(() => inner.AppendEventAsync(run, added, cancel));

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRow>> EventsAsync(string run, long after, int limit, CancellationToken cancel = default) => CallAsync(() => inner.EventsAsync(run, after, limit, cancel));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task CallAsync(Func<Task> call, [CallerMemberName] string caller = "") => CallAsync(
        async () =>
        {
            await call();
            return true;
        },
        caller);

    private async Task<T> CallAsync<T>(Func<Task<T>> call, [CallerMemberName] string caller = "")
    {
        string operation = LedgerOperations.Of(caller);
        // Looking for work over and over is no part of any trace.
        using Activity? activity = Activity.Current is null ? null : SeaInstrumentation.Source.StartActivity(LedgerOperations.SpanOf(operation), ActivityKind.Client);
        long begun = Stopwatch.GetTimestamp();
        try
        {
            T result = await call();
            health.LedgerAnswered();
            LedgerInstruments.Called(operation, "ok", Stopwatch.GetElapsedTime(begun));
            return result;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            bool away = error is SeaException { InnerException: LedgerAwayException };
            health.LedgerMissed(away ? error.Message : null);
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
            LedgerInstruments.Called(operation, away ? "away" : "error", Stopwatch.GetElapsedTime(begun));
            throw;
        }
    }
}

/// <summary>Names of the ledger's calls: <c>LeaseBatchAsync</c> is <c>lease_batch</c>.</summary>
internal static class LedgerOperations
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> s_names = new(StringComparer.Ordinal);
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> s_spans = new(StringComparer.Ordinal);

    public static string Of(string method) => s_names.GetOrAdd(method, static name =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name));

    public static string SpanOf(string operation) => s_spans.GetOrAdd(operation, static name => "ledger " + name);
}
