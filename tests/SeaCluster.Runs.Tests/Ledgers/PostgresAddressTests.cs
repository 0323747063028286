using SeaCluster.Models;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Tests.Ledgers;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgres://sea@db:5433/lab?schema=night", "postgres://sea@db:5433/lab?schema=night")]
    [InlineData("postgresql://sea:pa%3Ass@db/lab", "postgres://sea@db:5432/lab?schema=sea")]
    [InlineData("postgres://sea@db/lab?password=pass&sslmode=verify-full", "postgres://sea@db:5432/lab?schema=sea&sslmode=verify-full")]
    [InlineData("postgres://sea:pass@[::1]:5432/lab", "postgres://sea@[::1]:5432/lab?schema=sea")]
    [InlineData("postgres://sea@/lab?host=/var/run/postgresql&passfile=/keys/pass", "postgres://sea@:5432/lab?schema=sea&host=/var/run/postgresql&passfile=/keys/pass")]
    [InlineData("postgres://us%40er@db/lab", "postgres://us%40er@db:5432/lab?schema=sea")]
    public void An_address_is_shown_without_its_password_and_read_again(string text, string shown)
    {
        PostgresAddress address = PostgresAddress.Parse(text);
        (address.Shown, $"{address}").ShouldBe((shown, shown));
        PostgresAddress again = PostgresAddress.Parse(shown);
        again.Shown.ShouldBe(shown);
        again.IsSamePlace(address).ShouldBeTrue();
    }

    [Theory]
    [InlineData("mysql://sea:pass@db/lab", "expected postgres://USER@HOST:PORT/DATABASE")]
    [InlineData("postgres://sea:pa/ss@db/lab", "expected postgres://USER@HOST:PORT/DATABASE")]
    [InlineData("postgres://sea:12/pass@db", "expected postgres://USER@HOST:PORT/DATABASE")]
    [InlineData("postgres://sea:pass@/lab", "names no host")]
    [InlineData("postgres://sea:pass@db:99999/lab", "port: '99999' is not a value that it takes")]
    [InlineData("postgres://sea:pass@db/lab?schema=Night%20Run", "schema: expected a name of lower-case letters, digits and underscores")]
    [InlineData("postgres://sea:pass@db/lab?sslmode=maybe", "sslmode: 'maybe' is not a value that it takes")]
    [InlineData("postgres://sea:pass@db/lab?shema=x", "'shema' is no parameter of it; it has user, password, host, port, dbname, schema, passfile, sslmode, sslrootcert, sslcert, sslkey, connect_timeout, application_name and pool")]
    public void A_wrong_address_is_explained_without_its_password(string text, string what)
    {
        SeaException error = Should.Throw<SeaException>(() => PostgresAddress.Parse(text));
        (error.Message, error.WrongUse).ShouldBe(($"the ledger's address: {what}", true));
        error.ToString().ShouldNotContain("pass@");

        SpecProblem problem = SpecReader.Read($"ledger: \"{text}\"\nmodel: {{ path: m }}\ndata: {{ path: d, benign: b }}\n", "/").Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Line, problem.Message).ShouldBe(("ledger", 1, what));
    }

    [Theory]
    [InlineData("postgres://sea:pass@db:5432/lab?schema=x", "postgres://sea:***@db:5432/lab?schema=x")]
    [InlineData("--ledger=postgres://sea:pa/ss@db/lab", "--ledger=postgres://sea:***@db/lab")]
    [InlineData("ledger=postgresql://sea@db/lab?password=pass&schema=x", "ledger=postgresql://sea@db/lab?password=***&schema=x")]
    [InlineData("postgres://sea@db:5432/lab", "postgres://sea@db:5432/lab")]
    [InlineData("synthesize.steps=20", "synthesize.steps=20")]
    public void A_command_line_is_repeated_without_passwords(string word, string shown) => PostgresAddress.WithoutPassword(word).ShouldBe(shown);

    [Fact]
    public void Addresses_of_one_schema_are_the_same_place_whoever_logs_in()
    {
        PostgresAddress address = PostgresAddress.Parse("postgres://sea@db/lab");
        address.IsSamePlace(PostgresAddress.Parse("postgres://other:pass@db:5432/lab?schema=sea&pool=3")).ShouldBeTrue();
        address.IsSamePlace(PostgresAddress.Parse("postgres://sea@db/lab?schema=two")).ShouldBeFalse();
        address.IsSamePlace(PostgresAddress.Parse("postgres://sea@db:5433/lab")).ShouldBeFalse();
    }
}
