using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Stages;

/// <summary>Opens models as a spec says.</summary>
public static class StageModel
{
    /// <summary>Checks that the device that a spec names is there, before anything is begun.</summary>
    /// <exception cref="SeaException">It is not.</exception>
    public static void RequireDevice(RunSpec spec)
    {
        if (spec.Model.Device.StartsWith("cuda", StringComparison.Ordinal) && !cuda.is_available())
        {
            throw new SeaException(
                $"model.device: expected a device of this machine, found '{spec.Model.Device}': its libtorch finds no CUDA device.",
                "'sea --version' says what it finds; --set model.device=cpu always works.") { WrongUse = true };
        }
    }

    /// <summary>Computes a little on a device, so that a worker that says it is ready has one that works.</summary>
    /// <param name="name">auto, cpu, cuda, cuda:1.</param>
    /// <param name="health">Told how it went.</param>
    /// <exception cref="SeaException">There is no such device, or it does not compute.</exception>
    public static void OpenDevice(string name, ProcessHealth health)
    {
        try
        {
            TorchRuntime.Initialize();
            Device device = name == "auto" ? cuda.is_available() ? CUDA : CPU : torch.device(name);
            using Tensor ones = torch.ones(8, device: device);
            using Tensor sum = ones.sum();
            if (sum.item<float>() != 8)
            {
                throw new SeaException($"{name}: adds up wrong: {sum.item<float>()} instead of 8", "the device or its driver is broken");
            }

            DeviceInstruments.Use(device);
            health.DeviceReady(device.ToString());
        }
        catch (Exception error) when (error is SeaException or System.Runtime.InteropServices.ExternalException or ArgumentException or InvalidOperationException or TypeInitializationException)
        {
            health.DeviceFailed(error.Message);
            throw error as SeaException ?? new SeaException($"--device {name}: cannot be used: {error.Message}", "'sea --version' says which devices there are", error);
        }
    }

    /// <summary>The base.</summary>
    internal static IMultimodalModel Open(RunSpec spec) => Open(spec, spec.Model.Path);

    /// <summary>The aligned model of a finished alignment: the base with its adapter, or the fully trained checkpoint.</summary>
    internal static (IMultimodalModel Model, LoraAdapter? Adapter) OpenAligned(RunContext context)
    {
        if (context.Spec.Align.Adapter == AdapterKind.Full)
        {
            return (Open(context.Spec, context.Folder.Adapter), null);
        }

        IMultimodalModel model = Open(context.Spec);
        try
        {
            return (model, PeftAdapter.Load(model.LanguageModel, context.Folder.Adapter));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static IMultimodalModel Open(RunSpec spec, string folder)
    {
        Device? device = spec.Model.Device switch { "auto" => null, "cpu" => CPU, string name => torch.device(name) };
        ScalarType? dtype = spec.Model.Dtype switch { WeightType.Float32 => ScalarType.Float32, WeightType.Bfloat16 => ScalarType.BFloat16, _ => null };
        IMultimodalModel model = MultimodalModel.Load(folder, device, dtype);
        DeviceInstruments.Use(model.Device);
        return model;
    }
}
