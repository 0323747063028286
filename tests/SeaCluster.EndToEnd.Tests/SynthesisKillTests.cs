using System.Diagnostics;
using SeaCluster.Method.Synthesis;
using SeaCluster.Tests;
using Xunit.Abstractions;

namespace SeaCluster.EndToEnd.Tests;

/// <summary><c>sea synthesize</c>, killed (SIGKILL) twenty times at seeded random moments: nothing is lost, nothing done twice.</summary>
public sealed class SynthesisKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 20;
    private const int Rows = 72;

    private readonly string folder = Directory.CreateTempSubdirectory("sea-kill-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_twenty_times_it_ends_as_if_undisturbed(bool deterministic)
    {
        string prepared = Path.Combine(folder, "prepared");
        SeaResult rows = await SeaProcess.Run(
            "prepare", "--data", Repository.PathOf("samples", "demo", "rows.jsonl"), "--templates", Repository.PathOf("samples", "demo", "preparation.json"), "--limit", $"{Rows}", "--out", prepared);
        rows.ExitCode.ShouldBe(0, rows.All);
        string whole = Path.Combine(folder, "whole"), killed = Path.Combine(folder, "killed");
        SeaResult undisturbed = await SeaProcess.Run(Command(whole));
        undisturbed.ExitCode.ShouldBe(0, undisturbed.All);

        Random random = new(20261123);
        Dictionary<string, DateTime> made = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = SeaProcess.Start(null, Command(killed), ("SEA_PROGRESS", "every"));
            for (int lines = random.Next(0, 6); lines > 0; lines--)
            {
                (await process.StandardError.ReadLineAsync()).ShouldNotBeNull($"it ended before kill {kill}");
            }

            process.Kill();
            await process.WaitForExitAsync();
            foreach (string file in Finished(killed).Where(_ => !deterministic))
            {
                // A finished sample is never written again.
                DateTime at = File.GetLastWriteTimeUtc(file);
                made.TryAdd(file, at);
                made[file].ShouldBe(at, $"{file} was made again before kill {kill}");
            }
        }

        SeaResult last = await SeaProcess.Run(Command(killed));
        last.ExitCode.ShouldBe(0, last.All);
        string[] names = [.. Finished(whole).Select(file => Path.GetFileName(file)!)];
        names.Length.ShouldBe(Rows);
        Directory.GetFiles(killed).Select(file => Path.GetFileName(file)!).Where(name => name[0] != '.').Order(StringComparer.Ordinal).ShouldBe(names);
        made.ShouldAllBe(file => File.GetLastWriteTimeUtc(file.Key) == file.Value);
        double furthest = 0;
        foreach (string name in names)
        {
            (byte[] one, byte[] other) = (File.ReadAllBytes(Path.Combine(whole, name)), File.ReadAllBytes(Path.Combine(killed, name)));
            if (deterministic)
            {
                one.AsSpan().SequenceEqual(other).ShouldBeTrue($"{name} differs");
            }

            using Embedding first = EmbeddingFile.Read(Path.Combine(whole, name)), second = EmbeddingFile.Read(Path.Combine(killed, name));
            second.Losses.Length.ShouldBe(first.Losses.Length);
            furthest = Math.Max(furthest, first.Losses.Zip(second.Losses, (a, b) => Math.Abs(a - b)).Max());
        }

        output.WriteLine($"{Kills} kills, {made.Count} embeddings finished before the last start, losses at most {furthest:G3} apart");
        furthest.ShouldBeLessThan(1e-5);

        string[] Command(string folder) =>
        [
            "synthesize", "--model", Repository.PathOf("samples", "demo", "base-image"), "--device", "cpu", "--data", Path.Combine(prepared, "prepared.jsonl"), "--out", folder, "--json",
            "--slots", "4", "--steps", "4", "--threshold", "0", "--learning-rate", "0.3", .. deterministic ? ["--deterministic"] : Array.Empty<string>(),
        ];
    }

    private static string[] Finished(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.safetensors").Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal)] : [];
}
