using SeaCluster.Models;
using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) in place, with the arithmetic of <c>torch.optim.AdamW</c>. Moments are float32; a parameter of another type
/// has a float32 master copy, which is what is stepped.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly List<Slot> slots = [];
    private readonly TrainingOptions options;

    /// <param name="parameters">Leaves that require a gradient; borrowed.</param>
    /// <param name="options">Betas, epsilon, weight decay.</param>
    public AdamW(IEnumerable<(string Name, Tensor Tensor)> parameters, TrainingOptions options)
    {
        this.options = options;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach ((string name, Tensor tensor) in parameters)
        {
            bool exact = tensor.dtype == ScalarType.Float32;
            slots.Add(new Slot(
                name, tensor, exact ? null : tensor.detach().to(ScalarType.Float32).DetachFromDisposeScope(), Zeros(tensor), Zeros(tensor)));
        }
    }

    /// <summary>Steps taken.</summary>
    public int Steps { get; private set; }

    /// <summary>
    /// Scales all gradients so that their joint L2 norm is at most <paramref name="limit"/>, as <c>clip_grad_norm_</c> does; 0 leaves them.
    /// </summary>
    /// <returns>The norm before.</returns>
    public double ClipGradNorm(double limit)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor[] gradients = [.. slots.Select(slot => slot.Parameter.grad).OfType<Tensor>()];
        if (gradients.Length == 0)
        {
            return 0;
        }

        double norm = stack([.. gradients.Select(gradient => gradient.to(ScalarType.Float32).norm())]).norm().item<float>();
        double scale = limit / (norm + 1e-6);
        if (limit > 0 && scale < 1)
        {
            foreach (Tensor gradient in gradients)
            {
                gradient.mul_(scale);
            }
        }

        return norm;
    }

    /// <summary>One step along the gradients of the parameters; a parameter without one stays.</summary>
    public void Step(double learningRate)
    {
        Steps++;
        double correction1 = 1 - Math.Pow(options.Beta1, Steps), root2 = Math.Sqrt(1 - Math.Pow(options.Beta2, Steps));
        using IDisposable frozen = no_grad();
        foreach (Slot slot in slots)
        {
            using DisposeScope scope = NewDisposeScope();
            if (slot.Parameter.grad?.to(ScalarType.Float32) is not { } gradient)
            {
                continue;
            }

            Tensor values = slot.Master ?? slot.Parameter;
            if (options.WeightDecay > 0)
            {
                values.mul_(1 - (learningRate * options.WeightDecay));
            }

            slot.Mean.mul_(options.Beta1).add_(gradient, alpha: 1 - options.Beta1);
            slot.Square.mul_(options.Beta2).addcmul_(gradient, gradient, 1 - options.Beta2);
            Tensor denominator = slot.Square.sqrt().div_(root2).add_(options.Epsilon);
            values.addcdiv_(slot.Mean, denominator, -learningRate / correction1);
            if (slot.Master is not null)
            {
                slot.Parameter.copy_(slot.Master);
            }
        }
    }

    /// <summary>Drops all gradients.</summary>
    public void ZeroGrad() => slots.ForEach(slot => slot.Parameter.grad = null);

    /// <summary>Parameters and moments, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => slots.SelectMany(slot => slot.State);

    /// <summary>Sets parameters, moments and step count as <see cref="State"/> gave them.</summary>
    /// <exception cref="SeaException">A tensor is missing or has another shape.</exception>
    public void Restore(SafetensorsFile file, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach ((string name, Tensor tensor) in State)
        {
            long[] shape = file.Info(name).Shape;
            if (!shape.AsSpan().SequenceEqual(tensor.shape))
            {
                throw new SeaException(
                    $"{file.Path}: '{name}' has shape [{string.Join(", ", shape)}], the training has [{string.Join(", ", tensor.shape)}].",
                    "The checkpoint is of another model or adapter.");
            }

            tensor.detach().copy_(file.Load(name));
        }

        Steps = steps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Slot slot in slots)
        {
            slot.Master?.Dispose();
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }

        slots.Clear();
    }

    private static Tensor Zeros(Tensor like) => zeros(like.shape, ScalarType.Float32, like.device).DetachFromDisposeScope();

    private sealed record Slot(string Name, Tensor Parameter, Tensor? Master, Tensor Mean, Tensor Square)
    {
        public IEnumerable<(string Name, Tensor Tensor)> State
        {
            get
            {
                yield return ("parameter/" + Name, Parameter);
                if (Master is not null)
                {
                    yield return ("master/" + Name, Master);
                }

                yield return ("mean/" + Name, Mean);
                yield return ("square/" + Name, Square);
            }
        }
    }
}
