namespace SeaCluster.Models.Prompts;

/// <summary>A question and its answer.</summary>
/// <param name="Question">What the user says.</param>
/// <param name="Answer">What the model says, or null where that is still to come.</param>
/// <param name="System">Instructions for the whole conversation, or null for the family's own; counts in the first turn alone.</param>
public sealed record ChatTurn(string Question, string? Answer = null, string? System = null);
