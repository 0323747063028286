namespace SeaCluster.Runs.Ledgers;

/// <summary>
/// The truth about runs: which samples wait, who works on them, what is done. All of it is durable when a call returns.
/// <para>
/// Time is the ledger's own: a database server's clock, or the <see cref="TimeProvider"/> of an embedded ledger. Fencing tokens come from
/// the ledger, only grow, and every write of a lease's holder hangs on its token, so a worker that lost its lease by time changes
/// nothing any more. A lease whose time is up but which nobody took since is still its holder's.
/// </para>
/// <para>
/// After an unknown outcome (a cut connection at the commit) a write may be repeated: moves, completions, failures, releases and artifacts
/// change nothing the second time; a repeated lease call leases others, and what the first one took comes back by time.
/// </para>
/// </summary>
/// <remarks>All calls throw <see cref="Models.SeaException"/> naming the ledger when it is corrupt, full or unreachable.</remarks>
public interface ILedger : IAsyncDisposable
{
    /// <summary>The ledger's clock.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken cancel = default);

    /// <summary>Records a run; one that is recorded already stays as it is.</summary>
    Task CreateRunAsync(NewRun run, CancellationToken cancel = default);

    /// <summary>All runs, oldest first.</summary>
    Task<IReadOnlyList<RunRow>> RunsAsync(CancellationToken cancel = default);

    /// <summary>The run, or null.</summary>
    Task<RunRow?> RunAsync(string run, CancellationToken cancel = default);

    /// <summary>Moves a run from one state to another; false, and nothing changed, when it was in neither of the two.</summary>
    /// <param name="run">The run.</param>
    /// <param name="from">Where it stands.</param>
    /// <param name="to">Where to.</param>
    /// <param name="message">Why, or null.</param>
    /// <param name="version">How often it has moved before (<see cref="RunRow.Version"/>): the move is refused where another came between, so that one which arrives late or twice changes nothing. Null: whatever came before.</param>
    /// <param name="cancel">Stops waiting.</param>
    Task<bool> MoveRunAsync(string run, RunState from, RunState to, string? message = null, long? version = null, CancellationToken cancel = default);

    /// <summary>The stages that were ever moved, in no order.</summary>
    Task<IReadOnlyList<StageRow>> StagesAsync(string run, CancellationToken cancel = default);

    /// <summary>
    /// Moves a stage from one state to another; false, and nothing changed, when it was in neither of the two, or another move came between (<see cref="StageMove.Version"/>). A stage that
    /// begins to run makes its artifacts anew: those that it recorded for itself, not those of its samples, are forgotten with the move.
    /// </summary>
    Task<bool> MoveStageAsync(string run, string stage, StageMove move, CancellationToken cancel = default);

    /// <summary>Adds to the time that a stage has worked, over all its starts.</summary>
    Task AddStageTimeAsync(string run, string stage, TimeSpan worked, CancellationToken cancel = default);

    /// <summary>Adds samples in their order; those already there with the same input and spec hash stay as they are.</summary>
    /// <returns>How many were new.</returns>
    /// <exception cref="Models.SeaException">A sample is there with another input or spec hash; none was added.</exception>
    Task<int> EnqueueAsync(string run, string stage, string specHash, IReadOnlyList<NewSample> samples, CancellationToken cancel = default);

    /// <summary>
    /// Leases up to <paramref name="count"/> samples: first those that were under way before, leased with their time up or failed with their wait over; then pending ones. Each in the order of
    /// enqueueing; what another process gave back meanwhile may come later. A sample that was lost again and again comes last, and once its lease was lost
    /// <see cref="LeaseTerms.LostLeases"/> times it is quarantined instead.
    /// </summary>
    Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel = default);

    /// <summary>Leases what is available of the first batch (<see cref="NewSample.Batch"/>) that has anything available; null when none has.</summary>
    Task<LeasedBatch?> LeaseBatchAsync(string run, string stage, LeaseTerms terms, CancellationToken cancel = default);

    /// <summary>Prolongs leases to <paramref name="duration"/> from now.</summary>
    /// <returns>Those that are lost.</returns>
    Task<IReadOnlyList<LeaseKey>> RenewAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, TimeSpan duration, CancellationToken cancel = default);

    /// <summary>Records results, each with its artifact, all in one transaction; the artifacts are durable already.</summary>
    /// <returns>One outcome for each, in order.</returns>
    Task<IReadOnlyList<CompletionOutcome>> CompleteAsync(string run, string stage, IReadOnlyList<Completion> completions, CancellationToken cancel = default);

    /// <summary>Records failures: each waits and is taken again, or is quarantined once <see cref="RetryPolicy.Attempts"/> are used up.</summary>
    /// <returns>One outcome for each, in order.</returns>
    Task<IReadOnlyList<FailureOutcome>> FailAsync(string run, string stage, IReadOnlyList<Failure> failures, RetryPolicy policy, CancellationToken cancel = default);

    /// <summary>Gives leases back unused; the attempt does not count. Lost ones are left alone.</summary>
    Task ReleaseAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, CancellationToken cancel = default);

    /// <summary>Ends all leases of a run now. Only for who knows that no worker of it lives, such as the holder of the run folder's lock.</summary>
    /// <returns>How many were ended.</returns>
    Task<int> ExpireLeasesAsync(string run, CancellationToken cancel = default);

    /// <summary>Puts quarantined samples back, with all their attempts before them again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="samples">Which; null is all.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>How many were put back.</returns>
    Task<int> RequeueAsync(string run, string stage, IReadOnlyList<string>? samples = null, CancellationToken cancel = default);

    /// <summary>Puts done samples back because their artifact is missing or altered.</summary>
    /// <returns>How many were put back.</returns>
    Task<int> ReopenAsync(string run, string stage, IReadOnlyList<string> samples, string reason, CancellationToken cancel = default);

    /// <summary>How many samples are in each state.</summary>
    Task<SampleCounts> CountsAsync(string run, string stage, CancellationToken cancel = default);

    /// <summary>When the next sample can be leased (perhaps long ago); null when all are done or quarantined.</summary>
    Task<DateTimeOffset?> NextAvailableAsync(string run, string stage, CancellationToken cancel = default);

    /// <summary>How many samples were done at or after a moment; of more than <paramref name="most"/> only the newest are looked at.</summary>
    Task<DoneLately> DoneSinceAsync(string run, string stage, DateTimeOffset since, int most = 10_000, CancellationToken cancel = default);

    /// <summary>A page of samples in the order of enqueueing.</summary>
    Task<IReadOnlyList<SampleRow>> SamplesAsync(string run, string stage, SampleQuery query, CancellationToken cancel = default);

    /// <summary>The sample, or null.</summary>
    Task<SampleRow?> SampleAsync(string run, string stage, string sample, CancellationToken cancel = default);

    /// <summary>Records an artifact of a stage, in place of one of the same name.</summary>
    Task PutArtifactAsync(string run, ArtifactRow artifact, CancellationToken cancel = default);

    /// <summary>Artifacts by name; of one stage, or of all.</summary>
    Task<IReadOnlyList<ArtifactRow>> ArtifactsAsync(string run, string? stage = null, CancellationToken cancel = default);

    /// <summary>The artifacts that stages recorded for themselves, by name: few, however many samples a run has.</summary>
    Task<IReadOnlyList<ArtifactRow>> StageFilesAsync(string run, CancellationToken cancel = default);

    /// <summary>Appends an event.</summary>
    Task AppendEventAsync(string run, NewEvent added, CancellationToken cancel = default);

    /// <summary>Events with a sequence number above <paramref name="after"/>, oldest first.</summary>
    Task<IReadOnlyList<EventRow>> EventsAsync(string run, long after, int limit, CancellationToken cancel = default);
}
