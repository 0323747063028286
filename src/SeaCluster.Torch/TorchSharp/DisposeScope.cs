namespace TorchSharp;

/// <summary>
/// Disposes the tensors that were created while it was the current scope. Scopes nest, flow across <c>await</c> and into the tasks
/// that were started inside them, and may be used from several threads at once.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    private static readonly AsyncLocal<DisposeScope?> CurrentScope = new();

    private readonly Lock gate = new();
    private HashSet<IDisposable> disposables = new(ReferenceEqualityComparer.Instance);
    private bool disposed;

    internal DisposeScope()
    {
        OuterScope = Current;
        CurrentScope.Value = this;
    }

    /// <summary>The innermost scope that is still open; a task may outlive the scope it was started in.</summary>
    internal static DisposeScope? Current
    {
        get
        {
            var scope = CurrentScope.Value;
            while (scope is { disposed: true })
            {
                scope = scope.OuterScope;
            }

            return scope;
        }
    }

    internal DisposeScope? OuterScope { get; }

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                return [.. disposables];
            }
        }
    }

    public int DisposablesCount
    {
        get
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                return disposables.Count;
            }
        }
    }

    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
    {
        MoveToOther(OpenOuter, [disposable]);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        MoveToOther(OpenOuter, [first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        MoveToOther(OpenOuter, [first, second, third]);
        return (first, second, third);
    }

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OpenOuter, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OpenOuter, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        MoveToOther(scope, [disposable]);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        MoveToOther(scope, [first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        MoveToOther(scope, [first, second, third]);
        return (first, second, third);
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
        {
            if (Remove(disposable))
            {
                scope?.Add(disposable);
            }
        }
    }

    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        MoveToOther(null, [disposable]);
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        MoveToOther(null, [first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        MoveToOther(null, [first, second, third]);
        return (first, second, third);
    }

    public void Detach(params IDisposable[] disposables) => MoveToOther(null, disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    public void Attach(IDisposable disposable) => Attach([disposable]);

    public void Attach(params IDisposable[] disposables) => _ = Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        IDisposable[] all = [.. disposables];
        foreach (var disposable in all)
        {
            if (disposable is not torch.Tensor tensor)
            {
                throw new InvalidOperationException($"A dispose scope holds tensors; {disposable.GetType().Name} is none.");
            }

            tensor.OwningDisposeScope?.Remove(tensor);
            Add(tensor);
        }

        return all;
    }

    public void DisposeEverything() => DisposeEverythingBut([]);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        HashSet<IDisposable> kept = new(inKeep, ReferenceEqualityComparer.Instance);
        HashSet<IDisposable> old;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            old = disposables;
            disposables = kept;
        }

        DisposeAll(old, kept);
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep)
        where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        DisposeEverythingBut([first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        DisposeEverythingBut([first, second, third]);
        return (first, second, third);
    }

    public void Dispose()
    {
        HashSet<IDisposable> old;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            old = disposables;
            disposables = [];
        }

        DisposeAll(old, []);
        CurrentScope.Value = Current;
    }

    public void MarkAsDisposed(IDisposable disposable) => Remove(disposable);

    public bool Contains(IDisposable disposable)
    {
        lock (gate)
        {
            return disposables.Contains(disposable);
        }
    }

    /// <summary>Registers a new tensor; one that comes too late for this scope goes to the next open one.</summary>
    internal void Add(IDisposable disposable)
    {
        var scope = this;
        while (scope is not null)
        {
            lock (scope.gate)
            {
                if (!scope.disposed)
                {
                    scope.disposables.Add(disposable);
                    if (disposable is torch.Tensor tensor)
                    {
                        tensor.OwningDisposeScope = scope;
                    }

                    return;
                }
            }

            scope = scope.OuterScope;
        }
    }

    private DisposeScope? OpenOuter
    {
        get
        {
            var scope = OuterScope;
            while (scope is { disposed: true })
            {
                scope = scope.OuterScope;
            }

            return scope;
        }
    }

    private static void DisposeAll(HashSet<IDisposable> all, HashSet<IDisposable> kept)
    {
        foreach (var disposable in all)
        {
            if (kept.Contains(disposable))
            {
                continue;
            }

            if (disposable is torch.Tensor tensor)
            {
                tensor.OwningDisposeScope = null;
            }

            disposable.Dispose();
        }
    }

    private bool Remove(IDisposable disposable)
    {
        lock (gate)
        {
            if (!disposables.Remove(disposable))
            {
                return false;
            }
        }

        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = null;
        }

        return true;
    }
}

public static partial class torch
{
    public static DisposeScope? CurrentDisposeScope => DisposeScope.Current;

    public static DisposeScope NewDisposeScope() => new();

    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
