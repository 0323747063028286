using System.CommandLine;
using System.CommandLine.Parsing;

namespace SeaCluster.Cli.Frame;

/// <summary>Options that mean the same in every command that has them.</summary>
internal static class SharedOptions
{
    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an error came from", Recursive = true };

    public static readonly Option<LogFormat> LogFormat = new("--log-format") { Description = "Remarks on stderr: text, or json (one object a line, with trace ids)", HelpName = "FORMAT", Recursive = true };

    public static Option<bool> Json() => new("--json") { Description = "Print the result as one JSON document" };

    public static Option<string> Model() => Folder(new Option<string>("--model") { Description = "Checkpoint folder: config.json, safetensors, tokenizer.json", HelpName = "DIR", Required = true });

    public static Option<string?> Adapter() => Folder(new Option<string?>("--adapter") { Description = "PEFT adapter folder to put on the model", HelpName = "DIR" });

    public static Option<string> Data(string description) => File(new Option<string>("--data") { Description = description, HelpName = "FILE", Required = true });

    public static Option<string> Out(string description) => new("--out") { Description = description, HelpName = "PATH", Required = true };

    public static Option<long> Seed() => new("--seed") { Description = "Seed of everything that is drawn", HelpName = "N", DefaultValueFactory = _ => 0 };

    /// <summary>Addresses of a process that tells of itself; without them nothing listens.</summary>
    public static Option<string?> Urls(string what) => new("--urls") { Description = $"Addresses to serve {what} on, such as http://127.0.0.1:9464 (Kestrel's syntax). Default: none", HelpName = "URLS" };

    /// <summary>A modality; without it the model's first.</summary>
    public static Option<string?> Modality(string description) => OneOf(new Option<string?>("--modality") { Description = $"{description}: image, video or audio; default: what the model takes first", HelpName = "NAME" }, name => name is "image" or "video" or "audio", "image, video or audio");

    public static Option<string> Device() => OneOf(new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N; auto takes the first GPU, else the CPU", HelpName = "NAME", DefaultValueFactory = _ => "auto" }, name => name is "auto" or "cpu" or "cuda" || (name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name[5..], out int index) && index >= 0), "auto, cpu, cuda or cuda:N");

    /// <summary>Where a run's frozen spec is worked on by this machine.</summary>
    public static Option<string?> DeviceHere() => new("--device") { Description = "Where to work: cpu, cuda, cuda:1. Default: as the run says", HelpName = "NAME" };

    /// <summary>What else of a frozen spec differs on this machine.</summary>
    public static Option<string[]> SetHere() => new("--set") { Description = "Option of the runs that differs here, such as --set model.path=/data/llava", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = false };

    public static Option<string> Type() => OneOf(new Option<string>("--dtype") { Description = "auto, float32 or bfloat16; auto is bfloat16 on a GPU, else float32", HelpName = "TYPE", DefaultValueFactory = _ => "auto" }, name => name is "auto" or "float32" or "bfloat16", "auto, float32 or bfloat16");

    /// <summary>Refuses a value that is not an existing folder, as wrong use.</summary>
    public static Option<T> Folder<T>(Option<T> option) => Checked(option, value => Directory.Exists(value) ? null : System.IO.File.Exists(value) ? "is a file, a folder is needed" : "no such folder");

    /// <summary>Refuses a value that is not an existing file, as wrong use.</summary>
    public static Option<T> File<T>(Option<T> option) => Checked(option, value => System.IO.File.Exists(value) ? null : Directory.Exists(value) ? "is a folder, a file is needed" : "no such file");

    /// <summary>Refuses a value that is neither an existing file nor an existing folder, as wrong use.</summary>
    public static Option<T> Existing<T>(Option<T> option) => Checked(option, value => System.IO.File.Exists(value) || Directory.Exists(value) ? null : "no such file or folder");

    /// <summary>Refuses a number below <paramref name="minimum"/>, as wrong use.</summary>
    public static Option<T> AtLeast<T>(Option<T> option, double minimum) =>
        Checked(option, value => double.TryParse(value, out double number) && number < minimum ? $"must be at least {minimum:0.######}" : null);

    private static Option<T> OneOf<T>(Option<T> option, Func<string, bool> allowed, string words) => Checked(option, value => allowed(value) ? null : $"expected {words}");

    private static Option<T> Checked<T>(Option<T> option, Func<string, string?> problem)
    {
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (problem(token.Value) is { } wrong)
                {
                    result.AddError($"{option.Name} {token.Value}: {wrong}");
                }
            }
        });
        return option;
    }
}
