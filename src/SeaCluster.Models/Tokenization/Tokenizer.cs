using System.Text;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>
/// A fast tokenizer as <c>tokenizer.json</c> describes it: added tokens, normalizer, pre-tokenizer, model (BPE or word level), post-processor, decoder.
/// Time grows linearly with the text. Safe for concurrent callers. The file's <c>truncation</c> and <c>padding</c> are settings of a batch and not
/// read.
/// </summary>
public sealed class Tokenizer
{
    private static readonly (int, int)[] NoLiterals = [];

    private readonly ITokenModel _model;
    private readonly Func<string, string> _normalize;
    private readonly PreTokenizer _preTokenize;
    private readonly PostProcessing _postProcessing;
    private readonly TokenDecoder? _decoder;
    private readonly AddedTokenMatcher _added, _addedNormalized;
    private readonly bool _hasNormalized;
    private readonly Dictionary<int, string> _texts;
    private readonly Dictionary<string, int> _addedIds;
    private readonly HashSet<int> _special;

    private Tokenizer(JsonSection root)
    {
        File = root.File;
        _normalize = Normalizers.Read(root.Section("normalizer"));
        _preTokenize = PreTokenizers.Read(root.Section("pre_tokenizer"));
        _model = TokenizerReader.ReadModel(root);
        _postProcessing = PostProcessing.Read(root.Section("post_processor"));
        _decoder = Decoders.Read(root.Section("decoder"));
        AddedToken[] added = TokenizerReader.ReadAddedTokens(root, _model.Vocabulary);
        _added = new AddedTokenMatcher(added.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _addedNormalized = new AddedTokenMatcher(added.Where(token => token.Normalized).Select(token => (_normalize(token.Content), token)));
        _hasNormalized = added.Any(token => token.Normalized);
        _addedIds = added.ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        _special = [.. added.Where(token => token.Special).Select(token => token.Id)];
        _texts = _model.Vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        foreach (AddedToken token in added)
        {
            _texts[token.Id] = token.Content;
        }
    }

    /// <summary>The file it was read from.</summary>
    public string File { get; }

    /// <summary>Number of tokens, the added ones included. A model's embedding table may have more rows.</summary>
    public int VocabularySize => _texts.Count;

    /// <summary>Reads a folder's <c>tokenizer.json</c>, or the file itself. Throws <see cref="SeaException"/> naming file and component.</summary>
    public static Tokenizer Load(string folderOrFile)
    {
        string file = folderOrFile;
        if (Directory.Exists(folderOrFile))
        {
            file = Path.Combine(folderOrFile, "tokenizer.json");
            if (!System.IO.File.Exists(file) && System.IO.File.Exists(Path.Combine(folderOrFile, "tokenizer.model")))
            {
                throw new SeaException(
                    $"{folderOrFile}: has tokenizer.model but no tokenizer.json.", "Save the tokenizer once with AutoTokenizer(...).save_pretrained, which writes tokenizer.json.");
            }
        }

        return new Tokenizer(JsonSection.Read(file));
    }

    /// <summary>Token ids of a text.</summary>
    /// <param name="text">Any text; half surrogate pairs count as U+FFFD.</param>
    /// <param name="addSpecial">Whether the tokens that the post-processor puts around a text are added.</param>
    public int[] Encode(string text, bool addSpecial = true) => Encode(text, NoLiterals, addSpecial);

    /// <summary>
    /// Token ids of a text, parts of which are not trusted: no added token (a special token, a media placeholder) is found in a literal stretch or
    /// across its border. Where no token is written there the ids are those of <see cref="Encode(string, bool)"/>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="literal">Stretches (start, length) of the text that are plain text whatever they say.</param>
    /// <param name="addSpecial">Whether the tokens that the post-processor puts around a text are added.</param>
    public int[] Encode(string text, IReadOnlyList<(int Start, int Length)> literal, bool addSpecial = true)
    {
        text = WellFormed(text);
        List<int> ids = [];
        if (addSpecial)
        {
            ids.AddRange(_postProcessing.Before);
        }

        List<Piece> pieces = [];
        foreach (AddedTokenMatcher.Part part in _added.Cut(text, literal))
        {
            if (part.Token is not null)
            {
                ids.Add(part.Token.Id);
                continue;
            }

            EncodeBetweenTokens(text[part.Start..part.End], part.Start == 0, Inside(literal, part.Start, part.End), pieces, ids);
        }

        if (addSpecial)
        {
            ids.AddRange(_postProcessing.After);
        }

        return [.. ids];
    }

    /// <summary>The text that ids stand for; ids without a token are left out.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    public string Decode(IEnumerable<int> ids, bool skipSpecial)
    {
        List<string> tokens = [];
        foreach (int id in ids)
        {
            if (_texts.TryGetValue(id, out string? text) && !(skipSpecial && _special.Contains(id)))
            {
                tokens.Add(text);
            }
        }

        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder(tokens));
    }

    /// <summary>The id of a token's text, or null where there is no such token.</summary>
    public int? TokenId(string token) =>
        _addedIds.TryGetValue(token, out int id) || _model.Vocabulary.TryGetValue(token, out id) ? id : null;

    /// <summary>The text of a token as the file writes it. Throws <see cref="SeaException"/> where there is no such token.</summary>
    public string TokenText(int id) => _texts.TryGetValue(id, out string? text) ? text : throw new SeaException($"{File}: there is no token with the id {id}.");

    /// <summary>Whether a token is left out of text that is decoded without special tokens.</summary>
    public bool IsSpecial(int id) => _special.Contains(id);

    private void EncodeBetweenTokens(string text, bool atStart, List<(int Start, int Length)> literal, List<Piece> pieces, List<int> ids)
    {
        string normalized = _normalize(text);
        if (!_hasNormalized)
        {
            EncodePiece(new Piece(normalized, atStart), literal.Count > 0, pieces, ids);
            return;
        }

        (int, int)[] moved = [.. literal.Select(stretch => Moved(text, stretch))];
        foreach (AddedTokenMatcher.Part part in _addedNormalized.Cut(normalized, moved))
        {
            if (part.Token is not null)
            {
                ids.Add(part.Token.Id);
                continue;
            }

            EncodePiece(new Piece(normalized[part.Start..part.End], atStart && part.Start == 0), literal.Count > 0, pieces, ids);
        }
    }

    private void EncodePiece(Piece piece, bool literal, List<Piece> pieces, List<int> ids)
    {
        if (piece.Text.Length == 0)
        {
            return;
        }

        pieces.Clear();
        _preTokenize(piece, pieces);
        int before = ids.Count;
        foreach (Piece part in pieces)
        {
            _model.Tokenize(part.Text, ids);
        }

        // A vocabulary of whole words has the special tokens as words too.
        for (int i = before; literal && i < ids.Count; i++)
        {
            if (_special.Contains(ids[i]) && ids[i] != _model.Unknown)
            {
                ids[i] = _model.Unknown ?? throw new SeaException($"{File}: plain text must not hold the token '{_texts[ids[i]]}', and there is no unknown token in its stead.");
            }
        }
    }

    /// <summary>Where a stretch lies after normalisation.</summary>
    private (int Start, int Length) Moved(string text, (int Start, int Length) stretch)
    {
        int start = _normalize(text[..stretch.Start]).Length;
        return (start, _normalize(text[..(stretch.Start + stretch.Length)]).Length - start);
    }

    private static List<(int Start, int Length)> Inside(IReadOnlyList<(int Start, int Length)> literal, int from, int to)
    {
        List<(int, int)> inside = [];
        foreach ((int start, int length) in literal)
        {
            int first = Math.Max(start, from), last = Math.Min(start + length, to);
            if (last > first)
            {
                inside.Add((first - from, last - first));
            }
        }

        return inside;
    }

    /// <summary>The text with U+FFFD for half surrogate pairs, which later steps would refuse; places stay the same.</summary>
    private static string WellFormed(string text)
    {
        int at = 0;
        while (at < text.Length && Rune.DecodeFromUtf16(text.AsSpan(at), out _, out int consumed) == System.Buffers.OperationStatus.Done)
        {
            at += consumed;
        }

        return at == text.Length ? text : string.Create(text.Length, text, static (units, text) =>
        {
            text.CopyTo(units);
            for (int i = 0; i < units.Length; i++)
            {
                bool pair = i + 1 < units.Length && char.IsSurrogatePair(units[i], units[i + 1]);
                if (pair)
                {
                    i++;
                }
                else if (char.IsSurrogate(units[i]))
                {
                    units[i] = '\uFFFD';
                }
            }
        });
    }
}
