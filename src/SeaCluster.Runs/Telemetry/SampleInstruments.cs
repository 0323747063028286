using System.Diagnostics;
using System.Diagnostics.Metrics;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Telemetry;

/// <summary>What this process does to samples, as its ledger acknowledged it.</summary>
internal static class SampleInstruments
{
    private static readonly Counter<long> s_leased = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.samples.leased", "{sample}", "Samples that this process took to work on.");
    private static readonly Counter<long> s_retried = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.samples.retried", "{sample}", "Samples taken that were begun before, here or elsewhere.");
    private static readonly Counter<long> s_settled = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.samples.settled", "{sample}", "Samples that this process settled: done or quarantined.");
    private static readonly Counter<long> s_failures = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.samples.failures", "{failure}", "Failures of samples that this process recorded, the last one before a quarantine included.");
    private static readonly Counter<long> s_released = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.samples.released", "{sample}", "Samples given back unfinished.");
    private static readonly Counter<long> s_lost = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.leases.lost", "{lease}", "Leases that this process found lost: another may have the sample.");
    private static readonly Counter<long> s_written = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.artifacts.written", "By", "Bytes of results that this process wrote and recorded.");

    private static readonly string[] s_loses = ["renew", "complete", "fail"];
    private static readonly string[] s_settles = ["done", "quarantined"];

    private static readonly Histogram<double> s_duration = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.sample.duration", "s", "Time from taking a sample to its result.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] });

    private static readonly Histogram<double> s_steps = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.sample.steps", "{step}", "Optimisation steps that a done sample took.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000] });

    private static readonly Histogram<double> s_loss = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.sample.loss", "{nat}", "Final loss of done samples: mean negative log-likelihood of a token of the controls' answers.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 1, 2, 3, 5, 10] });

    public static void Leased(string stage, IReadOnlyList<Lease> leases)
    {
        if (!s_leased.Enabled)
        {
            return;
        }

        KeyValuePair<string, object?> tag = new(SeaTags.Stage, stage);
        s_leased.Add(leases.Count, tag);
        s_retried.Add(leases.Count(lease => lease.Attempt > 1), tag);

        // A series that first shows at one hides its first increase: those that are seldom counted begin at zero.
        s_failures.Add(0, tag);
        s_released.Add(0, tag);
        foreach (string operation in s_loses)
        {
            s_lost.Add(0, tag, new KeyValuePair<string, object?>(SeaTags.Operation, operation));
        }

        foreach (string state in s_settles)
        {
            s_settled.Add(0, tag, new KeyValuePair<string, object?>(SeaTags.State, state));
        }
    }

    public static void Lost(string stage, string operation, int count)
    {
        if (count > 0)
        {
            s_lost.Add(count, new KeyValuePair<string, object?>(SeaTags.Stage, stage), new KeyValuePair<string, object?>(SeaTags.Operation, operation));
        }
    }

    public static void Released(string stage, int count) => s_released.Add(count, new KeyValuePair<string, object?>(SeaTags.Stage, stage));

    public static void Completed(string stage, IReadOnlyList<Completion> completions, IReadOnlyList<CompletionOutcome> outcomes)
    {
        KeyValuePair<string, object?> tag = new(SeaTags.Stage, stage);
        int done = 0;
        for (int i = 0; i < completions.Count; i++)
        {
            if (outcomes[i] == CompletionOutcome.LeaseLost)
            {
                continue;
            }

            done++;
            Completion completion = completions[i];
            if (completion.Artifact is { } artifact)
            {
                s_written.Add(artifact.Bytes, tag);
            }

            if (completion.Duration is { } duration)
            {
                s_duration.Record(duration.TotalSeconds, tag);
            }

            if (completion.Steps is { } steps)
            {
                s_steps.Record(steps, tag);
            }

            if (completion.Loss is { } loss && double.IsFinite(loss))
            {
                s_loss.Record(loss, tag);
            }
        }

        Settled(stage, "done", done);
        Lost(stage, "complete", completions.Count - done);
    }

    public static void Failed(string stage, IReadOnlyList<FailureOutcome> outcomes)
    {
        int lost = outcomes.Count(outcome => outcome == FailureOutcome.LeaseLost);
        if (outcomes.Count > lost)
        {
            s_failures.Add(outcomes.Count - lost, new KeyValuePair<string, object?>(SeaTags.Stage, stage));
        }

        Settled(stage, "quarantined", outcomes.Count(outcome => outcome == FailureOutcome.Quarantined));
        Lost(stage, "fail", lost);
    }

    private static void Settled(string stage, string state, int count)
    {
        if (count > 0)
        {
            s_settled.Add(count, new KeyValuePair<string, object?>(SeaTags.Stage, stage), new KeyValuePair<string, object?>(SeaTags.State, state));
        }
    }
}
