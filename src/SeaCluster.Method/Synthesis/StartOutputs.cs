using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>The encoder outputs that a lane's samples start from: the blank medium's for all, or those of real media as they are drawn. Owns them.</summary>
internal sealed class StartOutputs : IDisposable
{
    private const long KeptBytes = 256L << 20;
    private const int Typical = 8;

    private readonly IMultimodalModel model;
    private readonly SynthesisOptions options;
    private readonly Dictionary<string, EncoderOutput> kept = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private long bytes;

    /// <param name="model">Its encoder is used.</param>
    /// <param name="options">Where samples start.</param>
    /// <param name="blank">The blank medium's output, float32; taken over.</param>
    public StartOutputs(IMultimodalModel model, SynthesisOptions options, EncoderOutput blank)
    {
        this.model = model;
        this.options = options;
        Blank = blank;
        Largest = blank.Layout;
        if (options.Init != EmbeddingInit.Real)
        {
            return;
        }

        StartMedia media = options.InitMedia ?? throw new ArgumentException("A real start needs media to start from.", nameof(options));
        try
        {
            int step = Math.Max(1, media.Files.Count / Typical);
            MediaLayout[] layouts = [.. Enumerable.Range(0, Math.Min(Typical, media.Files.Count)).Select(i => Read(media.Files[i * step]).Layout)];
            Largest = layouts.MaxBy(layout => layout.Tokens)!;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Of the blank medium.</summary>
    public EncoderOutput Blank { get; }

    /// <summary>What a plan counts with: the blank medium's layout, or the largest of some of the real media's.</summary>
    public MediaLayout Largest { get; }

    /// <summary>Where an attempt at a sample starts, float32 on the model's device, and the medium's name; freed with the current dispose scope or kept.</summary>
    public (Tensor Values, MediaLayout Layout, string? Medium) Of(SynthesisSample sample, int attempt)
    {
        if (options.Init != EmbeddingInit.Real)
        {
            return (Blank.Values, Blank.Layout, null);
        }

        string file = options.InitMedia!.Of(options.Seed, sample.Id, attempt);
        EncoderOutput output = Read(file);
        return (output.Values, output.Layout, Path.GetFileName(file));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Blank.Dispose();
        foreach (EncoderOutput output in kept.Values)
        {
            output.Dispose();
        }
    }

    // One at a time: the encoder's own work is spread over threads, and streams that start together want the same few media.
    private EncoderOutput Read(string file)
    {
        lock (gate)
        {
            if (kept.TryGetValue(file, out EncoderOutput? known))
            {
                return known;
            }

            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            EncoderOutput read = model.Encode(file);
            EncoderOutput plain = read with { Values = read.Values.to(ScalarType.Float32).to(model.Device).detach().clone() };
            bytes += plain.Values.numel() * 4;
            if (bytes > KeptBytes)
            {
                bytes -= plain.Values.numel() * 4;
                return plain.MoveToOuterDisposeScope();
            }

            return kept[file] = plain.DetachFromDisposeScope();
        }
    }
}
