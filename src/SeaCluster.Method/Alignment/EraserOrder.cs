using SeaCluster.Method.Synthesis;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// Which rows a step of Eraser takes: helpful row i with harmful row i mod their number and refusal i mod theirs, i running through a new shuffled order of the helpful rows in
/// every epoch. A function of seed and step alone.
/// </summary>
public sealed class EraserOrder
{
    private readonly int harm;
    private readonly int refusals;
    private readonly int rows;
    private readonly long seed;
    private readonly int[] order;
    private int epoch = -1;

    /// <param name="harm">Number of harmful rows.</param>
    /// <param name="help">Number of helpful rows: one epoch.</param>
    /// <param name="refusals">Number of refusals.</param>
    /// <param name="rows">Rows of each pool in a step.</param>
    /// <param name="seed">Of the shuffling.</param>
    public EraserOrder(int harm, int help, int refusals, int rows, long seed)
    {
        (this.harm, this.refusals, this.rows, this.seed) = (harm, refusals, rows, seed);
        order = new int[help];
    }

    /// <summary>The rows of a step, from 0.</summary>
    public EraserStep Of(int step)
    {
        int[] taken = [.. Enumerable.Range(0, rows).Select(i => Row(((long)step * rows) + i))];
        return new EraserStep([.. taken.Select(row => row % harm)], taken, [.. taken.Select(row => row % refusals)]);
    }

    private int Row(long position)
    {
        if (position / order.Length != epoch)
        {
            epoch = (int)(position / order.Length);
            SampleRandom random = new(seed, $"eraser/{epoch}");
            for (int i = 0; i < order.Length; i++)
            {
                int other = random.Below(i + 1);
                (order[i], order[other]) = (order[other], i);
            }
        }

        return order[position % order.Length];
    }
}
