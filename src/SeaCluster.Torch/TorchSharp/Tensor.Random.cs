using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Random numbers, written in place or drawn by this tensor's weights.</content>
    public partial class Tensor
    {
        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null) => Call.InPlace("normal_", this, mean, std, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) => Call.InPlace("uniform_", this, from, to, generator);
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => Call.InPlace("bernoulli_.float", this, p, generator);
        public Tensor bernoulli(Generator? generator = null) => Call.One("bernoulli", this, generator);
        public Tensor exponential_(double lambda = 1, Generator? generator = null) => Call.InPlace("exponential_", this, lambda, generator);
        public Tensor random_(double from, double to, Generator? generator = null) => Call.InPlace("random_.from", this, (long)from, (long)to, generator);
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Call.One("multinomial", this, num_samples, replacement, generator);
    }
}
