using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Lanes;
using SeaCluster.Orleans.Placement;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Grains;

/// <summary>What a sample grain keeps.</summary>
[GenerateSerializer, Alias("sea.SampleState")]
internal sealed class SampleState
{
    /// <summary>Of what it is the record: the spec's hash and the input's.</summary>
    [Id(0)]
    public string? Of { get; set; }

    /// <summary>How often work on it was begun, on any silo, without coming to an end.</summary>
    [Id(1)]
    public int Starts { get; set; }

    /// <summary>The result; null until there is one.</summary>
    [Id(2)]
    public SampleReport? Result { get; set; }
}

/// <summary>Runs its sample on its silo's lane and keeps the result.</summary>
[GrainType("sea-sample"), Immovable, OnSilosOfRole(SiloRoles.Gpu)]
internal sealed class SampleGrain(
    [PersistentState(ProviderNames.SampleState, ProviderNames.Storage)] IPersistentState<SampleState> state,
    ISiloLane lane,
    SiloRuns runs,
    ILocalSiloDetails silo,
    TimeProvider time) : Grain, ISampleGrain, IDisposable
{
    /// <summary>A sample that took so many silos with it is not begun again.</summary>
    internal const int StartLimit = 4;

    // Well below the calls' time limit: a caller of a dead silo finds out soon, and a live grain need not answer to the second.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _stop = new();
    private Task<SampleReport>? _work;
    private string? _of;

    /// <inheritdoc/>
    public async Task<SampleReport> RunAsync(SampleWork work, CancellationToken cancel)
    {
        string of = $"{work.SpecHash}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(work.Input)))}";
        if (_of != of)
        {
            (_of, _work) = (of, null);
        }

        Task<SampleReport> working = _work ??= WorkAsync(work, of);
        try
        {
            SampleReport report = await working.WaitAsync(s_patience, time, cancel);
            if (report.Error is not null || report.Unable is not null)
            {
                _work = null;
            }

            if (report.Unable is not null)
            {
                // The next call may find a silo that can.
                DeactivateOnIdle();
            }

            return report;
        }
        catch (TimeoutException) when (!working.IsCompleted)
        {
            return new SampleReport { Silo = silo.SiloAddress };
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            DeactivateOnIdle();
            throw;
        }
        catch
        {
            // Storage failed, or another activation wrote: what is stored is read again.
            _work = null;
            DeactivateOnIdle();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(CancellationToken cancel)
    {
        if (state.RecordExists)
        {
            await state.ClearStateAsync(cancel);
        }

        DeactivateOnIdle();
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        // A message that still goes by the grain's old address must not make it anew where it was just given up.
        lane.WhyNot(this.GetPrimaryKeyString()) is { } reason ? throw new InvalidOperationException($"this silo holds no samples of the run for now: {reason}") : Task.CompletedTask;

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _stop.CancelAsync();

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task<SampleReport> WorkAsync(SampleWork work, string of)
    {
        SampleState known = state.State;
        if (known.Of == of && known.Result is { } before && await IsThereAsync(work, before))
        {
            return before with { Silo = silo.SiloAddress };
        }

        if (known.Of == of && known.Starts >= StartLimit)
        {
            state.State = new SampleState { Of = of };
            await state.WriteStateAsync();
            return new SampleReport { Ended = true, Silo = silo.SiloAddress, Error = $"{known.Starts} silos ended while they worked on this sample" };
        }

        state.State = new SampleState { Of = of, Starts = known.Of == of ? known.Starts + 1 : 1 };
        await state.WriteStateAsync();
        LaneResult made = await lane.RunAsync(work, _stop.Token);
        SampleReport report = new()
        {
            Ended = true,
            Silo = silo.SiloAddress,
            Error = made.Error,
            Unable = made.Unable,
            Artifact = made.Artifact?.Name,
            Hash = made.Artifact?.Hash,
            Bytes = made.Artifact?.Bytes ?? 0,
            Loss = made.Loss,
            Steps = made.Steps,
            Duration = made.Duration,
            Detail = made.Detail,
        };
        // A failure is not kept, so that the next attempt is one.
        state.State = new SampleState { Of = of, Result = made.Error is null && made.Unable is null ? report : null };
        await state.WriteStateAsync();
        return report;
    }

    // Kept results outlive a sweep of the folder and a file that somebody damaged.
    private async Task<bool> IsThereAsync(SampleWork work, SampleReport report) =>
        report.Artifact is null || await runs.Store(work.Run).CheckAsync(new StoredFile(report.Artifact, report.Hash!, report.Bytes)) == ArtifactCheck.Intact;
}
