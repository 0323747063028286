using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

/// <content>Several tensors into one, and the like.</content>
public static partial class torch
{
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Call.One("cat", Arg.List(tensors), dim);

    public static Tensor cat(Tensor[] tensors, long dim = 0) => Call.One("cat", Arg.List((IReadOnlyList<Tensor>)tensors), dim);

    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0) => cat(tensors.ToArray(), dim);

    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor concat(Tensor[] tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor concat(ReadOnlySpan<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Call.One("stack", Arg.List((IReadOnlyList<Tensor>)[.. tensors]), dim);

    public static Tensor hstack(IList<Tensor> tensors) => Call.One("hstack", Arg.List(tensors));

    public static Tensor hstack(params Tensor[] tensors) => Call.One("hstack", Arg.List((IReadOnlyList<Tensor>)tensors));

    public static Tensor vstack(IList<Tensor> tensors) => Call.One("vstack", Arg.List(tensors));

    public static Tensor vstack(Tensor[] tensors) => Call.One("vstack", Arg.List((IReadOnlyList<Tensor>)tensors));

    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") =>
        Call.Many("meshgrid.indexing", Arg.List((IReadOnlyList<Tensor>)[.. tensors]), indexing);

    public static Tensor einsum(string equation, params Tensor[] tensors) => Call.One("einsum", equation, Arg.List((IReadOnlyList<Tensor>)tensors));

    public static Tensor[] where(Tensor condition) => Call.Many("where", condition);

    public static Tensor[] unbind(Tensor tensor, int dim = 0) => tensor.unbind(dim);

    public static Tensor norm(Tensor input) => input.norm();

    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => input.softmax(dim, dtype);
}
