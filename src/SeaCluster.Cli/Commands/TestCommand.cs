using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Cli.Testing;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea test</c>: every test project of the checkout, one summary line.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        Option<string?> filter = new("--filter") { Description = "Only tests whose full name contains TEXT, or a filter expression of dotnet test", HelpName = "TEXT" };
        SeaCommand command = new("test", "Run every test; the last line is 'N passed, N failed, N skipped'.", "test", "test --filter Tokenizer", "test --filter 'FullyQualifiedName~Runs&Category!=slow'");
        return command.With(filter).Does(async (parsed, cancel) =>
        {
            TestRun run = new(Checkout.Root, parsed.GetValue(filter), Console.Out);
            return await run.Run(cancel);
        });
    }
}
