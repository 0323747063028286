using SeaCluster.Models.Prompts;

namespace SeaCluster.Method.Alignment;

/// <summary>The kinds of row that SEA mixes, and its baselines: a baseline is a mix that leaves a kind out, or other media behind the same rows.</summary>
public enum RowKind
{
    /// <summary>Harmful text → refusal.</summary>
    HarmfulText,

    /// <summary>Detoxified instruction with an E_o, synthetic, real or blank → refusal.</summary>
    HarmfulMedia,

    /// <summary>Benign text → compliance.</summary>
    BenignText,

    /// <summary>Benign instruction with a medium's E_o, synthetic or real → compliance.</summary>
    BenignMedia,

    /// <summary>What the medium shows, asked of the same E_o: keeps the model perceiving what it refuses.</summary>
    Retention,

    /// <summary>Benign instruction with a real medium → compliance, where the mix asks for real and synthetic ones apart.</summary>
    BenignRealMedia,
}

/// <summary>One question with the answer to train.</summary>
/// <param name="Id">Names the row.</param>
/// <param name="Kind">The pool it is drawn from.</param>
/// <param name="Prompt">Rendered, with labels on the answer and its end token.</param>
/// <param name="Medium">Names the encoder output in the <see cref="MediaBank"/>, or null for text.</param>
public sealed record AlignmentRow(string Id, RowKind Kind, EncodedPrompt Prompt, string? Medium = null);

/// <summary>One harmful question with the answer to unlearn.</summary>
/// <param name="Id">Names the row.</param>
/// <param name="Render">The prompt, labelled on the answer, with a text in front of its question and one behind it; itself with two empty ones.</param>
/// <param name="Medium">Names the encoder output in the <see cref="MediaBank"/>, or null for text.</param>
public sealed record HarmRow(string Id, Func<string, string, EncodedPrompt> Render, string? Medium = null);

/// <summary>One question with the answer to prefer and the answer to avoid.</summary>
/// <param name="Id">Names the row.</param>
/// <param name="Kind">The pool it is drawn from.</param>
/// <param name="Chosen">Rendered with the answer to prefer.</param>
/// <param name="Rejected">Rendered with the answer to avoid.</param>
/// <param name="Medium">Names the encoder output in the <see cref="MediaBank"/>, or null for text.</param>
public sealed record PreferenceRow(string Id, RowKind Kind, EncodedPrompt Chosen, EncodedPrompt Rejected, string? Medium = null);
