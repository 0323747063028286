using System.Runtime.CompilerServices;

namespace SeaCluster.Orleans.Dataset;

/// <summary>The newest of a row of values, for any number of readers; slow ones miss those between.</summary>
internal sealed class ProgressFeed<T>(T first)
    where T : class
{
    private readonly Lock _gate = new();
    private T _newest = first;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>The newest.</summary>
    public T Newest
    {
        get
        {
            lock (_gate)
            {
                return _newest;
            }
        }
    }

    /// <summary>Tells a new value.</summary>
    public void Tell(T value)
    {
        lock (_gate)
        {
            _newest = value;
            _changed.SetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>The newest value, then whatever is newest after each change, up to one that is the last.</summary>
    public async IAsyncEnumerable<T> ReadAsync(Func<T, bool> last, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            (T value, Task changed) = Look();
            yield return value;
            if (last(value))
            {
                yield break;
            }

            await changed.WaitAsync(cancel);
        }
    }

    private (T, Task) Look()
    {
        lock (_gate)
        {
            return (_newest, _changed.Task);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
