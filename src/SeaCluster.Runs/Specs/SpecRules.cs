using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SeaCluster.Models.Configuration;
using SeaCluster.Runs.Ledgers.Postgres;

namespace SeaCluster.Runs.Specs;

/// <summary>What must hold between options, beyond each one's own type and bounds.</summary>
internal static partial class SpecRules
{
    public static IEnumerable<SpecProblem> Check(RunSpec spec, bool checkFiles) =>
    [
        .. Model(spec),
        .. Ledger(spec),
        .. Endpoints(spec),
        .. Synthesis(spec.Synthesize, spec.Data),
        .. Alignment(spec),
        .. Work(spec.Work),
        .. Unread.Options(spec),
        .. checkFiles ? Files(spec) : [],
    ];

    private static IEnumerable<SpecProblem> Model(RunSpec spec)
    {
        if (!DevicePattern().IsMatch(spec.Model.Device))
        {
            yield return Problem("model.device", $"expected auto, cpu, cuda or cuda:N, found '{spec.Model.Device}'");
        }
    }

    // Not repeated: it may hold a password.
    private static IEnumerable<SpecProblem> Ledger(RunSpec spec) =>
        spec.Ledger is { } address && PostgresAddress.WhyNot(address) is { } wrong ? [Problem("ledger", wrong)] : [];

    private static IEnumerable<SpecProblem> Endpoints(RunSpec spec)
    {
        foreach ((string path, LlmOptions llm, bool used, string user) in new[]
        {
            ("prepare.llm", spec.Prepare.Llm, spec.Prepare.Preparer == Preparer.Llm, "prepare.preparer is llm"),
            ("evaluate.llm", spec.Evaluate.Llm, spec.Evaluate.Judge != JudgeKind.Refusal, $"evaluate.judge is {Name(spec.Evaluate.Judge)}"),
        })
        {
            if (used && llm.Endpoint is null)
            {
                yield return Problem($"{path}.endpoint", $"is required because {user}: expected an address such as http://localhost:8000/v1");
            }

            if (used && string.IsNullOrEmpty(llm.Model))
            {
                yield return Problem($"{path}.model", $"is required because {user}: expected the model's name at the endpoint");
            }

            if (llm.Endpoint is { } address && !(Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"))
            {
                yield return Problem($"{path}.endpoint", $"expected an http or https address, found '{address}'");
            }

            if (llm.Budget is not null && (llm.InputPrice is null || llm.OutputPrice is null))
            {
                yield return Problem($"{path}.budget", "needs input_price and output_price (US dollars for a million tokens) to count against");
            }
        }
    }

    private static IEnumerable<SpecProblem> Synthesis(SynthesizeOptions synthesize, DataOptions data)
    {
        if (synthesize.Pairs.Count == 0 || synthesize.Pairs.Distinct().Count() != synthesize.Pairs.Count)
        {
            yield return Problem("synthesize.pairs", "expected one or more of content, style, topic, each once");
        }

        if (synthesize.Init == EmbeddingStart.Noise && synthesize.Noise == 0)
        {
            yield return Problem("synthesize.noise", "expected a number above 0 because synthesize.init is noise, found 0");
        }

        if (synthesize.Init == EmbeddingStart.Real && synthesize.InitMedia is null && data.BenignMedia is null)
        {
            yield return Problem("synthesize.init_media", "is required because synthesize.init is real and there is no data.benign_media: expected a folder of harmless media, or a file that names them");
        }

        if (synthesize.Init == EmbeddingStart.Blank && synthesize.PerRow > 1)
        {
            yield return Problem("synthesize.per_row", $"expected 1, found {Text(synthesize.PerRow)}: encoder outputs that start from the same blank end alike; with synthesize.init: noise they differ");
        }
    }

    private static IEnumerable<SpecProblem> Alignment(RunSpec spec)
    {
        AlignOptions align = spec.Align;
        if (align.Warmup is { } warmup && warmup > align.Steps)
        {
            yield return Problem("align.warmup", $"expected at most align.steps ({Text(align.Steps)}), found {Text(warmup)}");
        }

        if (align.Targets.Count == 0 || align.Targets.Distinct(StringComparer.Ordinal).Count() != align.Targets.Count)
        {
            yield return Problem("align.targets", "expected one or more projections, each once");
        }

        // Eraser's own rows take the mix's place: what the mix would need is not looked for.
        bool own = align.Method == AlignmentMethod.Eraser && spec.Data.Eraser is not null;
        foreach (SpecProblem problem in own ? Method(align, own) : [.. Mix(spec), .. Method(align, own)])
        {
            yield return problem;
        }
    }

    private static IEnumerable<SpecProblem> Mix(RunSpec spec)
    {
        AlignOptions align = spec.Align;
        MixOptions mix = align.Mix;
        if (mix.HarmfulText + mix.BenignText + mix.HarmfulMedia + mix.BenignMedia + mix.Retention == 0)
        {
            yield return Problem("align.mix", "expected rows of at least one kind, found none");
        }

        if (spec.Data.Benign is null && mix.BenignText > 0)
        {
            yield return Problem("align.mix.benign_text", "needs harmless rows in data.benign; without them set it to 0, and expect over-refusal");
        }

        bool synthetic = spec.Data.Benign is not null && align.Media != AlignmentMedia.Real;
        (int synthesized, int real) = mix.BenignMediaRows(synthetic, spec.Data.BenignMedia is not null);
        if (spec.Data.Benign is null && spec.Data.BenignMedia is null && mix.BenignMedia > 0)
        {
            yield return Problem("align.mix.benign_media", "needs harmless rows in data.benign or data.benign_media; without them set it to 0, and expect that every medium is refused");
        }
        else if (synthesized > 0 && !synthetic)
        {
            yield return align.Media == AlignmentMedia.Real
                ? Problem("align.mix.benign_media", "needs harmless rows with real media in data.benign_media, because align.media is real")
                : Problem("align.mix.real_share", "leaves rows without a real medium, which needs harmless rows in data.benign");
        }

        if (real > 0 && spec.Data.BenignMedia is null)
        {
            yield return Problem("align.mix.real_share", "needs rows with real media in data.benign_media");
        }

        if (align.Media == AlignmentMedia.Real && spec.Data.HarmfulMedia is null)
        {
            yield return Problem("align.media", "is real, which needs harmful rows with real media in data.harmful_media");
        }

        if (align.Media != AlignmentMedia.Synthetic && mix.Retention > 0)
        {
            yield return Problem("align.mix.retention", $"expected 0 because align.media is {Name(align.Media)}, found {Text(mix.Retention)}: content questions need synthetic encoder outputs");
        }
    }

    private static IEnumerable<SpecProblem> Method(AlignOptions align, bool own)
    {
        MixOptions mix = align.Mix;
        if (align.Method == AlignmentMethod.Eraser && align.Adapter == AdapterKind.Full)
        {
            yield return Problem("align.adapter", "expected lora because align.method is eraser, found full: the reference is the model without its adapter");
        }

        if (align.Method == AlignmentMethod.Eraser && !own && align.Media == AlignmentMedia.Real && mix.HarmfulMedia > 0)
        {
            yield return Problem("align.mix.harmful_media", $"expected 0 because align.method is eraser and align.media is real, found {Text(mix.HarmfulMedia)}: rows with real media have no answer to unlearn");
        }

        if (align.Method == AlignmentMethod.Dpo && align.Media == AlignmentMedia.Real && mix.HarmfulMedia > 0)
        {
            yield return Problem("align.mix.harmful_media", $"expected 0 because align.method is dpo and align.media is real, found {Text(mix.HarmfulMedia)}: rows with real media have no answer to avoid");
        }

        if (align.Eraser.Templates.Distinct().Count() != align.Eraser.Templates.Count)
        {
            yield return Problem("align.eraser.templates", "expected some of own, plain, llama2, each once");
        }

        if (own)
        {
            yield break;
        }

        if (align.Method == AlignmentMethod.Eraser && mix.HarmfulText + mix.HarmfulMedia == 0)
        {
            yield return Problem("align.mix", "needs harmful_text or harmful_media because align.method is eraser");
        }

        if (align.Method == AlignmentMethod.Eraser && mix.BenignText + mix.BenignMedia + mix.Retention == 0)
        {
            yield return Problem("align.mix", "needs benign_text, benign_media or retention because align.method is eraser, which keeps what it is given to keep");
        }
    }

    private static IEnumerable<SpecProblem> Work(WorkOptions work)
    {
        if (work.BackoffLimit < work.Backoff)
        {
            yield return Problem("work.backoff_limit", "expected at least work.backoff");
        }
    }

    private static IEnumerable<SpecProblem> Files(RunSpec spec)
    {
        if (spec.Synthesize.Modality is { } modality && File.Exists(Path.Combine(spec.Model.Path, "config.json")) && ModelConfig.Read(spec.Model.Path).Modalities is var takes && !takes.Contains(modality))
        {
            yield return Problem("synthesize.modality", $"expected {string.Join(" or ", takes.Select(Name))}, which the model in {spec.Model.Path} takes, found {Name(modality)}");
        }

        foreach (SpecEntry option in SpecSchema.Root.Options.Where(option => option.Rules is { Path: true, Operational: false }))
        {
            if (option.ValueIn(spec) is not string { Length: > 0 } path)
            {
                continue;
            }

            bool file = File.Exists(path), folder = Directory.Exists(path);
            string? found = (option.Rules.Names, file, folder) switch
            {
                (PathKind.File, _, true) => "a file, found a folder:",
                (PathKind.File, false, false) => "a file that exists, found none at",
                (PathKind.Folder, true, _) => "a folder, found a file:",
                (PathKind.Folder, _, false) => "a folder that exists, found none at",
                (PathKind.Either, false, false) => "a file or folder that exists, found none at",
                _ when option.Path == "model.path" && !File.Exists(Path.Combine(path, "config.json")) => "a checkpoint in the Hugging Face layout, found no config.json in",
                _ => null,
            };
            if (found is not null)
            {
                yield return Problem(option.Path, $"expected {found} {path}");
            }
        }
    }

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static SpecProblem Problem(string path, string message) => new(path, 0, message);

    [GeneratedRegex(@"\A(auto|cpu|cuda(:[0-9]{1,3})?)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DevicePattern();
}
