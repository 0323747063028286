using SeaCluster.Models.Attention;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Generation;

/// <summary>
/// Answers many questions: prompts of different lengths in one batch without padding, keys and values cached, finished rows dropped.
/// </summary>
public static class TextGenerator
{
    /// <summary>Answers as text, in the order of the requests.</summary>
    public static string[] Answer(
        IMultimodalModel model, IReadOnlyList<GenerationRequest> requests, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        [.. Tokens(model, requests, options, cancellation).Select(ids => model.Tokenizer.Decode(ids, skipSpecial: true).Trim())];

    /// <summary>Answers as token ids, without the token that ended them, in the order of the requests.</summary>
    public static IReadOnlyList<int[]> Tokens(
        IMultimodalModel model, IReadOnlyList<GenerationRequest> requests, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new GenerationOptions();
        int[][] answers = new int[requests.Count][];
        foreach (int[] batch in Batches(requests, options.BatchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            Run(model, requests, batch, options, answers, cancellation);
        }

        return answers;
    }

    // Requests of similar length share a batch.
    private static IEnumerable<int[]> Batches(IReadOnlyList<GenerationRequest> requests, int limit)
    {
        List<int> batch = [];
        int longest = 0;
        foreach (int index in Enumerable.Range(0, requests.Count).OrderBy(i => requests[i].Prompt.Ids.Length))
        {
            int length = requests[index].Prompt.Ids.Length;
            if (batch.Count > 0 && (batch.Count + 1) * Math.Max(longest, length) > limit)
            {
                yield return [.. batch];
                batch.Clear();
                longest = 0;
            }

            batch.Add(index);
            longest = Math.Max(longest, length);
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }

    private static void Run(
        IMultimodalModel model, IReadOnlyList<GenerationRequest> requests, int[] batch, GenerationOptions options, int[][] answers, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        LanguageModel decoder = model.LanguageModel;
        int[] prompts = [.. batch.Select(i => requests[i].Prompt.Ids.Length)];
        using KeyValueCache cache = new(prompts, prompts.Max() + options.MaxNewTokens, decoder);
        TokenSampler[] samplers = [.. batch.Select(i => new TokenSampler(options, i, requests[i].Prompt.Ids))];
        List<int>[] written = [.. batch.Select(_ => new List<int>())];
        List<int> rows = [.. Enumerable.Range(0, batch.Length)];
        TokenPosition[][] positions = [.. batch.Select(i => TokenPosition.Of(requests[i].Prompt))];

        // A medium may take fewer positions than it has tokens: an answer goes on behind the prompt's last position.
        int[] shifts = [.. positions.Select(row => row[^1].Time + 1 - row.Length)];
        Tensor logits = Prefill(model, requests, batch, positions, cache);
        for (int step = 0; step < options.MaxNewTokens; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] next = Choose(logits, rows, samplers, options);
            List<int> going = [], tokens = [];
            for (int row = 0; row < rows.Count; row++)
            {
                if (!model.Prompts.StopTokens.Contains(next[row]))
                {
                    written[rows[row]].Add(next[row]);
                    going.Add(row);
                    tokens.Add(next[row]);
                }
            }

            if (going.Count == 0 || step == options.MaxNewTokens - 1)
            {
                break;
            }

            if (going.Count < rows.Count)
            {
                cache.Keep(going);
                rows = [.. going.Select(row => rows[row])];
            }

            logits.Dispose();
            logits = Step(decoder, cache, tokens, [.. rows.Select((row, i) => TokenPosition.Text(cache.Lengths[i] + shifts[row]))]);
        }

        for (int i = 0; i < batch.Length; i++)
        {
            answers[batch[i]] = [.. written[i]];
        }
    }

    private static Tensor Prefill(
        IMultimodalModel model, IReadOnlyList<GenerationRequest> requests, int[] batch, TokenPosition[][] positions, KeyValueCache cache)
    {
        using DisposeScope scope = NewDisposeScope();
        LanguageModel decoder = model.LanguageModel;
        List<long> media = [], last = [];
        List<Tensor> outputs = [];
        int start = 0;
        foreach (int index in batch)
        {
            GenerationRequest request = requests[index];
            if (request.Prompt.MediaSpans.Count > 0)
            {
                outputs.Add(request.EncoderOutput ?? throw new ArgumentException($"Request {index} has media tokens but no encoder output.", nameof(requests)));
                media.AddRange(request.Prompt.MediaRows.Select(row => (long)(start + row)));
            }

            start += request.Prompt.Ids.Length;
            last.Add(start - 1);
        }

        Tensor x = decoder.Embed(tensor(batch.SelectMany(i => requests[i].Prompt.Ids).Select(id => (long)id).ToArray()).to(model.Device));
        if (media.Count > 0)
        {
            x = x.index_copy(0, tensor(media.ToArray()).to(model.Device), model.Project(cat(outputs, 0).to(model.Device)));
        }

        using Rotary rotary = Rotary.For(model.Config.Text, [.. positions.SelectMany(row => row)], model.DType, model.Device);
        Tensor rows = tensor(last.ToArray()).to(model.Device);
        return decoder.Logits(decoder.Hidden(x, rotary, cache, rows)).MoveToOuterDisposeScope();
    }

    private static Tensor Step(LanguageModel decoder, KeyValueCache cache, List<int> tokens, TokenPosition[] positions)
    {
        using DisposeScope scope = NewDisposeScope();
        cache.BeginStep();
        using Rotary rotary = Rotary.For(decoder.Config, positions, decoder.Weights.DType, decoder.Weights.Device);
        Tensor x = decoder.Embed(tensor(tokens.Select(id => (long)id).ToArray()).to(decoder.Weights.Device));
        return decoder.Logits(decoder.Hidden(x, rotary, cache)).MoveToOuterDisposeScope();
    }

    private static int[] Choose(Tensor logits, List<int> rows, TokenSampler[] samplers, GenerationOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        if (options.Temperature <= 0)
        {
            return [.. logits.argmax(-1).cpu().data<long>().ToArray().Select(id => (int)id)];
        }

        float[] values = logits.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        int vocabulary = values.Length / rows.Count;
        return [.. rows.Select((request, row) => samplers[request].Next(values.AsSpan(row * vocabulary, vocabulary)))];
    }
}
