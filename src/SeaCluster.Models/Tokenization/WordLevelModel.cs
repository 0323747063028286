namespace SeaCluster.Models.Tokenization;

/// <summary>One token a word; words that are not in the vocabulary are the unknown token.</summary>
internal sealed class WordLevelModel : ITokenModel
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly string _file;

    public WordLevelModel(Dictionary<string, int> vocabulary, int? unknown, string file)
    {
        _vocabulary = vocabulary;
        Unknown = unknown;
        _file = file;
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _vocabulary;

    public int? Unknown { get; }

    public void Tokenize(string piece, List<int> ids) => ids.Add(
        _vocabulary.TryGetValue(piece, out int id) ? id
        : Unknown ?? throw new SeaException($"{_file}: the word '{piece}' is not in the vocabulary, and model.unk_token is not either."));
}
