using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using SeaCluster.Torch;

namespace SeaCluster.Demo.Experiment;

/// <summary>Pieces of work on threads of their own, each computing with one thread: small kernels gain nothing from a second one.</summary>
internal static class ParallelWork
{
    /// <summary>Does every piece once, in order as threads become free; the first error stops what has not begun, and is thrown.</summary>
    /// <param name="pieces">How many there are.</param>
    /// <param name="threads">Most threads.</param>
    /// <param name="work">Does one, given its number.</param>
    public static void Run(int pieces, int threads, Action<int> work)
    {
        ConcurrentQueue<int> waiting = new(Enumerable.Range(0, pieces));
        ConcurrentQueue<Exception> errors = new();
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(threads, pieces)).Select(_ => new Thread(() =>
        {
            TorchRuntime.PinCurrentThread(1);
            while (errors.IsEmpty && waiting.TryDequeue(out int piece))
            {
                try
                {
                    work(piece);
                }
                catch (Exception error)
                {
                    errors.Enqueue(error);
                }
            }
        })
        { IsBackground = true })];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
        if (errors.TryDequeue(out Exception? first))
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }
}
