using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Dataset;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Placement;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Grains;

/// <summary>What a dataset or trainer grain keeps.</summary>
[GenerateSerializer, Alias("sea.UnderWay")]
internal sealed class UnderWay
{
    /// <summary>What is under way; null when nothing is.</summary>
    [Id(0)]
    public RunReference? Run { get; set; }

    /// <summary>Grows with every activation that begins.</summary>
    [Id(1)]
    public long Epoch { get; set; }
}

/// <summary>Keeps a window of sample grains at work and gathers their results into the ledger.</summary>
[GrainType("sea-dataset"), Immovable, OnSilosOfRole(SiloRoles.Trainer), Reentrant]
internal sealed class DatasetGrain(
    [PersistentState(ProviderNames.DatasetState, ProviderNames.Storage)] IPersistentState<UnderWay> state,
    DatasetWork work,
    IHostApplicationLifetime life) : Grain, IDatasetGrain, IRemindable
{
    private readonly Background<DatasetProgress> _background = new(new DatasetProgress { Ended = true }, life.ApplicationStopping);

    /// <inheritdoc/>
    public Task StartAsync(RunReference run, CancellationToken cancel) => _background.BeginAsync(() => RunAsync(run));

    /// <inheritdoc/>
    public IAsyncEnumerable<DatasetProgress> WatchAsync(CancellationToken cancel) => _background.Feed.ReadAsync(progress => progress.Ended, cancel);

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancel)
    {
        await _background.StopAsync();
        await this.SettleAsync(state);
    }

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) =>
        state.State.Run is { } run ? StartAsync(run, CancellationToken.None) : this.SettleAsync(state);

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _background.StopAsync();

    private async Task<Func<CancellationToken, Task>> RunAsync(RunReference run)
    {
        long epoch = await this.EnterAsync(state, run);
        _background.Feed.Tell(new DatasetProgress());
        return stop => WorkAsync(run, epoch, stop);
    }

    private async Task WorkAsync(RunReference run, long epoch, CancellationToken stop)
    {
        DatasetProgress last = new();
        try
        {
            WorkOutcome outcome = await Task.Run(() => work.RunAsync(run, epoch, progress => _background.Feed.Tell(last = progress), stop), CancellationToken.None);
            if (outcome.End == WorkEnd.Settled)
            {
                await this.SettleAsync(state);
            }

            _background.Feed.Tell(last with { Ended = true });
        }
        catch (Exception error)
        {
            // Only what a person must mend ends the run; whatever else it was, it is begun again.
            SeaException? fatal = stop.IsCancellationRequested ? null : Reasons.Fatal(error);
            _background.Feed.Tell(last with { Ended = true, Detail = Reasons.Of(error), Error = fatal?.Message, Hint = fatal?.Hint });
        }
    }
}
