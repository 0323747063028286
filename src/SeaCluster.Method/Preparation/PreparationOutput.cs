using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary>
/// The two files of a run, opened to go on where an earlier run stopped. A line that a kill cut is removed; rows that are in either file are
/// known and not done again.
/// </summary>
internal sealed class PreparationOutput : IDisposable
{
    private static readonly TimeSpan s_syncEvery = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly EarlierRun _earlier;
    private readonly FileStream _lock;
    private readonly FileStream _prepared;
    private readonly FileStream _rejected;
    private long _synced;

    /// <param name="options">The folder and what to do with what is in it.</param>
    /// <param name="preparer">The version that writes; rows of another version are not mixed with its own.</param>
    /// <param name="time">The clock of the writes to the disk.</param>
    public PreparationOutput(PreparationOptions options, string preparer, TimeProvider time)
    {
        _time = time;
        Directory.CreateDirectory(options.OutputFolder);

        // On Linux only a file that is shared with nobody is locked, and the rows should stay readable meanwhile: so the lock is a file of its own.
        _lock = Open(options.LockFile, FileMode.OpenOrCreate, FileShare.None);
        try
        {
            _earlier = EarlierRun.Read(options, preparer);
            if (_earlier.RejectedChanged)
            {
                PreparedRowFile.WriteRejected(options.RejectedFile, _earlier.KeptRejected);
            }

            FileMode mode = options.Restart ? FileMode.Create : FileMode.OpenOrCreate;
            _prepared = OpenToAppend(options.PreparedFile, mode);
            _rejected = OpenToAppend(options.RejectedFile, mode);
            _synced = time.GetTimestamp();
        }
        catch
        {
            _prepared?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>Whether an earlier run prepared or rejected the row.</summary>
    public bool IsDone(string id) => _earlier.IsDone(id);

    /// <summary>Appends a prepared row.</summary>
    public void Write(PreparedRow row) => PreparedRowFile.Append(_prepared, row, PreparedJson.Lines.PreparedRow);

    /// <summary>Appends a row that was rejected after reading.</summary>
    public void Write(SafetyRow row, string code, string reason, string preparer) =>
        PreparedRowFile.Append(_rejected, new RejectedRow(row.Id, code, reason, row.Source, preparer, Original(row.Original)), PreparedJson.Lines.RejectedRow);

    /// <summary>Appends a row that could not be read, unless an earlier run did.</summary>
    public void Write(RowProblem problem, string preparer)
    {
        if (!_earlier.Knows(problem))
        {
            PreparedRowFile.Append(_rejected, new RejectedRow(null, problem.Code, problem.Reason, problem.Source, preparer, Original(problem.Original)), PreparedJson.Lines.RejectedRow);
        }
    }

    /// <summary>Hands the lines to the system, and once a second to the disk.</summary>
    public void Flush(bool toDisk = false)
    {
        bool sync = toDisk || _time.GetElapsedTime(_synced) >= s_syncEvery;
        _prepared.Flush(sync);
        _rejected.Flush(sync);
        _synced = sync ? _time.GetTimestamp() : _synced;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _prepared.Dispose();
        _rejected.Dispose();
        _lock.Dispose();
    }

    private static JsonElement Original(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, Rows.RowJson.Default.String);
        }

        return JsonSerializer.SerializeToElement(text, Rows.RowJson.Default.String);
    }

    private static FileStream OpenToAppend(string path, FileMode mode)
    {
        FileStream stream = Open(path, mode, FileShare.ReadWrite);
        CutHalfLine(stream);
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    private static FileStream Open(string path, FileMode mode, FileShare share)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, share, 1 << 16);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path} cannot be opened for writing: {error.Message}", "Is another preparation writing to this folder?", error);
        }
    }

    // Everything after the last line feed was being written when the process was killed.
    private static void CutHalfLine(FileStream stream)
    {
        byte[] block = new byte[4096];
        for (long end = stream.Length; end > 0;)
        {
            int size = (int)Math.Min(block.Length, end);
            stream.Position = end - size;
            stream.ReadExactly(block, 0, size);
            int feed = Array.LastIndexOf(block, (byte)'\n', size - 1);
            if (feed >= 0)
            {
                stream.SetLength(end - size + feed + 1);
                return;
            }

            end -= size;
        }

        stream.SetLength(0);
    }
}
