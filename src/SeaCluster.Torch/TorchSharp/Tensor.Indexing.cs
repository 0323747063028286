using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Gathering from and scattering into a tensor by index or mask.</content>
    public partial class Tensor
    {
        public Tensor index_select(long dim, Tensor index) => Call.One("index_select", this, dim, index);
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Call.One("index_add", this, dim, index, source, alpha);
        public Tensor index_copy(long dim, Tensor index, Tensor source) => Call.One("index_copy", this, dim, index, source);
        public Tensor index_fill(long dim, Tensor index, Scalar value) => Call.One("index_fill.int_Scalar", this, dim, index, value);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Call.One("scatter.src", this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Call.One("scatter_add", this, dim, index, src);
        public Tensor masked_fill(Tensor mask, Scalar value) => Call.One("masked_fill.Scalar", this, mask, value);
        public Tensor masked_scatter(Tensor mask, Tensor value) => Call.One("masked_scatter", this, mask, value);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Call.InPlace("index_add_", this, dim, index, source, alpha);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Call.InPlace("index_copy_", this, dim, index, source);
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => Call.InPlace("index_fill_.int_Scalar", this, dim, index, value);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Call.InPlace("scatter_.src", this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Call.InPlace("scatter_add_", this, dim, index, src);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Call.InPlace("masked_fill_.Scalar", this, mask, value);
        public Tensor masked_scatter_(Tensor mask, Tensor value) => Call.InPlace("masked_scatter_", this, mask, value);
        public Tensor gather(long dim, Tensor index) => Call.One("gather", this, dim, index);
        public Tensor masked_select(Tensor mask) => Call.One("masked_select", this, mask);
        public Tensor nonzero() => Call.One("nonzero", this);
        public Tensor argwhere() => Call.One("argwhere", this);
        public Tensor take(Tensor index) => Call.One("take", this, index);
        public Tensor take_along_dim(Tensor indices, long dim) => Call.One("take_along_dim", this, indices, dim);
        public Tensor select_scatter(Tensor src, long dim, long index) => Call.One("select_scatter", this, src, dim, index);
        public Tensor slice_scatter(Tensor src, long dim = 0, long? start = null, long? end = null, long step = 1) =>
            Call.One("slice_scatter", this, src, dim, start, end, step);
    }
}
