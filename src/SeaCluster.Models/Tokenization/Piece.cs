namespace SeaCluster.Models.Tokenization;

/// <summary>A stretch of text on its way to the model.</summary>
/// <param name="Text">The text.</param>
/// <param name="AtStart">Whether it begins where the whole input begins.</param>
internal readonly record struct Piece(string Text, bool AtStart);

/// <summary>Cuts a piece into the pieces that the model sees one by one.</summary>
internal delegate void PreTokenizer(Piece piece, List<Piece> output);

/// <summary>Turns the tokens' texts into the parts of the decoded text.</summary>
internal delegate List<string> TokenDecoder(List<string> tokens);
