using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Parity;

/// <summary>What the three training trajectories share: the stored adapters, the settings, the encoder outputs that rows name.</summary>
internal static class TrainingFixture
{
    public static string Adapter(Fixture fixture, string name) => Path.Combine(fixture.Folder, $"adapters-{fixture.Cases.MediaKind}", name);

    /// <summary>The stored first adapter, and plain AdamW at a constant rate.</summary>
    public static Trainer Trainer(Fixture fixture, string initial, TrainingSettings settings, int steps) => new(
        fixture.Model,
        new TrainingOptions
        {
            Steps = steps,
            LearningRate = settings.LearningRate,
            WarmUp = 0,
            Floor = 1,
            WeightDecay = settings.WeightDecay,
            MaxGradNorm = settings.MaxGradNorm,
        },
        PeftAdapter.Load(fixture.Model.LanguageModel, Adapter(fixture, initial)));

    /// <summary>The encoder outputs by the names of their tensors.</summary>
    public static MediaBank Media(Fixture fixture) => new(fixture.Model, fixture.EncoderOutput);

    public static AlignmentRow Row(Fixture fixture, RowCase row, string id) => new(id, RowKind.HarmfulText, fixture.Prompt(row.Ids, row.Labels, fixture.LayoutOf(row.EncoderOutput)), row.EncoderOutput);

    /// <summary>Tokens of the rows' texts, and the trained adapter against the stored last one: names, shapes and direction.</summary>
    public static void Compare(ParityCollector rows, Fixture fixture, string group, Trainer trainer, string final)
    {
        string folder = Directory.CreateTempSubdirectory("sea-parity-").FullName;
        try
        {
            rows.Share(group, ["adapter keys", "adapter after the last step, 1 - cosine"], () =>
            {
                PeftAdapter.Save(trainer.Adapter!, fixture.Model, folder);
                using SafetensorsFile found = SafetensorsFile.Open(Path.Combine(folder, PeftAdapter.WeightsFile));
                using SafetensorsFile expected = SafetensorsFile.Open(Path.Combine(Adapter(fixture, final), PeftAdapter.WeightsFile));
                rows.Check(group, "adapter keys", Tolerances.Equal, () => found.Names.Except(expected.Names).Count() + expected.Names.Except(found.Names).Count(), $"{expected.Names.Count} tensors");
                rows.Check(group, "adapter after the last step, 1 - cosine", Tolerances.Cosine, () => Distance.Angle(All(found), All(expected)));

                Tensor All(SafetensorsFile file) => cat([.. expected.Names.Select(name => file.Load(name).flatten())]);
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static void Tokens(ParityCollector rows, Fixture fixture, string group, IEnumerable<RowCase> cases)
    {
        RowCase[] texts = [.. cases.Where(row => row.Text is not null)];
        rows.Check(group, "ids of the rows' texts", Tolerances.Equal, () => texts.Sum(row => Distance.Differing(fixture.Model.Tokenizer.Encode(row.Text!), row.Ids)), $"{texts.Length} texts");
    }
}
