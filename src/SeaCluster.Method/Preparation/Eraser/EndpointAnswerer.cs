using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation.Eraser;

/// <summary>A model behind an endpoint that answers questions in text.</summary>
/// <param name="endpoint">Borrowed.</param>
/// <param name="model">The model's name.</param>
/// <param name="maxNewTokens">Longest answer.</param>
public sealed class EndpointAnswerer(ChatEndpoint endpoint, string model, int maxNewTokens) : IAnswerer
{
    /// <inheritdoc/>
    public string Name => $"{model}/{maxNewTokens}";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> AnswerAsync(IReadOnlyList<EvaluationCase> batch, CancellationToken cancellationToken) =>
        await Task.WhenAll(batch.Select(async asked =>
        {
            ChatReply<string> reply = await endpoint.AskAsync(new ChatRequest("", asked.Question, maxNewTokens), text => text.Trim(), cancellationToken);
            return reply.Value ?? throw new SeaException($"The endpoint did not answer question '{asked.Id}': {reply.Failure}.", "Run the same command again: what is answered is kept.");
        }));
}
