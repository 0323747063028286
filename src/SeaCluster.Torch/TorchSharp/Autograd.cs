using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Describe().RequiresGrad;
            set => requires_grad_(value);
        }

        /// <summary>The gradient that <see cref="backward()"/> accumulated; null before.</summary>
        public Tensor? grad
        {
            get
            {
                Native.Check(Native.GetGrad(Handle, out var found));
                GC.KeepAlive(this);
                return found == 0 ? null : new Tensor(found);
            }

            set
            {
                Native.Check(Native.SetGrad(Handle, value is null ? 0 : value.Handle));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            Native.Check(Native.SetRequiresGrad(Handle, requires_grad ? 1 : 0));
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public void retain_grad()
        {
            Native.Check(Native.RetainGrad(Handle));
            GC.KeepAlive(this);
        }

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);
    }

    public static class autograd
    {
        /// <summary>Accumulates the gradients of the tensors' sum (weighted by <paramref name="grad_tensors"/>) into the leaves.</summary>
        public static unsafe void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var outputs = Handles(tensors);
            var seeds = Handles(grad_tensors);
            var leaves = Handles(inputs);
            RequireSameCount(seeds, outputs, nameof(grad_tensors));
            fixed (nint* outputsAt = outputs, seedsAt = seeds, leavesAt = leaves)
            {
                Native.Check(Native.Backward(
                    outputsAt, outputs!.Length, seedsAt, retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, leavesAt, leaves?.Length ?? 0));
            }

            GC.KeepAlive(tensors);
            GC.KeepAlive(grad_tensors);
            GC.KeepAlive(inputs);
        }

        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>
        /// The gradients of the outputs' sum (weighted by <paramref name="grad_outputs"/>) with respect to the inputs. An unused input
        /// is an error, or with <paramref name="allow_unused"/> an invalid tensor (<see cref="Tensor.IsInvalid"/>).
        /// </summary>
        public static unsafe IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var of = Handles(outputs)!;
            var to = Handles(inputs)!;
            var seeds = Handles(grad_outputs);
            RequireSameCount(seeds, of, nameof(grad_outputs));
            var found = new nint[to.Length];
            fixed (nint* ofAt = of, toAt = to, seedsAt = seeds, foundAt = found)
            {
                Native.Check(Native.Gradients(
                    ofAt, of.Length, toAt, to.Length, seedsAt, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, foundAt));
            }

            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Array.ConvertAll(found, handle => new Tensor(handle));
        }

        private static nint[]? Handles(IList<Tensor>? tensors)
        {
            if (tensors is null)
            {
                return null;
            }

            var handles = new nint[tensors.Count];
            for (var i = 0; i < handles.Length; i++)
            {
                handles[i] = tensors[i] is { } tensor ? tensor.Handle : 0;
            }

            return handles;
        }

        private static void RequireSameCount(nint[]? seeds, nint[]? outputs, string name)
        {
            if (seeds is not null && seeds.Length != outputs!.Length)
            {
                throw new ArgumentException($"{seeds.Length} gradients were given for {outputs.Length} tensors.", name);
            }
        }
    }

    public static IDisposable no_grad() => new GradMode(enabled: false, inference: false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled, inference: false);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode, inference: false);

    /// <summary>Like <see cref="no_grad"/>: libtorch's own mode is bound to a thread and would not survive an <c>await</c>.</summary>
    public static IDisposable inference_mode(bool mode = true) => new GradMode(!mode, inference: mode);

    public static bool is_grad_enabled() => GradMode.IsEnabled;

    public static bool is_inference_mode_enabled() => GradMode.IsInference;

    /// <summary>Whether operations are recorded, for the current flow of execution: it crosses <c>await</c> and enters started tasks.</summary>
    private sealed class GradMode : IDisposable
    {
        // The native flag belongs to a thread; the handler sets it whenever this flow changes its value or its thread.
        private static readonly AsyncLocal<State?> Flow = new(change => Native.SetGradEnabled(change.CurrentValue?.Enabled ?? true ? 1 : 0));

        private readonly State? previous;

        internal GradMode(bool enabled, bool inference)
        {
            // A missing library must fail here: an exception in the handler would end the process.
            _ = torch.__version__;
            previous = Flow.Value;
            Flow.Value = new State(enabled, inference);
        }

        internal static bool IsEnabled => Flow.Value?.Enabled ?? true;

        internal static bool IsInference => Flow.Value?.Inference ?? false;

        public void Dispose() => Flow.Value = previous;

        private sealed record State(bool Enabled, bool Inference);
    }
}
