using SeaCluster.Demo.World;
using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Training;

/// <summary>
/// First stage: the CLIP tower learns to read. Throw-away heads name the line in each band of the picture and the picture's style; labels
/// local to where they show are what makes so small a tower learn at all.
/// </summary>
internal sealed class EncoderTraining : IDisposable
{
    private const double LabelSmoothing = 0.02;
    private const double LineWeight = 3;
    private const double StyleWeight = 0.3;
    private const double SharpenedContrast = 0.15;
    private const double ShiftedBrightness = 0.1;

    private readonly Llava _model;
    private readonly BasePictures _pictures;
    private readonly int _batch;
    private readonly TrainingOptions _training;
    private readonly ReadingHeads _heads;
    private readonly AdamW _optimizer;
    private readonly SeededRandom _random;
    private readonly (string Name, Tensor Tensor)[] _parameters;

    internal EncoderTraining(Llava model, BasePictures pictures, DemoWorld world, BaseTrainingOptions options)
    {
        _model = model;
        _pictures = pictures;
        _batch = options.Batch;
        _random = new SeededRandom(options.Seed, stream: 2);
        _heads = new ReadingHeads(model.EncoderHidden, world.Lines.Count + 1, world.Modality("image").Styles.Count, _random);
        // The norm after the last layer lies behind the output that LLaVA reads.
        _parameters =
        [
            .. model.Weights.Names.Where(name => name.StartsWith("vision_tower.", StringComparison.Ordinal) && !name.Contains("post_layernorm", StringComparison.Ordinal))
                .Select(name => (name, model.Weights[name])),
            .. _heads.Parameters,
        ];
        Parameters.RequireGradients(_parameters, true);
        _training = new TrainingOptions
        {
            Steps = options.EncoderSteps,
            LearningRate = options.EncoderLearningRate,
            WarmUp = 100,
            Floor = 0.02,
            WeightDecay = 0.05,
            Beta2 = 0.98,
        };
        _optimizer = new AdamW(_parameters, _training);
    }

    /// <summary>Steps taken.</summary>
    internal int Steps => _optimizer.Steps;

    /// <summary>One step; returns its loss.</summary>
    internal double Step()
    {
        using DisposeScope scope = NewDisposeScope();
        int[] chosen = [.. Enumerable.Range(0, _batch).Select(_ => _random.Next(_pictures.Count))];
        (Tensor lines, Tensor styles) = _heads.Forward(_model.Encode(Disturbed(_pictures.Pixels(chosen))));
        Tensor loss = (LineWeight * CrossEntropy(lines.flatten(0, 1), [.. chosen.SelectMany(i => _pictures.Lines[i])]))
            + (StyleWeight * CrossEntropy(styles, [.. chosen.Select(i => (long)_pictures.Styles[i])], smoothing: 0));
        _optimizer.ZeroGrad();
        loss.backward();
        _optimizer.ClipGradNorm(_training.MaxGradNorm);
        _optimizer.Step(_training.LearningRateAt(_optimizer.Steps));
        return loss.item<float>();
    }

    /// <summary>Share of pictures whose phrase the heads tell from all others, and share whose style they tell.</summary>
    internal (double Phrase, double Style) Accuracy(BasePictures pictures, DemoWorld world)
    {
        using IDisposable frozen = no_grad();
        long[][] phrases = [.. world.Phrases.Select(phrase => pictures.Lines[pictures.Phrases.ToList().FindIndex(p => p!.Id == phrase.Id)])];
        int right = 0;
        int rightStyle = 0;
        foreach (int[] chosen in Enumerable.Range(0, pictures.Count).Chunk(128))
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor lines, Tensor styles) = _heads.Forward(_model.Encode(pictures.Pixels(chosen)));
            Tensor odds = lines.log_softmax(-1);
            Tensor scores = stack([.. phrases.Select(bands => odds.select(1, 0).select(1, bands[0]) + odds.select(1, 1).select(1, bands[1]) + odds.select(1, 2).select(1, bands[2]))], 1);
            long[] best = scores.argmax(1).data<long>().ToArray();
            long[] looks = styles.argmax(1).data<long>().ToArray();
            right += chosen.Where((picture, k) => pictures.Phrases[picture]!.Id == best[k]).Count();
            rightStyle += chosen.Where((picture, k) => pictures.Styles[picture] == looks[k]).Count();
        }

        return ((double)right / pictures.Count, (double)rightStyle / pictures.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.ZeroGrad();
        Parameters.RequireGradients(_parameters, false);
        _optimizer.Dispose();
        _heads.Dispose();
    }

    /// <summary>Moves the batch by up to a pixel and changes each picture's colours a little.</summary>
    private Tensor Disturbed(Tensor pixels)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor moved = pixels.roll([_random.Between(-1, 1), _random.Between(-1, 1)], [2L, 3L]);
        Tensor contrast = PerChannel(pixels.shape[0], 1 - SharpenedContrast, 1 + SharpenedContrast);
        Tensor brightness = PerChannel(pixels.shape[0], -ShiftedBrightness, ShiftedBrightness);
        return (moved * contrast + brightness).MoveToOuterDisposeScope();
    }

    private Tensor PerChannel(long pictures, double low, double high)
    {
        float[] values = new float[3 * pictures];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)_random.Uniform(low, high);
        }

        return tensor(values, [pictures, 3, 1, 1]);
    }

    private static Tensor CrossEntropy(Tensor odds, long[] wanted, double smoothing = LabelSmoothing)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logs = odds.log_softmax(-1);
        Tensor right = logs.gather(1, tensor(wanted).unsqueeze(1)).mean();
        return (((smoothing - 1) * right) - (smoothing * logs.mean())).MoveToOuterDisposeScope();
    }
}
