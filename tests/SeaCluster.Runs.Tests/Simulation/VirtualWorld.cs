namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>
/// One thread, one clock and one seed: runs the asynchronous code of several actors and decides whose next piece comes first. A piece is what happens between two awaits. The clock moves
/// only when nobody has anything left to do, so a day passes in milliseconds; the same seed gives the same history.
/// </summary>
internal sealed class VirtualWorld(int seed)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _agenda = new();
    private readonly List<Actor> _actors = [];
    private readonly List<string> _said = [];
    private readonly Thread _thread = Thread.CurrentThread;
    private long _now;
    private long _order;
    private volatile string? _left;

    public Random Random { get; } = new(seed);

    public TimeSpan Now => TimeSpan.FromTicks(_now);

    public TimeProvider Time => field ??= new Clock(this, offset: () => TimeSpan.Zero);

    public IReadOnlyList<string> Said => _said;

    /// <summary>A clock that is off by something.</summary>
    public TimeProvider TimeOffBy(Func<TimeSpan> offset) => new Clock(this, offset);

    /// <summary>Whether the caller is on the world's thread; the history ends where one is not.</summary>
    public bool IsHere => Thread.CurrentThread == _thread || (_left = Environment.StackTrace) is null;

    public void Say(string what) => _said.Add($"{Now:hh\\:mm\\:ss\\.fff} {what}");

    /// <summary>A new actor, which begins at once.</summary>
    public Actor Start(string name, Func<Actor, Task> live)
    {
        Actor actor = new(this, name);
        _actors.Add(actor);
        Say($"{name} starts");
        actor.Post(_ => actor.Life = live(actor), null);
        return actor;
    }

    /// <summary>Does something after a while, in nobody's name.</summary>
    public void After(TimeSpan wait, Action action) => _agenda.Enqueue(action, (_now + Math.Max(0, wait.Ticks), _order++));

    public bool Chance(double probability) => Random.NextDouble() < probability;

    public TimeSpan Between(double seconds, double toSeconds) => TimeSpan.FromSeconds(seconds + (Random.NextDouble() * (toSeconds - seconds)));

    /// <summary>Goes on until it is <paramref name="done"/>.</summary>
    /// <exception cref="TimeoutException">It is not, after so long a time of the world.</exception>
    public void Run(Func<bool> done, TimeSpan limit)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        try
        {
            while (!done())
            {
                if (_left is not null)
                {
                    throw new InvalidOperationException($"a piece of code ran on another thread: histories would not come out again\n{_left}");
                }

                Actor[] ready = [.. _actors.Where(actor => actor.Ready)];
                if (ready.Length > 0)
                {
                    ready[Random.Next(ready.Length)].Next();
                    foreach (Actor broken in ready.Where(actor => actor is { Dead: false, Life.IsFaulted: true }))
                    {
                        throw new InvalidOperationException($"{broken.Name} broke: {broken.Life!.Exception!.InnerException!.Message}", broken.Life.Exception);
                    }

                    continue;
                }

                if (Now > limit || !_agenda.TryDequeue(out Action? action, out (long At, long Order) next))
                {
                    throw new TimeoutException($"no end after {Now}");
                }

                _now = Math.Max(_now, next.At);
                action();
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private sealed class Clock(VirtualWorld world, Func<TimeSpan> offset) : TimeProvider
    {
        private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Beginning + world.Now + offset();

        public override long GetTimestamp() => world._now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(world, SynchronizationContext.Current as Actor, () => callback(state), dueTime, period);
    }

    private sealed class Timer : ITimer
    {
        private readonly VirtualWorld _world;
        private readonly Actor? _owner;
        private readonly Action _callback;
        private int _version;

        public Timer(VirtualWorld world, Actor? owner, Action callback, TimeSpan due, TimeSpan period)
        {
            (_world, _owner, _callback) = (world, owner, callback);
            Change(due, period);
        }

        public bool Change(TimeSpan due, TimeSpan period)
        {
            int version = ++_version;
            if (due != Timeout.InfiniteTimeSpan)
            {
                _world.After(due, () => Fire(version, period));
            }

            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int version, TimeSpan period)
        {
            if (version != _version || _owner is { Dead: true })
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                _world.After(period, () => Fire(version, period));
            }

            // A frozen process' timers are late.
            if (_owner is null)
            {
                _callback();
            }
            else
            {
                _owner.Post(_ => _callback(), null);
            }
        }
    }
}

/// <summary>A process of the world: pieces of code in their order, until it is killed.</summary>
internal sealed class Actor(VirtualWorld world, string name) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _pieces = new();

    public string Name => name;

    /// <summary>Its end, once it began.</summary>
    public Task? Life { get; set; }

    public bool Dead { get; private set; }

    public bool Frozen { get; set; }

    /// <summary>Its network is cut until then.</summary>
    public TimeSpan CutOffUntil { get; set; }

    public bool Ready => _pieces.Count > 0 && !Dead && !Frozen;

    /// <summary>What it has not done yet it never does, and what it holds in memory is gone.</summary>
    public void Kill()
    {
        Dead = true;
        _pieces.Clear();
        world.Say($"{name} is killed");
    }

    public void Next()
    {
        SetSynchronizationContext(this);
        (SendOrPostCallback callback, object? state) = _pieces.Dequeue();
        callback(state);
        SetSynchronizationContext(null);
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        // The finalizers of what a dead process had come from elsewhere, and change nothing.
        if (!Dead && world.IsHere)
        {
            _pieces.Enqueue((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;
}

/// <summary>What ends a piece of code in the middle when its process is killed there.</summary>
internal sealed class KilledException() : Exception("killed");
