using System.Runtime.CompilerServices;
using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Python's indexing expressions, read and written.</content>
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Assign(value, i1);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index(Singles([i1, i2]));
            set => Assign(value, i1, i2);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index(Singles([i1, i2, i3]));
            set => Assign(value, i1, i2, i3);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(Singles([i1, i2, i3, i4]));
            set => Assign(value, i1, i2, i3, i4);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => index(Singles(indices));
            set => Assign(value, indices);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = View(indices);
            if (tensors.Count > 0)
            {
                return Call.One("index.Tensor", view, Arg.OptionalList(tensors)).MoveToOuterDisposeScope();
            }

            return (ReferenceEquals(view, this) ? alias() : view).MoveToOuterDisposeScope();
        }

        public Tensor index(params Tensor[] indices) => index(Array.ConvertAll(indices, TensorIndex.Tensor));

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = View(indices);
            if (tensors.Count > 0)
            {
                Call.InPlace("index_put_", view, Arg.OptionalList(tensors), value.to(device), accumulate);
            }
            else
            {
                // Assigning to a view broadcasts, and drops leading dimensions of length one as Python does.
                var source = value;
                while (source.ndim > view.ndim && source.size(0) == 1)
                {
                    source = source.squeeze(0);
                }

                view.copy_(accumulate ? view + source : source);
            }

            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor), accumulate: false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) =>
            index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor), accumulate);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var single = full([], value, dtype, device);
            return index_put_(single, indices, accumulate: false);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        private static TensorIndex[] Singles(long[] indices) => Array.ConvertAll(indices, index => TensorIndex.Single(index));

        private void Assign(Tensor value, params long[] indices) => index_put_(value, Singles(indices), accumulate: false);

        // Applies what makes a view and collects the tensor indices by the dimension they fall on (null between them).
        private (Tensor View, List<Tensor?> Tensors) View(TensorIndex[] indices)
        {
            var view = this;
            var tensors = new List<Tensor?>();
            long dimension = 0;
            long merged = 0;
            for (var i = 0; i < indices.Length; i++)
            {
                var position = indices[i];
                switch (position.Kind)
                {
                    case TensorIndex.Form.Single:
                        view = view.select(dimension, position.Start!.Value);
                        break;
                    case TensorIndex.Form.Slice:
                        if (position.Start is not null || position.Stop is not null || position.Step is not null)
                        {
                            view = Call.One("slice.Tensor", view, dimension, position.Start, position.Stop, position.Step ?? 1);
                        }

                        dimension++;
                        break;
                    case TensorIndex.Form.NewAxis:
                        view = view.unsqueeze(dimension++);
                        break;
                    case TensorIndex.Form.Ellipsis:
                        dimension = view.ndim - Consumed(indices.AsSpan(i + 1));
                        break;
                    case TensorIndex.Form.Bool:
                        view = view.unsqueeze(dimension);
                        AddAt(tensors, dimension - merged, tensor(position.Start == 1, device: device).unsqueeze(0));
                        dimension++;
                        break;
                    default:
                        var source = position.Source!;
                        var covered = source.dtype is ScalarType.Bool or ScalarType.Byte ? source.ndim : 1;
                        AddAt(tensors, dimension - merged, source.to(device));
                        dimension += covered;
                        merged += covered - 1;
                        break;
                }
            }

            return (view, tensors);
        }

        // A mask of n dimensions is one entry of libtorch's list but stands on n dimensions of the tensor.
        private static void AddAt(List<Tensor?> tensors, long slot, Tensor index)
        {
            while (tensors.Count < slot)
            {
                tensors.Add(null);
            }

            tensors.Add(index);
        }

        private static long Consumed(ReadOnlySpan<TensorIndex> rest)
        {
            long dimensions = 0;
            foreach (var position in rest)
            {
                dimensions += position.Kind switch
                {
                    TensorIndex.Form.Slice or TensorIndex.Form.Single => 1,
                    TensorIndex.Form.Tensor when position.Source!.dtype is ScalarType.Bool or ScalarType.Byte => position.Source.ndim,
                    TensorIndex.Form.Tensor => 1,
                    _ => 0,
                };
            }

            return dimensions;
        }
    }
}
