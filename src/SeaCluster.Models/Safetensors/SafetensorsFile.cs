using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace SeaCluster.Models.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped: opening reads the header alone, and data is paged in by the system when it is touched. Files and tensors
/// may be larger than 2 GiB. Safe for concurrent readers.
/// </summary>
public sealed unsafe class SafetensorsFile : ITensorSource
{
    private readonly SafetensorsHeader _header;
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private bool _disposed;

    private SafetensorsFile(string path, MemoryMappedFile mapping, MemoryMappedViewAccessor view, byte* start, long length)
    {
        Path = path;
        int headerLength = SafetensorsHeader.ReadLength(path, new ReadOnlySpan<byte>(start, 8), length);
        _header = SafetensorsHeader.Parse(path, new ReadOnlySpan<byte>(start + 8, headerLength), length - 8 - headerLength);
        _data = start + 8 + headerLength;
        _mapping = mapping;
        _view = view;
        Names = [.. _header.Tensors.Keys.Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Maps a file. Throws <see cref="SeaException"/> naming the file, and the tensor where one is at fault.</summary>
    public static SafetensorsFile Open(string path)
    {
        MemoryMappedFile? mapping = null;
        MemoryMappedViewAccessor? view = null;
        bool acquired = false;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = stream.Length;
            if (length < 8)
            {
                SafetensorsHeader.ReadLength(path, [], length);
            }

            mapping = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            acquired = true;
            return new SafetensorsFile(path, mapping, view, start + view.PointerOffset, length);
        }
        catch (Exception error)
        {
            if (acquired)
            {
                view!.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            view?.Dispose();
            mapping?.Dispose();
            throw error switch
            {
                SeaException => error,
                FileNotFoundException or DirectoryNotFoundException => new SeaException($"{path}: there is no such file.", inner: error),
                IOException or UnauthorizedAccessException => new SeaException($"{path}: cannot be read: {error.Message}", inner: error),
                _ => error,
            };
        }
    }

    /// <inheritdoc/>
    public bool Contains(string name) => _header.Tensors.ContainsKey(name);

    /// <inheritdoc/>
    public TensorInfo Info(string name) => _header.Tensors.TryGetValue(name, out TensorInfo? info)
        ? info
        : throw new SeaException($"{Path}: there is no tensor '{name}' among its {Names.Count}.");

    /// <summary>All bytes of a tensor of up to 2 GiB, straight from the mapped file: valid until this file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        long length = Info(name).Length;
        return length <= int.MaxValue
            ? Bytes(name, 0, (int)length)
            : throw new SeaException($"{Path}: tensor '{name}' has {length} bytes, more than one span holds.", "Read it in parts.");
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(string name, long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        TensorInfo info = Info(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, info.Length);
        return new ReadOnlySpan<byte>(_data + info.Begin + offset, (int)Math.Min(count, info.Length - offset));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _mapping.Dispose();
        }
    }
}
