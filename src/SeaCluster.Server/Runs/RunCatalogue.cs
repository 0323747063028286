using System.Collections.Concurrent;
using SeaCluster.Models;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Runs;

/// <summary>
/// The runs below a root, as pages and answers show them. Counting a million samples takes a ledger some tenths of a second, so a status is kept for a moment, and longer the longer it took
/// to read: however many people watch, a ledger spends at most a twentieth of its time on it.
/// </summary>
/// <param name="root">The folder of run folders.</param>
/// <param name="ledgers">Their ledgers.</param>
/// <param name="time">The clock.</param>
public sealed class RunCatalogue(string root, RunLedgers ledgers, TimeProvider time)
{
    private const int Share = 20;
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _begun = new(StringComparer.Ordinal);

    /// <summary>The folder of run folders.</summary>
    public string Root => root;

    /// <summary>The run of that id, or null.</summary>
    public RunPlace? Find(string id) => RunPlace.Find(root, id);

    /// <summary>Asks the ledger of a run; the default where it was not begun yet.</summary>
    public Task<T?> AskAsync<T>(RunPlace place, Func<ILedger, RunRow, Task<T>> question, CancellationToken cancel) => ledgers.AskAsync(place.Folder, question, cancel);

    /// <summary>Runs, newest first, from behind a cursor on.</summary>
    /// <param name="before">The last run of the page before: when it began, and its id.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<IReadOnlyList<RunView>> PageAsync((DateTimeOffset Since, string Id)? before, int limit, CancellationToken cancel)
    {
        List<(RunPlace Place, DateTimeOffset Since)> all = [];
        foreach (RunPlace place in RunPlace.Below(root))
        {
            all.Add((place, await SinceAsync(place, cancel)));
        }

        IEnumerable<RunPlace> page = all
            .OrderByDescending(each => each.Since).ThenByDescending(each => each.Place.Id, StringComparer.Ordinal)
            .SkipWhile(each => before is { } last && (each.Since, each.Place.Id).CompareTo((last.Since, last.Id)) >= 0)
            .Take(limit).Select(each => each.Place);
        List<RunView> views = [];
        foreach (RunPlace place in page)
        {
            views.Add(await ViewAsync(place, cancel));
        }

        return views;
    }

    /// <summary>Where a run stands; a run whose ledger cannot be read is shown with the reason.</summary>
    public async Task<RunView> ViewAsync(RunPlace place, CancellationToken cancel)
    {
        try
        {
            // In this order: a ledger read after its process was seen to be gone says how the run ended; one read before may still call it pending.
            Outside outside = new(place.Submission.Request, place.Submission.Outcome, RunLock.HolderOf(place.Folder));
            RunReading? reading = await ReadingAsync(place, outside.Turn, cancel);
            return RunView.Of(place, outside.Request, outside.Outcome, outside.Holder, reading);
        }
        catch (SeaException error)
        {
            return new RunView(place, RunStanding.Failed, place.Id, error.Message, default, null, null, null);
        }
    }

    /// <summary>Reads a run anew the next time it is asked for: it was just changed.</summary>
    public void Forget(RunPlace place) => _kept.TryRemove(place.Id, out _);

    private async Task<RunReading?> ReadingAsync(RunPlace place, Turn turn, CancellationToken cancel)
    {
        Kept kept = _kept.AddOrUpdate(place.Id, _ => Read(), (_, before) => before.Turn == turn && (before.Until is not { } until || time.GetTimestamp() < until) ? before : Read());
        return await kept.Reading.WaitAsync(cancel);

        // One reading for all who ask meanwhile; none of them may cancel it for the others.
        Kept Read()
        {
            Kept made = new(turn);
            made.Reading = ReadAsync(place, made);
            return made;
        }
    }

    private async Task<RunReading?> ReadAsync(RunPlace place, Kept kept)
    {
        await Task.Yield();
        long began = time.GetTimestamp();
        try
        {
            return await ledgers.AskAsync(
                place.Folder, (ledger, run) => RunReading.OfAsync(ledger, run, place.Folder, CancellationToken.None)!, CancellationToken.None);
        }
        finally
        {
            long took = time.GetTimestamp() - began;
            kept.Until = time.GetTimestamp() + Math.Max(took * Share, (long)(Fresh.TotalSeconds * time.TimestampFrequency));
        }
    }

    private async Task<DateTimeOffset> SinceAsync(RunPlace place, CancellationToken cancel)
    {
        if (!_begun.TryGetValue(place.Id, out DateTimeOffset since))
        {
            try
            {
                since = place.Submission.Request?.Submitted ?? await ledgers.AskAsync(place.Folder, (_, run) => Task.FromResult<DateTimeOffset?>(run.Created), cancel) ?? default;
            }
            catch (SeaException)
            {
                return default; // Shown last, with the reason.
            }

            _begun[place.Id] = since;
        }

        return since;
    }

    // What is known of a run outside its ledger.
    private sealed record Outside(RunRequest? Request, DriveOutcome? Outcome, RunLockHolder? Holder)
    {
        public Turn Turn => new(Request?.Sequence, Outcome, Holder);
    }

    // A run's turn in somebody's hands. With the next one, nothing that was read before still counts.
    private sealed record Turn(int? Sequence, DriveOutcome? Outcome, RunLockHolder? Holder);

    private sealed class Kept(Turn turn)
    {
        private long _until = -1;

        /// <summary>The turn in which it was read.</summary>
        public Turn Turn => turn;

        public Task<RunReading?> Reading { get; set; } = Task.FromResult<RunReading?>(null);

        public long? Until
        {
            get => Interlocked.Read(ref _until) is var until && until < 0 ? null : until;
            set => Interlocked.Exchange(ref _until, value ?? -1);
        }
    }
}
