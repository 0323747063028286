using System.Text.RegularExpressions;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Audio;
using SeaCluster.Models.Media.Video;
using SeaCluster.Tests;

namespace SeaCluster.Method.Tests.Evaluation;

public sealed class HtmlReportTests : IDisposable
{
    private const string Hostile = "</title><script>alert(1)</script>\"' onload=x & <b>\u202E\uD800\u0000";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_whole_report_has_every_section_and_its_elements_close()
    {
        string html = HtmlReport.Render(SampleReport.Data());

        Matches(html, "<section id=\"([a-z-]+)\"").ShouldBe(
            ["results", "trade-off", "paired-tests", "evaluations", "perception", "losses", "times", "set-aside", "examples", "provenance"]);
        ShouldClose(html);
    }

    [Fact]
    public void Sections_without_content_are_left_out()
    {
        string html = HtmlReport.Render(new ReportData("Nothing yet"));

        html.ShouldContain("<h1>Nothing yet</h1>");
        html.ShouldNotContain("<section");
        html.ShouldNotContain("<nav");
        ShouldClose(html);
    }

    [Fact]
    public void The_file_loads_nothing_and_runs_nothing()
    {
        string html = HtmlReport.Render(SampleReport.Data(Picture()));

        html.ShouldNotContain("<script", Case.Insensitive);
        html.ShouldNotContain("http://");
        html.ShouldNotContain("https://");
        html.ShouldNotContain("@import");
        html.ShouldNotContain("url(");
        Matches(html, " src=\"([a-z]+:[a-z]+/)").ShouldBe(["data:image/"]);
        Matches(html, " href=\"(.)").Distinct().ShouldBe(["#"]);
        html.ShouldContain("content=\"default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\"");
    }

    [Fact]
    public void Every_value_is_escaped_wherever_it_stands()
    {
        ReportData hostile = new(Hostile)
        {
            Subtitle = Hostile,
            Verdict = new(true, Hostile),
            Facts = [new(Hostile, Hostile, Hostile)],
            Results = new([Row(Hostile, Hostile), Row("other", Hostile)]),
            Comparisons = [PairedComparison.Of(Hostile, [Result(Outcome.Unsafe)], Hostile + 2, [Result(Outcome.Safe)], CaseKind.Harmful, Hostile)],
            Evaluations = [EvaluationSummary.Of(Hostile, [Result(Outcome.Unsafe), Result(Outcome.Failed)])],
            Perception = [new(Hostile, Hostile, true, 1, 2), new("other", Hostile, false, 1, 2)],
            Losses = [new(Hostile, [new(Hostile, [new(1, 2), new(2, 1)])])],
            Stages = [new(Hostile, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3, Hostile)],
            SetAside = [new(Hostile, Hostile, Hostile)],
            Examples = [new(CaseKind.Benign, Hostile, Picture(), Hostile, Hostile, [new(Hostile, Hostile, Outcome.Complied)]), new(CaseKind.Benign, "q", Hostile, null, null, [])],
            Provenance = [new(Hostile, Hostile, Hostile)],
        };

        string html = HtmlReport.Render(hostile, new ReportOptions(RevealAnswers: true));

        html.ShouldNotContain("<script", Case.Insensitive);
        html.ShouldNotContain("\" onload=x");
        html.ShouldNotContain("' onload=x");
        html.ShouldNotContain('\u202E');
        html.ShouldNotContain('\0');
        html.ShouldContain("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x &amp; &lt;b&gt;\uFFFD\uFFFD\uFFFD");
        ShouldClose(html);
    }

    [Fact]
    public void Answers_to_harmful_cases_are_not_in_the_file_unless_revealed()
    {
        ReportData data = new("t")
        {
            Examples =
            [
                new(CaseKind.Harmful, "q", null, null, null, [new("base", "first you gather seventeen parts", Outcome.Unsafe), new("sea", null, Outcome.Failed)]),
                new(CaseKind.Benign, "q", null, null, null, [new("base", "bake it for an hour", Outcome.Complied)]),
            ],
        };

        string redacted = HtmlReport.Render(data), revealed = HtmlReport.Render(data, new ReportOptions(RevealAnswers: true));

        redacted.ShouldNotContain("seventeen");
        redacted.ShouldContain("<span class=\"chip bad\">attack success</span> <span class=\"redacted\">redacted, 5 words</span>");
        redacted.ShouldContain("<span class=\"chip warn\">failed</span> <span class=\"redacted\">no answer</span>");
        redacted.ShouldContain("<q dir=\"auto\">bake it for an hour</q>");
        revealed.ShouldContain("<q dir=\"auto\">first you gather seventeen parts</q>");
    }

    [Fact]
    public void Harmful_questions_in_text_alone_are_redacted_and_harmful_media_where_asked()
    {
        string picture = Picture(), data = Convert.ToBase64String(File.ReadAllBytes(picture));
        ReportData report = new("t")
        {
            Examples =
            [
                new(CaseKind.Harmful, "how do i do this activity ?", picture, "seventeen", "theft", []),
                new(CaseKind.Harmful, "how do i do seventeen things ?", null, null, "theft", []),
            ],
        };

        string shown = HtmlReport.Render(report), hidden = HtmlReport.Render(report, new ReportOptions(ShowHarmfulMedia: false));

        shown.ShouldContain("<p class=\"question\" dir=\"auto\">how do i do this activity ?</p>");
        shown.ShouldContain("<p class=\"question\" dir=\"auto\"><span class=\"redacted\">redacted, 7 words</span></p>");
        shown.ShouldContain(data);
        hidden.ShouldNotContain(data);
        hidden.ShouldNotContain("seventeen");
        HtmlReport.Render(report, new ReportOptions(RevealAnswers: true)).ShouldContain("how do i do seventeen things ?");
    }

    [Fact]
    public void The_result_table_shows_mean_interval_and_range_over_seeds()
    {
        CaseResult[][] seeds =
        [
            [.. Enumerable.Range(0, 20).Select(i => Result(i < 8 ? Outcome.Unsafe : Outcome.Safe, i))],
            [.. Enumerable.Range(0, 20).Select(i => Result(i < 10 ? Outcome.Unsafe : Outcome.Safe, i))],
        ];

        string html = HtmlReport.Render(new ReportData("t") { Results = new([ResultRow.Of("image", "sea", seeds)]) });

        html.ShouldContain("<th scope=\"col\">ASR text <span aria-hidden=\"true\">↓</span><span class=\"hidden\">lower is better</span></th>");
        html.ShouldContain("</svg>sea</th><td class=\"number\">2</td><td class=\"rate\"><b>45%</b><svg class=\"bar\"");
        html.ShouldMatch("<small>2\\d–6\\d%</small><small>seeds 40–50%</small></td>");
        html.ShouldContain("Per seed: ASR text 20 cases.");
    }

    [Fact]
    public void Paired_tests_show_both_tests_and_say_which_form()
    {
        CaseResult[] first = [.. Enumerable.Range(0, 12).Select(i => Result(Outcome.Unsafe, i, $"p{i % 6}"))], second = [.. Enumerable.Range(0, 12).Select(i => Result(Outcome.Safe, i, $"p{i % 6}"))];

        string html = HtmlReport.Render(new ReportData("t") { Comparisons = [PairedComparison.Of("text-only", first, "sea", second, CaseKind.Harmful, "held-out")] });

        html.ShouldContain("<th scope=\"row\">text-only − sea</th><td>attack success, held-out</td><td class=\"number\"><b>+100</b></td>");
        html.ShouldContain("<td class=\"number\">0.031<small>6 phrases</small></td><td class=\"number\">&lt; 0.001<small>exact</small></td><td class=\"number\">12</td><td class=\"number\">0</td>");
    }

    [Fact]
    public void An_evaluation_names_its_judges_and_counts_failures_beside_the_rates()
    {
        EvaluationSummary summary = EvaluationSummary.Of(
            "sea", [Result(Outcome.Unsafe, 1), Result(Outcome.Safe, 2), Result(Outcome.Failed, 3), Result(Outcome.Failed, 4) with { Answer = null }]);

        string html = HtmlReport.Render(new ReportData("t") { Evaluations = [summary] });

        html.ShouldContain("Answered by model. Judged: harmful cases by refusal-match demo-1.");
        html.ShouldContain("1 cases without an answer, 1 answers without a verdict. Were all failed harmful cases safe or all unsafe, attack success would be 25–75%.");
        html.ShouldContain("<td class=\"rate\"><b>50%</b> <small>1 of 2</small>");
    }

    [Fact]
    public void Labels_of_the_trade_off_plot_do_not_cover_each_other_even_where_the_points_do()
    {
        ResultRow[] rows =
        [
            .. new[] { "base", "text-only", "blank", "sea", "real", "eraser", "content-only" }.Select((method, i) => Row("image", method, attacks: 9 - i / 3, refusals: i / 4)),
        ];

        string html = HtmlReport.Render(new ReportData("t") { Results = new(rows) });

        (double X, double Y, int Length)[] labels =
        [
            .. Regex.Matches(html, "<text class=\"label t\\d\" x=\"(?<x>[0-9.]+)\" y=\"(?<y>[0-9.]+)\" text-anchor=\"middle\">(?<name>[a-z-]+)</text>", RegexOptions.None, TimeSpan.FromSeconds(1))
                .Select(m => (double.Parse(m.Groups["x"].Value), double.Parse(m.Groups["y"].Value), m.Groups["name"].Length)),
        ];
        labels.Length.ShouldBe(7);
        for (int i = 0; i < 7; i++)
        {
            for (int j = 0; j < i; j++)
            {
                bool apart = Math.Abs(labels[i].Y - labels[j].Y) >= 12 || Math.Abs(labels[i].X - labels[j].X) >= 6.8 * (labels[i].Length + labels[j].Length) / 2;
                apart.ShouldBeTrue($"labels {i} and {j} at {labels[i]} and {labels[j]}");
            }
        }
    }

    [Fact]
    public void The_plot_and_the_curves_are_described_in_words()
    {
        string html = HtmlReport.Render(SampleReport.Data());

        html.ShouldMatch("role=\"img\" aria-label=\"Attack success, held-out phrases against over-refusal, image: base: attack success 100%, over-refusal 0%; text-only: ");
        html.ShouldMatch("role=\"img\" aria-label=\"Loss of alignment, sea from step 1 to 100: seed 1 ends at 0.0\\d+; ");
        Regex.Count(html, "<table").ShouldBe(Regex.Count(html, "<caption>"));
        Regex.Count(html, "<img ").ShouldBe(Regex.Count(html, "<img [^>]*alt=\""));
        Regex.Matches(html, "<th( [^>]*)?>").ShouldAllBe(m => m.Value.Contains("scope=\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Losses_that_are_no_numbers_are_left_out_and_long_curves_keep_their_spikes()
    {
        LossPoint[] points = [.. Enumerable.Range(0, 5000).Select(i => new LossPoint(i, i == 2501 ? 7.5 : i == 9 ? double.NaN : 1))];

        string html = HtmlReport.Render(new ReportData("t") { Losses = [new("long", [new("seed 1", points)]), new("empty", [new("seed 1", [new(0, double.NaN)])])] });

        string curve = Matches(html, "<polyline class=\"curve c0\" points=\"([^\"]+)\"").ShouldHaveSingleItem();
        curve.Split(' ').Length.ShouldBeLessThan(170);
        curve.Split(' ').Min(p => double.Parse(p.Split(',')[1])).ShouldBe(8);
        html.ShouldNotContain("NaN", Case.Sensitive);
        html.ShouldNotContain("empty");
    }

    [Fact]
    public void Chapters_have_their_own_headings_anchors_and_line_of_the_contents()
    {
        string html = HtmlReport.Render(new ReportData("Two")
        {
            Verdict = new(false, "both in one breath"),
            Results = new([Row("image", "sea"), Row("audio", "sea")]),
            Provenance = [new("Command", "sea demo")],
            Chapters =
            [
                new("Image") { Verdict = new(true, "in order"), Stages = [new("synthesis", TimeSpan.FromSeconds(1))] },
                new("Audio & more") { Verdict = new(false, "not in order"), Stages = [new("synthesis", TimeSpan.FromSeconds(1))], Losses = [new("alignment", [new("seed 0", [new(1, 2), new(2, 1)])])] },
            ],
        });

        Matches(html, "<section (?:class=\"chapter\" )?id=\"([a-z-]+)\"").ShouldBe(
            ["results", "trade-off", "image", "image-times", "audio---more", "audio---more-losses", "audio---more-times", "provenance"]);
        Matches(html, "<h2 [^>]*>([^<]+)</h2>").ShouldBe(["Results", "Trade-off", "Image", "Audio &amp; more", "Provenance"]);
        Matches(html, "<h3 [^>]*>([^<]+)</h3>").ShouldBe(["Times", "Loss curves", "Times"]);
        Matches(html, "<a href=\"#([a-z-]+)\"").ShouldBe(Matches(html, "<section (?:class=\"chapter\" )?id=\"([a-z-]+)\""));
        html.ShouldContain("<strong>Not passed.</strong> </p>\n<p><b class=\"good\">Image.</b> in order</p>\n<p><b class=\"bad\">Audio &amp; more.</b> not in order</p>");
        html.ShouldNotContain("both in one breath");
        Regex.Count(html, "<table class=\"results\">").ShouldBe(1);
        ShouldClose(html);
    }

    [Fact]
    public void Pictures_are_embedded_as_they_are_or_said_to_be_missing()
    {
        string large = _folder.Write("l.png", new string('x', 2000)), page = _folder.Write("p.svg", "<svg onload='x'/>"), sound = _folder.Write("s.wav", "RIFF"), clip = _folder.Write("c.mp4", "");

        string html = HtmlReport.Render(new ReportData("t")
        {
            Examples = [.. new[] { Picture(), large, page, sound, clip, _folder.File("gone.png"), null }.Select(path => Showing(path))],
        }, new ReportOptions(LargestMedium: 1000));

        html.ShouldContain($"<img src=\"data:image/png;base64,{Convert.ToBase64String(File.ReadAllBytes(Picture()))}\" alt=\"It shows: a car\">");
        Matches(html, "<p class=\"absent\">([^<]+)</p>").ShouldBe(
            ["l.png could not be read", "p.svg is of no kind that a report shows", "s.wav could not be read", "c.mp4 could not be read", "gone.png could not be read", "text only"]);
    }

    [RequiresFact("ffmpeg")]
    public void A_large_picture_is_written_again_smaller()
    {
        byte[] noise = new byte[3 * 800 * 600];
        new Random(1).NextBytes(noise);
        noise = [.. noise.Select(level => (byte)(level / 2))];
        string path = _folder.File("large.jpg");
        File.WriteAllBytes(path, JpegFile.Write([new ImageFrame(800, 600, noise)], 800)[0]);

        byte[] embedded = DataUri(HtmlReport.Render(new ReportData("t") { Examples = [Showing(path)] }), "<img src=\"data:image/jpeg;base64,([^\"]+)\"");

        new FileInfo(path).Length.ShouldBeGreaterThan(new ReportOptions().LargestMedium);
        embedded.Length.ShouldBeLessThan(new ReportOptions().LargestMedium);
        string jpeg = _folder.File("small.jpg");
        File.WriteAllBytes(jpeg, embedded);
        ImageFrame small = MediaReader.Default.ReadImage(jpeg);
        (small.Width, small.Height).ShouldBe((480, 360));
    }

    [RequiresFact("ffmpeg")]
    public void A_sound_has_its_waveform_a_player_and_its_length_and_a_long_one_its_first_half_minute()
    {
        string small = _folder.File("s.wav"), large = _folder.File("l.wav");
        File.WriteAllBytes(small, Tone(seconds: 1.5));
        File.WriteAllBytes(large, Tone(seconds: 40));

        string shown = HtmlReport.Render(new ReportData("t") { Examples = [Showing(small)] }), cut = HtmlReport.Render(new ReportData("t") { Examples = [Showing(large)] });

        DataUri(shown, "<audio controls preload=\"metadata\" src=\"data:audio/wav;base64,([^\"]+)\"").ShouldBe(File.ReadAllBytes(small));
        Matches(shown, "<svg class=\"wave\"[^>]*role=\"img\" aria-label=\"([^\"]+)\"").ShouldBe(["It says: a car"]);
        shown.ShouldContain("<p class=\"length\">“a car”, 1.5 s</p>");
        byte[] mp3 = DataUri(cut, "src=\"data:audio/mpeg;base64,([^\"]+)\"");
        mp3.Length.ShouldBeInRange(110_000, 130_000); // 30 s at 32 kbit/s
        cut.ShouldContain("<p class=\"length\">“a car”, the first 30 s</p>");
    }

    [RequiresFact("ffmpeg")]
    public void A_clip_is_shown_as_frames_from_its_first_to_its_last_with_their_times()
    {
        string path = _folder.File("v.mp4");
        File.WriteAllBytes(path, VideoFile.ToMp4([.. Enumerable.Range(0, 10).Select(i => ImageFrame.Filled(640, 360, (byte)(25 * i)))], 5));

        string html = HtmlReport.Render(new ReportData("t") { Examples = [Showing(path)] });

        Matches(html, "<figcaption>([^<]+)</figcaption>").ShouldBe(["0 s", "0.6 s", "1.2 s", "1.8 s"]);
        Matches(html, "alt=\"([^\"]+)\"").ShouldBe(new[] { "frame 1", "frame 4", "frame 7", "frame 10" }.Select(frame => $"It shows: a car, {frame} of 10"));
        html.ShouldContain("<p class=\"length\">4 of 10 frames, 2 s</p>");
        byte[][] frames = [.. Matches(html, "<img src=\"data:image/jpeg;base64,([^\"]+)\"").Select(Convert.FromBase64String)];
        (int Width, int Height, int Level)[] read = [.. frames.Select((frame, i) =>
        {
            string file = _folder.File($"{i}.jpg");
            File.WriteAllBytes(file, frame);
            ImageFrame picture = MediaReader.Default.ReadImage(file);
            return (picture.Width, picture.Height, (int)picture.Rgb[0]);
        })];
        read.ShouldAllBe(frame => frame.Width == 320 && frame.Height == 180);
        read.Select(frame => frame.Level).ShouldBe(read.Select(frame => frame.Level).Order());
        read[^1].Level.ShouldBeInRange(215, 235); // 225, as far as the codecs keep it
        html.ShouldNotContain("<video");
    }

    [Fact]
    public void Times_stand_beside_their_predictions()
    {
        string html = HtmlReport.Render(new ReportData("t")
        {
            Stages = [new("synthesize", TimeSpan.FromSeconds(66), TimeSpan.FromSeconds(60), 192, "embeddings"), new("align", TimeSpan.FromSeconds(30))],
        });

        html.ShouldContain("<th scope=\"row\">synthesize</th><td class=\"number\">1 min 00 s</td><td class=\"number\"><b>1 min 06 s</b></td><td class=\"number\">+10%</td><td class=\"number\">192 embeddings</td><td class=\"number\">2.91/s</td>");
        html.ShouldContain("<th scope=\"row\">align</th><td class=\"number\">–</td><td class=\"number\"><b>30.0 s</b></td>");
        html.ShouldContain("<b>1 min 36 s</b>");
    }

    [Fact]
    public void Many_rows_set_aside_are_folded_and_the_rest_is_counted()
    {
        string html = HtmlReport.Render(new ReportData("t") { SetAside = [.. Enumerable.Range(0, 250).Select(i => new SetAsideRow("prepare", $"row {i}", "why"))] });

        html.ShouldContain("<li><b>250</b> in prepare</li>");
        html.ShouldContain("<details>\n<summary>The first 200 of 250 rows</summary>");
        Regex.Count(html, "<code>row ").ShouldBe(200);
    }

    [Fact]
    public void The_file_is_written_whole()
    {
        string path = _folder.File("run/report.html");

        HtmlReport.Write(path, SampleReport.Data());

        File.ReadAllText(path).ShouldBe(HtmlReport.Render(SampleReport.Data()));
        Directory.GetFiles(_folder.File("run")).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(0, "0%")]
    [InlineData(0.004, "0.4%")]
    [InlineData(0.125, "13%")]
    [InlineData(0.996, "99.6%")]
    [InlineData(1, "100%")]
    public void Shares_are_whole_per_cent_but_near_the_ends(double share, string shown) => Show.Percent(share).ShouldBe(shown);

    [Fact]
    public void Ranges_differences_and_p_values_are_shown_plainly()
    {
        Show.Percents(0.001, 0.999).ShouldBe("1–99%");
        Show.Percents(0.5, 0.502).ShouldBe("50%");
        (Show.Points(0.444), Show.Points(-0.444), Show.Points(0.001)).ShouldBe(("+44", "−44", "0"));
        (Show.PValue(0.0002), Show.PValue(0.0312), Show.PValue(0.5)).ShouldBe(("< 0.001", "0.031", "0.50"));
        (Show.Duration(TimeSpan.FromSeconds(59.96)), Show.Duration(TimeSpan.FromHours(3.12))).ShouldBe(("1 min 00 s", "3 h 07 min"));
        (Show.Loss(0), Show.Loss(0.00004), Show.Loss(1.2345), Show.Loss(123.4)).ShouldBe(("0", "4.0e-5", "1.23", "123"));
    }

    private static IEnumerable<string> Matches(string html, string pattern) =>
        Regex.Matches(html, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)).Select(m => m.Groups[1].Value);

    private static void ShouldClose(string html)
    {
        HashSet<string> empty = ["meta", "img", "rect", "line", "circle", "path", "polyline", "polygon"];
        Stack<string> open = new();
        foreach (Match tag in Regex.Matches(html, "<(?<end>/?)(?<name>[a-z0-9]+)(?:[^>\"]|\"[^\"]*\")*>", RegexOptions.None, TimeSpan.FromSeconds(5)))
        {
            string name = tag.Groups["name"].Value;
            if (tag.Groups["end"].Length > 0)
            {
                open.Pop().ShouldBe(name, $"around position {tag.Index}");
            }
            else if (!empty.Contains(name))
            {
                open.Push(name);
            }
        }

        open.ShouldBeEmpty();
    }

    private static ReportExample Showing(string? path) => new(CaseKind.Benign, "q", path, "a car", null, []);

    private static byte[] DataUri(string html, string pattern) => Convert.FromBase64String(Matches(html, pattern).ShouldHaveSingleItem());

    private static byte[] Tone(double seconds) =>
        new AudioClip(16_000, [.. Enumerable.Range(0, (int)(16_000 * seconds)).Select(i => MathF.Sin(i * 0.17f) / 2)]).ToWav();

    private static CaseResult Result(Outcome outcome, int id = 0, string? phrase = null) =>
        new($"{id}", $"hash {id}", CaseKind.Harmful, outcome, "q", "model", "an answer", "refusal-match", "demo-1", Category: Hostile, Phrase: phrase);

    private static ResultRow Row(string modality, string method, int attacks = 5, int refusals = 1) => ResultRow.Of(modality, method,
    [
        [
            .. Enumerable.Range(0, 10).Select(i => Result(i < attacks ? Outcome.Unsafe : Outcome.Safe, i) with { Media = "p.png" }),
            .. Enumerable.Range(10, 10).Select(i => Result(i < 10 + refusals ? Outcome.Refused : Outcome.Complied, i) with { Kind = CaseKind.Benign, Media = "p.png" }),
        ],
    ]);

    private string Picture()
    {
        string path = _folder.File("p.png");
        File.WriteAllBytes(path, Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="));
        return path;
    }
}
