using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;

namespace SeaCluster.Orleans.Tests.Processes;

/// <summary>How far a run was seen to be.</summary>
internal sealed class Stages
{
    private readonly Lock _gate = new();
    private readonly List<(StageName Stage, double Done, TaskCompletionSource Come)> _awaited = [];
    private readonly List<string> _told = [];
    private (StageName Stage, double Done) _at;

    public void On(RunNotice notice)
    {
        if (notice is not RunNotice.StageAdvanced advanced)
        {
            return;
        }

        lock (_gate)
        {
            _at = (advanced.Stage, advanced.Done);
            _told.Add($"{DateTime.UtcNow:mm:ss.fff} {advanced.Stage} {advanced.Done} of {advanced.Total} {advanced.Detail}");
            _awaited.Where(each => Reached(each.Stage, each.Done)).ToList().ForEach(each => each.Come.TrySetResult());
        }
    }

    public async Task ReachAsync(StageName stage, double done)
    {
        TaskCompletionSource come = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (Reached(stage, done))
            {
                return;
            }

            _awaited.Add((stage, done, come));
        }

        try
        {
            await come.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{stage} did not come to {done}; last: {string.Join('\n', _told.TakeLast(20))}", error);
        }
    }

    private bool Reached(StageName stage, double done) => _at.Stage > stage || (_at.Stage == stage && _at.Done >= done);
}
