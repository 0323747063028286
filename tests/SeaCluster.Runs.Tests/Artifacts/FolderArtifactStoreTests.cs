using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Artifacts;

public sealed class FolderArtifactStoreTests : IDisposable
{
    private static readonly byte[] Bytes = [1, 2, 3];
    private const string Hash = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_written_is_named_by_its_content_and_read_back_verified()
    {
        FolderArtifactStore store = new(_folder.Path);
        StoredFile file = await store.WriteAsync("embeddings", "row-1", ".safetensors", stream => stream.Write(Bytes));

        file.ShouldBe(new StoredFile($"embeddings/row-1-{Hash[..16]}.safetensors", Hash, 3));
        File.ReadAllBytes(await store.FetchAsync(file)).ShouldBe(Bytes);
        (await store.WriteAsync("embeddings", "row-1", ".safetensors", stream => stream.Write(Bytes))).ShouldBe(file);
        (await store.WriteAsync("embeddings", "row-1", ".safetensors", stream => stream.Write([4]))).Name.ShouldNotBe(file.Name);
        (await store.DescribeAsync(file.Name)).ShouldBe(file);
        Directory.GetFiles(_folder.PathOf("embeddings")).Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_of_another_store_gets_a_second_name_or_where_that_cannot_be_is_copied(bool links)
    {
        FolderArtifactStore first = new(_folder.PathOf("one")), second = new(_folder.PathOf("two"), links ? null : (_, _) => false);
        StoredFile made = await first.WriteAsync("embeddings", "row-1", ".bin", stream => stream.Write(Bytes));
        string path = await first.FetchAsync(made);

        StoredFile taken = await second.AdoptAsync("embeddings", "row-1", ".bin", path, made);
        taken.ShouldBe(made);
        (await second.AdoptAsync("embeddings", "row-1", ".bin", path, made)).ShouldBe(made);
        Directory.GetFiles(_folder.PathOf("two/embeddings")).ShouldHaveSingleItem();
        File.ReadAllBytes(await second.FetchAsync(taken)).ShouldBe(Bytes);

        using (FileStream stream = File.OpenWrite(path))
        {
            stream.WriteByte(9);
        }

        (await second.CheckAsync(taken)).ShouldBe(links ? ArtifactCheck.Altered : ArtifactCheck.Intact);
        File.Delete(path);
        File.Exists(_folder.PathOf(taken.Name.Replace("embeddings", "two/embeddings", StringComparison.Ordinal))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_torn_altered_or_missing_file_is_refused()
    {
        FolderArtifactStore store = new(_folder.Path);
        StoredFile file = await store.WriteAsync("embeddings", "row-1", ".bin", stream => stream.Write(Bytes));
        string path = _folder.PathOf(file.Name);
        (await store.CheckAsync(file)).ShouldBe(ArtifactCheck.Intact);

        File.WriteAllBytes(path, [1, 2, 4]);
        (await store.CheckAsync(file, content: false)).ShouldBe(ArtifactCheck.Intact);
        (await store.CheckAsync(file)).ShouldBe(ArtifactCheck.Altered);
        (await Should.ThrowAsync<SeaException>(() => store.FetchAsync(file))).Message.ShouldBe($"{path}: the artifact is not what was written (expected sha256 {Hash})");

        File.WriteAllBytes(path, [1, 2]);
        (await store.CheckAsync(file, content: false)).ShouldBe(ArtifactCheck.Altered);
        File.Delete(path);
        (await store.CheckAsync(file)).ShouldBe(ArtifactCheck.Missing);
        (await Should.ThrowAsync<SeaException>(() => store.FetchAsync(file))).Message.ShouldBe($"{path}: the artifact is missing");
    }

    [Theory]
    [InlineData(FaultPoint.ArtifactWritten)]
    [InlineData(FaultPoint.ArtifactSynced)]
    public async Task A_write_that_dies_leaves_no_file(FaultPoint point)
    {
        FolderArtifactStore store = new(_folder.Path);
        using (Fault.Throw(point, () => new IOException("No space left on device")))
        {
            SeaException error = await Should.ThrowAsync<SeaException>(() => store.WriteAsync("embeddings", "row-1", ".bin", stream => stream.Write(Bytes)));
            error.Message.ShouldBe($"{_folder.PathOf("embeddings")}: cannot write the artifact of 'row-1': No space left on device");
        }

        Directory.GetFiles(_folder.PathOf("embeddings")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Sweeping_leaves_what_a_late_worker_may_still_be_writing()
    {
        string young = _folder.Write("embeddings/.young.tmp", "half"), old = _folder.Write("embeddings/.old.tmp", "half"), late = _folder.Write("embeddings/late-0123456789abcdef.safetensors", "whole");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-1));
        (await new FolderArtifactStore(_folder.PathOf("")).SweepAsync("embeddings", new HashSet<string>(), TimeSpan.FromMinutes(10))).ShouldBe(1);
        (File.Exists(young), File.Exists(old), File.Exists(late)).ShouldBe((true, false, true));
    }

    [Fact]
    public async Task Sweeping_takes_leavings_and_leaves_the_rest()
    {
        FolderArtifactStore store = new(_folder.Path);
        StoredFile kept = await store.WriteAsync("embeddings", "a", ".bin", stream => stream.Write([1]));
        StoredFile late = await store.WriteAsync("embeddings", "a", ".bin", stream => stream.Write([2]));
        _folder.Write("embeddings/.0123.tmp", "half");
        _folder.Write("embeddings/notes.txt", "a user's");

        (await store.SweepAsync("embeddings", new HashSet<string> { kept.Name }, TimeSpan.Zero)).ShouldBe(2);
        Directory.GetFiles(_folder.PathOf("embeddings")).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe([Path.GetFileName(kept.Name), "notes.txt"]);
        File.Exists(_folder.PathOf(late.Name)).ShouldBeFalse();
        (await store.SweepAsync("nothing", new HashSet<string>(), TimeSpan.FromMinutes(1))).ShouldBe(0);
    }

    [Theory]
    [InlineData("row-17", "row-17")]
    [InlineData("a.b_c-D", "a.b_c-D")]
    [InlineData("../../etc/passwd", "etc_passwd-")]
    [InlineData(".hidden", "hidden-")]
    [InlineData("a/b", "a_b-")]
    [InlineData("", "x-")]
    [InlineData("問い", "x-")]
    [InlineData("-rf", "rf-")]
    public void Names_are_safe_whatever_the_id(string id, string expected)
    {
        string name = SafeName.Of(id);
        name.ShouldStartWith(expected);
        SafeName.IsBelowRoot(name).ShouldBeTrue();
        name.ShouldAllBe(c => char.IsAsciiLetterOrDigit(c) || c == '-' || c == '_' || c == '.');
    }

    [Fact]
    public void Different_ids_have_different_names()
    {
        string[] ids = ["a/b", "a_b", "a b", "a\\b", new string('x', 80), new string('x', 81), new string('x', 82)];
        ids.Select(SafeName.Of).Distinct().Count().ShouldBe(ids.Length);
        ids.ShouldAllBe(id => SafeName.Of(id).Length <= 80);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/x")]
    [InlineData("a/../../x")]
    [InlineData("a//b")]
    [InlineData("")]
    public async Task Paths_outside_the_store_are_refused(string name) =>
        (await Should.ThrowAsync<SeaException>(() => new FolderArtifactStore(_folder.Path).FetchAsync(new StoredFile(name, Hash, 3)))).Message
            .ShouldBe($"'{name}' is no path below {_folder.Path}");
}
