using SeaCluster.Models.Tokenization;

namespace SeaCluster.Method.Parity;

/// <summary>Text to tokens and back.</summary>
internal static class TokenizerFigures
{
    public const string File = "tokenizer_cases.json";

    public static void Check(ParityCollector rows, string folder)
    {
        string group = $"{Path.GetFileName(folder)} tokenizer", path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path))
        {
            rows.Absent(group, File);
            return;
        }

        rows.Share(group, ["ids", "ids_without_special", "decoded", "decoded_skip_special"], () =>
        {
            TokenizerCase[] cases = FixtureJson.Read<TokenizerCase[]>(path);
            Tokenizer tokenizer = Tokenizer.Load(Path.Combine(folder, "model"));
            Each("ids", entry => Distance.Differing(tokenizer.Encode(entry.Text), entry.Ids));
            Each("ids_without_special", entry => Distance.Differing(tokenizer.Encode(entry.Text, addSpecial: false), entry.IdsWithoutSpecial));
            Each("decoded", entry => tokenizer.Decode(entry.IdsWithoutSpecial, skipSpecial: false) == entry.Decoded ? 0 : 1);
            Each("decoded_skip_special", entry => tokenizer.Decode(entry.Ids, skipSpecial: true) == entry.DecodedSkipSpecial ? 0 : 1);

            void Each(string figure, Func<TokenizerCase, double> distance)
            {
                TokenizerCase? first = cases.FirstOrDefault(entry => distance(entry) > 0);
                rows.Check(
                    group, figure, Tolerances.Equal, () => cases.Sum(distance),
                    $"{cases.Length} texts{(first is null ? "" : $", first that differs: {System.Text.Json.JsonSerializer.Serialize(first.Text)}")}");
            }
        });
    }
}
