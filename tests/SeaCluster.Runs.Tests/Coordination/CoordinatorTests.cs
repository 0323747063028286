using System.Collections.Immutable;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using static SeaCluster.Runs.Ledgers.StageState;
using static SeaCluster.Runs.StageName;

namespace SeaCluster.Runs.Tests.Coordination;

public sealed class CoordinatorTests
{
    [Fact]
    public void A_new_run_starts_with_preparation()
    {
        Decision decision = Coordinator.Decide(RunProgress.New, new RunEvent.Begun());
        Texts(decision).ShouldBe(["run Pending -> Running", "prepare Pending -> Running", "start prepare"]);
    }

    [Fact]
    public void Stages_follow_one_another_to_the_end()
    {
        RunProgress progress = Coordinator.Decide(RunProgress.New, new RunEvent.Begun()).Progress;
        List<string> all = [];
        foreach (StageName stage in StageNames.All)
        {
            Decision decision = Coordinator.Decide(progress, new RunEvent.StageEnded(stage, stage == Evaluate ? Skipped : Done, "{}"));
            all.AddRange(Texts(decision));
            progress = decision.Progress;
        }

        all.ShouldBe([
            "prepare Running -> Done", "synthesize Pending -> Running", "start synthesize",
            "synthesize Running -> Done", "align Pending -> Running", "start align",
            "align Running -> Done", "evaluate Pending -> Running", "start evaluate",
            "evaluate Running -> Skipped", "report Pending -> Running", "start report",
            "report Running -> Done", "run Running -> Done",
        ]);
        Texts(Coordinator.Decide(progress, new RunEvent.Begun())).ShouldBeEmpty();
    }

    [Fact]
    public void Quarantined_samples_do_not_stop_a_run_but_mark_its_end() =>
        Texts(Coordinator.Decide(At(RunState.Running, Done, Partly, Done, Done, Running), new RunEvent.StageEnded(Report, Done)))
            .ShouldBe(["report Running -> Done", "run Running -> Partly"]);

    [Fact]
    public void A_failed_stage_fails_the_run_and_beginning_again_tries_it_again()
    {
        Decision failed = Coordinator.Decide(At(RunState.Running, Done, Done, Running, Pending, Pending), new RunEvent.StageFailed(Align, "loss is NaN"));
        Texts(failed).ShouldBe(["align Running -> Failed", "run Running -> Failed"]);
        failed.Commands.OfType<RunCommand.MoveRun>().Single().Message.ShouldBe("align: loss is NaN");
        failed.Commands.OfType<RunCommand.MoveStage>().Single().Move.Error.ShouldBe("loss is NaN");

        Texts(Coordinator.Decide(failed.Progress, new RunEvent.Begun()))
            .ShouldBe(["align Failed -> Pending", "run Failed -> Running", "align Pending -> Running", "start align"]);
    }

    [Fact]
    public void A_stopped_run_is_resumable()
    {
        Decision stopped = Coordinator.Decide(At(RunState.Running, Done, Running, Pending, Pending, Pending), new RunEvent.Stopped());
        Texts(stopped).ShouldBe(["synthesize Running -> Pending", "run Running -> Interrupted"]);
        Texts(Coordinator.Decide(stopped.Progress, new RunEvent.Begun())).ShouldBe(["run Interrupted -> Running", "synthesize Pending -> Running", "start synthesize"]);
    }

    [Fact]
    public void A_killed_run_takes_its_stage_up_again() =>
        Texts(Coordinator.Decide(At(RunState.Running, Done, Running, Pending, Pending, Pending), new RunEvent.Begun()))
            .ShouldBe(["synthesize Running -> Pending", "synthesize Pending -> Running", "start synthesize"]);

    [Fact]
    public void What_is_built_on_something_altered_is_done_again()
    {
        Decision decision = Coordinator.Decide(At(RunState.Partly, Done, Partly, Done, Skipped, Done), new RunEvent.Invalidated(Synthesize));
        Texts(decision).ShouldBe(["synthesize Partly -> Pending", "align Done -> Pending", "evaluate Skipped -> Pending", "report Done -> Pending", "run Partly -> Interrupted"]);
    }

    [Fact]
    public void Impossible_events_are_refused()
    {
        Should.Throw<InvalidOperationException>(() => Coordinator.Decide(RunProgress.New, new RunEvent.StageEnded(Prepare, Done))).Message
            .ShouldBe("prepare is Pending in a run that is Pending; it did not run");
        Should.Throw<InvalidOperationException>(() => Coordinator.Decide(At(RunState.Running, Running, Pending, Pending, Pending, Pending), new RunEvent.StageEnded(Prepare, Failed)));
        Should.Throw<InvalidOperationException>(() => Coordinator.Decide(At(RunState.Running, Running, Pending, Pending, Pending, Pending), new RunEvent.Invalidated(Prepare)));
    }

    [Fact]
    public void Any_history_keeps_the_order_of_stages_and_ends_when_faults_cease()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            RunProgress progress = RunProgress.New;
            for (int i = 0; i < 25; i++)
            {
                progress = Step(progress, random, faults: true, $"seed {seed}, event {i}");
            }

            for (int i = 0; i < 8 && progress.Run != RunState.Done; i++)
            {
                progress = Step(progress, random, faults: false, $"seed {seed}, recovery {i}");
            }

            progress.Run.ShouldBe(RunState.Done, $"seed {seed}");
        }
    }

    private static RunProgress Step(RunProgress progress, Random random, bool faults, string at)
    {
        RunEvent happened = (progress.Running, faults ? random.Next(5) : 4) switch
        {
            ({ } running, 0) => new RunEvent.StageFailed(running, "error"),
            ({ }, 1) => new RunEvent.Stopped(),
            ({ }, 2) => new RunEvent.Begun(),
            ({ } running, _) => new RunEvent.StageEnded(running, Done),
            (null, 0) => new RunEvent.Invalidated((StageName)random.Next(5)),
            _ => new RunEvent.Begun(),
        };
        Decision decision = Coordinator.Decide(progress, happened);

        // Each command moves from where the last one left; a stage starts only when those before it are settled, and one at a time.
        RunProgress replayed = progress;
        foreach (RunCommand command in decision.Commands)
        {
            switch (command)
            {
                case RunCommand.MoveRun move:
                    move.From.ShouldBe(replayed.Run, at);
                    replayed = replayed with { Run = move.To };
                    break;
                case RunCommand.MoveStage move:
                    move.Move.From.ShouldBe(replayed.Stages[move.Stage], at);
                    replayed = replayed with { Stages = replayed.Stages.SetItem(move.Stage, move.Move.To) };
                    break;
                case RunCommand.StartStage start:
                    replayed.Stages.Where(stage => stage.Key < start.Stage).ShouldAllBe(stage => RunProgress.IsSettled(stage.Value), at);
                    replayed.Stages.Count(stage => stage.Value == Running).ShouldBe(1, at);
                    break;
            }
        }

        (replayed.Run, string.Join(' ', replayed.Stages.Values)).ShouldBe((decision.Progress.Run, string.Join(' ', decision.Progress.Stages.Values)), at);
        return decision.Progress;
    }

    private static RunProgress At(RunState run, params StageState[] stages) =>
        new(run, stages.Select((state, i) => (Stage: (StageName)i, State: state)).ToImmutableSortedDictionary(entry => entry.Stage, entry => entry.State));

    private static IEnumerable<string> Texts(Decision decision) => decision.Commands.Select(command => command switch
    {
        RunCommand.MoveRun move => $"run {move.From} -> {move.To}",
        RunCommand.MoveStage move => $"{move.Stage.Text()} {move.Move.From} -> {move.Move.To}",
        RunCommand.StartStage start => $"start {start.Stage.Text()}",
        _ => throw new InvalidOperationException(),
    });
}
