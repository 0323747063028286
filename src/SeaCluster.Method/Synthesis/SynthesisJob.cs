using System.Diagnostics;
using SeaCluster.Method.Preparation;
using SeaCluster.Models;

namespace SeaCluster.Method.Synthesis;

/// <summary>Where a synthesis run reports to.</summary>
/// <param name="Finished">Samples whose embedding is on the disk, earlier runs included.</param>
/// <param name="Total">All samples.</param>
/// <param name="Busy">Slots in use.</param>
/// <param name="Slots">Slots of the lane.</param>
/// <param name="Loss">Final loss of the sample finished last, or null.</param>
public readonly record struct SynthesisProgress(int Finished, int Total, int Busy, int Slots, float? Loss);

/// <summary>What a synthesis run did.</summary>
/// <param name="Total">Samples asked for.</param>
/// <param name="Optimised">Optimised now.</param>
/// <param name="Kept">Found on the disk, whole, from an earlier run.</param>
/// <param name="Perceived">Of all samples, how many the model names in answer to a question that was not trained on.</param>
/// <param name="Asked">Of all samples, how many were asked.</param>
/// <param name="MeanLoss">Mean of the final losses.</param>
/// <param name="Seconds">Time of this run.</param>
/// <param name="Occupancy">Mean share of slots in use.</param>
/// <param name="Plan">What was planned.</param>
public sealed record SynthesisReport(
    int Total, int Optimised, int Kept, int Perceived, int Asked, double MeanLoss, double Seconds, double Occupancy, LanePlan Plan);

/// <summary>
/// Prepared rows in, a folder of embeddings out. What is on the disk, whole and for the same sample and options, is not done again.
/// </summary>
public static class SynthesisJob
{
    /// <summary>The sample of a prepared row: the controls that the options name, and a perception question drawn for it.</summary>
    /// <exception cref="SeaException">The row has none of the controls: a topic alone was asked for, and it has no category.</exception>
    public static SynthesisSample SampleOf(PreparedRow row, SynthesisOptions options)
    {
        QuestionAnswer[] pairs =
        [
            .. new[] { (AuxiliaryPairs.Content, row.Content), (AuxiliaryPairs.Style, row.Style), (AuxiliaryPairs.Topic, row.Topic) }
                .Where(pair => options.Pairs.HasFlag(pair.Item1)).Select(pair => pair.Item2).OfType<ControlPair>().Select(pair => new QuestionAnswer(pair.Question, pair.Answer)),
        ];
        return new SynthesisSample(
            row.Id,
            pairs.Length > 0 ? pairs : throw new SeaException($"Row '{row.Id}' ({row.Source}) has none of the pairs to optimise on: {options.Pairs}.", "A topic needs a category in the row; add content or style to the pairs."),
            row.PerceptionQuestions.Count == 0
                ? null
                : row.PerceptionQuestions[new SampleRandom(options.Seed, "perception/" + row.Id).Below(row.PerceptionQuestions.Count)],
            row.Phrase);
    }

    /// <summary>File of a sample's embedding: its id where that is a plain name, else a hash of it.</summary>
    public static string FileOf(string folder, string id)
    {
        bool plain = id.Length is > 0 and <= 100 && id[0] != '.' && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        string name = plain ? id : "h-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id)))[..32];
        return Path.Combine(folder, name + ".safetensors");
    }

    /// <summary>Runs one lane over the samples.</summary>
    /// <param name="model">Frozen.</param>
    /// <param name="samples">With ids of their own.</param>
    /// <param name="options">What to do.</param>
    /// <param name="folder">Receives one file a sample.</param>
    /// <param name="progress">Told after every finished sample, or null.</param>
    /// <param name="cancellation">Stops between two steps; finished samples stay.</param>
    public static SynthesisReport Run(
        IMultimodalModel model, IReadOnlyList<SynthesisSample> samples, SynthesisOptions options, string folder,
        Action<SynthesisProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (samples.Count == 0)
        {
            throw new SeaException("There are no samples to optimise.", "Prepare rows first; see rejected.jsonl for why rows were left out.");
        }

        Stopwatch clock = Stopwatch.StartNew();
        Directory.CreateDirectory(folder);
        Outcome outcome = new();
        using Lane lane = new(model, options);
        LanePlan plan = lane.Plan(samples[0], samples.Count);
        Queue<SynthesisSample> waiting = new(Waiting(samples, options, folder, plan.SlotsPerStream, outcome));
        int kept = outcome.Finished, busy = 0, slots = plan.Slots;
        (long used, long offered) = (0, 0);
        lane.Stepped = step =>
        {
            (busy, slots) = (step.Busy, step.Slots);
            used += step.Busy;
            offered += step.Slots;
        };
        progress?.Invoke(new SynthesisProgress(outcome.Finished, samples.Count, 0, plan.Slots, null));
        lane.Run(
            (free, _) => [.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => waiting.Dequeue())],
            plan.SlotsPerStream,
            plan.Streams,
            result =>
            {
                using (result)
                {
                    EmbeddingFile.Write(FileOf(folder, result.Sample.Id), result, options, model.Config.Family.ToString());
                    outcome.Add(result.Losses[^1], result.Answer is not null, result.Perceived);
                }

                progress?.Invoke(new SynthesisProgress(outcome.Finished, samples.Count, busy, slots, result.Losses[^1]));
            },
            cancellation);
        return new SynthesisReport(
            samples.Count, outcome.Finished - kept, kept, outcome.Perceived, outcome.Asked, outcome.MeanLoss, clock.Elapsed.TotalSeconds,
            offered == 0 ? 1 : (double)used / offered, plan);
    }

    // A deterministic group is done as a whole or done again as a whole: its bytes follow from its members.
    private static IEnumerable<SynthesisSample> Waiting(
        IReadOnlyList<SynthesisSample> samples, SynthesisOptions options, string folder, int slots, Outcome outcome)
    {
        List<SynthesisSample> waiting = [];
        foreach (SynthesisSample[] group in samples.Chunk(options.Deterministic ? slots : 1))
        {
            Embedding?[] found = [.. group.Select(sample => EmbeddingOnDisk.Find(FileOf(folder, sample.Id), sample, options))];
            if (Array.TrueForAll(found, embedding => embedding is not null))
            {
                foreach (Embedding embedding in found.OfType<Embedding>())
                {
                    outcome.Add(embedding.Losses[^1], embedding.Metadata["perceived"] != "not asked", embedding.Metadata["perceived"] == "yes");
                }
            }
            else
            {
                waiting.AddRange(group);
            }

            foreach (Embedding? embedding in found)
            {
                embedding?.Dispose();
            }
        }

        return waiting;
    }

    private sealed class Outcome
    {
        private double losses;

        public int Finished { get; private set; }

        public int Asked { get; private set; }

        public int Perceived { get; private set; }

        public double MeanLoss => Finished == 0 ? 0 : losses / Finished;

        public void Add(float loss, bool asked, bool perceived)
        {
            Finished++;
            losses += loss;
            Asked += asked ? 1 : 0;
            Perceived += perceived ? 1 : 0;
        }
    }
}

/// <summary>Whether a file on the disk is the embedding that the options ask for.</summary>
internal static class EmbeddingOnDisk
{
    /// <summary>The embedding, or null where the file is absent, damaged, or of another sample or other options.</summary>
    public static Embedding? Find(string path, SynthesisSample sample, SynthesisOptions options)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            Embedding embedding = EmbeddingFile.Read(path);
            if (embedding.Metadata.GetValueOrDefault("spec") == EmbeddingFile.SpecOf(sample, options))
            {
                return embedding;
            }

            embedding.Dispose();
            return null;
        }
        catch (SeaException)
        {
            return null;
        }
    }
}
