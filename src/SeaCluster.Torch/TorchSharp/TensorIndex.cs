namespace TorchSharp;

public static partial class torch
{
    /// <summary>One position of an indexing expression: a number, a slice, a tensor, a new axis or an ellipsis.</summary>
    public readonly struct TensorIndex
    {
        public static readonly TensorIndex Ellipsis = new(Form.Ellipsis);
        public static readonly TensorIndex None = new(Form.NewAxis);
        public static readonly TensorIndex Null = new(Form.NewAxis);
        public static readonly TensorIndex Colon = new(Form.Slice);

        private TensorIndex(Form kind, long? start = null, long? stop = null, long? step = null, torch.Tensor? tensor = null)
        {
            Kind = kind;
            Start = start;
            Stop = stop;
            Step = step;
            Source = tensor;
        }

        internal enum Form
        {
            Slice,
            Single,
            Tensor,
            NewAxis,
            Ellipsis,
            Bool,
        }

        internal Form Kind { get; }

        internal long? Start { get; }

        internal long? Stop { get; }

        internal long? Step { get; }

        internal torch.Tensor? Source { get; }

        public static TensorIndex Single(long? index) => index is { } position ? new(Form.Single, position) : None;

        public static TensorIndex Bool(bool value) => new(Form.Bool, value ? 1 : 0);

        public static TensorIndex Tensor(torch.Tensor tensor) => new(Form.Tensor, tensor: tensor);

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Form.Slice, start, stop, step);

        public static TensorIndex Slice((int?, int?) range) => new(Form.Slice, range.Item1, range.Item2);

        public static TensorIndex Slice(Range range) => new(Form.Slice, FromStart(range.Start), Ends(range.End));

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex((int?, int?) range) => Slice(range);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex(Index index) => Single(FromStart(index));

        private static long FromStart(Index index) => index.IsFromEnd ? -index.Value : index.Value;

        // ..^0 is the end itself, which a negative number cannot say.
        private static long? Ends(Index index) => index.IsFromEnd && index.Value == 0 ? null : FromStart(index);
    }
}
