using System.Text.Json;

namespace SeaCluster.Models.Configuration;

/// <summary>Reads a language model's section with the defaults of its architecture in the transformers library.</summary>
internal static class TextConfigReader
{
    private sealed record Defaults(int Vocab, int Hidden, int Ffn, int Layers, int Heads, int? KvHeads, int Positions, double Eps, double Theta, bool QkvBias);

    /// <param name="root">The whole file.</param>
    /// <param name="section">The section with the fields, or null for all defaults.</param>
    /// <param name="otherwise">The architecture where the section names none.</param>
    public static TextConfig Read(JsonSection root, JsonSection? section, string otherwise)
    {
        bool flat = ReferenceEquals(root, section);
        string type = (flat ? null : section?.Text("model_type")) ?? otherwise;
        JsonSection at = section ?? root;
        Defaults d = type switch
        {
            "llama" => new(32000, 4096, 11008, 32, 32, null, 2048, 1e-6, 10000, false),
            "qwen2" => new(151936, 4096, 22016, 32, 32, 32, 32768, 1e-6, 10000, true),
            "qwen2_vl_text" => new(152064, 8192, 29568, 80, 64, 8, 32768, 1e-5, 1_000_000, true),
            _ => throw at.Unfit("model_type", $"is '{type}', language models read are llama, qwen2 and qwen2_vl_text"),
        };
        if (section?.Section("quantization_config") is not null)
        {
            throw section.Unfit("quantization_config", "says that the weights are quantised; gradients need float weights", "Use the checkpoint in float16, bfloat16 or float32.");
        }

        int hidden = section?.Size("hidden_size", d.Hidden) ?? d.Hidden, heads = section?.Size("num_attention_heads", d.Heads) ?? d.Heads;
        int layers = section?.Size("num_hidden_layers", d.Layers) ?? d.Layers;

        // Left out means the default, null means as many as query heads.
        int kvHeads = section?.Has("num_key_value_heads") == true ? section.Size("num_key_value_heads", heads) : d.KvHeads ?? heads;
        int? headDim = section?.TryGet("head_dim", out _) == true ? section.Size("head_dim", 0) : null;
        if (headDim is null && hidden % heads != 0)
        {
            throw at.Unfit("num_attention_heads", $"is {heads}, which does not divide hidden_size {hidden}, and head_dim is left out");
        }

        if (heads % kvHeads != 0)
        {
            throw at.Unfit("num_key_value_heads", $"is {kvHeads}, which does not divide num_attention_heads {heads}");
        }

        int head = headDim ?? hidden / heads;
        if (head % 2 != 0)
        {
            throw at.Unfit(headDim is null ? "num_attention_heads" : "head_dim", $"makes heads of {head}; rotary positions need an even size");
        }

        CheckActivation(section);
        CheckAttention(section, layers);
        (double theta, int[]? mrope) = Rope(at, d.Theta, type == "qwen2_vl_text", head);
        bool llama = type == "llama";
        bool bias = llama && (section?.Flag("attention_bias", false) ?? false);
        return new TextConfig
        {
            ModelType = type,
            HiddenSize = hidden,
            IntermediateSize = section?.Size("intermediate_size", d.Ffn) ?? d.Ffn,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = head,
            VocabSize = section?.Size("vocab_size", d.Vocab) ?? d.Vocab,
            RmsNormEps = section?.Positive("rms_norm_eps", d.Eps) ?? d.Eps,
            RopeTheta = theta,
            MropeSection = mrope,
            Tied = root.Flag("tie_word_embeddings", false) || (section?.Flag("tie_word_embeddings", false) ?? false),
            AttentionBias = bias || d.QkvBias,
            AttentionOutputBias = bias,
            MlpBias = llama && (section?.Flag("mlp_bias", false) ?? false),
            MaxPositions = section?.Size("max_position_embeddings", d.Positions) ?? d.Positions,
            BosTokenId = section?.Has("bos_token_id") == true ? section.Integer("bos_token_id") : llama ? 1 : null,
            EosTokenIds = section?.Has("eos_token_id") == true ? section.Integers("eos_token_id") : llama ? [2] : [],
        };
    }

    private static void CheckActivation(JsonSection? section)
    {
        if (section?.Text("hidden_act") is string act and not ("silu" or "swish"))
        {
            throw section.Unfit("hidden_act", $"is '{act}', read is silu");
        }
    }

    private static void CheckAttention(JsonSection? section, int layers)
    {
        if (section is null)
        {
            return;
        }

        if (section.TryGet("layer_types", out JsonElement types))
        {
            if (types.ValueKind != JsonValueKind.Array || types.EnumerateArray().Any(type => type.ValueKind != JsonValueKind.String || type.GetString() != "full_attention"))
            {
                throw section.Unfit("layer_types", "asks for something else than full_attention, which is not supported");
            }
        }
        else if (section.Flag("use_sliding_window", false) && section.Integer("max_window_layers") is int full && full < layers)
        {
            throw section.Unfit("use_sliding_window", "asks for sliding-window attention, which is not supported");
        }
    }

    private static (double Theta, int[]? Mrope) Rope(JsonSection section, double otherwise, bool threeDimensional, int headDim)
    {
        // Older files: rope_theta, and rope_scaling for everything else. Newer ones: all in rope_parameters.
        string key = section.TryGet("rope_scaling", out _) ? "rope_scaling" : "rope_parameters";
        JsonSection? rope = section.Section(key);
        string kind = rope?.Text("rope_type") ?? rope?.Text("type") ?? "default";
        if (kind is not "default" && !(kind is "mrope" && threeDimensional))
        {
            throw section.Unfit($"{key}.rope_type", $"is '{kind}', supported is default{(threeDimensional ? " or mrope" : "")}");
        }

        double theta = rope?.Positive("rope_theta", section.Positive("rope_theta", otherwise)) ?? section.Positive("rope_theta", otherwise);
        if (!threeDimensional)
        {
            return (theta, null);
        }

        int[] parts = rope?.Integers("mrope_section") ?? [];
        parts = parts.Length == 0 ? [16, 24, 24] : parts;
        return parts.Length == 3 && parts.All(part => part >= 0) && parts.Sum(part => (long)part) == headDim / 2
            ? (theta, parts)
            : throw section.Unfit($"{key}.mrope_section", $"must be three sizes that add up to {headDim / 2} (half of a head), found [{string.Join(", ", parts)}]");
    }
}
