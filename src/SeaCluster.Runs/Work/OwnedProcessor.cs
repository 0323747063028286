namespace SeaCluster.Runs.Work;

/// <summary>Ends with a processor, which may own a model or nothing.</summary>
internal readonly struct OwnedProcessor(ISampleProcessor processor) : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        switch (processor)
        {
            case IAsyncDisposable disposable:
                await disposable.DisposeAsync();
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }
}
