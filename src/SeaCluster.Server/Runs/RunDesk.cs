using SeaCluster.Models;
using SeaCluster.Runs;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Runs;

/// <summary>Why something that was asked cannot be done.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Reason">What is in the way.</param>
/// <param name="Hint">What to do, or null.</param>
internal sealed record Refusal(int Status, string Reason, string? Hint = null);

/// <summary>Takes orders for runs: submit, cancel, retry. Whoever drives them finds the orders in the run folders.</summary>
/// <param name="catalogue">The runs.</param>
/// <param name="time">The clock.</param>
/// <param name="changed">Called after an order was written down.</param>
internal sealed class RunDesk(RunCatalogue catalogue, TimeProvider time, Action changed) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Submits a run; one that was submitted under the same key stays as it is.</summary>
    public async Task<RunPlace> SubmitAsync(RunSpec spec, string key, string by, CancellationToken cancel)
    {
        string name = spec.Name ?? "run", id = $"{SafeName.Of(name)}-{key[^8..]}";
        RunFolder folder = new(Path.Combine(catalogue.Root, id));
        RunPlace place = new(id, folder);
        await _turn.WaitAsync(cancel);
        try
        {
            if (!place.Submission.Exists)
            {
                AtomicFile.WriteAllText(place.Submission.Spec, SpecWriter.ToYaml(spec with { Name = name }, "As it was submitted, with every option written out."));
                place.Submission.Ask(new RunRequest(1, name, time.GetUtcNow(), by, Wanted: true, Retry: null) { Traceparent = System.Diagnostics.Activity.Current?.Id });
                changed();
            }
        }
        finally
        {
            _turn.Release();
        }

        return place;
    }

    /// <summary>Asks a run to stop, in a state from which a retry goes on.</summary>
    public async Task<Refusal?> CancelAsync(RunPlace place, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            RunView view = await catalogue.ViewAsync(place, cancel);
            if (view.Request is not { } request)
            {
                return new Refusal(409, "this run was begun by hand, not submitted", $"stop its process{(view.Holder is { } holder ? $" ({holder})" : "")}");
            }

            if (!request.Wanted)
            {
                return null;
            }

            if (!view.Moves)
            {
                return new Refusal(409, $"the run is {view.Standing.ToString().ToLowerInvariant()}: there is nothing to cancel");
            }

            Ask(place, request with { Sequence = request.Sequence + 1, Wanted = false, Retry = null });
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Puts quarantined samples and failed judgements back and goes on with the run, which becomes a submitted one where it was begun by hand.</summary>
    /// <param name="place">The run.</param>
    /// <param name="samples">Which samples; null is all.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<Refusal?> RetryAsync(RunPlace place, IReadOnlyList<string>? samples, string by, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            RunView view = await catalogue.ViewAsync(place, cancel);
            if (samples is { Count: > 0 } && await NotInQuarantineAsync(place, samples, cancel) is { Count: > 0 } unknown)
            {
                return new Refusal(422, $"not in quarantine: {string.Join(", ", unknown)}", "GET .../samples?state=quarantined lists those that are");
            }

            if (view.Standing is RunStanding.Running or RunStanding.Stopping && view.Request is null or { Wanted: false })
            {
                return new Refusal(409, $"{view.Holder} is still at work on this run", "retry once it has ended");
            }

            if (view is { Standing: RunStanding.Done, Unjudged: 0 })
            {
                return new Refusal(409, "the run is done, nothing is in quarantine and every answer is judged");
            }

            RunRequest before = view.Request ?? new RunRequest(0, view.Name, view.Since, by, Wanted: true, null);
            Ask(place, before with { Sequence = before.Sequence + 1, Wanted = true, Retry = samples ?? [] });
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private void Ask(RunPlace place, RunRequest request)
    {
        place.Submission.Ask(request);
        catalogue.Forget(place);
        changed();
    }

    private async Task<IReadOnlyList<string>> NotInQuarantineAsync(RunPlace place, IReadOnlyList<string> samples, CancellationToken cancel) =>
        await catalogue.AskAsync(
            place,
            async (ledger, run) =>
            {
                List<string> unknown = [];
                foreach (string sample in samples)
                {
                    bool found = false;
                    foreach (StageName stage in StageNames.All)
                    {
                        found |= await ledger.SampleAsync(run.Id, stage.Text(), sample, cancel) is { State: SampleState.Quarantined };
                    }

                    if (!found)
                    {
                        unknown.Add(sample);
                    }
                }

                return unknown;
            },
            cancel) ?? samples;
}
