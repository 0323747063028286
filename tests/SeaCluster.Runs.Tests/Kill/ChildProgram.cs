using System.Diagnostics;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests.Kill;

/// <summary>This assembly as a program: what the kill tests start, listen to and kill.</summary>
public static class ChildProgram
{
    public static async Task<int> Main(string[] args)
    {
        StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        long allowed = long.MaxValue;
        void Say(string line)
        {
            lock (output)
            {
                // So many lines and no more: whoever has another to say waits here for the kill.
                if (allowed-- == 0)
                {
                    new ManualResetEventSlim().Wait();
                }

                output.WriteLine(line);
            }
        }

        void Die(string line)
        {
            lock (output)
            {
                output.WriteLine(line);
                Process.GetCurrentProcess().Kill();
                new ManualResetEventSlim().Wait();
            }
        }

        try
        {
            return args switch
            {
                ["run", var spec, var folder] => await RunAsync(spec, folder, Say, null, 0, Die),
                ["run", var spec, var folder, "lines", var lines] when (allowed = long.Parse(lines)) > 0 => await RunAsync(spec, folder, Say, null, 0, Die),
                ["run", var spec, var folder, "die", var point, var pass] => await RunAsync(spec, folder, Say, Enum.Parse<FaultPoint>(point), int.Parse(pass), Die),
                ["work", var folder, var run, .. var mode] => await WorkAsync(folder, run, stepwise: mode is ["stepwise"], Say),
                ["host", var root, .. var mode] => await HostAsync(root, stepwise: mode is ["stepwise"], Say),
                ["hold", var folder] => await HoldAsync(folder, Say),
                _ => 2,
            };
        }
        catch (SeaException error)
        {
            Say($"error {error.Message}");
            return 1;
        }
    }

    private static async Task<int> RunAsync(string spec, string folder, Action<string> say, FaultPoint? deadly, int pass, Action<string> die)
    {
        int passes = 0;
        using IDisposable armed = Fault.Arm(point => (point == deadly && Interlocked.Increment(ref passes) == pass ? die : say)($"at {point}"));
        Notices notices = new(notice =>
        {
            if (notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Detail: { } detail } && !detail.Contains(' ', StringComparison.Ordinal))
            {
                say($"done {detail}");
            }
        });
        RunOutcome outcome = await new FakeRun(say).Engine(TimeProvider.System).RunAsync(new RunFolder(folder), SpecReader.Load(spec), notices, CancellationToken.None);
        return outcome.ExitCode;
    }

    private static async Task<int> WorkAsync(string folder, string run, bool stepwise, Action<string> say)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(new RunFolder(folder), given: null, create: true, TimeProvider.System);
        WorkerOptions options = new($"process {Environment.ProcessId}", TimeSpan.FromSeconds(1), 100, new RetryPolicy(3, TimeSpan.Zero, TimeSpan.Zero));
        Worker worker = new(opened.Ledger, new FolderArtifactStore(folder), options, TimeProvider.System);
        FakeLane lane = new(4, say, stepwise ? async cancel => await Console.In.ReadLineAsync(cancel) : null);
        WorkOutcome outcome = await worker.RunAsync(run, "synthesize", lane, null, CancellationToken.None);
        say($"outcome {outcome.Done} {outcome.LeasesLost}");
        return 0;
    }

    private static async Task<int> HostAsync(string root, bool stepwise, Action<string> say)
    {
        FakeRun run = new(say) { BeforeTick = stepwise ? async cancel => await Console.In.ReadLineAsync(cancel) : null };
        void Tell(WorkerNotice notice)
        {
            if (notice is WorkerNotice.SetAside aside)
            {
                say($"aside {aside.Reason}");
            }
        }

        await using WorkerHost host = new(new WorkerHostOptions { Root = root }, [run.Synthesize()], TimeProvider.System, Tell);
        await host.RunAsync(CancellationToken.None, CancellationToken.None);
        return 0;
    }

    private static async Task<int> HoldAsync(string folder, Action<string> say)
    {
        using RunLock held = RunLock.Acquire(new RunFolder(folder), TimeProvider.System);
        say("held");
        await Console.In.ReadLineAsync();
        return 0;
    }
}
