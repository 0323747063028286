using Microsoft.Extensions.Time.Testing;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Ledgers;

/// <summary>Plays a seeded random history against a ledger and the model, and compares every answer and every row.</summary>
internal sealed class LedgerHistories(ILedger ledger, FakeTimeProvider time, Func<TimeSpan, Task> advance, int seed)
{
    private const string Run = "run";
    private const string Stage = "synthesize";
    private readonly Random _random = new(seed);
    private readonly LedgerModel _model = new();
    private readonly List<Lease> _everLeased = [];
    private readonly RetryPolicy _retry = new(3, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
    private readonly LeaseTerms _terms = new("worker", TimeSpan.FromSeconds(30), LostLeases: 4);
    private long _lastToken;
    private int _enqueued;

    public async Task PlayAsync(int operations)
    {
        await ledger.CreateRunAsync(new NewRun(Run, "name", "spec", "hash", "{}"));
        for (int i = 0; i < operations; i++)
        {
            _model.Now = time.GetUtcNow();
            await StepAsync(_random.Next(100), $"seed {seed}, operation {i}");
            await CompareAsync($"seed {seed}, operation {i}", rows: i % 10 == 9 || i == operations - 1);
        }
    }

    private async Task StepAsync(int dice, string at)
    {
        switch (dice)
        {
            case < 12:
                List<NewSample> samples = [.. Enumerable.Range(_random.Next(_enqueued + 1), _random.Next(1, 6)).Select(Sample)];
                _enqueued = Math.Max(_enqueued, samples.Max(sample => int.Parse(sample.Id[1..])) + 1);
                (await ledger.EnqueueAsync(Run, Stage, "hash", samples)).ShouldBe(_model.Enqueue(samples), at);
                break;
            case < 32:
                await LeaseAsync(at);
                break;
            case < 40:
                await LeaseBatchAsync(at);
                break;
            case < 48:
                List<LeaseKey> renewed = Picked();
                (await ledger.RenewAsync(Run, Stage, renewed, _terms.Duration)).ShouldBe([.. renewed.Where(lease => !_model.Renew(lease, _terms.Duration))], at);
                break;
            case < 66:
                List<LeaseKey> completed = Picked();
                (await ledger.CompleteAsync(Run, Stage, [.. completed.Select(Completed)])).ShouldBe([.. completed.Select(_model.Complete)], at);
                break;
            case < 78:
                List<LeaseKey> failed = Picked();
                (await ledger.FailAsync(Run, Stage, [.. failed.Select(lease => new Failure(lease.Sample, lease.Token, "it failed"))], _retry))
                    .ShouldBe([.. failed.Select(lease => _model.Fail(lease, _retry))], at);
                break;
            case < 84:
                List<LeaseKey> released = Picked();
                await ledger.ReleaseAsync(Run, Stage, released);
                released.ForEach(_model.Release);
                break;
            case < 86:
                (await ledger.ExpireLeasesAsync(Run)).ShouldBe(_model.ExpireLeases(), at);
                break;
            case < 89:
                (await ledger.RequeueAsync(Run, Stage)).ShouldBe(_model.PutBack(SampleState.Quarantined, _ => true), at);
                break;
            case < 92:
                string id = $"s{_random.Next(_enqueued + 1)}";
                (await ledger.ReopenAsync(Run, Stage, [id], "altered")).ShouldBe(_model.PutBack(SampleState.Done, sample => sample.Id == id), at);
                break;
            default:
                await advance(TimeSpan.FromSeconds(_random.Next(1, 40)));
                _model.Now = time.GetUtcNow();
                break;
        }
    }

    private async Task LeaseAsync(string at)
    {
        int count = _random.Next(1, 5);
        IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, count, _terms);
        Check(leases, _model.Lease(count, _terms, TokenOf(leases)), at);
    }

    private async Task LeaseBatchAsync(string at)
    {
        LeasedBatch? batch = await ledger.LeaseBatchAsync(Run, Stage, _terms);
        (IReadOnlyList<LedgerModel.Sample> Leased, IReadOnlyList<LedgerModel.Sample> Companions)? expected = _model.LeaseBatch(_terms, TokenOf(batch?.Leases ?? []));
        (batch is null).ShouldBe(expected is null, at);
        if (batch is not null && expected is not null)
        {
            Check(batch.Leases, expected.Value.Leased, at);
            batch.Companions.Select(row => row.Id).ShouldBe([.. expected.Value.Companions.Select(sample => sample.Id)], at);
        }
    }

    private void Check(IReadOnlyList<Lease> leases, IReadOnlyList<LedgerModel.Sample> expected, string at)
    {
        leases.Select(lease => (lease.Sample, lease.Attempt, lease.Batch, lease.Expires))
            .ShouldBe([.. expected.Select(sample => (sample.Id, sample.Attempts, sample.Batch, sample.Available))], at);
        leases.ShouldAllBe(lease => lease.Token > _lastToken, at);
        leases.ShouldAllBe(lease => lease.Input == InputOf(lease.Sample) && lease.SpecHash == "hash", at);
        _lastToken = Math.Max(_lastToken, TokenOf(leases));
        _everLeased.AddRange(leases);
    }

    private async Task CompareAsync(string at, bool rows)
    {
        (await ledger.CountsAsync(Run, Stage)).ShouldBe(_model.Counts(), at);
        (await ledger.NextAvailableAsync(Run, Stage)).ShouldBe(_model.NextAvailable(), at);
        if (!rows)
        {
            return;
        }

        IReadOnlyList<SampleRow> all = await ledger.SamplesAsync(Run, Stage, new SampleQuery());
        all.Select(row => $"{row.Id} {row.State} attempts {row.Attempts} failures {row.Failures} lost {row.LostLeases} token {row.Token}")
            .ShouldBe([.. _model.Samples.Select(sample => sample.ToString())], at);
        foreach (SampleRow row in all)
        {
            (row.Artifact?.Name).ShouldBe(row.State == SampleState.Done ? $"embeddings/{row.Id}" : null, customMessage: at);
            (row.LeaseExpires is not null).ShouldBe(row.State == SampleState.Leased, at);
            (row.NextAttempt is not null).ShouldBe(row.State == SampleState.Failed, at);
        }

        string.Join(' ', (await ledger.ArtifactsAsync(Run, Stage)).Select(artifact => artifact.Sample).Order())
            .ShouldBe(string.Join(' ', _model.Samples.Where(sample => sample.State == SampleState.Done).Select(sample => sample.Id).Order()), customMessage: at);
    }

    // Leases of all ages, so that stale tokens are tried as often as good ones.
    private List<LeaseKey> Picked() =>
        _everLeased.Count == 0 ? [] : [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _everLeased[^_random.Next(1, Math.Min(_everLeased.Count, 12) + 1)].Key).Distinct()];

    private static long TokenOf(IReadOnlyList<Lease> leases) => leases.Count == 0 ? 0 : leases[0].Token;

    private static NewSample Sample(int number) => new($"s{number}", InputOf($"s{number}"), number % 3 == 0 ? null : number / 4);

    private static string InputOf(string sample) => $"{{\"id\":\"{sample}\"}}";

    private static Completion Completed(LeaseKey lease) => new(lease.Sample, lease.Token, "hash")
    {
        Artifact = new StoredFile($"embeddings/{lease.Sample}", new string('a', 64), 3),
        Loss = 0.25,
        Steps = 7,
        Duration = TimeSpan.FromSeconds(1.5),
    };
}
