using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Ledgers;

/// <summary>What a ledger promises about one stage's samples, in the plainest code: the oracle of the conformance kit.</summary>
internal sealed class LedgerModel
{
    private readonly List<Sample> _samples = [];

    public DateTimeOffset Now { get; set; }

    public IReadOnlyList<Sample> Samples => _samples;

    public int Enqueue(IEnumerable<NewSample> samples)
    {
        int added = 0;
        foreach (NewSample sample in samples.Where(sample => _samples.TrueForAll(there => there.Id != sample.Id)))
        {
            _samples.Add(new Sample { Id = sample.Id, Batch = sample.Batch });
            added++;
        }

        return added;
    }

    public IReadOnlyList<Sample> Lease(int count, LeaseTerms terms, long token) => Lease(Available(terms)
        .OrderBy(sample => sample.Available > DateTimeOffset.UnixEpoch && sample.LostLeases < 3 ? 0 : 1).ThenBy(sample => sample.Available).Take(count), terms, token);

    public (IReadOnlyList<Sample> Leased, IReadOnlyList<Sample> Companions)? LeaseBatch(LeaseTerms terms, long token)
    {
        int? batch = Available(terms).FirstOrDefault(sample => sample.Batch is not null)?.Batch;
        if (batch is null)
        {
            return null;
        }

        IReadOnlyList<Sample> leased = Lease(Available(terms).Where(sample => sample.Batch == batch), terms, token);
        return (leased, [.. _samples.Where(sample => sample.Batch == batch && !leased.Contains(sample))]);
    }

    public bool Renew(LeaseKey lease, TimeSpan duration)
    {
        if (Held(lease) is not { } sample)
        {
            return false;
        }

        sample.Available = Now + duration;
        return true;
    }

    public CompletionOutcome Complete(LeaseKey lease)
    {
        Sample sample = _samples.Single(sample => sample.Id == lease.Sample);
        if (sample.Token != lease.Token || sample.State is not (SampleState.Leased or SampleState.Done))
        {
            return CompletionOutcome.LeaseLost;
        }

        if (sample.State == SampleState.Done)
        {
            return CompletionOutcome.AlreadyRecorded;
        }

        sample.State = SampleState.Done;
        return CompletionOutcome.Recorded;
    }

    public FailureOutcome Fail(LeaseKey lease, RetryPolicy policy)
    {
        Sample sample = _samples.Single(sample => sample.Id == lease.Sample);
        if (sample.Token != lease.Token || sample.State is SampleState.Done or SampleState.Pending)
        {
            return FailureOutcome.LeaseLost;
        }

        if (sample.State == SampleState.Leased)
        {
            sample.Failures++;
            sample.State = sample.Failures >= policy.Attempts ? SampleState.Quarantined : SampleState.Failed;
            sample.Available = Now + policy.WaitAfter(sample.Failures);
        }

        return sample.State == SampleState.Failed ? FailureOutcome.Waiting : FailureOutcome.Quarantined;
    }

    public void Release(LeaseKey lease)
    {
        if (Held(lease) is { } sample)
        {
            sample.State = SampleState.Pending;
            sample.Available = DateTimeOffset.UnixEpoch;
            sample.Attempts--;
        }
    }

    public int ExpireLeases()
    {
        List<Sample> leased = [.. _samples.Where(sample => sample.State == SampleState.Leased)];
        leased.ForEach(sample => sample.Available = DateTimeOffset.UnixEpoch);
        return leased.Count;
    }

    public int PutBack(SampleState from, Func<Sample, bool> which)
    {
        List<Sample> back = [.. _samples.Where(sample => sample.State == from && which(sample))];
        foreach (Sample sample in back)
        {
            sample.State = SampleState.Pending;
            sample.Available = DateTimeOffset.UnixEpoch;
            sample.Failures = 0;
            sample.LostLeases = 0;
        }

        return back.Count;
    }

    public SampleCounts Counts()
    {
        long Count(SampleState state) => _samples.Count(sample => sample.State == state);
        return new SampleCounts(Count(SampleState.Pending), Count(SampleState.Leased), Count(SampleState.Failed), Count(SampleState.Done), Count(SampleState.Quarantined));
    }

    public DateTimeOffset? NextAvailable() => _samples.Where(sample => !sample.Settled).Select(sample => (DateTimeOffset?)sample.Available).Min();

    private IEnumerable<Sample> Available(LeaseTerms terms)
    {
        foreach (Sample lost in _samples.Where(sample => sample.State == SampleState.Leased && sample.Available <= Now && sample.LostLeases + 1 >= terms.LostLeases))
        {
            lost.State = SampleState.Quarantined;
            lost.LostLeases++;
        }

        return [.. _samples.Where(sample => !sample.Settled && sample.Available <= Now).OrderBy(sample => sample.Available)];
    }

    private IReadOnlyList<Sample> Lease(IEnumerable<Sample> which, LeaseTerms terms, long token)
    {
        List<Sample> leased = [.. which];
        foreach (Sample sample in leased)
        {
            sample.LostLeases += sample.State == SampleState.Leased ? 1 : 0;
            sample.State = SampleState.Leased;
            sample.Attempts++;
            sample.Token = token;
            sample.Available = Now + terms.Duration;
        }

        return [.. leased.OrderBy(_samples.IndexOf)];
    }

    private Sample? Held(LeaseKey lease) =>
        _samples.SingleOrDefault(sample => sample.Id == lease.Sample && sample.Token == lease.Token && sample.State == SampleState.Leased);

    internal sealed class Sample
    {
        public required string Id { get; init; }

        public int? Batch { get; init; }

        public SampleState State { get; set; }

        public DateTimeOffset Available { get; set; } = DateTimeOffset.UnixEpoch;

        public int Attempts { get; set; }

        public int Failures { get; set; }

        public int LostLeases { get; set; }

        public long Token { get; set; }

        public bool Settled => State is SampleState.Done or SampleState.Quarantined;

        public override string ToString() => $"{Id} {State} attempts {Attempts} failures {Failures} lost {LostLeases} token {Token}";
    }
}
