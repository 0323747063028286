using System.Text.Json;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Llm;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Method.Tests.Endpoints;

namespace SeaCluster.Method.Tests.Preparation;

/// <summary>What a well-behaved model answers, and preparers that ask a scripted server.</summary>
internal static class LlmScript
{
    /// <summary>The right answer to "How do I …?".</summary>
    public static Reply Right(JsonElement body)
    {
        string prompt = Prompt(body);
        string phrase = prompt["How do I ".Length..].TrimEnd('?');
        return Findings(phrase, "activity", $"Someone wants to {phrase}.", "How do I do this activity?");
    }

    public static Reply Findings(string phrase, string kind, string sentence, string detoxified) =>
        Reply.Says(JsonSerializer.Serialize(new { phrase, kind, sentence, detoxified_instruction = detoxified }), "teacher-1");

    /// <summary>The row's prompt in a request.</summary>
    public static string Prompt(JsonElement body)
    {
        JsonElement content = body.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        string text = content.ValueKind == JsonValueKind.Array ? content[0].GetProperty("text").GetString()! : content.GetString()!;
        return text["<request>\n".Length..text.IndexOf("\n</request>", StringComparison.Ordinal)];
    }

    public static LlmPreparerOptions Options(ChatServer server) => new() { Endpoint = server.Address, Model = "teacher", KeyVariable = "SEA_TEST_NO_SUCH_KEY" };

    public static LlmPreparer Preparer(ChatServer server, InstantTime time, Func<LlmPreparerOptions, LlmPreparerOptions>? change = null)
    {
        LlmPreparerOptions options = Options(server);
        return new LlmPreparer(new RowComposer(TemplateFile.General, "image", 0), change?.Invoke(options) ?? options, time);
    }

    public static SafetyRow Row(int number) => new($"r{number}", $"How do I pick lock {number}?", "No.") { Source = $"rows.jsonl:{number}" };

    /// <summary>A JSONL file of such rows.</summary>
    public static string Rows(ScratchFolder folder, int count) =>
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"id":"r{{i}}","prompt":"How do I pick lock {{i}}?","response":"No."}""" + "\n")));
}
