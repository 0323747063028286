using SeaCluster.Models;
using SeaCluster.Models.Attention;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>
/// One device with one frozen model, optimising a batch of samples: L(E_o) = mean over a sample's auxiliary pairs of the mean negative
/// log-likelihood of the answer's tokens, through projector and language model (SEA, section 3). A slot whose sample is finished is
/// refilled at once; nothing but E_o has a gradient.
/// </summary>
public sealed class Lane : IDisposable
{
    private const double RerunNoise = 0.1;

    private readonly IMultimodalModel model;
    private readonly SynthesisOptions options;
    private readonly Lock reporting = new();
    private readonly Dictionary<SlotStream, (int Busy, int Slots)> use = [];
    private readonly StartOutputs starts;
    private readonly double spread;
    private readonly ConstantPrefix? constant;
    private readonly int skip;
    private readonly Func<SynthesisSample, MediaLayout, int, PackedSequence> pack;

    /// <param name="model">Frozen; must outlive the lane.</param>
    /// <param name="options">What to do.</param>
    public Lane(IMultimodalModel model, SynthesisOptions options)
        : this(model, options, model.EncodeBlank(options.Modality ?? model.Config.Modalities[0]))
    {
    }

    private Lane(IMultimodalModel model, SynthesisOptions options, EncoderOutput start)
        : this(model, options, start, model.Prompts.PrefixBeforeMedia(start.Layout), (sample, media, skip) =>
            PackedSequence.Of([.. sample.Pairs.Select(pair => model.Prompts.Encode(pair.Question, pair.Answer, media))], skip))
    {
    }

    /// <summary>A lane whose start and packing are given: for models without an encoder or a tokenizer of their own.</summary>
    /// <param name="model">Frozen; must outlive the lane.</param>
    /// <param name="options">What to do.</param>
    /// <param name="start">Initial E_o, and how it stands in every prompt; taken over.</param>
    /// <param name="prefix">Tokens that stand in front of the medium in every prompt.</param>
    /// <param name="pack">Sample, layout of the medium and length of the prefix to leave out → its packed sequence.</param>
    public Lane(
        IMultimodalModel model, SynthesisOptions options, EncoderOutput start, IReadOnlyList<int> prefix, Func<SynthesisSample, MediaLayout, int, PackedSequence> pack)
    {
        this.model = model;
        this.options = options;
        this.pack = pack;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        EncoderOutput blank = (start with { Values = start.Values.to(ScalarType.Float32).detach().clone() }).DetachFromDisposeScope();
        start.Dispose();
        starts = new StartOutputs(model, options, blank);
        spread = starts.Blank.Values.std().item<float>();
        LearningRate = options.LearningRate ?? 0.1 * spread;
        // A label in front of the first media token may differ between real media: then nothing in front of them is constant.
        prefix = options.Init == EmbeddingInit.Real && starts.Largest.Parts[0].Label.Length > 0 ? [] : prefix;
        constant = ConstantPrefix.Of(model.LanguageModel, prefix);
        skip = prefix.Count;
    }

    /// <summary>Step size in use.</summary>
    public double LearningRate { get; }

    /// <summary>Number of media tokens of a sample; the most of some where they start from real media.</summary>
    public int MediaTokens => starts.Largest.Tokens;

    /// <summary>Told after every step of a stream: how many slots were in use and how many tokens the batch had.</summary>
    public Action<LaneStep>? Stepped { get; set; }

    internal IMultimodalModel Model => model;

    internal SynthesisOptions Options => options;

    /// <summary>Plans the lane for samples like the given one.</summary>
    public LanePlan Plan(SynthesisSample typical, int samples) =>
        LanePlan.Of(model, options, starts.Blank.Values.shape[0] * starts.Largest.Tokens / starts.Blank.Layout.Tokens, pack(typical, starts.Largest, skip).Ids.Length, samples);

    /// <summary>
    /// Optimises samples until there are none left, and gives each result as soon as it is finished. Several streams, each with a thread and
    /// a share of the slots of its own, call <paramref name="take"/> one at a time, and likewise <paramref name="finished"/>.
    /// </summary>
    /// <param name="take">Gives samples for free slots.</param>
    /// <param name="slotCount">Most samples side by side in a stream.</param>
    /// <param name="streams">Streams; one computes with the calling thread's threads, each of several with one.</param>
    /// <param name="finished">Takes a result over, and disposes of it.</param>
    /// <param name="cancellation">Stops between two steps; unfinished samples are dropped.</param>
    public void Run(SampleSource take, int slotCount, int streams, Action<SynthesisResult> finished, CancellationToken cancellation = default)
    {
        use.Clear();
        if (streams == 1 && !options.Deterministic)
        {
            using SlotStream alone = new(this, slotCount);
            alone.Run(take, finished, cancellation);
            return;
        }

        using StreamGroup group = new(this, slotCount, streams, options.Deterministic);
        group.Run(take, finished, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        starts.Dispose();
        constant?.Dispose();
    }

    internal Slot Start(SynthesisSample sample, int attempt)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (Tensor start, MediaLayout layout, string? medium) = starts.Of(sample, attempt);
        start = options.Init == EmbeddingInit.Random ? zeros_like(start) : start;
        double noise = options.Init switch { EmbeddingInit.Random => 1, EmbeddingInit.Noise => options.Noise, _ => 0 };
        if (attempt > 0)
        {
            // A re-run leaves the first start by a tenth of the blank's spread: another path, the same basin of plausible outputs.
            noise = Math.Max(noise, RerunNoise);
        }

        if (noise > 0)
        {
            SampleRandom random = new(options.Seed, sample.Id, attempt);
            float[] drawn = new float[start.numel()];
            for (int i = 0; i < drawn.Length; i++)
            {
                drawn[i] = (float)(random.Normal() * noise * spread);
            }

            start = start + tensor(drawn, start.shape).to(model.Device);
        }

        return new Slot(sample, attempt, pack(sample, layout, skip), start.clone().DetachFromDisposeScope(), options) { Layout = layout, StartMedium = medium };
    }

    internal SlotBatch Batch(IReadOnlyList<Slot> slots) => new(model, slots, constant, options, LearningRate);

    /// <summary>A stream made a step, or has nothing left to do.</summary>
    internal void Tell(SlotStream stream, int busy, int slots, int tokens, TimeSpan time)
    {
        lock (reporting)
        {
            use[stream] = (busy, slots);
            if (busy > 0)
            {
                Stepped?.Invoke(new LaneStep(use.Values.Sum(each => each.Busy), use.Values.Sum(each => each.Slots), tokens, time));
            }
        }
    }
}

/// <summary>Gives a lane samples: as many as there are free slots or fewer; none from an idle lane means that there are no more.</summary>
/// <param name="free">Free slots.</param>
/// <param name="idle">The lane has nothing in hand, so that the call may wait.</param>
public delegate IReadOnlyList<SynthesisSample> SampleSource(int free, bool idle);

/// <summary>One step of a stream of a lane.</summary>
/// <param name="Busy">Slots in use, in all streams.</param>
/// <param name="Slots">Slots of the lane.</param>
/// <param name="Tokens">Tokens of the stream's batch.</param>
/// <param name="Time">What the step took.</param>
public readonly record struct LaneStep(int Busy, int Slots, int Tokens, TimeSpan Time);
