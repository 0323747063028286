using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Reductions, sorting and counting.</content>
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Call.One("sum", this, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Call.One("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Call.One("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Call.One("sum.dim_IntList", this, new long[] { dim }, keepdim, type);
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) =>
            Call.One("sum.dim_IntList", this, new long[] { dim0, dim1 }, keepdim, type);
        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) =>
            Call.One("sum.dim_IntList", this, new long[] { dim0, dim1, dim2 }, keepdim, type);
        public Tensor mean() => Call.One("mean", this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Call.One("mean.dim", this, dimensions, keepdim, type);
        public Tensor std(bool unbiased = true) => Call.One("std", this, unbiased);
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("std.dim", this, dimensions, unbiased, keepdim), type);
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("std.dim", this, dimensions, unbiased, keepdim), type);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("std.dim", this, new long[] { dim }, unbiased, keepdim), type);
        public Tensor var(bool unbiased = true) => Call.One("var", this, unbiased);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("var.dim", this, dimensions, unbiased, keepdim), type);
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("var.dim", this, dimensions, unbiased, keepdim), type);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Retype(Call.One("var.dim", this, new long[] { dim }, unbiased, keepdim), type);
        public Tensor max() => Call.One("max", this);
        public Tensor max(Tensor other) => Call.One("max.other", this, other);
        public (Tensor, Tensor) max(long dim, bool keepdim = false) => Call.Two("max.dim", this, dim, keepdim);
        public Tensor min() => Call.One("min", this);
        public Tensor min(Tensor other) => Call.One("min.other", this, other);
        public (Tensor, Tensor) min(long dim, bool keepdim = false) => Call.Two("min.dim", this, dim, keepdim);
        public Tensor argmax() => Call.One("argmax", this);
        public Tensor argmax(long dim, bool keepdim = false) => Call.One("argmax", this, dim, keepdim);
        public Tensor argmin() => Call.One("argmin", this);
        public Tensor argmin(long dim, bool keepdim = false) => Call.One("argmin", this, dim, keepdim);
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call.One("amax", this, dims, keepdim));
        public Tensor amax(params long[] dims) => Call.One("amax", this, dims);
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call.One("amax", this, dims, keepdim));
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call.One("amin", this, dims, keepdim));
        public Tensor amin(params long[] dims) => Call.One("amin", this, dims);
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call.One("amin", this, dims, keepdim));
        public Tensor all() => Call.One("all", this);
        public Tensor all(long dim, bool keepdim = false) => Call.One("all.dim", this, dim, keepdim);
        public Tensor any() => Call.One("any", this);
        public Tensor any(long dim, bool keepdim = false) => Call.One("any.dim", this, dim, keepdim);
        public Tensor prod(ScalarType? type = null) => Call.One("prod", this, type);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Call.One("prod.dim_int", this, dim, keepdim, type);
        public Tensor norm(float p = 2) => Call.One("norm.ScalarOpt_dim", this, p, Array.Empty<long>());
        public Tensor norm(int dim, bool keepdim = false, float p = 2) => Call.One("norm.ScalarOpt_dim", this, p, new long[] { dim }, keepdim);
        public Tensor logsumexp(long dim, bool keepdim = false) => Call.One("logsumexp", this, new long[] { dim }, keepdim);
        public Tensor cumsum(long dim, ScalarType? type = null) => Call.One("cumsum", this, dim, type);
        public Tensor cumprod(long dim, ScalarType? type = null) => Call.One("cumprod", this, dim, type);
        public Tensor median() => Call.One("median", this);
        public Tensor count_nonzero(long[]? dims = null) => dims is null ? Call.One("count_nonzero", this) : Call.One("count_nonzero.dim_IntList", this, dims);
        public (Tensor, Tensor) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Call.Two("topk", this, k, dim, largest, sorted);
        public (Tensor, Tensor) sort(long dim = -1, bool descending = false, bool stable = false) => Call.Two("sort.stable", this, stable, dim, descending);
        public Tensor argsort(long dim = -1, bool descending = false) => Call.One("argsort", this, dim, descending);
        public (Tensor, Tensor, Tensor) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            dim is { } d ? Call.Three("unique_dim", this, d, sorted, return_inverse, return_counts) : Call.Three("_unique2", this, sorted, return_inverse, return_counts);
        public Tensor bincount(Tensor? weights, long minlength = 0) => Call.One("bincount", this, weights, minlength);
        public Tensor histc(long bins = 100, long min = 0, long max = 0) => Call.One("histc", this, bins, min, max);
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Call.One("quantile", this, q, dim, keepdim);
        public Tensor trace() => Call.One("trace", this);
        public (Tensor, Tensor) kthvalue(long k, long? dim, bool keepdim = false) => Call.Two("kthvalue", this, k, dim ?? -1, keepdim);

        private static Tensor Retype(Tensor result, ScalarType? type)
        {
            if (type is not { } wanted)
            {
                return result;
            }

            using (result)
            {
                return result.to_type(wanted);
            }
        }

        private static Tensor Into(Tensor? target, Tensor result)
        {
            if (target is null)
            {
                return result;
            }

            using (result)
            {
                return target.copy_(result);
            }
        }
    }
}
