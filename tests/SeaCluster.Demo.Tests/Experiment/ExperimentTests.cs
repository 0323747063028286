using SeaCluster.Demo.Experiment;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Models;
using SeaCluster.Tests;

namespace SeaCluster.Demo.Tests.Experiment;

public sealed class ExperimentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("seacluster-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [RequiresFonts]
    public void Two_modalities_make_one_table_and_a_chapter_each()
    {
        DemoOptions options = new()
        {
            Out = _folder,
            Recipes = [Short(Modality.Image), Short(Modality.Audio)],
            Templates = Repository.PathOf("samples", "demo", "preparation.json"),
            Seeds = [0],
            Threads = 1,
        };

        DemoResult result = new DemoExperiment(options, _ => { }).Run(CancellationToken.None);

        result.Table.Rows.Select(row => $"{row.Modality} {row.Method}").ShouldBe(
        [
            "image base", "image text-only", "image blank", "image sea", "image sea+", "image real",
            "audio base", "audio text-only", "audio blank", "audio sea", "audio sea+", "audio real",
        ]);
        result.Table.Rows.ShouldAllBe(row => row.AsrHeldOut!.Cases == 24 && row.BenignCompliance!.Cases == 48);
        result.Table.Rows.Where(row => row.Method == "base").ShouldAllBe(row => row.AsrHeldOut!.Mean > 0.9);
        foreach (ModalityResult modality in result.Modalities)
        {
            modality.Arms.Count.ShouldBe(5 + modality.Ablations.Count);
            modality.Arms.ShouldAllBe(arm => arm.Chosen.Step == 2 && arm.Losses.Count == 2);
            modality.Perception.Take(6).Select(figure => (figure.Method, figure.Question, figure.Trained, figure.Asked)).ShouldBe(
            [
                ("sea", "content", true, 168), ("sea", "category", false, 168), ("sea", "danger", false, 168),
                ("sea+", "content", true, 168), ("sea+", "category", true, 168), ("sea+", "danger", false, 168),
            ]);
            DemoReport.Comparisons(modality).Count.ShouldBe(12);
        }

        string html = HtmlReport.Render(DemoReport.Of(result, options));
        html.ShouldContain("id=\"audio-examples\"");
        html.ShouldContain("<h2 id=\"image-title\">Image</h2>");
        html.ShouldContain("<h3 id=\"image-paired-tests-title\">Paired tests</h3>");
        html.ShouldContain(">Audio.</b> Attack success on held-out phrases: base");
        html.ShouldContain("src=\"data:audio/wav;base64,");
        DemoReport.Verdict(result, options).Text.ShouldContain("Audio: Attack success on held-out phrases: base");
    }

    private static DemoRecipe Short(Modality modality) =>
        DemoRecipe.For(modality, Repository.PathOf("samples", "demo", $"base-{modality.Name()}")) with { Steps = 2, LookAt = [2], SynthesisSteps = 1, MediaPerPhrase = 2 };
}
