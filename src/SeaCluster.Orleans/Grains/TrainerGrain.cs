using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Placement;
using SeaCluster.Orleans.Training;

namespace SeaCluster.Orleans.Grains;

/// <summary>Drives one run on the trainer silo.</summary>
[GrainType("sea-trainer"), Immovable, OnSilosOfRole(SiloRoles.Trainer), Reentrant]
internal sealed class TrainerGrain(
    [PersistentState(ProviderNames.TrainerState, ProviderNames.Storage)] IPersistentState<UnderWay> state,
    TrainerWork work,
    IHostApplicationLifetime life) : Grain, ITrainerGrain, IRemindable
{
    private readonly Background<TrainerProgress> _background = new(new TrainerProgress { Ended = true }, life.ApplicationStopping);

    /// <inheritdoc/>
    public Task StartAsync(RunReference run, CancellationToken cancel) => _background.BeginAsync(() => RunAsync(run));

    /// <inheritdoc/>
    public IAsyncEnumerable<TrainerProgress> WatchAsync(CancellationToken cancel) => _background.Feed.ReadAsync(progress => progress.Ended, cancel);

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
        await this.EnterAsync(state, run);
        _background.Feed.Tell(new TrainerProgress());
        return stop => WorkAsync(run, stop);
    }

    private async Task WorkAsync(RunReference run, CancellationToken stop)
    {
        TrainerProgress last = new();
        try
        {
            bool settled = await Task.Run(() => work.RunAsync(run, progress => _background.Feed.Tell(last = progress), stop), CancellationToken.None);
            if (settled)
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
