using System.Diagnostics.Metrics;
using SeaCluster.Method.Alignment;

namespace SeaCluster.Runs.Telemetry;

/// <summary>What this process trains.</summary>
internal static class TrainingInstruments
{
    private static readonly Counter<long> s_steps = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.training.steps", "{step}", "Optimiser steps of the alignment.");
    private static readonly Counter<long> s_tokens = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.training.tokens", "{token}", "Tokens computed in the alignment, forward and backward.");

    private static readonly Histogram<double> s_duration = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.training.step.duration", "s", "Time of one step of the alignment.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    public static void Stepped(StepMetrics step)
    {
        s_steps.Add(1);
        s_tokens.Add(step.Computed.Tokens);
        s_duration.Record(step.Seconds);
    }
}
