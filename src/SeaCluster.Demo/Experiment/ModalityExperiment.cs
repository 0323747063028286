using System.Globalization;
using SeaCluster.Demo.Media;
using SeaCluster.Demo.World;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Experiment;

/// <summary>All that one modality gave.</summary>
/// <param name="Recipe">How it was run.</param>
/// <param name="Rows">The main table: base, text-only, blank, sea, sea+, real.</param>
/// <param name="Ablations">One row an ablation; empty unless asked for.</param>
/// <param name="Arms">Every arm with every seed.</param>
/// <param name="Base">The base's answers.</param>
/// <param name="Perception">What the base perceives in the synthetic media.</param>
/// <param name="Synthesis">How each kind of synthetic media was made.</param>
/// <param name="Prepared">The rows.</param>
/// <param name="Plural">What its media are called.</param>
/// <param name="Unshared">What training, validation and test media do not share.</param>
/// <param name="Stages">How long each stage took.</param>
public sealed record ModalityResult(
    DemoRecipe Recipe, IReadOnlyList<ResultRow> Rows, IReadOnlyList<ResultRow> Ablations, IReadOnlyList<ArmResult> Arms, IReadOnlyList<CaseResult> Base,
    IReadOnlyList<DemoPerception> Perception, IReadOnlyList<(SyntheticRecipe Made, SynthesisReport Report)> Synthesis, IReadOnlyList<PreparedRow> Prepared,
    string Plural, string Unshared, IReadOnlyList<DemoStage> Stages)
{
    /// <summary>The modality's name.</summary>
    public string Name => Recipe.Modality.Name();
}

/// <summary>
/// The method in one modality of the small world, from text rows to the table: real media, synthesis, the arms and the base, each arm at an operating
/// point chosen on validation media, reported on test media.
/// </summary>
internal sealed class ModalityExperiment(DemoOptions options, DemoRecipe recipe, Action<DemoProgress> progress)
{
    private readonly List<DemoStage> stages = [];
    private readonly string folder = Path.Combine(options.Out, recipe.Modality.Name());

    /// <summary>Runs everything; embeddings that an earlier run left whole in the folder are used again.</summary>
    public ModalityResult Run(CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        DemoWorld world = DemoWorld.Shipped;
        WorldModality words = world.Modality(recipe.Modality.Name());
        using IMultimodalModel model = MultimodalModel.Load(recipe.Base);
        using IWorldMedia source = WorldMedia.Open(world, recipe.Modality);

        using DemoMedia media = Stage(source.Plural, () => DemoMedia.Make(
            model, source, world, Path.Combine(folder, source.Plural), recipe.MediaPerPhrase, DemoExperiment.ThreadsOf(options), done => Tell(source.Plural, "make, write, read and encode", done)));
        IReadOnlyList<(WorldPhrase Phrase, PreparedRow Row)> rows = DemoSynthesis.Prepare(world, recipe.Modality, options.Templates);
        SyntheticRecipe[] recipes = [SyntheticRecipe.Sea, SyntheticRecipe.SeaPlus, .. options.Ablations ? SyntheticRecipe.Ablations : []];
        List<(SyntheticRecipe Recipe, IReadOnlyList<DemoMedium> Media, SynthesisReport Report)> made = Stage("synthesis", () => Synthesise(model, media, rows, recipes, cancellation));
        DemoPerception[] perception = Stage("perception", () => made.SelectMany(each => DemoSynthesis.Perceive(model, world, words, each.Recipe, each.Media)).ToArray());

        ArmRun run = new(recipe, world, words, media, options.BenignKept);
        IReadOnlyList<CaseResult> baseline = Stage("base", () => run.Answer(model, "base", DemoCases.On(media.Test, world, words), Fresh("base"), cancellation));
        IReadOnlyList<DemoArm> arms = Arms(model, media, [.. made.Take(2).Select(each => (each.Recipe, each.Media))]);
        DemoArm[] ablations = [.. made.Skip(2).Select(each => Synthetic(each.Recipe, each.Media, media))];
        ArmResult[] results = Stage("arms", () => Train(run, [.. arms, .. ablations], cancellation));
        foreach (DemoMedium medium in made.SelectMany(each => each.Media))
        {
            medium.EncoderOutput.Dispose();
        }

        ResultRow Row(DemoArm arm) => ResultRow.Of(recipe.Modality.Name(), arm.Method, [.. results.Where(result => result.Method == arm.Method).Select(result => result.Results)]);
        return new ModalityResult(
            recipe, [ResultRow.Of(recipe.Modality.Name(), "base", [baseline]), .. arms.Select(Row)], [.. ablations.Select(Row)], results, baseline, perception,
            [.. made.Select(each => (each.Recipe, each.Report))], [.. rows.Select(item => item.Row)], source.Plural, source.Unshared, stages);
    }

    private List<(SyntheticRecipe Recipe, IReadOnlyList<DemoMedium> Media, SynthesisReport Report)> Synthesise(
        IMultimodalModel model, DemoMedia media, IReadOnlyList<(WorldPhrase Phrase, PreparedRow Row)> rows, IReadOnlyList<SyntheticRecipe> recipes, CancellationToken cancellation)
    {
        StartMedia harmless = media.Starts(Path.Combine(folder, "start-media.txt"));
        return [.. recipes.Select((each, number) =>
        {
            (WorldPhrase, PreparedRow)[] share = [.. rows.GroupBy(item => item.Phrase.Id).SelectMany(phrase => phrase.Take((int)Math.Ceiling(phrase.Count() * each.RowShare)))];
            (IReadOnlyList<DemoMedium> synthetic, SynthesisReport report) = DemoSynthesis.Run(
                model, share, each.Options(recipe, harmless), Path.Combine(folder, "embeddings", each.Folder),
                p => Tell("synthesis", $"{each.Name}: {p.Finished}/{p.Total} embeddings, {p.Busy} of {p.Slots} slots", (number + ((double)p.Finished / p.Total)) / recipes.Count), cancellation);
            return (each, synthetic, report);
        })];
    }

    private static IReadOnlyList<DemoArm> Arms(IMultimodalModel model, DemoMedia media, IReadOnlyList<(SyntheticRecipe Recipe, IReadOnlyList<DemoMedium> Media)> made)
    {
        EncoderOutput blank = model.EncodeBlank(media.Modality);
        DemoMedium[] like = [.. made[0].Media.Select(medium => medium with { Name = "blank-" + medium.Name, EncoderOutput = blank })];
        return
        [
            new DemoArm("text-only", [], []),
            new DemoArm("blank", [.. like.Where(medium => medium.Phrase.Harmful)], [.. like.Where(medium => !medium.Phrase.Harmful), .. Real(media, harmful: false)]),
            .. made.Select(each => Synthetic(each.Recipe, each.Media, media)),
            new DemoArm("real", Real(media, harmful: true), Real(media, harmful: false)),
        ];
    }

    // Benign media are half synthetic, half real: real alone would teach "synthetic → refuse", synthetic alone refuses too much.
    private static DemoArm Synthetic(SyntheticRecipe made, IReadOnlyList<DemoMedium> synthetic, DemoMedia media) =>
        new(made.Name, [.. synthetic.Where(medium => medium.Phrase.Harmful)], [.. synthetic.Where(medium => !medium.Phrase.Harmful), .. made.RealBenign ? Real(media, harmful: false) : []])
        {
            RealStarts = made.Init == EmbeddingInit.Real,
        };

    private static DemoMedium[] Real(DemoMedia media, bool harmful) =>
        [.. media.Train.Select((file, i) => new DemoMedium($"real-{i}", file.Phrase, file.EncoderOutput)).Where(medium => medium.Phrase.Harmful == harmful)];

    // One arm a core; text alone, which is done soonest, comes last, so that no core waits long for the other.
    private ArmResult[] Train(ArmRun run, IReadOnlyList<DemoArm> arms, CancellationToken cancellation)
    {
        (DemoArm Arm, int Seed)[] jobs = [.. options.Seeds.SelectMany(seed => arms.Select(arm => (arm, seed))).OrderBy(job => job.arm.Harmful.Count == 0)];
        ArmResult?[] results = new ArmResult?[jobs.Length];
        int stepsDone = 0;
        ParallelWork.Run(jobs.Length, DemoExperiment.ThreadsOf(options), job =>
        {
            (DemoArm arm, int seed) = jobs[job];
            results[job] = run.Run(arm, seed, Fresh(string.Create(CultureInfo.InvariantCulture, $"{arm.Method}-{seed}")), _ =>
            {
                int done = Interlocked.Increment(ref stepsDone);
                Tell("arms", $"{arm.Method}, seed {seed}", (double)done / (jobs.Length * recipe.Steps));
            }, cancellation);
        });
        return [.. results.Select(result => result!)];
    }

    // An arm trained anew answers anew.
    private string Fresh(string name)
    {
        string path = Path.Combine(folder, "evaluation", name.Replace('/', '-') + ".jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        return path;
    }

    private T Stage<T>(string name, Func<T> work)
    {
        long start = TimeProvider.System.GetTimestamp();
        T result = work();
        stages.Add(new DemoStage(name, TimeProvider.System.GetElapsedTime(start).TotalSeconds));
        return result;
    }

    private void Tell(string stage, string message, double? done) => progress(new DemoProgress(stage, message, done));
}
