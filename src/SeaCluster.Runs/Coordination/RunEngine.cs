using System.Diagnostics;
using SeaCluster.Models;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Runs.Coordination;

/// <summary>How a run ended.</summary>
/// <param name="State">Done, partly, failed or interrupted.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Run">Its id.</param>
/// <param name="Stages">How the stages ended, in order.</param>
/// <param name="Quarantined">Samples given up.</param>
/// <param name="Error">Why it failed, or null.</param>
public sealed record RunOutcome(RunState State, RunFolder Folder, string Run, IReadOnlyList<StageRow> Stages, long Quarantined, Exception? Error)
{
    /// <summary>The command's exit code: 0 done, 1 failed, 3 partly done, 130 interrupted and resumable.</summary>
    public int ExitCode => State switch { RunState.Done => 0, RunState.Partly => 3, RunState.Interrupted => 130, _ => 1 };
}

/// <summary>Executes a whole run, or what is left of it, in this process.</summary>
public sealed class RunEngine
{
    // A kill loses at most so much of a stage's measured time.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyDictionary<StageName, IStage> _stages;
    private readonly TimeProvider _time;
    private readonly Func<RunSpec, CancellationToken, Task<RunPlan>>? _plan;

    /// <param name="stages">One for each <see cref="StageName"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="plan">Measures what a run will take, once before it starts; null: it is not planned.</param>
    /// <exception cref="ArgumentException">A stage is missing or given twice.</exception>
    public RunEngine(IEnumerable<IStage> stages, TimeProvider time, Func<RunSpec, CancellationToken, Task<RunPlan>>? plan = null)
    {
        _plan = plan;
        _stages = stages.ToDictionary(stage => stage.Name);
        _time = time;
        string[] missing = [.. StageNames.All.Where(name => !_stages.ContainsKey(name)).Select(StageNames.Text)];
        if (missing.Length > 0)
        {
            throw new ArgumentException($"no stage was given for {string.Join(", ", missing)}", nameof(stages));
        }
    }

    /// <summary>Runs what is left of a run; a run that is done is verified and left as it is.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="spec">The spec; null takes the frozen one of a run that was begun.</param>
    /// <param name="notices">Where signs of life go; called on any thread.</param>
    /// <param name="stop">Asks to stop, resumable.</param>
    /// <exception cref="SeaException">The run could not be opened, or its ledger failed. A stage's failure is in the outcome instead.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop while it waited for its ledger; what was acknowledged is kept.</exception>
    public async Task<RunOutcome> RunAsync(RunFolder folder, RunSpec? spec, IProgress<RunNotice>? notices, CancellationToken stop)
    {
        await using RunSession session = await RunSession.OpenAsync(folder, spec, _time, notices, stop);
        return await RunAsync(session, notices, stop);
    }

    /// <summary>The same on a run that is open already.</summary>
    /// <param name="session">The run; stays the caller's.</param>
    /// <param name="notices">Where signs of life go.</param>
    /// <param name="stop">Asks to stop, resumable.</param>
    public async Task<RunOutcome> RunAsync(RunSession session, IProgress<RunNotice>? notices, CancellationToken stop)
    {
        notices ??= new Silence();
        using Activity? activity = await RunTrace.BeginAsync(session.Ledger, session.Run.Id, stop);
        Activity.Current = activity ?? Activity.Current;
        await PlanAsync(session, notices, stop);
        await RunVerification.InvalidateAsync(session, notices, stop);
        Exception? error = null;
        StageName? next = await session.ApplyAsync(new RunEvent.Begun());
        while (next is { } stage)
        {
            (RunEvent ended, error) = await RunStageAsync(session, stage, notices, stop);
            next = await session.ApplyAsync(ended);
            if (ended is RunEvent.StageEnded)
            {
                StageRow row = (await session.Ledger.StagesAsync(session.Run.Id, CancellationToken.None)).Single(row => row.Stage == stage.Text());
                notices.Report(new RunNotice.StageSettled(stage, row.State, row.Worked, row.Summary));
            }
        }

        return await OutcomeAsync(session, error);
    }

    // A plan is for people: that it cannot be made stops nothing, and a run that was killed over it goes on without.
    private async Task PlanAsync(RunSession session, IProgress<RunNotice> notices, CancellationToken stop)
    {
        if (_plan is null || !session.Begun)
        {
            return;
        }

        try
        {
            RunPlan plan = await _plan(session.Spec, stop);
            plan.Write(session.Folder);
            notices.Report(new RunNotice.Planned(plan));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            notices.Report(new RunNotice.NotPlanned(error.Message));
        }
    }

    private async Task<(RunEvent Ended, Exception? Error)> RunStageAsync(RunSession session, StageName stage, IProgress<RunNotice> notices, CancellationToken stop)
    {
        await using StageClock clock = new(session, stage, _time, Tick);
        using Activity? activity = SeaInstrumentation.Source.StartActivity(stage.Text());
        activity?.SetTag(SeaTags.Run, session.Run.Id);
        try
        {
            stop.ThrowIfCancellationRequested();
            notices.Report(new RunNotice.StageStarted(stage));
            string builtOn = await StageChain.OfAsync(session.Ledger, session.Run.Id, stage, stop);
            StageOutcome outcome = await _stages[stage].RunAsync(
                new RunContext
                {
                    Stage = stage,
                    Spec = session.Spec,
                    SpecHash = session.Run.SpecHash,
                    Run = session.Run.Id,
                    Folder = session.Folder,
                    Ledger = session.Ledger,
                    Artifacts = session.Artifacts,
                    Time = _time,
                    Notices = notices,
                },
                stop);
            outcome = outcome.State == StageState.Skipped ? outcome : StageChain.Seal(outcome, builtOn);
            Fault.Reach(FaultPoint.StageEnding);
            return (new RunEvent.StageEnded(stage, outcome.State, outcome.Summary?.ToJsonString()), null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return (new RunEvent.Stopped(), null);
        }
        catch (Exception error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
            string message = error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";
            return (new RunEvent.StageFailed(stage, message), error);
        }
    }

    private static async Task<RunOutcome> OutcomeAsync(RunSession session, Exception? error)
    {
        IReadOnlyList<StageRow> stages = await session.Ledger.StagesAsync(session.Run.Id);
        long quarantined = 0;
        foreach (StageName stage in StageNames.All)
        {
            quarantined += (await session.Ledger.CountsAsync(session.Run.Id, stage.Text())).Quarantined;
        }

        return new RunOutcome(
            session.Progress.Run,
            session.Folder,
            session.Run.Id,
            [.. StageNames.All.SelectMany(name => stages.Where(row => row.Stage == name.Text()))],
            quarantined,
            error);
    }

    private sealed class Silence : IProgress<RunNotice>
    {
        public void Report(RunNotice value)
        {
        }
    }
}
