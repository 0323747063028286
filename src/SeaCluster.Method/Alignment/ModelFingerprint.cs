using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>Tells models apart by what is in memory, wherever it was read from: names, shapes and type of all tensors, and some values of each.</summary>
public static class ModelFingerprint
{
    // A fine-tuned model differs from its base in nearly every value of what was tuned: some of each tensor tell, without reading gigabytes.
    private const long Values = 64;

    /// <summary>64 hex digits.</summary>
    public static string Of(IMultimodalModel model)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{model.Config.Family} {model.DType} {model.Device.type}\n"));
        foreach (string name in model.Weights.Names)
        {
            using DisposeScope one = NewDisposeScope();
            Tensor tensor = model.Weights[name];
            long stride = Math.Max(1, tensor.numel() / Values);
            Tensor some = tensor.detach().flatten().slice(0, 0, tensor.numel(), stride).to(ScalarType.Float32).cpu().contiguous();
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name} {string.Join(',', tensor.shape)}\n")));
            hash.AppendData(MemoryMarshal.AsBytes<float>(some.data<float>().ToArray()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
