using Orleans;
using Orleans.Runtime;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Dataset;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Grains;

/// <summary>The one thing that a grain has under way, beside its calls. Used on the grain's own scheduler.</summary>
internal sealed class Background<T>(T idle, CancellationToken stopping)
    where T : class
{
    private CancellationTokenSource? _stop;
    private Task? _running;
    private Task? _beginning;

    /// <summary>How far it is.</summary>
    public ProgressFeed<T> Feed { get; } = new(idle);

    /// <summary>Begins, unless it is under way.</summary>
    /// <param name="enter">Makes it known that it begins; then gives what to do.</param>
    public Task BeginAsync(Func<Task<Func<CancellationToken, Task>>> enter)
    {
        if (_beginning is { IsCompleted: false } beginning)
        {
            return beginning;
        }

        return _running is { IsCompleted: false } ? Task.CompletedTask : _beginning = EnterAsync(enter);
    }

    /// <summary>Asks it to end and waits for that.</summary>
    public async Task StopAsync()
    {
        if (_stop is not null && _running is { } running)
        {
            await _stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task EnterAsync(Func<Task<Func<CancellationToken, Task>>> enter)
    {
        Func<CancellationToken, Task> run = await enter();
        _stop?.Dispose();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _running = run(_stop.Token);
    }
}

/// <summary>What a grain that has something under way writes down: for its own next activation, and for the reminder that wakes it.</summary>
internal static class UnderWayState
{
    // The shortest time to wake after a silo's death; there is one reminder for each run that is under way, not for each sample.
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Writes that a run is under way.</summary>
    /// <returns>The activation's epoch: larger than that of any before it, since storage refuses a second writer.</returns>
    public static async Task<long> EnterAsync(this Grain grain, IPersistentState<UnderWay> state, RunReference run)
    {
        UnderWay before = state.State;
        state.State = new UnderWay { Run = run, Epoch = before.Epoch + 1 };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // Nothing was entered: what is stored counts.
            state.State = before;
            throw;
        }

        await grain.RegisterOrUpdateReminder(ProviderNames.Reminder, Period, Period);
        return state.State.Epoch;
    }

    /// <summary>Writes that nothing is under way any more.</summary>
    public static async Task SettleAsync(this Grain grain, IPersistentState<UnderWay> state)
    {
        state.State = new UnderWay { Epoch = state.State.Epoch };
        await state.WriteStateAsync();
        if (await grain.GetReminder(ProviderNames.Reminder) is { } reminder)
        {
            await grain.UnregisterReminder(reminder);
        }
    }
}

/// <summary>What errors mean for what is under way.</summary>
internal static class Reasons
{
    /// <summary>The error if a person must mend its cause; null for one after which the same is tried again, such as a ledger or a storage that is away.</summary>
    public static SeaException? Fatal(Exception error) => error is SeaException { InnerException: not LedgerAwayException } fatal ? fatal : null;

    /// <summary>An error in one line.</summary>
    public static string Of(Exception error) => error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";
}
