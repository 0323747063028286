using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>Makes results durable: first the artifact, then the ledger's row.</summary>
internal sealed class Publisher(
    ILedger ledger, IArtifactStore artifacts, WorkerOptions options, string run, string stage, LeaseDesk desk, IProgress<WorkProgress>? progress)
{
    private SampleCounts _before = new(0, 0, 0, 0, 0);
    private long _done;
    private long _failures;
    private long _quarantined;
    private long _lost;

    /// <summary>Whether publishing itself failed, so that no result is to blame.</summary>
    public bool Failed { get; private set; }

    public async Task StartAsync(CancellationToken cancel) => _before = await ledger.CountsAsync(run, stage, cancel);

    public WorkOutcome Outcome(WorkEnd end) => new(end, _done, _failures, _lost);

    /// <summary>Publishes a group in one transaction each for results and failures. Not cancelled: what was computed is kept.</summary>
    public async Task PublishAsync(IReadOnlyList<SampleResult> group)
    {
        try
        {
            // Asked once: a renewal may find a lease lost at any moment, and no result may count in two ways.
            ILookup<bool, SampleResult> lost = group.ToLookup(result => result.Sample.LeaseLost);
            await CompleteAsync([.. lost[false].Where(result => result.Error is null)]);
            await FailAsync([.. lost[false].Where(result => result.Error is not null)]);
            _lost += lost[true].Count();
            Settle(lost[true]);
        }
        catch
        {
            Failed = true;
            throw;
        }
    }

    private async Task CompleteAsync(List<SampleResult> results)
    {
        if (results.Count == 0)
        {
            return;
        }

        List<Completion> completions = new(results.Count);
        foreach (SampleResult result in results)
        {
            StoredFile? artifact = result.Made is { } made
                ? await artifacts.AdoptAsync(options.ArtifactFolder, result.Sample.Id, options.ArtifactExtension, made.Path, made.File, CancellationToken.None)
                : result.Content is null ? null
                : await artifacts.WriteAsync(options.ArtifactFolder, result.Sample.Id, options.ArtifactExtension, result.Content, CancellationToken.None);
            completions.Add(new Completion(result.Sample.Id, result.Sample.Lease.Token, result.Sample.Lease.SpecHash)
            {
                Artifact = artifact,
                Loss = result.Loss,
                Steps = result.Steps,
                Duration = result.Duration,
                Detail = result.Detail,
            });
        }

        IReadOnlyList<CompletionOutcome> outcomes = await ledger.CompleteAsync(run, stage, completions, CancellationToken.None);
        Settle(results);
        for (int i = 0; i < results.Count; i++)
        {
            if (outcomes[i] == CompletionOutcome.LeaseLost)
            {
                _lost++;
                continue;
            }

            _done++;
            Report(results[i]);
        }
    }

    private async Task FailAsync(List<SampleResult> results)
    {
        if (results.Count == 0)
        {
            return;
        }

        IReadOnlyList<FailureOutcome> outcomes = await ledger.FailAsync(
            run,
            stage,
            [.. results.Select(result => new Failure(result.Sample.Id, result.Sample.Lease.Token, result.Error!))],
            options.Retry,
            CancellationToken.None);
        Settle(results);
        for (int i = 0; i < results.Count; i++)
        {
            if (outcomes[i] == FailureOutcome.LeaseLost)
            {
                _lost++;
                continue;
            }

            _failures++;
            _quarantined += outcomes[i] == FailureOutcome.Quarantined ? 1 : 0;
            Report(results[i]);
        }
    }

    private void Settle(IEnumerable<SampleResult> results) => desk.Settle(results.Select(result => result.Sample));

    private void Report(SampleResult result) => progress?.Report(new WorkProgress(
        _before.Done + _done, _before.Quarantined + _quarantined, _before.Total, result.Sample.Id, result.Loss, result.Error));
}
