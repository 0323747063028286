using SeaCluster.Models.Adapters;
using SeaCluster.Tests;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Adapters;

[Collection(TensorCounts.Alone)]
public sealed class LoraTensorCountTests
{
    [Fact]
    public void Attaching_and_detaching_leaves_no_tensor()
    {
        using IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("llava", "model"), CPU, ScalarType.Float32);
        long before = TensorStatistics.Live;
        for (int i = 0; i < 50; i++)
        {
            using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig(), i);
            TensorStatistics.Live.ShouldBe(before + 28);
        }

        TensorStatistics.Live.ShouldBe(before);
    }
}
