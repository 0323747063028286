using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers;

// Rows as the databases give them: 64-bit whole numbers for times, texts for states. Each turns into the ledger's own record.

internal sealed class RunRecord
{
    public const string Select =
        "SELECT id AS Id, name AS Name, spec AS Spec, spec_hash AS SpecHash, inputs AS Inputs, state AS State, message AS Message, created_at AS Created, updated_at AS Updated, version AS Version FROM runs";

    public string Id { get; set; } = "";

    public string Name { get; set; } = "";

    public string Spec { get; set; } = "";

    public string SpecHash { get; set; } = "";

    public string Inputs { get; set; } = "";

    public string State { get; set; } = "";

    public string? Message { get; set; }

    public long Created { get; set; }

    public long Updated { get; set; }

    public long Version { get; set; }

    public RunRow ToRow() => new(Id, Name, Spec, SpecHash, Inputs, LedgerText.Run(State), Message, Moment.Of(Created), Moment.Of(Updated)) { Version = Version };
}

internal sealed class StageRecord
{
    public const string Select =
        "SELECT stage AS Stage, state AS State, started_at AS Started, finished_at AS Finished, worked_ms AS Worked, summary AS Summary, error AS Error, version AS Version FROM stages";

    public string Stage { get; set; } = "";

    public string State { get; set; } = "";

    public long? Started { get; set; }

    public long? Finished { get; set; }

    public long Worked { get; set; }

    public string? Summary { get; set; }

    public string? Error { get; set; }

    public long Version { get; set; }

    public StageRow ToRow() =>
        new(Stage, LedgerText.Stage(State), Moment.Of(Started), Moment.Of(Finished), TimeSpan.FromMilliseconds(Worked), Summary, Error) { Version = Version };
}

internal sealed class EventRecord
{
    public long Sequence { get; set; }

    public long At { get; set; }

    public string Kind { get; set; } = "";

    public string? Stage { get; set; }

    public string? Sample { get; set; }

    public string? Detail { get; set; }

    public EventRow ToRow() => new(Sequence, Moment.Of(At), Kind, Stage, Sample, Detail);
}

internal sealed class SampleRecord
{
    public const string Select =
        """
        SELECT id AS Id, ordinal AS Ordinal, batch AS Batch, spec_hash AS SpecHash, state AS State, available_at AS AvailableAt, attempts AS Attempts,
            failures AS Failures, lost_leases AS LostLeases, token AS Token, owner AS Owner, artifact AS Artifact, hash AS Hash, bytes AS Bytes, loss AS Loss,
            steps AS Steps, duration_ms AS Duration, detail AS Detail, error AS Error, updated_at AS Updated, input AS Input
        FROM samples
        """;

    public string Id { get; set; } = "";

    public long Ordinal { get; set; }

    public int? Batch { get; set; }

    public string SpecHash { get; set; } = "";

    public string State { get; set; } = "";

    public long? AvailableAt { get; set; }

    public int Attempts { get; set; }

    public int Failures { get; set; }

    public int LostLeases { get; set; }

    public long Token { get; set; }

    public string? Owner { get; set; }

    public string? Artifact { get; set; }

    public string? Hash { get; set; }

    public long? Bytes { get; set; }

    public double? Loss { get; set; }

    public int? Steps { get; set; }

    public long? Duration { get; set; }

    public string? Detail { get; set; }

    public string? Error { get; set; }

    public long Updated { get; set; }

    public string Input { get; set; } = "";

    public SampleRow ToRow()
    {
        SampleState state = LedgerText.Sample(State);
        return new SampleRow(Id, Ordinal, state)
        {
            Batch = Batch,
            SpecHash = SpecHash,
            Attempts = Attempts,
            Failures = Failures,
            LostLeases = LostLeases,
            Token = Token,
            Owner = Owner,
            LeaseExpires = state == SampleState.Leased ? Moment.Of(AvailableAt) : null,
            NextAttempt = state == SampleState.Failed ? Moment.Of(AvailableAt) : null,
            Artifact = Artifact is null ? null : new StoredFile(Artifact, Hash!, Bytes ?? 0),
            Loss = Loss,
            Steps = Steps,
            Duration = Duration is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
            Detail = Detail,
            Error = Error,
            Updated = Moment.Of(Updated),
            Input = Input,
        };
    }

    /// <exception cref="SeaException">This sample is not the given one.</exception>
    public void RefuseOther(string stage, string specHash, NewSample sample)
    {
        if (Input != sample.Input || SpecHash != specHash || Batch != sample.Batch)
        {
            string what = SpecHash != specHash ? "spec" : Input != sample.Input ? "input" : "batch";
            throw new SeaException(
                $"{stage}: sample '{sample.Id}' is in the ledger with another {what}",
                "two rows share an id, or the rows changed since the run began; give every row its own id, or start a new run");
        }
    }

    /// <summary>The error of a sample that is given up because its lease was lost so many times.</summary>
    /// <summary>A sample whose lease was lost so often is taken only when nothing else is left: perhaps it is what ends its workers.</summary>
    public const int Suspect = 3;

    public static string LostTooOften(int times) => $"its lease was lost {times} times: the worker was killed or frozen each time it worked on this sample";

    public Lease ToLease() => new(Id, Token, Attempts, Ordinal, Batch, SpecHash, Input, Moment.Of(AvailableAt ?? 0));
}

/// <summary>Where a run or a stage stands, read before it is moved.</summary>
internal sealed class StandRecord
{
    public string State { get; set; } = "";

    public long Version { get; set; }

    /// <returns>True where the move was made before, false where it may not be made, null where it is to be made.</returns>
    public bool? Answer(string from, string to, long? version) =>
        State == to && (version is null || Version == version + 1) ? true
        : State != from || (version is not null && Version != version) ? false
        : null;
}

internal static class Moment
{
    public static DateTimeOffset Of(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? Of(long? milliseconds) => milliseconds is { } value ? Of(value) : null;
}
