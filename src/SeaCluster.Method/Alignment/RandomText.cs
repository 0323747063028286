using System.Text;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models.Tokenization;

namespace SeaCluster.Method.Alignment;

/// <summary>Texts of random vocabulary pieces, as Eraser puts them around harmful questions.</summary>
internal sealed class RandomText
{
    // Pieces of a byte each make no text of their own; some vocabularies have many.
    private const int Tries = 1000;

    private readonly Tokenizer tokenizer;
    private readonly int[] ids;
    private readonly int anchor;
    private readonly string anchored;

    public RandomText(Tokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        ids = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !tokenizer.IsSpecial(id))];
        anchor = ids.FirstOrDefault(id => tokenizer.Decode([id], skipSpecial: true) is { Length: > 0 } text && char.IsLetterOrDigit(text[^1]), ids[0]);
        anchored = tokenizer.Decode([anchor], skipSpecial: true);
    }

    /// <summary>So many pieces, one behind the other.</summary>
    public string Draw(SampleRandom random, int pieces)
    {
        StringBuilder text = new();
        for (int i = 0; i < pieces; i++)
        {
            text.Append(Piece(random));
        }

        return text.ToString();
    }

    // A decoder takes the blank off the front of a text: a piece keeps its own behind another one.
    private string Piece(SampleRandom random)
    {
        for (int i = 0; i < Tries; i++)
        {
            string pair = tokenizer.Decode([anchor, ids[random.Below(ids.Length)]], skipSpecial: true);
            if (pair.Length > anchored.Length && pair.StartsWith(anchored, StringComparison.Ordinal) && !pair.Contains('\uFFFD', StringComparison.Ordinal))
            {
                return pair[anchored.Length..];
            }
        }

        return "";
    }
}
