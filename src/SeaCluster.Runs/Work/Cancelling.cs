namespace SeaCluster.Runs.Work;

internal static class Cancelling
{
    /// <summary>
    /// Cancels away from the caller's stack, as <see cref="CancellationTokenSource.CancelAsync"/> does, but where the caller's continuations run and not always on the thread pool: who
    /// schedules those, as a simulation on a clock of its own does, schedules this too.
    /// </summary>
    public static async Task CancelSoonAsync(this CancellationTokenSource source)
    {
        await Task.Yield();
#pragma warning disable CA1849, MA0042, VSTHRD103 // CancelAsync would leave the caller's scheduler
        source.Cancel();
#pragma warning restore CA1849, MA0042, VSTHRD103
    }
}
