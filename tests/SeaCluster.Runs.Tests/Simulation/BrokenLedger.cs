using System.Reflection;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>A ledger with a fault of its own, to see that the simulation finds it.</summary>
public class BrokenLedger : DispatchProxy
{
    private readonly HashSet<string> _handedOut = [];
    private ILedger _ledger = null!;
    private Fault _fault;
    private int _calls;

    /// <summary>What is wrong with it.</summary>
    public enum Fault
    {
        /// <summary>Whoever completes is believed, whatever token it has.</summary>
        TokensIgnored,

        /// <summary>A lease that holds is ended for the next who asks.</summary>
        LeasesHandedOutTwice,

        /// <summary>A result is acknowledged, and the sample is put back.</summary>
        CompletionsForgotten,
    }

    internal static ILedger Over(ILedger ledger, Fault fault)
    {
        ILedger broken = Create<ILedger, BrokenLedger>();
        (((BrokenLedger)(object)broken)._ledger, ((BrokenLedger)(object)broken)._fault) = (ledger, fault);
        return broken;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        string call = targetMethod!.Name;
        if (_fault == Fault.TokensIgnored && call == nameof(ILedger.CompleteAsync))
        {
            args![2] = ((IReadOnlyList<Completion>)args[2]!).Select(completion =>
                completion with { Token = _ledger.SampleAsync((string)args[0]!, (string)args[1]!, completion.Sample).GetAwaiter().GetResult()!.Token }).ToArray();
        }

        if (_fault == Fault.LeasesHandedOutTwice && call == nameof(ILedger.LeaseAsync) && ++_calls % 7 == 0)
        {
            _ledger.ExpireLeasesAsync((string)args![0]!).GetAwaiter().GetResult();
        }

        object? result = targetMethod.Invoke(_ledger, BindingFlags.DoNotWrapExceptions, null, args, null);
        if (_fault == Fault.CompletionsForgotten && call == nameof(ILedger.CompleteAsync)
            && ((IReadOnlyList<Completion>)args![2]!).FirstOrDefault(completion => _handedOut.Add(completion.Sample)) is { } forgotten)
        {
            _ledger.ReopenAsync((string)args[0]!, (string)args[1]!, [forgotten.Sample], "forgotten").GetAwaiter().GetResult();
        }

        return result;
    }
}
