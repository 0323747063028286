using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Method.Synthesis;

/// <summary>Draws that depend on the run's seed, the sample's id and the attempt alone (xoshiro256++ seeded by SHA-256).</summary>
public sealed class SampleRandom
{
    private ulong s0;
    private ulong s1;
    private ulong s2;
    private ulong s3;

    /// <param name="seed">Seed of the run.</param>
    /// <param name="id">What is drawn for.</param>
    /// <param name="attempt">Number of the attempt.</param>
    public SampleRandom(long seed, string id, int attempt = 0)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{attempt}/{id}"));
        s0 = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        s1 = BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(8));
        s2 = BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(16));
        s3 = BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(24));
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … count − 1.</summary>
    public int Below(int count) => (int)(Uniform() * count);

    /// <summary>Standard normal (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    private ulong Next()
    {
        unchecked
        {
            ulong result = ulong.RotateLeft(s0 + s3, 23) + s0, t = s1 << 17;
            s2 ^= s0;
            s3 ^= s1;
            s1 ^= s2;
            s0 ^= s3;
            s2 ^= t;
            s3 = ulong.RotateLeft(s3, 45);
            return result;
        }
    }
}
