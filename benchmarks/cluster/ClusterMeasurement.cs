using System.Diagnostics;
using System.Globalization;
using SeaCluster.Models;
using SeaCluster.Runs;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Status;
using SeaCluster.Runs.Work;

namespace SeaCluster.ClusterBenchmark;

/// <summary>One run through a real ledger by real worker processes on simulated lanes.</summary>
/// <param name="options">What is measured.</param>
/// <param name="start">Starts a worker process: given the folder and the run, it calls <see cref="WorkAsync"/>.</param>
/// <param name="serve">Starts a server over a folder of run folders, on a free port of this machine; its address is the end of what it says on standard error.</param>
/// <param name="say">Where remarks go.</param>
public sealed class ClusterMeasurement(MeasurementOptions options, Func<string, string, Process> start, Func<string, Process> serve, Action<string> say)
{
    private const string SpecHash = "0000000000000000000000000000000000000000000000000000000000000000";
    private const int Page = 5000;
    private const string Name = "bench";
    private static readonly string s_stage = StageName.Synthesize.Text();

    /// <summary>A worker process' whole work: says <c>ready</c>, waits for a line, works, and ends.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="run">The run.</param>
    /// <param name="options">As they were given to the measurement.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task WorkAsync(string folder, string run, MeasurementOptions options, CancellationToken cancel)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(new RunFolder(folder), given: null, create: false, TimeProvider.System, cancel);
        WorkerOptions work = new($"{Environment.MachineName}:{Environment.ProcessId}", options.Lease, 100, new RetryPolicy(3, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));
        Worker worker = new(opened.Ledger, new FolderArtifactStore(folder), work, TimeProvider.System);
        Console.Out.WriteLine("ready");
        await Console.In.ReadLineAsync(cancel);
        await worker.RunAsync(run, s_stage, new SimulatedLane(options.Slots, options.Each, options.ArtifactBytes), null, cancel);
    }

    /// <summary>Enqueues, starts the workers, watches them, and takes what they used.</summary>
    /// <exception cref="SeaException">A worker failed, or the ledger did.</exception>
    public async Task<ClusterResult> RunAsync(CancellationToken cancel)
    {
        string root = Directory.CreateTempSubdirectory("sea-cluster-").FullName, place = Directory.CreateDirectory(Path.Combine(root, Name)).FullName, run = $"bench-{Guid.NewGuid():N}";
        Process[] workers = [];
        try
        {
            await using RunLedger opened = await RunLedger.OpenAsync(new RunFolder(place), options.Ledger, create: true, TimeProvider.System, cancel);
            ILedger ledger = opened.Ledger;
            opened.Remember(run);
            double enqueued = await EnqueueAsync(ledger, run, cancel);
            workers = [.. Enumerable.Range(0, options.Workers).Select(_ => start(place, run))];
            foreach (Process worker in workers)
            {
                _ = await worker.StandardOutput.ReadLineAsync(cancel) ?? throw new SeaException($"a worker ended before it began: {await worker.StandardError.ReadToEndAsync(cancel)}");
            }

            long began = Stopwatch.GetTimestamp();
            foreach (Process worker in workers)
            {
                await worker.StandardInput.WriteLineAsync("go");
                await worker.StandardInput.FlushAsync(cancel);
            }

            (double? recovery, Usage used) = await WatchAsync(ledger, run, workers, cancel);
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            (IReadOnlyList<ServedPage> served, long serverPeak) = await ServedAsync(root, cancel);
            double? ideal = options.Each > TimeSpan.Zero ? options.Workers * options.Slots / options.Each.TotalSeconds : null;
            return new ClusterResult
            {
                Workers = options.Workers,
                Samples = options.Samples,
                EnqueuedPerSecond = enqueued,
                Seconds = seconds,
                PerSecond = options.Samples / seconds,
                Efficiency = options.Samples / seconds / ideal,
                CpuSecondsPerThousand = used.Cpu.TotalSeconds / options.Samples * 1000,
                WorkerPeakBytes = used.Peak,
                DriverPeakBytes = Peak(Environment.ProcessId),
                LedgerBytes = await LedgerBytesAsync(ledger, place, cancel),
                RecoverySeconds = recovery,
                StatusMilliseconds = await MedianAsync(async () => await RunStatusReader.ReadAsync(ledger, (await ledger.RunAsync(run, cancel))!, place, null, cancel)),
                PageMilliseconds = await MedianAsync(async () => await ledger.SamplesAsync(run, s_stage, new SampleQuery(After: options.Samples / 2, Limit: 100), cancel)),
                Served = served,
                ServerPeakBytes = serverPeak,
            };
        }
        finally
        {
            foreach (Process worker in workers)
            {
                if (!worker.HasExited)
                {
                    worker.Kill();
                }

                worker.Dispose();
            }

            Directory.Delete(root, recursive: true);
        }
    }

    private async Task<double> EnqueueAsync(ILedger ledger, string run, CancellationToken cancel)
    {
        await ledger.CreateRunAsync(new NewRun(run, "bench", "", SpecHash, "[]"), cancel);
        await ledger.MoveRunAsync(run, RunState.Pending, RunState.Running, cancel: cancel);
        await ledger.MoveStageAsync(run, s_stage, new StageMove(StageState.Pending, StageState.Running), cancel);
        // A prepared row is a phrase with its questions and answers: some hundreds of characters.
        string row = new('x', 400);
        long began = Stopwatch.GetTimestamp();
        for (int from = 0; from < options.Samples; from += Page)
        {
            await ledger.EnqueueAsync(
                run, s_stage, SpecHash, [.. Enumerable.Range(from, Math.Min(Page, options.Samples - from)).Select(n => new NewSample(string.Create(CultureInfo.InvariantCulture, $"row-{n}"), $$"""{"row":"{{row}}"}"""))], cancel);
        }

        return options.Samples / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private async Task<(double? Recovery, Usage Used)> WatchAsync(ILedger ledger, string run, Process[] workers, CancellationToken cancel)
    {
        Usage used = new(TimeSpan.Zero, 0);
        double? recovery = null;
        long? killed = null;
        string victim = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{workers[0].Id}");
        while (workers.Any(worker => !worker.HasExited))
        {
            used = new Usage(TimeSpan.FromTicks(Math.Max(used.Cpu.Ticks, workers.Sum(worker => Cpu(worker).Ticks))), Math.Max(used.Peak, workers.Max(worker => Peak(worker.Id))));
            if (options.Kill && killed is null && (await ledger.CountsAsync(run, s_stage, cancel)).Done >= options.Samples / 3)
            {
                workers[0].Kill();
                killed = Stopwatch.GetTimestamp();
                say("one worker killed");
            }
            else if (killed is { } at && recovery is null
                && !(await ledger.SamplesAsync(run, s_stage, new SampleQuery(SampleState.Leased, Limit: 100_000), cancel)).Any(row => row.Owner == victim))
            {
                recovery = Stopwatch.GetElapsedTime(at).TotalSeconds;
            }

            await Task.Delay(killed is not null && recovery is null ? 50 : 200, cancel);
        }

        SampleCounts counts = await ledger.CountsAsync(run, s_stage, cancel);
        return counts.Done == options.Samples
            ? (recovery, used)
            : throw new SeaException($"{counts.Done} of {options.Samples} samples are done: {await workers[^1].StandardError.ReadToEndAsync(cancel)}");
    }

    private async Task<(IReadOnlyList<ServedPage> Pages, long Peak)> ServedAsync(string root, CancellationToken cancel)
    {
        using Process server = serve(root);
        try
        {
            string said = await server.StandardError.ReadLineAsync(cancel) ?? throw new SeaException("the server ended before it said where it listens");
            using HttpClient http = new() { BaseAddress = new Uri(said[(said.LastIndexOf(' ') + 1)..]) };
            List<ServedPage> pages = [];
            foreach (string path in new[] { "/", "/runs/*", "/api/v1/runs", "/api/v1/runs/*", "/api/v1/runs/*/samples?limit=100" })
            {
                List<double> times = [];
                for (int i = 0; i < 4; i++)
                {
                    long began = Stopwatch.GetTimestamp();
                    using HttpResponseMessage answer = await http.GetAsync(new Uri(path.Replace("*", Name, StringComparison.Ordinal), UriKind.Relative), cancel);
                    await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancel);
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    // A server keeps a status for twenty times as long as it took to read.
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(600, 25 * times[^1])), cancel);
                }

                pages.Add(new ServedPage(path, times[0], times.Skip(1).Order().ElementAt(times.Count / 2 - 1)));
            }

            return (pages, Peak(server.Id));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<long?> LedgerBytesAsync(ILedger ledger, string place, CancellationToken cancel) =>
        ledger is PostgresLedger postgres ? await postgres.SizeAsync(cancel) : Directory.GetFiles(place, "ledger.db*").Sum(file => new FileInfo(file).Length);

    private static TimeSpan Cpu(Process process)
    {
        try
        {
            return process.HasExited ? process.TotalProcessorTime : Refreshed(process).TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            return TimeSpan.Zero;
        }
    }

    private static Process Refreshed(Process process)
    {
        process.Refresh();
        return process;
    }

    // VmHWM is the most memory that a process ever had; 0 where the system does not say.
    private static long Peak(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<double> MedianAsync(Func<Task> look)
    {
        List<double> times = [];
        for (int i = 0; i < 9; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await look();
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count / 2);
    }

    private sealed record Usage(TimeSpan Cpu, long Peak);
}
