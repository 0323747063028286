using System.Collections.Concurrent;
using System.Text;

namespace SeaCluster.Models.Tokenization;

/// <summary>
/// Byte-pair encoding: characters, joined pair by pair in the order of the merge list. Pairs wait in a priority queue over a linked list of symbols,
/// so a piece of n characters takes n log n, also when it is one word of a megabyte.
/// </summary>
internal sealed class BpeModel : ITokenModel
{
    private const int LongestCached = 256, MostCached = 50_000;

    private readonly Options _options;
    private readonly int[] _basicPlane = new int[0x10000];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <param name="Vocabulary">Token texts and ids.</param>
    /// <param name="Merges">Pairs of ids (first in the high half) with their rank and the id that they become.</param>
    /// <param name="Unknown">The token of characters that are not in the vocabulary, or null: they vanish.</param>
    /// <param name="FuseUnknown">Whether unknown characters in a row are one token.</param>
    /// <param name="Bytes">The token of each byte, -1 where there is none; null without byte fallback.</param>
    /// <param name="IgnoreMerges">Whether a piece that is a token is that token, whatever the merges say.</param>
    public sealed record Options(
        Dictionary<string, int> Vocabulary, Dictionary<ulong, (int Rank, int Id)> Merges, int? Unknown, bool FuseUnknown, int[]? Bytes, bool IgnoreMerges);

    public BpeModel(Options options)
    {
        _options = options;
        _lookup = options.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        Array.Fill(_basicPlane, -1);
        foreach ((string text, int id) in options.Vocabulary)
        {
            if (text.Length == 1)
            {
                _basicPlane[text[0]] = id;
            }
        }
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _options.Vocabulary;

    public int? Unknown => _options.Unknown;

    public void Tokenize(string piece, List<int> ids)
    {
        if (piece.Length == 0)
        {
            return;
        }

        if (_options.IgnoreMerges && _options.Vocabulary.TryGetValue(piece, out int whole))
        {
            ids.Add(whole);
            return;
        }

        if (piece.Length > LongestCached)
        {
            ids.AddRange(Merge(Symbols(piece)));
            return;
        }

        if (!_cache.TryGetValue(piece, out int[]? known))
        {
            known = Merge(Symbols(piece));
            if (_cache.Count < MostCached)
            {
                _cache[piece] = known;
            }
        }

        ids.AddRange(known);
    }

    /// <summary>The ids of the single characters.</summary>
    private List<int> Symbols(string piece)
    {
        List<int> symbols = new(piece.Length);
        bool pendingUnknown = false;
        Span<char> units = stackalloc char[2];
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in piece.EnumerateRunes())
        {
            int id = rune.IsBmp ? _basicPlane[rune.Value] : _lookup.TryGetValue(units[..rune.EncodeToUtf16(units)], out int astral) ? astral : -1;
            if (id >= 0)
            {
                FlushUnknown(symbols, ref pendingUnknown);
                symbols.Add(id);
                continue;
            }

            ReadOnlySpan<byte> bytes = utf8[..rune.EncodeToUtf8(utf8)];
            if (_options.Bytes is int[] table && !HasGap(table, bytes))
            {
                // As in the reference, bytes overtake an unknown token that still waits.
                foreach (byte value in bytes)
                {
                    symbols.Add(table[value]);
                }

                continue;
            }

            if (!_options.FuseUnknown)
            {
                FlushUnknown(symbols, ref pendingUnknown);
            }

            pendingUnknown = true;
        }

        FlushUnknown(symbols, ref pendingUnknown);
        return symbols;
    }

    private void FlushUnknown(List<int> symbols, ref bool pending)
    {
        if (pending && _options.Unknown is int unknown)
        {
            symbols.Add(unknown);
        }

        pending = false;
    }

    private static bool HasGap(int[] table, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (table[value] < 0)
            {
                return true;
            }
        }

        return false;
    }

    private int[] Merge(List<int> symbols)
    {
        int count = symbols.Count;
        int[] ids = [.. symbols], next = new int[count], previous = new int[count];
        PriorityQueue<int, ulong> queue = new();
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
            Enqueue(queue, ids, next, i);
        }

        while (queue.TryDequeue(out int at, out ulong priority))
        {
            // An entry is stale when its symbol is gone or its pair is another one by now: pairs only grow, so the rank tells.
            int right = ids[at] < 0 ? -1 : next[at];
            if (right < 0 || !_options.Merges.TryGetValue(Pair(ids[at], ids[right]), out (int Rank, int Id) merge) || merge.Rank != (int)(priority >> 32))
            {
                continue;
            }

            ids[at] = merge.Id;
            ids[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0)
            {
                previous[next[at]] = at;
            }

            if (previous[at] >= 0)
            {
                Enqueue(queue, ids, next, previous[at]);
            }

            Enqueue(queue, ids, next, at);
        }

        return [.. ids.Where(id => id >= 0)];
    }

    /// <summary>Lower ranks go first, and among them what stands further left.</summary>
    private void Enqueue(PriorityQueue<int, ulong> queue, int[] ids, int[] next, int at)
    {
        if (next[at] >= 0 && _options.Merges.TryGetValue(Pair(ids[at], ids[next[at]]), out (int Rank, int Id) merge))
        {
            queue.Enqueue(at, ((ulong)merge.Rank << 32) | (uint)at);
        }
    }

    /// <summary>The key of a pair of ids in the merge table.</summary>
    public static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
