using System.Text;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>Synthesis from real media, through the real command and a run.</summary>
public sealed class RealStartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-real-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Embeddings_start_from_pictures_of_a_folder()
    {
        string into = Path.Combine(folder, "embeddings");
        SeaResult result = await SeaProcess.Run(Command(into, "--init", "real", "--init-media", Pictures, "--pairs", "content,style,topic"));
        result.ExitCode.ShouldBe(0, result.All);
        string[] files = Directory.GetFiles(into, "*.safetensors");
        files.Length.ShouldBeGreaterThan(0);
        foreach (string file in files)
        {
            string header = Encoding.UTF8.GetString(File.ReadAllBytes(file).AsSpan(0, 2000));
            header.ShouldContain("\"start_medium\":\"");
            header.ShouldContain(".png\"");
        }
    }

    [Theory]
    [InlineData("--init real needs --init-media.", "--init", "real")]
    [InlineData("--init-media is read only with --init real.", "--init-media", "samples")]
    [InlineData("--init noise needs --noise.", "--init", "noise")]
    [InlineData("--noise is read only with --init noise.", "--noise", "0.1")]
    [InlineData("--pairs: expected content, style, topic, or some of them with commas between, found 'colour'.", "--pairs", "content,colour")]
    [InlineData("no such file or folder", "--init", "real", "--init-media", "nowhere")]
    public async Task What_does_not_fit_together_is_wrong_use(string expected, params string[] options)
    {
        SeaResult result = await SeaProcess.Run(Command(Path.Combine(folder, "never"), options));
        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain(expected);
    }

    [Fact]
    public async Task A_run_starts_from_real_media_too_and_refuses_other_modalities()
    {
        string run = Path.Combine(folder, "run"), sounds = Directory.CreateDirectory(Path.Combine(folder, "sounds")).FullName;
        File.Copy(Repository.Fixture("media", "audio", "tone.wav"), Path.Combine(sounds, "tone.wav"));
        string[] command =
        [
            "run", Repository.PathOf("samples", "demo", "run.yaml"), "--json", "--set", "data.limit=2", "--set", "synthesize.steps=2", "--set", "synthesize.init=real", "--set", "align.steps=1", "--set", "align.warmup=0",
            "--set", "evaluate.max_new_tokens=1",
        ];
        SeaResult done = await SeaProcess.Run([.. command, "--out", run, "--set", $"synthesize.init_media={Pictures}"]);
        done.ExitCode.ShouldBe(0, done.All);
        Directory.GetFiles(Path.Combine(run, "embeddings")).Length.ShouldBe(4);
        SeaResult other = await SeaProcess.Run([.. command, "--out", Path.Combine(folder, "other"), "--set", $"synthesize.init_media={sounds}"]);
        other.ExitCode.ShouldBe(1, other.All);
        other.Error.ShouldContain("tone.wav: the medium to start from is audio, expected image");
    }

    private static string Pictures => Repository.PathOf("samples", "demo", "pictures");

    private static string[] Command(string into, params string[] options) =>
    [
        "synthesize", "--model", Repository.PathOf("samples", "demo", "base-image"), "--data", Repository.PathOf("samples", "demo", "rows.jsonl"), "--templates", Repository.PathOf("samples", "demo", "preparation.json"),
        "--out", into, "--steps", "1", .. options,
    ];
}
