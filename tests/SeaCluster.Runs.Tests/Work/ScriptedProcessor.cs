using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests.Work;

/// <summary>A processor that is the test's own iterator.</summary>
internal sealed class ScriptedProcessor(Func<ISampleQueue, CancellationToken, IAsyncEnumerable<SampleResult>> script) : ISampleProcessor
{
    public IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, CancellationToken cancel) => script(queue, cancel);
}
