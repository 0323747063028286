using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Attention;

/// <summary>
/// Attention over a batch of packed sequences, with an optional constant prefix whose keys and values were computed once per model.
/// Linear layers see no padding; only the scores are computed on sequences of equal, padded length.
/// </summary>
public sealed class PackedAttention : IAttention, IDisposable
{
    private readonly int sequences;
    private readonly int longest;
    private readonly ConstantPrefix? constant;
    private readonly Tensor mask;
    private readonly Tensor? toPadded;
    private readonly Tensor? toPacked;

    /// <param name="shapes">The sequences, in the order in which they lie end to end.</param>
    /// <param name="constant">Keys and values that every sequence sees in front of its own, or null.</param>
    /// <param name="dtype">The model's element type.</param>
    /// <param name="device">The model's device.</param>
    public PackedAttention(IReadOnlyList<SequenceShape> shapes, ConstantPrefix? constant, ScalarType dtype, Device device)
    {
        this.constant = constant;
        sequences = shapes.Count;
        longest = shapes.Max(shape => shape.Tokens);
        using DisposeScope scope = NewDisposeScope();
        mask = MaskOf(shapes, constant?.Length ?? 0).to(dtype, device).DetachFromDisposeScope();
        if (shapes.Any(shape => shape.Tokens != longest))
        {
            (long[] padded, long[] packed) = Rows(shapes);
            toPadded = tensor(padded).to(device).DetachFromDisposeScope();
            toPacked = tensor(packed).to(device).DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor queries, Tensor keys, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor k = Padded(keys), v = Padded(values);
        if (constant is not null)
        {
            k = cat([constant.Keys[layer].expand(sequences, -1, -1, -1), k], 1);
            v = cat([constant.Values[layer].expand(sequences, -1, -1, -1), v], 1);
        }

        Tensor y = ScaledDotProduct(Padded(queries), k, v, mask).reshape(sequences * longest, -1);
        return (toPacked is null ? y : y.index_select(0, toPacked)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// softmax(q kᵀ / √d + mask) v with grouped heads. q [b, t, heads, d], k and v [b, s, key heads, d],
    /// mask broadcast to [b, 1, 1, t, s] → [b, t, heads, d].
    /// </summary>
    internal static Tensor ScaledDotProduct(Tensor q, Tensor k, Tensor v, Tensor mask)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = q.shape[0], time = q.shape[1], heads = q.shape[2], size = q.shape[3], groups = k.shape[2], keys = k.shape[1];
        Tensor grouped = (q * (1.0 / Math.Sqrt(size))).view(batch, time, groups, heads / groups, size).permute(0, 2, 3, 1, 4)
            .reshape(batch, groups, heads / groups * time, size);
        Tensor scores = matmul(grouped, k.permute(0, 2, 3, 1)).view(batch, groups, heads / groups, time, keys);
        Tensor weights = nn.functional.softmax((scores + mask).to(ScalarType.Float32), -1).to(q.dtype);
        Tensor mixed = matmul(weights.view(batch, groups, heads / groups * time, keys), v.transpose(1, 2));
        return mixed.view(batch, groups, heads / groups, time, size).permute(0, 3, 1, 2, 4).reshape(batch, time, heads, size).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        mask.Dispose();
        toPadded?.Dispose();
        toPacked?.Dispose();
    }

    private Tensor Padded(Tensor x)
    {
        Tensor rows = toPadded is null ? x : x.index_select(0, toPadded);
        return rows.view(sequences, longest, x.shape[1], x.shape[2]);
    }

    // Padding rows repeat row 0 of their batch and see column 0 alone, so that their softmax is finite; nothing reads them.
    private Tensor MaskOf(IReadOnlyList<SequenceShape> shapes, int before)
    {
        bool alike = shapes.All(shape => shape.Prefix == shapes[0].Prefix && shape.Branches.SequenceEqual(shapes[0].Branches));
        int count = alike ? 1 : shapes.Count, columns = before + longest;
        float[] values = new float[count * longest * columns];
        Array.Fill(values, float.NegativeInfinity);
        for (int s = 0; s < count; s++)
        {
            SequenceShape shape = shapes[s];
            for (int query = 0; query < longest; query++)
            {
                Span<float> row = values.AsSpan(((s * longest) + query) * columns, columns);
                row[..before].Clear();
                if (query >= shape.Tokens)
                {
                    row[0] = 0;
                    continue;
                }

                for (int key = 0; key <= query; key++)
                {
                    if (shape.Sees(query, key))
                    {
                        row[before + key] = 0;
                    }
                }
            }
        }

        return tensor(values, [count, 1, 1, longest, columns]);
    }

    private (long[] Padded, long[] Packed) Rows(IReadOnlyList<SequenceShape> shapes)
    {
        long[] padded = new long[sequences * longest];
        List<long> packed = [];
        int start = 0;
        for (int s = 0; s < sequences; s++)
        {
            for (int t = 0; t < longest; t++)
            {
                bool real = t < shapes[s].Tokens;
                padded[(s * longest) + t] = real ? start + t : start;
                if (real)
                {
                    packed.Add((s * longest) + t);
                }
            }

            start += shapes[s].Tokens;
        }

        return (padded, [.. packed]);
    }
}
