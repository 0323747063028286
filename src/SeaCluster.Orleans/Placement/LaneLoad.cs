using Orleans.Runtime;
using SeaCluster.Orleans.Lanes;

namespace SeaCluster.Orleans.Placement;

/// <summary>
/// Which samples this silo's dataset grains have with which GPU silo. Whoever asks for a grain first places it, so the dataset grains' own silo knows all of theirs:
/// no silo needs to publish how busy it is.
/// </summary>
internal sealed class LaneLoad(SiloDirectory directory, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GrainId, SiloAddress> _placed = [];
    private readonly Dictionary<SiloAddress, DateTimeOffset> _avoided = [];

    /// <summary>How many samples may be under way on all GPU silos together.</summary>
    public int Window => Math.Max(1, directory.Gpus().Sum(directory.WindowOf));

    /// <summary>The GPU silos.</summary>
    public IReadOnlyList<SiloAddress> Gpus => directory.Gpus();

    /// <summary>Chooses the silo with the smallest share of its window in use.</summary>
    public SiloAddress Place(GrainId sample, IReadOnlyList<SiloAddress> silos)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            Dictionary<SiloAddress, int> held = _placed.Values.CountBy(silo => silo).ToDictionary();
            SiloAddress[] able = [.. silos.Where(silo => !_avoided.TryGetValue(silo, out DateTimeOffset until) || until <= now)];
            SiloAddress chosen = (able.Length == 0 ? silos : able).MinBy(silo => (double)held.GetValueOrDefault(silo) / directory.WindowOf(silo))!;
            _placed[sample] = chosen;
            return chosen;
        }
    }

    /// <summary>A sample is where its report came from, wherever it was placed by whom.</summary>
    public void Found(GrainId sample, SiloAddress silo)
    {
        lock (_gate)
        {
            _placed[sample] = silo;
        }
    }

    /// <summary>A sample is with no silo any more.</summary>
    public void Ended(GrainId sample)
    {
        lock (_gate)
        {
            _placed.Remove(sample);
        }
    }

    /// <summary>A silo's lane cannot work: others are chosen for a while. It answers fastest, and would draw every sample to itself.</summary>
    public void Avoid(SiloAddress silo)
    {
        lock (_gate)
        {
            _avoided[silo] = time.GetUtcNow() + SiloLane.Pause;
        }
    }
}
