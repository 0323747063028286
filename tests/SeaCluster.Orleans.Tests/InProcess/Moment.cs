using SeaCluster.Runs.Coordination;

namespace SeaCluster.Orleans.Tests.InProcess;

/// <summary>The first notice of a kind.</summary>
internal sealed class Moment(Func<RunNotice, bool> which)
{
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _come.Task.WaitAsync(TimeSpan.FromMinutes(1));

    public void On(RunNotice notice)
    {
        if (which(notice))
        {
            _come.TrySetResult();
        }
    }
}
