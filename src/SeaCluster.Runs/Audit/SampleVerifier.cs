using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Audit;

/// <summary>How a few samples are computed once more.</summary>
/// <param name="Samples">How many; all where fewer are done.</param>
/// <param name="Seed">Which ones: the same seed picks the same.</param>
/// <param name="Tolerance">Of the last loss, absolute. Null: equal bytes for a deterministic run, <see cref="SampleVerifier.LossTolerance"/> otherwise.</param>
/// <param name="Overrides">Options of the spec that differ on this machine; only operational ones and paths.</param>
public sealed record VerifyOptions(int Samples, int Seed, double? Tolerance, IReadOnlyList<KeyValuePair<string, string>> Overrides);

/// <summary>A sample that was computed once more.</summary>
/// <param name="Sample">Its id.</param>
/// <param name="Agrees">Whether it came out as recorded.</param>
/// <param name="Comparison">How near; null where it could not be compared.</param>
/// <param name="Error">Why it could not.</param>
public sealed record VerifiedSample(string Sample, bool Agrees, SampleComparison? Comparison, string? Error);

/// <summary>What a verification found.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Tolerance">Of the last loss; null where bytes had to be equal.</param>
/// <param name="Done">How many samples there were to pick from.</param>
/// <param name="Samples">Those that were picked, in the order in which they came.</param>
public sealed record Verification(string Run, double? Tolerance, long Done, IReadOnlyList<VerifiedSample> Samples)
{
    /// <summary>Whether all agree.</summary>
    public bool Agrees => Samples.All(sample => sample.Agrees);
}

/// <summary>Computes a random few of a run's samples once more and compares them with what the run recorded. Changes nothing.</summary>
/// <param name="stage">The stage.</param>
/// <param name="time">The clock.</param>
public sealed class SampleVerifier(SampleStage stage, TimeProvider time)
{
    /// <summary>A sample alone and in any batch agree within this in the loss, on one machine.</summary>
    public const double LossTolerance = 1e-5;

    /// <summary>Picks, computes, compares.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told of each sample that was compared.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="SeaException">There is nothing to compare, the model is another one by now, or an option would change results.</exception>
    public async Task<Verification> RunAsync(RunFolder folder, VerifyOptions options, IProgress<VerifiedSample>? progress = null, CancellationToken cancel = default)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(folder, given: null, create: false, time, cancel);
        RunRow run = await opened.FindRunAsync(cancel) ?? throw new SeaException($"{opened.Shown}: holds no run yet", "'sea run SPEC --out DIR' begins one");
        RunSpec spec = RunSession.SpecHere(run, folder, opened.Shown, options.Overrides);
        string[] changed = [.. RunSession.ChangedInputs(run, spec).Where(line => line.StartsWith("model.", StringComparison.Ordinal) || line.StartsWith("synthesize.", StringComparison.Ordinal))];
        if (changed.Length > 0)
        {
            throw new SeaException($"nothing can be compared, for files changed since the run began:\n  {string.Join("\n  ", changed)}", "put them back, or name them with --set");
        }

        RunContext context = new()
        {
            Stage = stage.Name, Spec = spec, SpecHash = run.SpecHash, Run = run.Id, Folder = folder, Ledger = opened.Ledger, Artifacts = new FolderArtifactStore(folder.Path), Time = time, Notices = new Progress<RunNotice>(),
        };
        (List<SampleRow> picked, long done) = await PickAsync(context, options, cancel);
        if (picked.Count == 0)
        {
            throw new SeaException($"{folder.Path}: no sample of {stage.Name.Text()} is done yet", "'sea status' shows where the run stands");
        }

        double? tolerance = options.Tolerance ?? (spec.Synthesize.Deterministic ? null : LossTolerance);
        List<VerifiedSample> verified = [];
        string scratch = Directory.CreateTempSubdirectory("sea-verify-").FullName;
        try
        {
            await foreach ((SampleRow sample, SampleComparison? comparison, string? error) in stage.RecomputeAsync(context, picked, scratch, cancel))
            {
                bool agrees = comparison is not null
                    && (tolerance is { } within ? comparison.Steps == comparison.StepsAgain && Math.Abs(comparison.Loss - comparison.LossAgain) <= within : comparison.SameBytes);
                verified.Add(new VerifiedSample(sample.Id, agrees, comparison, error));
                progress?.Report(verified[^1]);
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }

        return new Verification(run.Id, tolerance, done, verified);
    }

    // One pass, and no more rows in memory than are asked for.
    private static async Task<(List<SampleRow> Picked, long Done)> PickAsync(RunContext context, VerifyOptions options, CancellationToken cancel)
    {
        Random random = new(options.Seed);
        List<SampleRow> picked = new(options.Samples);
        long done = 0;
        await foreach (SampleRow row in context.DoneSamplesAsync(context.Stage, cancel))
        {
            done++;
            if (picked.Count < options.Samples)
            {
                picked.Add(row);
            }
            else if (random.NextInt64(done) is var place && place < picked.Count)
            {
                picked[(int)place] = row;
            }
        }

        return ([.. picked.OrderBy(row => row.Ordinal)], done);
    }
}
