using System.Collections.Concurrent;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>The loss curve of each run that was looked at.</summary>
internal sealed class RunCurves
{
    private const int MostKept = 256;
    private readonly ConcurrentDictionary<string, LossCurve> _curves = new(StringComparer.Ordinal);

    public LossCurve Of(RunPlace place)
    {
        if (_curves.Count >= MostKept)
        {
            _curves.Clear();
        }

        return _curves.GetOrAdd(place.Folder.At("align.jsonl"), path => new LossCurve(path));
    }
}
