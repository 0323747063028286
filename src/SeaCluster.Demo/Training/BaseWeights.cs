using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Training;

/// <summary>Where base training starts.</summary>
internal static class BaseWeights
{
    /// <summary>
    /// Random weights. The usual deviation of 0.02 drowns position and patch in the small tower, and makes the small language model learn
    /// several times slower than these.
    /// </summary>
    internal static Weights Random(ModelConfig config, ulong seed)
    {
        SeededRandom random = new(seed);
        VisionConfig vision = config.Vision!;
        double width = 1 / Math.Sqrt(vision.HiddenSize);
        double shallow = width / Math.Sqrt(2 * vision.Layers);
        return Weights.Create(Llava.Shapes(config), Make, ScalarType.Float32, CPU);

        Tensor Make(string name, long[] shape)
        {
            if (name.Contains("norm", StringComparison.Ordinal) || name.EndsWith(".bias", StringComparison.Ordinal))
            {
                return name.EndsWith(".weight", StringComparison.Ordinal) ? ones(shape) : zeros(shape);
            }

            double deviation = name switch
            {
                _ when name.EndsWith("position_embedding.weight", StringComparison.Ordinal) => 0.5,
                _ when name.EndsWith("patch_embedding.weight", StringComparison.Ordinal) => 0.05,
                _ when name.EndsWith("class_embedding", StringComparison.Ordinal) => width,
                _ when name.EndsWith("embed_tokens.weight", StringComparison.Ordinal) => 0.5,
                _ when name.StartsWith("vision_tower.", StringComparison.Ordinal) => name switch
                {
                    _ when name.Contains("out_proj", StringComparison.Ordinal) => width,
                    _ when name.Contains("fc1", StringComparison.Ordinal) => width / Math.Sqrt(2),
                    _ => shallow,
                },
                _ => 0.07,
            };
            float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
            random.FillNormal(values, deviation);
            return tensor(values, shape);
        }
    }
}
