using System.Globalization;

namespace SeaCluster.Runs.Telemetry;

/// <summary>One thing that health hangs on.</summary>
/// <param name="Name">ledger, folder, device, heartbeat, start, drain.</param>
/// <param name="Ok">Whether it is as it should be.</param>
/// <param name="Reason">In a few words, without secrets.</param>
public sealed record HealthCheck(string Name, bool Ok, string Reason);

/// <summary>
/// Whether this process lives, is ready and has started, by what it really did: the ledger answered, the device computed, the loop that leases and renews came round.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class ProcessHealth(TimeProvider time)
{
    /// <summary>Without a sign of life for so long the process counts as dead; longer where a run's lease is, and while a model is loaded.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>A model may take so long to load.</summary>
    public static readonly TimeSpan Loading = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private readonly long _born = time.GetTimestamp();
    private long? _beat;
    private TimeSpan _limit = Silence;
    private TimeSpan _limitWhenLoaded = Silence;
    private string? _away;
    private long? _answered;
    private bool _looksAtFolder;
    private string? _folderError;
    private string? _device;
    private string? _deviceError;
    private bool _expectsDevice;
    private bool _started;
    private bool _draining;

    /// <summary>This process' own.</summary>
    public static ProcessHealth Current { get; } = new(TimeProvider.System);

    /// <summary>The loop that looks for work came round, or the ledger was asked.</summary>
    public void Beat()
    {
        lock (_gate)
        {
            _beat = time.GetTimestamp();
        }
    }

    /// <summary>The ledger answered.</summary>
    public void LedgerAnswered()
    {
        lock (_gate)
        {
            (_beat, _answered, _away) = (time.GetTimestamp(), time.GetTimestamp(), null);
        }
    }

    /// <summary>A call failed: with a reason the ledger cannot be reached, without one it refused.</summary>
    public void LedgerMissed(string? reason)
    {
        lock (_gate)
        {
            _beat = time.GetTimestamp();
            _away = reason ?? _away;
        }
    }

    /// <summary>The folder of runs was looked through.</summary>
    /// <param name="problem">Why it could not be; null where it could.</param>
    public void LookedAtFolder(string? problem = null)
    {
        lock (_gate)
        {
            (_looksAtFolder, _folderError) = (true, problem);
        }
    }

    /// <summary>The process needs a device to be ready.</summary>
    public void ExpectDevice()
    {
        lock (_gate)
        {
            _expectsDevice = true;
        }
    }

    /// <summary>The device computed something.</summary>
    public void DeviceReady(string name)
    {
        lock (_gate)
        {
            (_expectsDevice, _device, _deviceError) = (true, name, null);
        }
    }

    /// <summary>The device cannot be used.</summary>
    public void DeviceFailed(string reason)
    {
        lock (_gate)
        {
            (_expectsDevice, _deviceError) = (true, reason);
        }
    }

    /// <summary>A model is about to be loaded for a run whose leases last so long; until <see cref="Loaded"/> silence is no death.</summary>
    public void Load(TimeSpan lease)
    {
        lock (_gate)
        {
            _limitWhenLoaded = lease > Silence ? lease : Silence;
            (_limit, _beat) = (Loading, time.GetTimestamp());
        }
    }

    /// <summary>The model is loaded: samples are asked for.</summary>
    public void Loaded()
    {
        lock (_gate)
        {
            _limit = _limitWhenLoaded;
        }
    }

    /// <summary>The process has come so far that it looked for work once.</summary>
    public void Started()
    {
        lock (_gate)
        {
            _started = true;
        }
    }

    /// <summary>The process takes no more work.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            _draining = true;
        }
    }

    /// <summary>Whether it lives: the heartbeat moved lately. A ledger that is away does not kill; a restart would not mend it.</summary>
    public IReadOnlyList<HealthCheck> Live()
    {
        lock (_gate)
        {
            return [HeartbeatCheck()];
        }
    }

    /// <summary>Whether it can work: ledger and folder reachable, device loaded, not draining.</summary>
    public IReadOnlyList<HealthCheck> Ready()
    {
        lock (_gate)
        {
            List<HealthCheck> checks = [StartCheck(), HeartbeatCheck(), LedgerCheck()];
            if (_looksAtFolder)
            {
                checks.Add(new HealthCheck("folder", _folderError is null, _folderError ?? "can be read"));
            }

            if (_expectsDevice)
            {
                checks.Add(DeviceCheck());
            }

            if (_draining)
            {
                checks.Add(new HealthCheck("drain", false, "the process was asked to end and takes no more work"));
            }

            return checks;
        }
    }

    /// <summary>Whether it has started.</summary>
    public IReadOnlyList<HealthCheck> Startup()
    {
        lock (_gate)
        {
            return _expectsDevice ? [StartCheck(), DeviceCheck()] : [StartCheck()];
        }
    }

    private HealthCheck StartCheck() => new("start", _started, _started ? "it looked for work" : $"has not looked for work yet, {Seconds(_born)} after its start");

    private HealthCheck HeartbeatCheck()
    {
        if (_beat is not { } beat)
        {
            // Before its first sign of life the start probe decides.
            return new HealthCheck("heartbeat", time.GetElapsedTime(_born) < Loading, "no sign of life yet");
        }

        bool ok = time.GetElapsedTime(beat) <= _limit;
        return new HealthCheck("heartbeat", ok, string.Create(CultureInfo.InvariantCulture, $"moved {Seconds(beat)} ago, expected within {_limit.TotalSeconds:F0} s"));
    }

    private HealthCheck LedgerCheck() => _away is not null
        ? new HealthCheck("ledger", false, _answered is { } last ? $"cannot be reached, last answer {Seconds(last)} ago: {_away}" : $"cannot be reached: {_away}")
        : new HealthCheck("ledger", true, _answered is { } at ? $"answered {Seconds(at)} ago" : "no run has needed it yet");

    private HealthCheck DeviceCheck() => _deviceError is { } error ? new HealthCheck("device", false, error)
        : _device is { } name ? new HealthCheck("device", true, $"{name} computes")
        : new HealthCheck("device", false, "is not opened yet");

    private string Seconds(long since) => string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(since).TotalSeconds:F1} s");
}
