using System.Diagnostics;
using System.Text.Json;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Telemetry;

/// <summary>
/// One trace from the request that made a run to the last step of its lanes: the W3C traceparent stands in the run's events, so that every process that works on
/// the run, now or after a restart, takes it up.
/// </summary>
public static class RunTrace
{
    /// <summary>The event that keeps it.</summary>
    public const string EventKind = "traced";

    // It is written when a run begins, among its first events.
    private const int FirstEvents = 16;

    /// <summary>Begins or goes on with a run: what is recorded as its trace is the parent; where there is none yet, the current activity or TRACEPARENT of the environment is, and is recorded.</summary>
    /// <returns>The activity of this start, which the caller makes the current one (what is current does not leave an asynchronous method); null where nobody listens.</returns>
    public static async Task<Activity?> BeginAsync(ILedger ledger, string run, CancellationToken cancel)
    {
        ActivityContext given = Activity.Current?.Context ?? FromEnvironment() ?? default;
        if (given == default && !SeaInstrumentation.Source.HasListeners())
        {
            return null;
        }

        ActivityContext? recorded = await FindAsync(ledger, run, cancel);
        Activity? activity = SeaInstrumentation.Source.StartActivity("run", ActivityKind.Internal, recorded ?? given);
        activity?.SetTag(SeaTags.Run, run);
        if (recorded is null && (activity?.Id ?? (given == default ? null : Text(given))) is { } parent)
        {
            await ledger.AppendEventAsync(run, new NewEvent(EventKind, Detail: EventDetail.Of("traceparent", parent)), cancel);
        }

        return activity;
    }

    /// <summary>Joins in on a run from another process.</summary>
    /// <returns>The activity of the work, for the caller to make current; null where nobody listens.</returns>
    public static async Task<Activity?> JoinAsync(ILedger ledger, string run, string stage, CancellationToken cancel)
    {
        if (!SeaInstrumentation.Source.HasListeners())
        {
            return null;
        }

        Activity? activity = SeaInstrumentation.Source.StartActivity($"work {stage}", ActivityKind.Consumer, await FindAsync(ledger, run, cancel) ?? default);
        activity?.SetTag(SeaTags.Run, run).SetTag(SeaTags.Stage, stage);
        return activity;
    }

    private static async Task<ActivityContext?> FindAsync(ILedger ledger, string run, CancellationToken cancel)
    {
        foreach (EventRow row in (await ledger.EventsAsync(run, 0, FirstEvents, cancel)).Where(row => row.Kind == EventKind && row.Detail is not null))
        {
            using JsonDocument detail = JsonDocument.Parse(row.Detail!);
            if (detail.RootElement.TryGetProperty("traceparent", out JsonElement text) && ActivityContext.TryParse(text.GetString(), null, isRemote: true, out ActivityContext context))
            {
                return context;
            }
        }

        return null;
    }

    private static ActivityContext? FromEnvironment() =>
        ActivityContext.TryParse(Environment.GetEnvironmentVariable("TRACEPARENT"), Environment.GetEnvironmentVariable("TRACESTATE"), isRemote: true, out ActivityContext context) ? context : null;

    private static string Text(ActivityContext context) => $"00-{context.TraceId}-{context.SpanId}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";
}
