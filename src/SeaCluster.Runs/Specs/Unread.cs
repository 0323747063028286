namespace SeaCluster.Runs.Specs;

/// <summary>Options that this spec's other choices leave unread: one that was changed from its default is refused, never ignored.</summary>
internal static class Unread
{
    /// <summary>The options that were changed and would not be read, each with what would have it read.</summary>
    public static IEnumerable<SpecProblem> Options(RunSpec spec)
    {
        RunSpec standard = new();
        foreach ((string path, bool read, string when) in Conditions(spec))
        {
            foreach (SpecEntry option in SpecSchema.Root.Options.Where(option => !read && (option.Path == path || option.Path.StartsWith(path + ".", StringComparison.Ordinal))))
            {
                string found = SpecWriter.Text(option, option.ValueIn(spec));
                if (found != SpecWriter.Text(option, option.ValueIn(standard)))
                {
                    yield return new SpecProblem(option.Path, 0, $"is read only {when}; leave it out, or change that");
                }
            }
        }
    }

    /// <summary>Puts options that would not be read back to their defaults, except <paramref name="own"/>.</summary>
    public static void Shed(RunSpec spec, IReadOnlySet<string> own)
    {
        RunSpec standard = new();
        while (Options(spec).FirstOrDefault(problem => !own.Contains(problem.Path)) is { } unread)
        {
            SpecSchema.Root.Options.Single(option => option.Path == unread.Path).Copy(standard, spec);
        }
    }

    private static IEnumerable<(string Path, bool Read, string When)> Conditions(RunSpec spec)
    {
        (AlignOptions align, DataOptions data) = (spec.Align, spec.Data);
        (_, int real) = align.Mix.BenignMediaRows(data.Benign is not null && align.Media != AlignmentMedia.Real, data.BenignMedia is not null);
        yield return ("data.harmful_media", align.Media == AlignmentMedia.Real, "where align.media is real");
        bool start = spec.Synthesize is { Init: EmbeddingStart.Real, InitMedia: null };
        yield return ("data.benign_media", start || (real > 0 && !(align.Method == AlignmentMethod.Eraser && data.Eraser is not null)), "where align.mix asks for benign_media with a real_share above 0, or synthesize.init is real");
        yield return ("align.mix.real_share", align.Mix.BenignMedia > 0, "where align.mix.benign_media is above 0");
        yield return ("prepare.llm", spec.Prepare.Preparer == Preparer.Llm, "where prepare.preparer is llm");
        yield return ("synthesize.noise", spec.Synthesize.Init == EmbeddingStart.Noise, "where synthesize.init is noise");
        yield return ("synthesize.init_media", spec.Synthesize.Init == EmbeddingStart.Real, "where synthesize.init is real");
        foreach (string option in new[] { "rank", "alpha", "targets" })
        {
            yield return ($"align.{option}", align.Adapter == AdapterKind.Lora, "where align.adapter is lora");
        }

        yield return ("align.final_learning_rate", align.Schedule != Method.Alignment.LearningRateSchedule.Constant, "where align.schedule is cosine or linear");
        yield return ("align.beta", align.Method == AlignmentMethod.Dpo, "where align.method is dpo");
        yield return ("align.sft_weight", align.Method == AlignmentMethod.Dpo, "where align.method is dpo");
        bool eraser = align.Method == AlignmentMethod.Eraser, own = eraser && data.Eraser is not null;
        yield return ("align.gamma", eraser, "where align.method is eraser");
        yield return ("data.eraser", eraser, "where align.method is eraser");
        yield return ("align.eraser.wrap_before", eraser, "where align.method is eraser");
        yield return ("align.eraser.wrap_after", eraser, "where align.method is eraser");
        foreach (string option in new[] { "mode", "templates", "rows", "max_length" })
        {
            yield return ($"align.eraser.{option}", own, "where align.method is eraser and data.eraser is given");
        }

        yield return ("align.mix", !own, "where data.eraser is not given: its rows take the mix's place");
        foreach (string option in new[] { "judge", "max_new_tokens", "temperature", "batch", "base", "text" })
        {
            yield return ($"evaluate.{option}", spec.Evaluate.Cases is not null, "where evaluate.cases is given");
        }

        yield return ("evaluate.llm", spec.Evaluate is { Cases: not null, Judge: not JudgeKind.Refusal }, "where evaluate.judge is not refusal and evaluate.cases is given");
    }
}
