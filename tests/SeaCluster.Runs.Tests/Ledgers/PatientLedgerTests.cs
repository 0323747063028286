using System.Reflection;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Ledgers;

public sealed class PatientLedgerTests
{
    private readonly SignallingTime _time = new();
    private readonly List<(string Reason, double After)> _away = [];
    private readonly List<double> _back = [];

    [Fact]
    public async Task An_away_ledger_is_asked_again_after_longer_waits_and_told_of_seldom()
    {
        ILedger ledger = Away(times: 20, stop: default);
        DateTimeOffset before = _time.GetUtcNow();
        await _time.Drive(ledger.CountsAsync("run", "stage"), [.. new[] { 1, 2, 4, 8, 16, 30 }.Select(seconds => TimeSpan.FromSeconds(seconds))]);

        // 1 + 2 + 4 + 8 + 16 s, then 30 s each: 31 s, 61 s, ... 481 s.
        (_time.GetUtcNow() - before).TotalSeconds.ShouldBe(31 + (15 * 30));
        _away.ShouldBe([("the database is not there", 0), ("the database is not there", 61), ("the database is not there", 151), ("the database is not there", 331)]);
        _back.ShouldBe([481]);
    }

    [Fact]
    public async Task Who_asks_to_stop_or_cancels_the_call_does_not_wait()
    {
        using CancellationTokenSource stop = new(), cancel = new();
        Task stopped = Away(times: int.MaxValue, stop.Token).AppendEventAsync("run", new NewEvent("note"));
        Task cancelled = Away(times: int.MaxValue, default).NowAsync(cancel.Token);
        await stop.CancelAsync();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stopped);
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task Other_errors_are_not_waited_out()
    {
        ILedger ledger = Patient(() => new SeaException("the disk is full"), times: 1, stop: default);
        (await Should.ThrowAsync<SeaException>(() => ledger.RunsAsync())).Message.ShouldBe("the disk is full");
        _away.ShouldBeEmpty();
    }

    private PatientLedger Away(int times, CancellationToken stop) => Patient(() => new SeaException("the database is not there", null, new LedgerAwayException("connection refused")), times, stop);

    private PatientLedger Patient(Func<Exception> error, int times, CancellationToken stop)
    {
        ILedger inner = DispatchProxy.Create<ILedger, Failing>();
        ((Failing)inner).Error = error;
        ((Failing)inner).Times = times;
        return new PatientLedger(inner, _time, (reason, gone) => _away.Add((reason, gone.TotalSeconds)), gone => _back.Add(gone.TotalSeconds), stop);
    }

    /// <summary>A ledger that fails so many times and then answers with nothing.</summary>
    internal class Failing : DispatchProxy
    {
        public Func<Exception> Error { get; set; } = () => new InvalidOperationException();

        public int Times { get; set; }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            Exception? error = Times-- > 0 ? Error() : null;
            if (method!.ReturnType == typeof(Task))
            {
                return error is null ? Task.CompletedTask : Task.FromException(error);
            }

            Type result = method.ReturnType.GetGenericArguments()[0];
            return typeof(Failing).GetMethod(nameof(Answer), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(result).Invoke(null, [error]);
        }

        private static Task<T?> Answer<T>(Exception? error) => error is null ? Task.FromResult(default(T)) : Task.FromException<T?>(error);
    }
}
