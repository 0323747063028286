using SeaCluster.Method.Evaluation;

namespace SeaCluster.Method.Tests.Evaluation;

/// <summary>Answers from a function and notes which cases it was asked, batch by batch.</summary>
internal sealed class ScriptedAnswerer(Func<EvaluationCase, string> answer, string name = "scripted") : IAnswerer
{
    public List<string[]> Batches { get; } = [];

    public string Name => name;

    public IEnumerable<string> Asked => Batches.SelectMany(batch => batch);

    public Task<IReadOnlyList<string>> AnswerAsync(IReadOnlyList<EvaluationCase> batch, CancellationToken cancellationToken)
    {
        Batches.Add([.. batch.Select(c => c.Id)]);
        return Task.FromResult<IReadOnlyList<string>>([.. batch.Select(answer)]);
    }
}
