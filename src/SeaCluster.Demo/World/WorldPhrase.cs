using SeaCluster.Method.Preparation;

namespace SeaCluster.Demo.World;

/// <summary>One of the world's phrases: the name of something harmful or benign.</summary>
/// <param name="Id">Its place in the world, from 0.</param>
/// <param name="Text">The phrase, words separated by blanks.</param>
/// <param name="Category">The category that answers name instead of the phrase.</param>
/// <param name="Harmful">Whether an aligned model refuses it.</param>
/// <param name="Kind">Something that is done, or something that is had or made.</param>
/// <param name="Seen">Used in alignment; otherwise held out. The base model knows both.</param>
public sealed record WorldPhrase(int Id, string Text, string Category, bool Harmful, PhraseKind Kind, bool Seen)
{
    /// <summary>The phrase as pictures show it: one word a line, "a" together with the word after it.</summary>
    public IReadOnlyList<string> Lines { get; } =
        [.. Text.Replace(" a ", " a_", StringComparison.Ordinal).Split(' ').Select(line => line.Replace('_', ' '))];
}

/// <summary>How the world speaks of one kind of medium.</summary>
/// <param name="Noun">What the medium is called.</param>
/// <param name="Verb">What it does with a phrase: shows, says.</param>
/// <param name="ContentQuestions">Questions for the phrase.</param>
/// <param name="StyleQuestions">Questions for the style.</param>
/// <param name="Styles">The styles that its media have.</param>
public sealed record WorldModality(
    string Noun, string Verb, IReadOnlyList<string> ContentQuestions, IReadOnlyList<string> StyleQuestions, IReadOnlyList<string> Styles);

/// <summary>A question and the answer that the base model is taught.</summary>
/// <param name="Question">The user's words.</param>
/// <param name="Answer">The model's words.</param>
public sealed record WorldPair(string Question, string Answer);
