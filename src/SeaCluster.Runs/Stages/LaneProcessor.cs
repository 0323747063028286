using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Runs.Work;
using SeaCluster.Torch;

namespace SeaCluster.Runs.Stages;

/// <summary>A lane behind the queue of a worker: it runs on a thread of its own and takes samples whenever a slot is free. Owns the model.</summary>
internal sealed class LaneProcessor(IMultimodalModel model, SynthesisOptions options, LanePlan plan, SampleReader reader) : ISampleProcessor, IDisposable
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<SampleResult> results = Channel.CreateUnbounded<SampleResult>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = false });
        Task lane = Task.Factory.StartNew(() => Work(queue, results.Writer, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (SampleResult result in results.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return result;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await lane.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await lane;
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    private void Work(ISampleQueue queue, ChannelWriter<SampleResult> results, CancellationToken cancel)
    {
        try
        {
            TorchRuntime.PinCurrentThread(Environment.ProcessorCount);
            using Activity? activity = SeaInstrumentation.Source.StartActivity("lane");
            activity?.SetTag(SeaTags.Device, model.Device.ToString());
            using Lane lane = new(model, options);
            using LaneInstruments instruments = new(model.Device.ToString(), plan.Slots);
            lane.Stepped = instruments.Stepped;
            ConcurrentDictionary<string, InHand> inHand = new(StringComparer.Ordinal);
            lane.Run(
                (free, idle) =>
                {
                    if (idle && !options.Deterministic)
                    {
                        instruments.Idle();
                    }

                    return options.Deterministic ? Group(queue, inHand, results, cancel) : Free(queue, free, idle, inHand, results, cancel);
                },
                options.Deterministic ? int.MaxValue : plan.SlotsPerStream,
                plan.Streams,
                result => Finish(result, inHand, results, instruments, activity?.Context),
                cancel);
            results.Complete();
        }
        catch (Exception error)
        {
            results.Complete(error is OperationCanceledException && cancel.IsCancellationRequested ? null : error);
            throw;
        }
    }

    private List<SynthesisSample> Free(
        ISampleQueue queue, int free, bool idle, ConcurrentDictionary<string, InHand> inHand, ChannelWriter<SampleResult> results, CancellationToken cancel)
    {
        while (true)
        {
            IReadOnlyList<WorkSample> taken = queue.TakeAsync(free, idle, cancel).AsTask().GetAwaiter().GetResult();
            List<SynthesisSample> samples = [.. taken.Select(sample => Read(sample, inHand, results)).OfType<SynthesisSample>()];
            if (taken.Count == 0 || samples.Count > 0 || !idle)
            {
                return samples;
            }
        }
    }

    // A deterministic batch is optimised whole, the samples that are done already included: they only keep its composition.
    private List<SynthesisSample> Group(ISampleQueue queue, ConcurrentDictionary<string, InHand> inHand, ChannelWriter<SampleResult> results, CancellationToken cancel)
    {
        while (queue.TakeBatchAsync(cancel).AsTask().GetAwaiter().GetResult() is { } batch)
        {
            List<(long Ordinal, SynthesisSample Sample)> samples = [];
            samples.AddRange(batch.Samples.Select(sample => (sample.Ordinal, Read(sample, inHand, results))).Where(pair => pair.Item2 is not null)!);
            if (samples.Count == 0)
            {
                continue;
            }

            samples.AddRange(batch.Companions.Select(row => (row.Ordinal, reader.TryRead(row.Input, out SynthesisSample? sample, out _) ? sample : null)).Where(pair => pair.Item2 is not null)!);
            return [.. samples.OrderBy(pair => pair.Ordinal).Select(pair => pair.Sample)];
        }

        return [];
    }

    private SynthesisSample? Read(WorkSample work, ConcurrentDictionary<string, InHand> inHand, ChannelWriter<SampleResult> results)
    {
        if (!reader.TryRead(work.Input, out SynthesisSample? sample, out string? problem))
        {
            results.TryWrite(SampleResult.Failed(work, problem!));
            return null;
        }

        inHand[work.Id] = new InHand(work, Stopwatch.GetTimestamp());
        return sample;
    }

    private void Finish(SynthesisResult result, ConcurrentDictionary<string, InHand> inHand, ChannelWriter<SampleResult> results, LaneInstruments instruments, ActivityContext? trace)
    {
        using (result)
        {
            if (!inHand.TryRemove(result.Sample.Id, out InHand held))
            {
                return;
            }

            TimeSpan took = Stopwatch.GetElapsedTime(held.Taken);
            instruments.Finished(result.Answer is not null, result.Perceived);
            if (trace is { } parent)
            {
                using Activity? span = SeaInstrumentation.Source.StartActivity("sample", ActivityKind.Internal, parent, startTime: DateTimeOffset.UtcNow - took);
                span?.SetTag("seacluster.sample", held.Work.Id).SetTag("seacluster.steps", result.Steps);
            }


            byte[] bytes = EmbeddingFile.ToBytes(result, options, model.Config.Family.ToString());
            results.TryWrite(SampleResult.Done(held.Work, stream => stream.Write(bytes)) with
            {
                Loss = result.Losses[^1],
                Steps = result.Steps,
                Duration = took,
                Detail = new JsonObject
                {
                    ["attempt"] = result.Attempt,
                    ["asked"] = result.Answer is not null,
                    ["perceived"] = result.Perceived,
                    ["answer"] = result.Answer,
                }.ToJsonString(),
            });
        }
    }

    private readonly record struct InHand(WorkSample Work, long Taken);
}

/// <summary>Reads a sample's ledger input, which is its prepared row, and checks that the model can take it.</summary>
internal sealed class SampleReader(IMultimodalModel model, SynthesisOptions options)
{
    /// <summary>A row that the model cannot take is that sample's own failure, with its reason.</summary>
    public bool TryRead(string input, out SynthesisSample? sample, out string? problem)
    {
        (sample, problem) = (null, null);
        try
        {
            SampleInput read = JsonSerializer.Deserialize<SampleInput>(input)!;
            SynthesisSample made = SynthesisJob.SampleOf(read.Row, options) with { Id = read.Id };
            foreach (QuestionAnswer pair in made.Pairs)
            {
                model.Prompts.Encode(pair.Question, pair.Answer, MediaLayout.Of(1));
            }

            sample = made;
            return true;
        }
        catch (Exception error) when (error is SeaException or JsonException)
        {
            problem = error.Message;
            return false;
        }
    }
}

/// <summary>What the ledger keeps of a sample.</summary>
internal sealed record SampleInput(string Id, PreparedRow Row);
