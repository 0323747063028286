using SeaCluster.Method.Alignment;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Alignment;

public sealed class AdamWTests
{
    private static readonly TrainingOptions Options = new() { WeightDecay = 0.1, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6 };

    [Fact]
    public void Steps_follow_the_definition()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor parameter = tensor(new[] { 1f, -2f, 0.5f }).requires_grad_(true);
        using AdamW adam = new([("p", parameter)], Options);
        double[] value = [1, -2, 0.5], first = new double[3], second = new double[3];
        for (int step = 1; step <= 5; step++)
        {
            adam.ZeroGrad();
            (parameter * parameter * parameter).sum().backward();
            double[] gradient = [.. parameter.grad!.data<float>().ToArray().Select(g => (double)g)];
            double rate = 0.1 / step;
            adam.Step(rate);
            for (int i = 0; i < 3; i++)
            {
                first[i] = (0.8 * first[i]) + (0.2 * gradient[i]);
                second[i] = (0.95 * second[i]) + (0.05 * gradient[i] * gradient[i]);
                double unbiased = first[i] / (1 - Math.Pow(0.8, step)), root = Math.Sqrt(second[i] / (1 - Math.Pow(0.95, step)));
                value[i] = (value[i] * (1 - (rate * 0.1))) - (rate * unbiased / (root + 1e-6));
                parameter.data<float>()[i].ShouldBe((float)value[i], 1e-6);
            }
        }

        adam.Steps.ShouldBe(5);
    }

    [Fact]
    public void A_bfloat16_parameter_moves_by_less_than_its_own_precision()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor parameter = ones(4, ScalarType.BFloat16).requires_grad_(true);
        using AdamW adam = new([("p", parameter)], new TrainingOptions());
        for (int step = 0; step < 100; step++)
        {
            adam.ZeroGrad();
            parameter.sum().backward();
            adam.Step(1e-3);
        }

        // Each step is a quarter of the spacing of bfloat16 below 1; without the float32 copy nothing would ever change.
        parameter.to(ScalarType.Float32).data<float>().ToArray().ShouldAllBe(value => Math.Abs(value - 0.9f) < 4e-3f);
    }

    [Fact]
    public void Clipping_is_by_the_joint_norm_and_reports_the_norm_before()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(new[] { 3f }).requires_grad_(true), b = tensor(new[] { 2f }).requires_grad_(true), unused = ones(1).requires_grad_(true);
        using AdamW adam = new([("a", a), ("b", b), ("unused", unused)], Options);
        ((a * 3) + (b * 4)).sum().backward();
        adam.ClipGradNorm(0).ShouldBe(5, 1e-6);
        adam.ClipGradNorm(10).ShouldBe(5, 1e-6);
        a.grad!.item<float>().ShouldBe(3);
        adam.ClipGradNorm(1).ShouldBe(5, 1e-6);
        a.grad!.item<float>().ShouldBe(0.6f, 1e-6);
        b.grad!.item<float>().ShouldBe(0.8f, 1e-6);
        adam.Step(0.1);
        unused.item<float>().ShouldBe(1);
    }

    [Fact]
    public void The_step_size_rises_linearly_and_falls_along_a_cosine_to_its_floor()
    {
        TrainingOptions options = new() { LearningRate = 2, WarmUp = 4, Steps = 100, Floor = 0.1 };
        options.LearningRateAt(0).ShouldBe(0.5, 1e-3);
        options.LearningRateAt(50).ShouldBe(2 * 0.55, 1e-9);
        options.LearningRateAt(100).ShouldBe(0.2, 1e-9);
        (options with { WarmUp = 0, Floor = 1 }).LearningRateAt(37).ShouldBe(2, 1e-12);
    }
}
