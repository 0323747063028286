using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Runs.Specs;

/// <summary>Seeds that hang on names instead of on order, so that a sample's result is its own wherever and whenever it is computed.</summary>
public static class Seeds
{
    /// <summary>A seed, zero or more, for something named below another seed: a stage, a sample, a re-run.</summary>
    public static long Derive(long seed, params ReadOnlySpan<string> names)
    {
        StringBuilder text = new();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{seed}");
        foreach (string name in names)
        {
            text.Append('\0').Append(name);
        }

        return BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))) & long.MaxValue;
    }
}
