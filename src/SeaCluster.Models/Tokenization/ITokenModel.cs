namespace SeaCluster.Models.Tokenization;

/// <summary>Turns one piece of text into token ids.</summary>
internal interface ITokenModel
{
    /// <summary>Token texts and their ids.</summary>
    IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>The token of what the vocabulary lacks, or null.</summary>
    int? Unknown { get; }

    /// <summary>Appends the ids of a piece of well-formed text. Safe for concurrent callers.</summary>
    void Tokenize(string piece, List<int> ids);
}
