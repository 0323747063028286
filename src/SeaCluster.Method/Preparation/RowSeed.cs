using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Method.Preparation;

/// <summary>Draws that depend on the run's seed, the row's id and the purpose alone: never on order, worker or time.</summary>
internal readonly record struct RowSeed(int Seed, string RowId)
{
    /// <summary>An item of a list that is not empty.</summary>
    public T Pick<T>(IReadOnlyList<T> items, string purpose) => items[Index(items.Count, purpose)];

    /// <summary>A number from 0 to <paramref name="count"/> - 1.</summary>
    public int Index(int count, string purpose) => (int)(Value(purpose) % (ulong)count);

    /// <summary>True for a share of the rows.</summary>
    public bool Chance(double share, string purpose) => Value(purpose) < share * ulong.MaxValue || share >= 1;

    private ulong Value(string purpose) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{Seed}\n{RowId}\n{purpose}")));
}
