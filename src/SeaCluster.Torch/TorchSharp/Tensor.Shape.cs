using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Views and rearrangements.</content>
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => Call.One("view", this, shape);
        public Tensor reshape(params long[] shape) => Call.One("reshape", this, shape);
        public Tensor view_as(Tensor other) => Call.One("view_as", this, other);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Call.One("flatten.using_ints", this, start_dim, end_dim);
        public Tensor unflatten(long dim, params long[] sizes) => Call.One("unflatten.int", this, dim, sizes);
        public Tensor permute(params long[] permutation) => Call.One("permute", this, permutation);
        public Tensor permute(IEnumerable<long> permutation) => Call.One("permute", this, permutation.ToArray());
        public Tensor transpose(long dim0, long dim1) => Call.One("transpose.int", this, dim0, dim1);
        public Tensor transpose_(long dim0, long dim1) => Call.InPlace("transpose_", this, dim0, dim1);
        public Tensor swapaxes(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor swapdims(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor t() => Call.One("t", this);
        public Tensor movedim(long[] source, long[] destination) => Call.One("movedim.intlist", this, source, destination);
        public Tensor unsqueeze(long dim) => Call.One("unsqueeze", this, dim);
        public Tensor unsqueeze_(long dim) => Call.InPlace("unsqueeze_", this, dim);
        public Tensor squeeze(long? dim = null) => dim is { } d ? Call.One("squeeze.dim", this, d) : Call.One("squeeze", this);
        public Tensor squeeze_(long? dim = null) => dim is { } d ? Call.InPlace("squeeze_.dim", this, d) : Call.InPlace("squeeze_", this);
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => Call.One("expand", this, sizes, isImplicit);
        public Tensor expand(long[] sizes, bool isImplicit = false) => Call.One("expand", this, sizes, isImplicit);
        public Tensor expand(params long[] sizes) => Call.One("expand", this, sizes);
        public Tensor expand(Size sizes, bool isImplicit = false) => Call.One("expand", this, sizes.Shape, isImplicit);
        public Tensor expand_as(Tensor other) => Call.One("expand_as", this, other);
        public Tensor broadcast_to(params long[] shape) => Call.One("broadcast_to", this, shape);
        public Tensor repeat(params long[] sizes) => Call.One("repeat", this, sizes);
        public Tensor tile(long[] reps) => Call.One("tile", this, reps);
        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Call.One("repeat_interleave.self_Tensor", this, repeats, dim, output_size);
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Call.One("repeat_interleave.self_int", this, repeats, dim, output_size);
        public Tensor narrow(long dim, long start, long length) => Call.One("narrow", this, dim, start, length);
        public Tensor slice(long dim, long start, long finish, long step) => Call.One("slice.Tensor", this, dim, start, finish, step);
        public Tensor select(long dim, long index) => Call.One("select.int", this, dim, index);
        public Tensor[] unbind(long dimension = 0) => Call.Many("unbind.int", this, dimension);
        public Tensor[] split(long size, int dim = 0) => Call.Many("split.Tensor", this, size, dim);
        public Tensor[] split(long[] sizes, long dim = 0) => Call.Many("split_with_sizes", this, sizes, dim);
        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => Call.Many("split_with_sizes", this, sizes, dim);
        public Tensor[] split(params long[] sizes) => Call.Many("split_with_sizes", this, sizes);
        public Tensor[] chunk(long chunks, long dim = 0) => Call.Many("chunk", this, chunks, dim);
        public Tensor flip(params long[] dims) => Call.One("flip", this, dims);
        public Tensor roll(long shifts, long? dims = null) => Call.One("roll", this, new[] { shifts }, dims is { } d ? new[] { d } : Array.Empty<long>());
        public Tensor roll(long[] shifts, long[] dims) => Call.One("roll", this, shifts, dims);
        public Tensor roll(long[] shifts) => Call.One("roll", this, shifts);
        public Tensor unfold(long dimension, long size, long step) => Call.One("unfold", this, dimension, size, step);
        public Tensor tril(long diagonal = 0) => Call.One("tril", this, diagonal);
        public Tensor triu(long diagonal = 0) => Call.One("triu", this, diagonal);
        public Tensor tril_(long diagonal = 0) => Call.InPlace("tril_", this, diagonal);
        public Tensor triu_(long diagonal = 0) => Call.InPlace("triu_", this, diagonal);
        public Tensor diag(long diagonal = 0) => Call.One("diag", this, diagonal);
        public Tensor diagonal(long offset = 0, long dim1 = 0, long dim2 = 1) => Call.One("diagonal", this, offset, dim1, dim2);
        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0) => Call.One("as_strided", this, size, strides, storageOffset);
        public Tensor ravel() => Call.One("ravel", this);
        public Tensor alias() => Call.One("alias", this);
    }
}
