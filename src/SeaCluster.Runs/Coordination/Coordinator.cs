using System.Collections.Immutable;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Coordination;

/// <summary>Where a run and its stages stand.</summary>
/// <param name="Run">The run.</param>
/// <param name="Stages">Every stage.</param>
public sealed record RunProgress(RunState Run, ImmutableSortedDictionary<StageName, StageState> Stages)
{
    /// <summary>A run that was not begun.</summary>
    public static RunProgress New { get; } = new(RunState.Pending, StageNames.All.ToImmutableSortedDictionary(stage => stage, _ => StageState.Pending));

    /// <summary>The first stage that is not settled, or null.</summary>
    public StageName? Next => StageNames.All.Cast<StageName?>().FirstOrDefault(stage => !IsSettled(Stages[stage!.Value]));

    /// <summary>The stage that runs, or null.</summary>
    public StageName? Running => StageNames.All.Cast<StageName?>().FirstOrDefault(stage => Stages[stage!.Value] == StageState.Running);

    /// <summary>Whether nothing is left to do for a stage.</summary>
    public static bool IsSettled(StageState state) => state is StageState.Done or StageState.Partly or StageState.Skipped;
}

/// <summary>Something that happened to a run.</summary>
public abstract record RunEvent
{
    private RunEvent()
    {
    }

    /// <summary>A process takes the run up, for the first time or again.</summary>
    public sealed record Begun : RunEvent;

    /// <summary>What a stage made is gone or altered, or samples of it were put back.</summary>
    public sealed record Invalidated(StageName Stage) : RunEvent;

    /// <summary>The running stage came to its end.</summary>
    /// <param name="Stage">Which.</param>
    /// <param name="State">Done, partly done or skipped.</param>
    /// <param name="Summary">What it says, JSON.</param>
    public sealed record StageEnded(StageName Stage, StageState State, string? Summary = null) : RunEvent;

    /// <summary>The running stage failed.</summary>
    public sealed record StageFailed(StageName Stage, string Error) : RunEvent;

    /// <summary>The running stage stopped on request.</summary>
    public sealed record Stopped : RunEvent;
}

/// <summary>What is to be done, in order.</summary>
public abstract record RunCommand
{
    private RunCommand()
    {
    }

    /// <summary>Record the run's move.</summary>
    public sealed record MoveRun(RunState From, RunState To, string? Message = null) : RunCommand;

    /// <summary>Record a stage's move.</summary>
    public sealed record MoveStage(StageName Stage, StageMove Move) : RunCommand;

    /// <summary>Run a stage, then say how it ended.</summary>
    public sealed record StartStage(StageName Stage) : RunCommand;
}

/// <summary>The answer to an event.</summary>
public sealed record Decision(RunProgress Progress, ImmutableList<RunCommand> Commands);

/// <summary>
/// Decides what a run does next. It knows neither files nor clocks: the same events give the same commands, whoever executes them.
/// </summary>
public static class Coordinator
{
    /// <exception cref="InvalidOperationException">The event cannot happen to a run that stands so.</exception>
    public static Decision Decide(RunProgress progress, RunEvent happened) => happened switch
    {
        RunEvent.Begun => Begin(progress),
        RunEvent.Invalidated invalidated => Invalidate(progress, invalidated.Stage),
        RunEvent.StageEnded ended => End(progress, ended),
        RunEvent.StageFailed failed => Fail(progress, failed),
        RunEvent.Stopped => Stop(progress),
        _ => throw new InvalidOperationException($"{happened} is not an event of a run"),
    };

    private static Decision Begin(RunProgress progress)
    {
        Recorder record = new(progress);
        foreach ((StageName stage, StageState state) in progress.Stages)
        {
            // Running means that a process died; failed means that the user wants it tried again.
            if (state is StageState.Running or StageState.Failed)
            {
                record.Stage(stage, StageState.Pending);
            }
        }

        return Continue(record);
    }

    private static Decision Invalidate(RunProgress progress, StageName invalid)
    {
        if (progress.Running is { } running)
        {
            throw new InvalidOperationException($"{invalid.Text()} cannot be done again while {running.Text()} runs");
        }

        Recorder record = new(progress);
        foreach (StageName stage in StageNames.All.Where(stage => stage >= invalid && progress.Stages[stage] != StageState.Pending))
        {
            record.Stage(stage, StageState.Pending);
        }

        if (progress.Run is RunState.Done or RunState.Partly && record.Progress.Next is not null)
        {
            record.Run(RunState.Interrupted, $"{invalid.Text()} is to be done again");
        }

        return record.Decision;
    }

    private static Decision End(RunProgress progress, RunEvent.StageEnded ended)
    {
        Require(progress, ended.Stage);
        if (!RunProgress.IsSettled(ended.State))
        {
            throw new InvalidOperationException($"{ended.Stage.Text()} cannot end {ended.State}");
        }

        Recorder record = new(progress);
        record.Stage(ended.Stage, ended.State, summary: ended.Summary);
        return Continue(record);
    }

    private static Decision Fail(RunProgress progress, RunEvent.StageFailed failed)
    {
        Require(progress, failed.Stage);
        Recorder record = new(progress);
        record.Stage(failed.Stage, StageState.Failed, error: failed.Error);
        record.Run(RunState.Failed, $"{failed.Stage.Text()}: {failed.Error}");
        return record.Decision;
    }

    private static Decision Stop(RunProgress progress)
    {
        Recorder record = new(progress);
        // More than one where a move of a process that died arrived after its successor had begun.
        foreach (StageName running in StageNames.All.Where(stage => progress.Stages[stage] == StageState.Running))
        {
            record.Stage(running, StageState.Pending);
        }

        if (progress.Run == RunState.Running)
        {
            record.Run(RunState.Interrupted);
        }

        return record.Decision;
    }

    private static Decision Continue(Recorder record)
    {
        if (record.Progress.Next is { } next)
        {
            record.Run(RunState.Running);
            record.Stage(next, StageState.Running);
            record.Start(next);
        }
        else
        {
            record.Run(record.Progress.Stages.ContainsValue(StageState.Partly) ? RunState.Partly : RunState.Done);
        }

        return record.Decision;
    }

    private static void Require(RunProgress progress, StageName stage)
    {
        if (progress.Run != RunState.Running || progress.Stages[stage] != StageState.Running)
        {
            throw new InvalidOperationException($"{stage.Text()} is {progress.Stages[stage]} in a run that is {progress.Run}; it did not run");
        }
    }

    private sealed class Recorder(RunProgress progress)
    {
        private readonly ImmutableList<RunCommand>.Builder _commands = ImmutableList.CreateBuilder<RunCommand>();

        public RunProgress Progress { get; private set; } = progress;

        public Decision Decision => new(Progress, _commands.ToImmutable());

        public void Run(RunState to, string? message = null)
        {
            if (Progress.Run != to)
            {
                _commands.Add(new RunCommand.MoveRun(Progress.Run, to, message));
                Progress = Progress with { Run = to };
            }
        }

        public void Stage(StageName stage, StageState to, string? summary = null, string? error = null)
        {
            _commands.Add(new RunCommand.MoveStage(stage, new StageMove(Progress.Stages[stage], to) { Summary = summary, Error = error }));
            Progress = Progress with { Stages = Progress.Stages.SetItem(stage, to) };
        }

        public void Start(StageName stage) => _commands.Add(new RunCommand.StartStage(stage));
    }
}
