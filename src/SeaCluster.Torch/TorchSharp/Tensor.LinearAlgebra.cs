using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Products of matrices and vectors.</content>
    public partial class Tensor
    {
        public Tensor matmul(Tensor target) => Call.One("matmul", this, target);
        public Tensor mm(Tensor target) => Call.One("mm", this, target);
        public Tensor bmm(Tensor batch2) => Call.One("bmm", this, batch2);
        public Tensor mv(Tensor target) => Call.One("mv", this, target);
        public Tensor dot(Tensor target) => Call.One("dot", this, target);
        public Tensor outer(Tensor vec2) => Call.One("outer", this, vec2);
        public Tensor inner(Tensor vec2) => Call.One("inner", this, vec2);
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Call.One("addmm", this, mat1, mat2, beta, alpha);
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Call.InPlace("addmm_", this, mat1, mat2, beta, alpha);
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Call.One("baddbmm", this, batch1, batch2, beta, alpha);
        public Tensor kron(Tensor other) => Call.One("kron", this, other);
        public Tensor tensordot(Tensor b, long[] dims1, long[] dims2) => Call.One("tensordot", this, b, dims1, dims2);
    }
}
