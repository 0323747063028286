using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>One sample under optimisation: its E_o, moments, step count and losses.</summary>
internal sealed class Slot(SynthesisSample sample, int attempt, PackedSequence sequence, Tensor values, SynthesisOptions options) : IDisposable
{
    private int below;

    public SynthesisSample Sample { get; } = sample;

    public int Attempt { get; } = attempt;

    /// <summary>How E_o stands in a prompt.</summary>
    public required MediaLayout Layout { get; init; }

    /// <summary>File name of the real medium that it started from, or null.</summary>
    public string? StartMedium { get; init; }

    public PackedSequence Sequence { get; } = sequence;

    /// <summary>[tokens, encoder hidden], float32.</summary>
    public Tensor Values { get; set; } = values;

    public Tensor First { get; set; } = zeros_like(values).DetachFromDisposeScope();

    public Tensor Second { get; set; } = zeros_like(values).DetachFromDisposeScope();

    public List<float> Losses { get; } = [];

    /// <summary>The last loss that was seen is that of <see cref="Values"/>, and no further step is to be taken.</summary>
    public bool Done { get; private set; }

    /// <summary>All steps are taken: the next loss is the result's, and needs no gradient.</summary>
    public bool OnlyLooks => Losses.Count == options.Steps;

    /// <summary>Notes the loss of the current values; afterwards either the sample is done or a step follows.</summary>
    public void Observe(float loss)
    {
        Losses.Add(loss);
        below = options.Threshold > 0 && loss <= options.Threshold ? below + 1 : 0;
        Done = Losses.Count > options.Steps || below >= options.Checks;
    }

    public void Dispose()
    {
        Values.Dispose();
        First.Dispose();
        Second.Dispose();
    }
}
