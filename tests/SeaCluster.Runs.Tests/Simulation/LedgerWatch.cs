using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>Looks at every sample after every call that a ledger carried out: only legal moves, none with an old token, and nothing that was done comes undone.</summary>
/// <param name="ledger">The real ledger.</param>
/// <param name="run">The run.</param>
/// <param name="stage">The stage.</param>
/// <param name="time">The ledger's clock.</param>
internal sealed class LedgerWatch(ILedger ledger, string run, string stage, TimeProvider time)
{
    // What asks for nothing but an answer; anything else is looked at.
    private static readonly HashSet<string> s_reads =
    [
        nameof(ILedger.NowAsync), nameof(ILedger.RunAsync), nameof(ILedger.RunsAsync), nameof(ILedger.StagesAsync), nameof(ILedger.CountsAsync), nameof(ILedger.NextAvailableAsync),
        nameof(ILedger.SamplesAsync), nameof(ILedger.SampleAsync), nameof(ILedger.ArtifactsAsync), nameof(ILedger.EventsAsync), nameof(ILedger.DoneSinceAsync), nameof(ILedger.AddStageTimeAsync),
        nameof(ILedger.StageFilesAsync),
    ];

    private readonly Dictionary<string, int> _recorded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _reopened = new(StringComparer.Ordinal);
    private Dictionary<string, SampleRow> _before = new(StringComparer.Ordinal);

    /// <summary>Results that some process was told are recorded.</summary>
    public Dictionary<string, StoredFile?> Acknowledged { get; } = new(StringComparer.Ordinal);

    public void CarryOut(string call, object?[] arguments, Func<object?> carryOut)
    {
        object? result = carryOut();
        if (s_reads.Contains(call))
        {
            return;
        }

        Dictionary<string, SampleRow> after = ledger.SamplesAsync(run, stage, new SampleQuery()).GetAwaiter().GetResult().ToDictionary(row => row.Id, StringComparer.Ordinal);
        foreach (SampleRow gone in _before.Values.Where(row => !after.ContainsKey(row.Id)))
        {
            throw new InvalidOperationException($"{call} lost the sample {gone.Id}");
        }

        foreach (SampleRow now in after.Values)
        {
            SampleRow? then = _before.GetValueOrDefault(now.Id);
            Require(then == now || Legal(call, then, now), $"{call} moved {now.Id} from {then} to {now}");
            Require(then is null || now.Token >= then.Token, $"{call} took {now.Id}'s token back from {then?.Token} to {now.Token}");
        }

        if (call == nameof(ILedger.CompleteAsync))
        {
            Completed((IReadOnlyList<Completion>)arguments[2]!, (IReadOnlyList<CompletionOutcome>)result!, after);
        }

        foreach (SampleRow now in after.Values.Where(now => call == nameof(ILedger.ReopenAsync) && _before.GetValueOrDefault(now.Id) is { State: SampleState.Done } && now.State != SampleState.Done))
        {
            _reopened[now.Id] = _reopened.GetValueOrDefault(now.Id) + 1;
            Acknowledged.Remove(now.Id);
        }

        _before = after;
    }

    private void Completed(IReadOnlyList<Completion> completions, IReadOnlyList<CompletionOutcome> outcomes, Dictionary<string, SampleRow> after)
    {
        for (int i = 0; i < completions.Count; i++)
        {
            Completion completion = completions[i];
            SampleRow then = _before[completion.Sample], now = after[completion.Sample];
            switch (outcomes[i])
            {
                case CompletionOutcome.Recorded:
                    Require(then.State == SampleState.Leased && then.Token == completion.Token, $"a result of {then.Id} with token {completion.Token} was recorded over {then}");
                    Require(now.State == SampleState.Done && now.Artifact == completion.Artifact, $"the result of {then.Id} was recorded as {now}");
                    _recorded[then.Id] = _recorded.GetValueOrDefault(then.Id) + 1;
                    Require(_recorded[then.Id] == 1 + _reopened.GetValueOrDefault(then.Id), $"{then.Id} was counted {_recorded[then.Id]} times");
                    Acknowledged[then.Id] = completion.Artifact;
                    break;
                case CompletionOutcome.AlreadyRecorded:
                    Require(then.State == SampleState.Done && then.Token == completion.Token && then == now, $"a repeated result of {then.Id} changed {then} to {now}");
                    break;
                case CompletionOutcome.LeaseLost:
                    Require(then == now, $"a late result of {then.Id} changed {then} to {now}");
                    break;
            }
        }
    }

    private bool Legal(string call, SampleRow? then, SampleRow now) => (call, then?.State, now.State) switch
    {
        (nameof(ILedger.EnqueueAsync), null, SampleState.Pending) => true,
        (nameof(ILedger.LeaseAsync) or nameof(ILedger.LeaseBatchAsync), SampleState.Pending or SampleState.Failed, SampleState.Leased) => now.Token > then!.Token,
        (nameof(ILedger.LeaseAsync) or nameof(ILedger.LeaseBatchAsync), SampleState.Leased, SampleState.Leased or SampleState.Quarantined) =>
            then!.LeaseExpires <= time.GetUtcNow() && (now.State == SampleState.Quarantined || now.Token > then.Token),
        (nameof(ILedger.RenewAsync), SampleState.Leased, SampleState.Leased) => now.Token == then!.Token,
        (nameof(ILedger.CompleteAsync), SampleState.Leased, SampleState.Done) => true,
        (nameof(ILedger.FailAsync), SampleState.Leased, SampleState.Failed or SampleState.Quarantined) => now.Failures == then!.Failures + 1,
        (nameof(ILedger.ReleaseAsync), SampleState.Leased, SampleState.Pending) => true,
        (nameof(ILedger.ReopenAsync), SampleState.Done, SampleState.Pending) => true,
        (nameof(ILedger.RequeueAsync), SampleState.Quarantined, SampleState.Pending) => true,
        _ => false,
    };

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(otherwise);
        }
    }
}

/// <summary>Something happened that never may.</summary>
internal sealed class BrokenPromiseException(string what) : Exception(what);
