namespace SeaCluster.Method.Evaluation;

/// <summary>The model under evaluation.</summary>
public interface IAnswerer
{
    /// <summary>
    /// What answers: model, adapter and decoding options. It is written beside each answer; answers of another are never taken over.
    /// </summary>
    string Name { get; }

    /// <summary>Answers a batch, in its order: one answer a case, without the prompt and without special tokens.</summary>
    /// <exception cref="SeaCluster.Models.SeaException">
    /// A case cannot be answered, say for a broken medium. The batch is then asked case by case, and only the bad one is recorded as failed.
    /// </exception>
    Task<IReadOnlyList<string>> AnswerAsync(IReadOnlyList<EvaluationCase> batch, CancellationToken cancellationToken);
}
