using SeaCluster.Models;
using SeaCluster.Models.Generation;
using SeaCluster.Models.Packing;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Parity;

/// <summary>Greedy continuations: all in one batch with cached keys and values, and each alone, recomputed at every token.</summary>
internal static class GreedyFigures
{
    public static void Check(ParityCollector rows, Fixture fixture)
    {
        if (fixture.Cases.Greedy is not { Count: > 0 } cases)
        {
            rows.Absent($"{fixture.Name} greedy", "all");
            return;
        }

        rows.Share($"{fixture.Name} greedy", ["continuations"], () =>
        {
            GenerationRequest[] requests = [.. cases.Select(entry => new GenerationRequest(fixture.Prompt(entry.PromptIds, null, fixture.Layout(entry.File)), EncoderOutput(fixture, entry)))];
            IReadOnlyList<int[]> cached = TextGenerator.Tokens(fixture.Model, requests, new GenerationOptions { MaxNewTokens = Math.Max(1, cases.Max(entry => entry.Continuation.Length)) });
            for (int i = 0; i < cases.Count; i++)
            {
                GreedyCase entry = cases[i];
                int[] answer = cached[i];
                string group = $"{fixture.Name} greedy {entry.File ?? "text"}", note = $"{entry.Continuation.Length} tokens after \"{entry.Question}\"";
                // The reference goes on behind a stop token, the generator does not; the expected tokens end before a near tie.
                int stop = Array.FindIndex(entry.Continuation, id => fixture.Model.Prompts.StopTokens.Contains(id));
                int[] expected = stop < 0 ? entry.Continuation : entry.Continuation[..stop];
                rows.Check(group, "continuation, cached, in a batch", Tolerances.Equal, () => Distance.Differing(answer[..Math.Min(expected.Length, answer.Length)], expected), note);
                rows.Check(group, "continuation, recomputed, alone", Tolerances.Equal, () => Distance.Differing(Recomputed(fixture, entry), entry.Continuation), note);
                rows.Check(group, "continuation_text", Tolerances.Equal, () => fixture.Model.Tokenizer.Decode(entry.Continuation, skipSpecial: true) == entry.ContinuationText ? 0 : 1);
            }
        });
    }

    private static Tensor? EncoderOutput(Fixture fixture, GreedyCase entry) =>
        entry.File is null ? null : fixture.EncoderOutput($"pre.{entry.File}.encoder_output");

    private static int[] Recomputed(Fixture fixture, GreedyCase entry)
    {
        using IDisposable frozen = no_grad();
        Tensor? output = EncoderOutput(fixture, entry);
        List<int> ids = [.. entry.PromptIds];
        while (ids.Count < entry.PromptIds.Length + entry.Continuation.Length)
        {
            using DisposeScope scope = NewDisposeScope();
            using PackedBatch batch = new(fixture.Model, [PackedSequence.Of(fixture.Prompt([.. ids], null, fixture.Layout(entry.File)))]);
            ids.Add((int)batch.Logits(output)[-1].argmax().item<long>());
        }

        return [.. ids.Skip(entry.PromptIds.Length)];
    }
}
