using System.Text.Json;
using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Method.Preparation.Eraser;
using SeaCluster.Method.Tests.Endpoints;
using SeaCluster.Method.Tests.Evaluation;
using SeaCluster.Models;

namespace SeaCluster.Method.Tests.Preparation;

public sealed class EraserPreparationTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Rows_become_harm_neutral_questions_and_the_models_own_answers()
    {
        string rows = folder.Write("rows.jsonl", """
            {"id":"a","prompt":"first bad thing","response":"no","rejected":"Take the copper wire and a glass jar. Then, with the copper wire, close it."}
            {"id":"b","prompt":"second bad thing","response":"no","rejected":"You need vinegar."}
            {"id":"c","prompt":"without an answer","response":"no"}
            not json
            """ + "\n");
        ScriptedAnswerer helpful = new(asked => asked.Question.Contains("glass jar", StringComparison.Ordinal) ? "I'm sorry, I can't." : asked.Question.Contains("vinegar", StringComparison.Ordinal) ? " " : "It conducts.", "helper");
        ScriptedAnswerer own = new(asked => $"about {asked.Question}", "own");

        EraserPreparationReport report = await Prepare(rows, helpful, own).RunAsync(null, default);

        report.ShouldBe(new EraserPreparationReport(Harm: 2, WithoutAnswer: 1, Bad: 1, Entities: 3, Refused: 1, Empty: 1, Help: 1, Align: 2));
        EraserFolder made = new(folder["out"]);
        EraserFolder.Read(made.Harm).ShouldBe([new("a", "first bad thing", "Take the copper wire and a glass jar. Then, with the copper wire, close it."), new("b", "second bad thing", "You need vinegar.")]);
        EraserFolder.Read(made.Align).ShouldBe([new("a", "first bad thing", "about first bad thing"), new("b", "second bad thing", "about second bad thing")]);
        EraserRow help = EraserFolder.Read(made.Help).ShouldHaveSingleItem();
        help.Response.ShouldBe("It conducts.");
        EraserPreparation.Questions.Count.ShouldBe(10);
        EraserPreparation.Questions.Select(question => question.Replace("{0}", "copper wire", StringComparison.Ordinal)).ShouldContain(help.Prompt);
        string[] entities = [.. File.ReadLines(made.Entities).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("name").GetString()!)];
        entities.ShouldBe(["copper wire", "glass jar", "vinegar"]);
    }

    [Fact]
    public async Task An_interrupted_preparation_asks_nothing_twice_and_goes_on_with_the_same_answerers_only()
    {
        string rows = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 70).Select(i => $$"""{"id":"r{{i}}","prompt":"bad thing {{i}}","response":"no","rejected":"Take the widget{{i}}."}""" + "\n")));
        using CancellationTokenSource stop = new();
        ScriptedAnswerer helpful = new(_ => "An answer."), own = new(asked => asked.Id);
        List<EraserProgress> told = [];
        await Should.ThrowAsync<OperationCanceledException>(() => Prepare(rows, helpful, own).RunAsync(new Told(progress =>
        {
            told.Add(progress);
            if (progress is { What: "align", Done: > 0 })
            {
                stop.Cancel();
            }
        }), stop.Token));
        File.Exists(new EraserFolder(folder["out"]).Align).ShouldBeFalse();
        File.AppendAllText(Path.Combine(folder["out"], "answers", "align.jsonl"), """{"id":"r64","pro""");

        EraserPreparationReport report = await Prepare(rows, helpful, own).RunAsync(null, default);
        report.Align.ShouldBe(70);
        helpful.Asked.Count().ShouldBe(70);
        own.Asked.ShouldBe(Enumerable.Range(0, 70).Select(i => $"r{i}"));

        (await Prepare(rows, helpful, own).RunAsync(null, default)).ShouldBe(report);
        own.Asked.Count().ShouldBe(70);
        ScriptedAnswerer other = new(_ => "Another.", "other");
        SeaException refused = await Should.ThrowAsync<SeaException>(() => Prepare(rows, other, own).RunAsync(null, default));
        refused.Message.ShouldContain("helpful was scripted, is other");
        refused.WrongUse.ShouldBeTrue();
        (await Prepare(rows, other, own, restart: true).RunAsync(null, default)).Help.ShouldBe(70);
        EraserFolder.Read(new EraserFolder(folder["out"]).Help)[0].Response.ShouldBe("Another.");
    }

    [Fact]
    public async Task What_is_lacking_is_named()
    {
        string without = folder.Write("without.jsonl", """{"prompt":"bad","response":"no"}""");
        (await Should.ThrowAsync<SeaException>(() => Prepare(without, new(_ => "x"), new(_ => "x")).RunAsync(null, default))).Message.ShouldContain("none of 1 rows has an unwanted answer");
        string bare = folder.Write("bare.jsonl", """{"prompt":"bad","response":"no","rejected":"do it then"}""");
        (await Should.ThrowAsync<SeaException>(() => Prepare(bare, new(_ => "x"), new(_ => "x")).RunAsync(null, default))).Message.ShouldContain("No entities were found");
        string refusing = folder.Write("refusing.jsonl", """{"prompt":"bad","response":"no","rejected":"the widget"}""");
        (await Should.ThrowAsync<SeaException>(() => Prepare(refusing, new(_ => "Sorry, I cannot."), new(_ => "x"), restart: true).RunAsync(null, default))).Message.ShouldBe("None of 1 neutral questions was answered: 1 refused, 0 empty.");
        Should.Throw<SeaException>(() => EraserFolder.Read(folder["missing.jsonl"])).Hint!.ShouldContain("sea eraser");
        Should.Throw<SeaException>(() => EraserFolder.Read(folder.Write("open.jsonl", """{"id":"x","prompt":"p"}"""))).Message.ShouldContain("the row 'x' has no response");
    }

    [Fact]
    public async Task Entities_are_bounded_in_number()
    {
        string rows = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 5).Select(i => $$"""{"id":"r{{i}}","prompt":"bad thing {{i}}","response":"no","rejected":"the alpha{{i}}, the beta{{i}}, the gamma{{i}}"}""" + "\n")));
        EraserPreparationOptions options = new() { Inputs = [rows], OutputFolder = folder["out"], MostEntitiesOfAnswer = 2, MostEntities = 7, Limit = 4 };
        EraserPreparationReport report = await new EraserPreparation(options, new OfflineEntityExtractor(), new ScriptedAnswerer(_ => "x"), new ScriptedAnswerer(_ => "x"), RefusalJudge.Standard).RunAsync(null, default);
        (report.Harm, report.Entities).ShouldBe((4, 7));
    }

    [Theory]
    [InlineData("""{"entities": ["Copper wire", "copper wire", " vinegar "]}""", new[] { "Copper wire", "vinegar" })]
    [InlineData("""Here: {"entities": []} """, new string[0])]
    public async Task A_language_model_extracts_entities(string reply, string[] expected)
    {
        await using ChatServer server = new((_, _) => Reply.Says(reply));
        using ChatEndpoint endpoint = Endpoint(server);
        (await new EndpointEntityExtractor(endpoint, "m").ExtractAsync("Take copper wire.", default)).ShouldBe(expected);
        server.Bodies.Single().ToString().ShouldContain("Take copper wire.");
    }

    [Fact]
    public async Task A_reply_without_entities_or_an_answer_fails_by_name_and_answers_come_in_order()
    {
        await using ChatServer server = new((_, body) => Reply.Says(body.ToString().Contains("first", StringComparison.Ordinal) ? "one" : "two"));
        using ChatEndpoint endpoint = Endpoint(server);
        (await Should.ThrowAsync<SeaException>(() => new EndpointEntityExtractor(endpoint, "m").ExtractAsync("text", default))).Message.ShouldContain("extracted no entities");
        EvaluationCase[] asked = [new("1", "first question", CaseKind.Benign), new("2", "other question", CaseKind.Benign)];
        (await new EndpointAnswerer(endpoint, "m", 20).AnswerAsync(asked, default)).ShouldBe(["one", "two"]);
    }

    private static ChatEndpoint Endpoint(ChatServer server) => new(new ChatEndpointOptions(server.Address, "m") { Attempts = 2 }, new InstantTime());

    private EraserPreparation Prepare(string rows, ScriptedAnswerer helpful, ScriptedAnswerer own, bool restart = false) => new(
        new EraserPreparationOptions { Inputs = [rows], OutputFolder = folder["out"], Restart = restart }, new OfflineEntityExtractor(), helpful, own, RefusalJudge.Standard);

    private sealed class Told(Action<EraserProgress> told) : IProgress<EraserProgress>
    {
        public void Report(EraserProgress value) => told(value);
    }
}
