using SeaCluster.Models;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Folders;

/// <summary>Where everything of a run lies.</summary>
public sealed record RunFolder
{
    /// <param name="path">The folder.</param>
    public RunFolder(string path) => Path = System.IO.Path.GetFullPath(path);

    /// <summary>The folder itself, absolute.</summary>
    public string Path { get; }

    /// <summary>The frozen spec.</summary>
    public string Spec => At("spec.yaml");

    /// <summary>The ledger, where it is a file of the folder.</summary>
    public string Ledger => At("ledger.db");

    /// <summary>Which database holds the run, where the ledger is one.</summary>
    public string LedgerAddress => At("ledger.json");

    /// <summary>Prepared rows.</summary>
    public string Prepared => At("prepared.jsonl");

    /// <summary>Rows that preparation refused, with reasons.</summary>
    public string Rejected => At("rejected.jsonl");

    /// <summary>The name, below the folder, of the encoder outputs' folder.</summary>
    public const string EmbeddingsName = "embeddings";

    /// <summary>The encoder outputs.</summary>
    public string Embeddings => At(EmbeddingsName);

    /// <summary>The adapter.</summary>
    public string Adapter => At("adapter");

    /// <summary>Log-probabilities of the rows' answers under DPO's reference.</summary>
    public string Reference => At("reference.jsonl");

    /// <summary>What a stage needs to go on after a kill; of no use once it is done.</summary>
    public string Checkpoints => At("checkpoints");

    /// <summary>Answers of language services, kept so that none is paid for twice.</summary>
    public string Cache(string stage) => At("cache", stage);

    /// <summary>Answers and judgements.</summary>
    public string Evaluation => At("evaluation");

    /// <summary>The report.</summary>
    public string Report => At("report.html");

    /// <summary>What happened, one JSON object a line.</summary>
    public string Events => At("events.jsonl");

    /// <summary>What the run was expected to take, measured before it started.</summary>
    public string Plan => At("plan.json");

    /// <summary>Held while a process works on the run.</summary>
    public string Lock => At(".lock");

    /// <summary>Whether a run was begun here.</summary>
    public bool HasRun => File.Exists(Ledger) || File.Exists(LedgerAddress);

    /// <summary>A path below the folder.</summary>
    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A path's name below the folder, with forward slashes, as the ledger has it.</summary>
    /// <exception cref="SeaException">It lies elsewhere.</exception>
    public string NameOf(string path)
    {
        string name = System.IO.Path.GetRelativePath(Path, System.IO.Path.GetFullPath(path)).Replace('\\', '/');
        return name == ".." || name.StartsWith("../", StringComparison.Ordinal) || System.IO.Path.IsPathRooted(name)
            ? throw new SeaException($"{path} is not below the run folder {Path}")
            : name;
    }

    /// <summary>The folder of a spec's run: what the command line says, else what the spec says, else <c>runs/NAME</c>.</summary>
    public static RunFolder For(RunSpec spec, string? given) =>
        new(given ?? spec.Out ?? System.IO.Path.Combine("runs", Artifacts.SafeName.Of(spec.Name ?? "run")));

    /// <summary>Makes the folder, unless it holds something else than a run.</summary>
    /// <exception cref="SeaException">It cannot be made, or is full of other things.</exception>
    public void Create()
    {
        try
        {
            if (File.Exists(Path))
            {
                throw new SeaException($"{Path}: expected a folder for the run, found a file", "give another --out") { WrongUse = true };
            }

            if (!HasRun && Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(entry => System.IO.Path.GetFileName(entry)[0] != '.'))
            {
                throw new SeaException($"{Path}: the folder is not empty and holds no run", "give an empty or new folder as --out") { WrongUse = true };
            }

            Directory.CreateDirectory(Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{Path}: cannot make the run folder: {error.Message}", inner: error) { WrongUse = true };
        }
    }
}
