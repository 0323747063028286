using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Comparisons and truth values; results are <c>bool</c> tensors unless said otherwise.</content>
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => Call.One("eq.Tensor", this, target);
        public Tensor eq(Scalar target) => Call.One("eq.Scalar", this, target);
        public Tensor ne(Tensor target) => Call.One("ne.Tensor", this, target);
        public Tensor ne(Scalar target) => Call.One("ne.Scalar", this, target);
        public Tensor lt(Tensor target) => Call.One("lt.Tensor", this, target);
        public Tensor lt(Scalar target) => Call.One("lt.Scalar", this, target);
        public Tensor le(Tensor target) => Call.One("le.Tensor", this, target);
        public Tensor le(Scalar target) => Call.One("le.Scalar", this, target);
        public Tensor gt(Tensor target) => Call.One("gt.Tensor", this, target);
        public Tensor gt(Scalar target) => Call.One("gt.Scalar", this, target);
        public Tensor ge(Tensor target) => Call.One("ge.Tensor", this, target);
        public Tensor ge(Scalar target) => Call.One("ge.Scalar", this, target);
        public Tensor equal(Tensor target) => eq(target);
        public Tensor not_equal(Tensor target) => ne(target);
        public Tensor greater(Tensor target) => gt(target);
        public Tensor greater_equal(Tensor target) => ge(target);
        public Tensor less(Tensor target) => lt(target);
        public Tensor less_equal(Tensor target) => le(target);
        public bool allclose(Tensor target, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false) =>
            Call.Value("allclose", this, target, rtol, atol, equal_nan).Bits != 0;
        public Tensor isclose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool nanEqual = false) =>
            Call.One("isclose", this, other, rtol, atol, nanEqual);
        public Tensor logical_and(Tensor other) => Call.One("logical_and", this, other);
        public Tensor logical_and_(Tensor other) => Call.InPlace("logical_and_", this, other);
        public Tensor logical_or(Tensor other) => Call.One("logical_or", this, other);
        public Tensor logical_or_(Tensor other) => Call.InPlace("logical_or_", this, other);
        public Tensor logical_xor(Tensor other) => Call.One("logical_xor", this, other);
        public Tensor logical_xor_(Tensor other) => Call.InPlace("logical_xor_", this, other);
        public Tensor bitwise_and(Tensor other) => Call.One("bitwise_and.Tensor", this, other);
        public Tensor bitwise_or(Tensor other) => Call.One("bitwise_or.Tensor", this, other);
        public Tensor bitwise_xor(Tensor other) => Call.One("bitwise_xor.Tensor", this, other);
        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) =>
            Call.One("isin.Tensor_Tensor", this, test_elements, assumeUnique, invert);
        public Tensor where(Tensor condition, Tensor y) => Call.One("where.self", condition, this, y);
        public bool is_nonzero() => Call.Value("is_nonzero", this).Bits != 0;
    }
}
