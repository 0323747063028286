namespace SeaCluster.Models.Tokenization;

/// <summary>
/// The printable character that byte-level tokenizers write for each byte: visible Latin-1 characters stand for themselves, the other 68 bytes are
/// numbered from U+0100 on.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Make();
    private static readonly Dictionary<char, byte> Bytes = Characters.Select((character, value) => (character, value)).ToDictionary(pair => pair.character, pair => (byte)pair.value);

    /// <summary>The character of a byte.</summary>
    public static char CharacterOf(byte value) => Characters[value];

    /// <summary>The byte of a character, if it has one.</summary>
    public static bool TryByteOf(char character, out byte value) => Bytes.TryGetValue(character, out value);

    private static char[] Make()
    {
        int next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(value => value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : (char)next++)];
    }
}
