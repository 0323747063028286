using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace SeaCluster.Orleans.Tests.InProcess;

/// <summary>Grain storage that outlives silos, with versions like a database's, which a test may make fail.</summary>
internal sealed class SharedStorage(Serializer serializer, SharedStorage.Data data) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        data.Meet("read", stateName);
        if (data.Rows.TryGetValue((stateName, grainId), out Row? row))
        {
            (grainState.State, grainState.ETag, grainState.RecordExists) = (serializer.Deserialize<T>(row.Bytes), row.Version, true);
        }
        else
        {
            (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        data.Meet("write", stateName);
        lock (data)
        {
            Require(stateName, grainId, grainState.ETag);
            Row row = new(serializer.SerializeToArray(grainState.State), Guid.NewGuid().ToString());
            data.Rows[(stateName, grainId)] = row;
            (grainState.ETag, grainState.RecordExists) = (row.Version, true);
        }

        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        data.Meet("clear", stateName);
        lock (data)
        {
            Require(stateName, grainId, grainState.ETag);
            data.Rows.TryRemove((stateName, grainId), out _);
            (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        }

        return Task.CompletedTask;
    }

    private void Require(string name, GrainId grain, string? version)
    {
        string? stored = data.Rows.GetValueOrDefault((name, grain))?.Version;
        if (stored != version)
        {
            throw new InconsistentStateException($"{name} of {grain} was written by another", stored, version);
        }
    }

    internal sealed record Row(byte[] Bytes, string Version);

    /// <summary>What is stored, by all silos together.</summary>
    internal sealed class Data
    {
        public ConcurrentDictionary<(string Name, GrainId Grain), Row> Rows { get; } = [];

        /// <summary>Called before every access; may throw.</summary>
        public Action<string, string>? Before { get; set; }

        public void Meet(string what, string name) => Before?.Invoke(what, name);
    }
}

/// <summary>Reminders that outlive silos.</summary>
internal sealed class SharedReminders(SharedReminders.Data data) : IReminderTable
{
    public Task<ReminderTableData> ReadRows(GrainId grainId) => Found(entry => entry.GrainId == grainId);

    public Task<ReminderTableData> ReadRows(uint begin, uint end) => Found(entry =>
    {
        uint hash = entry.GrainId.GetUniformHashCode();
        return begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
    });

    public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) => Task.FromResult(data.Rows.GetValueOrDefault((grainId, reminderName)));

    public Task<string?> UpsertRow(ReminderEntry entry)
    {
        entry.ETag = Guid.NewGuid().ToString();
        data.Rows[(entry.GrainId, entry.ReminderName)] = entry;
        return Task.FromResult<string?>(entry.ETag);
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        Task.FromResult(data.Rows.TryGetValue((grainId, reminderName), out ReminderEntry? entry) && entry.ETag == eTag && data.Rows.TryRemove((grainId, reminderName), out _));

    public Task TestOnlyClearTable()
    {
        data.Rows.Clear();
        return Task.CompletedTask;
    }

    private Task<ReminderTableData> Found(Func<ReminderEntry, bool> which) => Task.FromResult(new ReminderTableData(data.Rows.Values.Where(which)));

    internal sealed class Data
    {
        public ConcurrentDictionary<(GrainId, string), ReminderEntry> Rows { get; } = [];
    }
}
