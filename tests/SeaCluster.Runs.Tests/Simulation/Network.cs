using System.Reflection;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>How the network between a process and its ledger behaves.</summary>
internal sealed class NetworkFaults
{
    /// <summary>Whether it misbehaves at all.</summary>
    public bool On { get; set; }

    public double Lost { get; init; }

    public double Unacknowledged { get; init; }

    public double Twice { get; init; }

    public double Late { get; init; }
}

/// <summary>
/// A ledger as one process sees it over a network: calls take time, get lost, are carried out without an answer, are carried out twice, or arrive after minutes, also when who sent them is
/// dead. The ledger behind it is the real one.
/// </summary>
public class RemoteLedger : DispatchProxy
{
    private static readonly HashSet<string> s_writes =
    [
        nameof(ILedger.LeaseAsync), nameof(ILedger.LeaseBatchAsync), nameof(ILedger.RenewAsync), nameof(ILedger.CompleteAsync), nameof(ILedger.FailAsync), nameof(ILedger.ReleaseAsync),
        nameof(ILedger.EnqueueAsync), nameof(ILedger.MoveRunAsync), nameof(ILedger.MoveStageAsync), nameof(ILedger.PutArtifactAsync),
    ];

    private static readonly MethodInfo s_send = typeof(RemoteLedger).GetMethod(nameof(SendAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private ILedger _ledger = null!;
    private VirtualWorld _world = null!;
    private NetworkFaults _faults = null!;
    private Actor _actor = null!;
    private Action<string, object?[], Func<object?>> _carryOut = null!;

    /// <param name="ledger">The real one.</param>
    /// <param name="world">Where it happens.</param>
    /// <param name="faults">How bad the network is.</param>
    /// <param name="actor">Who calls.</param>
    /// <param name="carryOut">Told of every call at the moment when the ledger carries it out: its name, its arguments, and what does it.</param>
    internal static ILedger Over(ILedger ledger, VirtualWorld world, NetworkFaults faults, Actor actor, Action<string, object?[], Func<object?>> carryOut)
    {
        ILedger remote = Create<ILedger, RemoteLedger>();
        RemoteLedger self = (RemoteLedger)(object)remote;
        (self._ledger, self._world, self._faults, self._actor, self._carryOut) = (ledger, world, faults, actor, carryOut);
        return remote;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.ReturnType == typeof(ValueTask))
        {
            // The connection is closed; the ledger is not.
            return ValueTask.CompletedTask;
        }

        Type result = targetMethod.ReturnType.IsGenericType ? targetMethod.ReturnType.GetGenericArguments()[0] : typeof(object);
        return s_send.MakeGenericMethod(result).Invoke(this, BindingFlags.DoNotWrapExceptions, null, [targetMethod, args], null);
    }

    private Task<T> SendAsync<T>(MethodInfo method, object?[] arguments)
    {
        TaskCompletionSource<T> answer = new();
        CancellationToken cancel = (CancellationToken)arguments[^1]!;
        arguments = [.. arguments[..^1], CancellationToken.None];
        cancel.Register(() => answer.TrySetCanceled(cancel), useSynchronizationContext: false);
        bool write = s_writes.Contains(method.Name);
        TimeSpan way = Way();
        if (Cut || Is(_faults.Lost))
        {
            _world.After(way, () => Away(answer));
            return answer.Task;
        }

        bool unacknowledged = Is(_faults.Unacknowledged);
        _world.After(way, () =>
        {
            object? result = null;
            Exception? refused = null;
            try
            {
                _carryOut(method.Name, arguments, () => result = Result(method.Invoke(_ledger, BindingFlags.DoNotWrapExceptions, null, arguments, null)!));
            }
            catch (SeaException error)
            {
                refused = error;
            }

            _world.After(Way(), () =>
            {
                if (unacknowledged || Cut)
                {
                    Away(answer);
                }
                else if (refused is not null)
                {
                    answer.TrySetException(refused);
                }
                else
                {
                    answer.TrySetResult((T)result!);
                }
            });
        });
        if (write && Is(_faults.Twice))
        {
            _world.After(way + _world.Between(0, 90), () =>
            {
                _world.Say($"{_actor.Name}: {method.Name} arrives again");
                try
                {
                    _carryOut(method.Name, arguments, () => Result(method.Invoke(_ledger, BindingFlags.DoNotWrapExceptions, null, arguments, null)!));
                }
                catch (SeaException error)
                {
                    _world.Say(error.Message);
                }
            });
        }

        return answer.Task;
    }

    private bool Cut => _actor.CutOffUntil > _world.Now;

    private bool Is(double probability) => _faults.On && _world.Chance(probability);

    private TimeSpan Way() => Is(_faults.Late) ? _world.Between(1, 120) : _world.Between(0.001, 0.02);

    private static void Away<T>(TaskCompletionSource<T> answer) => answer.TrySetException(new SeaException("the database cannot be reached", inner: new LedgerAwayException("cut")));

    // An embedded ledger has its answer when the call returns.
    private static object? Result(object task)
    {
        ((Task)task).GetAwaiter().GetResult();
        return task.GetType().IsGenericType && task.GetType().GetProperty("Result") is { } property && property.PropertyType.Name != "VoidTaskResult" ? property.GetValue(task) : null;
    }
}
