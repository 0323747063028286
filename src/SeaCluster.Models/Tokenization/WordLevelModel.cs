namespace SeaCluster.Models.Tokenization;

/// <summary>One token a word; words that are not in the vocabulary are the unknown token.</summary>
internal sealed class WordLevelModel : ITokenModel
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly int? _unknown;
    private readonly string _file;

    public WordLevelModel(Dictionary<string, int> vocabulary, int? unknown, string file)
    {
        _vocabulary = vocabulary;
        _unknown = unknown;
        _file = file;
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _vocabulary;

    public void Tokenize(string piece, List<int> ids) => ids.Add(
        _vocabulary.TryGetValue(piece, out int id) ? id
        : _unknown ?? throw new SeaException($"{_file}: the word '{piece}' is not in the vocabulary, and model.unk_token is not either."));
}
