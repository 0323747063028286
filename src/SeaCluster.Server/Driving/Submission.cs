using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Folders;

namespace SeaCluster.Server.Driving;

/// <summary>What was asked for a run: by whoever serves, never by who drives.</summary>
/// <param name="Sequence">Grows with every change; what became of an earlier one no longer counts.</param>
/// <param name="Name">The run's name.</param>
/// <param name="Submitted">When it was submitted: the queue's order.</param>
/// <param name="By">Who submitted it.</param>
/// <param name="Wanted">Whether it is to run; false once it was cancelled.</param>
/// <param name="Retry">Samples to be put back before it runs again, an empty list for all of them; null for none.</param>
public sealed record RunRequest(int Sequence, string Name, DateTimeOffset Submitted, string By, bool Wanted, IReadOnlyList<string>? Retry)
{
    /// <summary>The W3C traceparent of the request that submitted the run, so that one trace leads from it to every lane; null where nobody traces.</summary>
    public string? Traceparent { get; init; }
}

/// <summary>What became of a request: written by who drives.</summary>
/// <param name="Sequence">The request that it is about.</param>
/// <param name="Final">Whether nothing more is done for that request.</param>
/// <param name="Starts">How often a process was begun in vain since one last got anywhere.</param>
/// <param name="RetriedFor">The request whose samples were put back already.</param>
/// <param name="ExitCode">The last process's exit code.</param>
/// <param name="Error">What the last process said of its failure; null where it did not fail.</param>
/// <param name="At">When it ended.</param>
public sealed record DriveOutcome(int Sequence, bool Final, int Starts, int RetriedFor, int? ExitCode, string? Error, DateTimeOffset At);

/// <summary>
/// A run that was submitted, as it lies in the run folder beside the run itself (<c>.submission</c>). Two files with one writer each, so that the process that serves and the one
/// that drives need no lock between them.
/// </summary>
public sealed class Submission(RunFolder folder)
{
    /// <summary>The folder's name below the run folder; hidden, so that the run may still begin there.</summary>
    public const string FolderName = ".submission";

    private static readonly JsonSerializerOptions Json = new(ServerJson.Options) { WriteIndented = true };

    /// <summary>The spec, checked and with every path absolute.</summary>
    public string Spec => At("spec.yaml");

    /// <summary>What the run's process says.</summary>
    public string Log => At("output.log");

    /// <summary>Held by the process that drives the run.</summary>
    public string Lock => At("driver.lock");

    /// <summary>Whether the folder holds a submitted run.</summary>
    public bool Exists => File.Exists(At("request.json"));

    /// <summary>What is asked; null where the run was not submitted.</summary>
    /// <exception cref="SeaException">It cannot be read.</exception>
    public RunRequest? Request => Read<RunRequest>(At("request.json"));

    /// <summary>What became of it; null before anything did.</summary>
    /// <exception cref="SeaException">It cannot be read.</exception>
    public DriveOutcome? Outcome => Read<DriveOutcome>(At("outcome.json"));

    /// <summary>Records what is asked.</summary>
    public void Ask(RunRequest request) => AtomicFile.WriteAllText(At("request.json"), JsonSerializer.Serialize(request, Json));

    /// <summary>Records what became of it.</summary>
    public void Tell(DriveOutcome outcome) => AtomicFile.WriteAllText(At("outcome.json"), JsonSerializer.Serialize(outcome, Json));

    /// <summary>Whether a driver has something to do: a run that waits, or a cancelled one whose process is still at work.</summary>
    public bool IsDue => Waits || (Request is { Wanted: false } && RunLock.HolderOf(folder) is not null);

    /// <summary>Whether the run is to run, and nothing final became of that yet.</summary>
    public bool Waits => Request is { Wanted: true } request && Outcome is var outcome && !(outcome is { Final: true } && outcome.Sequence == request.Sequence);

    private string At(string name) => folder.At(FolderName, name);

    private static T? Read<T>(string path)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), ServerJson.Options);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path}: cannot be read: {error.Message}", "delete the run's folder and submit it again, or restore the file", error);
        }
    }
}
