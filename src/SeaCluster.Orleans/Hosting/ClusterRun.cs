using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Grains;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Orleans.Hosting;

/// <summary>A run handed to a cluster and followed from outside.</summary>
internal static class ClusterRun
{
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    public static async Task<RunOutcome> RunAsync(ClusterAddress address, string name, RunFolder folder, RunSpec spec, IProgress<RunNotice> notices, CancellationToken stop)
    {
        string run = await BeginAsync(folder, spec, stop);
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client.AddSea().UseCluster(address, name));
        using IHost host = builder.Build();
        try
        {
            await host.StartAsync(stop);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new SeaException($"no silo of the cluster {name} answers at {address.Shown}: {error.Message}", "start 'sea silo' with the same --cluster and --cluster-name", error);
        }

        RunOutcome outcome = await FollowAsync(host.Services.GetRequiredService<IClusterClient>(), folder, run, notices, stop);
        await host.StopAsync(CancellationToken.None);
        return outcome;
    }

    /// <summary>Follows a run to its end; where the silo that drives it dies, the next one is asked.</summary>
    internal static async Task<RunOutcome> FollowAsync(IGrainFactory grains, RunFolder folder, string run, IProgress<RunNotice> notices, CancellationToken stop)
    {
        RunReference reference = new() { Folder = Path.GetFileName(folder.Path), Run = run };
        ITrainerGrain trainer = grains.GetGrain<ITrainerGrain>(run);
        StageName at = StageName.Prepare;
        bool started = false;
        while (true)
        {
            try
            {
                await trainer.StartAsync(reference, stop);
                TrainerProgress? last = null;
                await foreach (TrainerProgress progress in trainer.WatchAsync(stop).WithCancellation(stop))
                {
                    last = progress;
                    if (progress.Stage is { } text && StageNames.Parse(text) is { } stage)
                    {
                        if (!started || stage != at)
                        {
                            (at, started) = (stage, true);
                            notices.Report(new RunNotice.StageStarted(stage));
                        }

                        notices.Report(new RunNotice.StageAdvanced(stage, progress.Done, progress.Total, progress.Detail));
                    }
                }

                if (last is { Error: { } error })
                {
                    throw new SeaException(error, last.Hint);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                await trainer.StopAsync(CancellationToken.None);
                throw;
            }
            catch (Exception error) when (error is not SeaException && !stop.IsCancellationRequested)
            {
                notices.Report(new RunNotice.StageAdvanced(at, 0, 1, $"asking again: {Reasons.Of(error)}"));
            }

            RunOutcome outcome = await OutcomeAsync(folder, stop);
            if (outcome.State is RunState.Done or RunState.Partly or RunState.Failed)
            {
                return outcome;
            }

            await Task.Delay(s_again, stop);
        }
    }

    // The ledger gets the run before any silo hears of it, and its lock is free again when one does. What failed is tried again, as 'sea run' would.
    internal static async Task<string> BeginAsync(RunFolder folder, RunSpec spec, CancellationToken stop)
    {
        await using RunSession session = await RunSession.OpenAsync(folder, spec, TimeProvider.System, cancel: stop);
        // Whoever drives the run takes up the trace that is recorded here.
        using Activity? activity = await RunTrace.BeginAsync(session.Ledger, session.Run.Id, stop);
        if (session.Run.State == RunState.Failed)
        {
            await session.Ledger.MoveRunAsync(session.Run.Id, RunState.Failed, RunState.Interrupted, cancel: stop);
        }

        return session.Run.Id;
    }

    private static async Task<RunOutcome> OutcomeAsync(RunFolder folder, CancellationToken stop)
    {
        await using RunLedger ledger = await RunLedger.OpenAsync(folder, null, create: false, TimeProvider.System, stop);
        RunRow run = await ledger.FindRunAsync(stop) ?? throw new SeaException($"{ledger.Shown}: holds no run");
        IReadOnlyList<StageRow> stages = await ledger.Ledger.StagesAsync(run.Id, stop);
        long quarantined = (await ledger.Ledger.CountsAsync(run.Id, StageName.Synthesize.Text(), stop)).Quarantined;
        return new RunOutcome(
            run.State, folder, run.Id, [.. StageNames.All.SelectMany(name => stages.Where(row => row.Stage == name.Text()))], quarantined,
            run.State == RunState.Failed ? new SeaException(run.Message ?? "the run failed") : null);
    }
}
