using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace SeaCluster.Runs.Tests;

/// <summary>A clock that stands still until told, and tells when somebody begins to wait: tests move it exactly then.</summary>
public sealed class SignallingTime() : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Returns once somebody waits for so long.</summary>
    public async Task WaitedFor(TimeSpan duration)
    {
        while (await _waits.Reader.ReadAsync() != duration)
        {
        }
    }

    /// <summary>Until <paramref name="work"/> ends, moves the clock on by every wait of one of the given lengths.</summary>
    public Task<T> Drive<T>(Task<T> work, params TimeSpan[] waits) => Drive(work, wait => waits.Contains(wait));

    /// <summary>The same for every wait that <paramref name="passes"/>.</summary>
    public async Task<T> Drive<T>(Task<T> work, Func<TimeSpan, bool> passes)
    {
        while (!work.IsCompleted)
        {
            Task<bool> waiting = _waits.Reader.WaitToReadAsync().AsTask();
            await Task.WhenAny(work, waiting);
            while (_waits.Reader.TryRead(out TimeSpan wait))
            {
                if (passes(wait))
                {
                    Advance(wait);
                }
            }
        }

        return await work;
    }
}
