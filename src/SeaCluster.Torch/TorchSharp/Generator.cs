using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers with its own state.</summary>
    public class Generator : IDisposable
    {
        private nint handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            Native.Check(Native.Generator(seed, (int)this.device.type, this.device.index, out handle));
        }

        private Generator(nint handle)
        {
            this.handle = handle;
            device = CPU;
        }

        ~Generator() => Dispose(false);

        public static Generator Default
        {
            get
            {
                Native.Check(Native.DefaultGenerator(out var handle));
                return new Generator(handle);
            }
        }

        public Device device { get; }

        public IntPtr Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Generator manual_seed(long seed)
        {
            Native.Check(Native.GeneratorSeed(Handle, 0, ref seed));
            return this;
        }

        public long initial_seed()
        {
            long seed = 0;
            Native.Check(Native.GeneratorSeed(Handle, 1, ref seed));
            return seed;
        }

        /// <summary>A fresh seed from the system's entropy.</summary>
        public long seed()
        {
            long seed = 0;
            Native.Check(Native.GeneratorSeed(Handle, 2, ref seed));
            return seed;
        }

        /// <summary>The state as a byte tensor.</summary>
        public Tensor get_state()
        {
            Native.Check(Native.GeneratorState(Handle, out var state));
            return new Tensor(state);
        }

        public void set_state(Tensor value)
        {
            Native.Check(Native.SetGeneratorState(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (released != 0)
            {
                Native.DisposeGenerator(released);
            }
        }
    }

    public static Generator manual_seed(long seed)
    {
        Native.Check(Native.ManualSeed(seed));
        return Generator.Default;
    }

    public static long initial_seed() => random.initial_seed();

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    public static class random
    {
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);

        public static long seed()
        {
            using var generator = Generator.Default;
            return generator.seed();
        }

        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }
}
