using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;
using SeaCluster.Server.Access;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea token</c>: who may use a server.</summary>
internal static class TokenCommand
{
    private static readonly string[] Scopes = [.. Enum.GetNames<TokenScope>().Select(name => name.ToLowerInvariant())];

    public static Command Create() =>
        new Command("token", "Make, list and end the tokens of a server; once there is one, every request needs one.") { CreateOne(), List(), Revoke() };

    private static SeaCommand CreateOne()
    {
        Argument<string> root = DriverOptionsOnTheLine.Root();
        Option<string> name = new("--name") { Description = "Whose it is; shown in lists and in the audit log", HelpName = "NAME", Required = true };
        Option<string> scope = new("--scope") { Description = "read: look; run: also submit, cancel and retry; admin: also see the text of samples", HelpName = "SCOPE", DefaultValueFactory = _ => "read" };
        scope.AcceptOnlyFromAmong(Scopes);
        Option<double?> days = SharedOptions.AtLeast(new Option<double?>("--days") { Description = "Days until it ends. Default: never", HelpName = "N" }, 0.0001);
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand("create", "Make a token. It is printed once, and only its hash is kept.", "token create runs --name ci --scope run --days 90", "token create /shared/runs --name ann --scope admin")
            .With(root, name, scope, days, json)
            .Does((parsed, _) => Task.FromResult(Recorded(parsed.GetValue(root)!, $"token create --name {parsed.GetValue(name)} --scope {parsed.GetValue(scope)}", tokens =>
            {
                (AccessToken kept, string token) = tokens.Create(parsed.GetValue(name)!, Enum.Parse<TokenScope>(parsed.GetValue(scope)!, ignoreCase: true), parsed.GetValue(days) is { } so ? TimeSpan.FromDays(so) : null);
                if (parsed.GetValue(json))
                {
                    Screen.Json(new { kept.Id, kept.Name, kept.Scope, kept.Expires, token });
                }
                else
                {
                    Screen.Line(token);
                    Screen.Say($"token {kept.Id} of {kept.Name}, scope {kept.Scope.ToString().ToLowerInvariant()}, {Ends(kept)}; it is not shown again");
                }

                return $"made {kept.Id}";
            })));
    }

    private static SeaCommand List()
    {
        Argument<string> root = DriverOptionsOnTheLine.Root();
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand("list", "List the tokens of a server; the tokens themselves are nowhere.", "token list runs").With(root, json).Does((parsed, _) =>
        {
            TokenFile tokens = TokenFile.Of(Existing(parsed.GetValue(root)!), TimeProvider.System);
            if (parsed.GetValue(json))
            {
                Screen.Json(tokens.All.Select(token => new { token.Id, token.Name, token.Scope, token.Created, token.Expires, expired = !tokens.IsValid(token) }));
            }
            else
            {
                Screen.Table(
                    ["id", "name", "scope", "made", "ends"],
                    tokens.All.Select(token => (IReadOnlyList<string>)[token.Id, token.Name, token.Scope.ToString().ToLowerInvariant(), Day(token.Created), tokens.IsValid(token) ? Ends(token) : "ended"]));
            }

            return Task.FromResult(ExitCode.Done);
        });
    }

    private static SeaCommand Revoke()
    {
        Argument<string> root = DriverOptionsOnTheLine.Root();
        Argument<string> id = new("id") { Description = "The token's id, as 'token list' shows it", HelpName = "ID" };
        return new SeaCommand("revoke", "End a token at once, and the browser sessions that were begun with it.", "token revoke runs 3f9a12bc").With(root, id)
            .Does((parsed, _) => Task.FromResult(Recorded(parsed.GetValue(root)!, $"token revoke {parsed.GetValue(id)}", tokens =>
            {
                if (!tokens.Revoke(parsed.GetValue(id)!))
                {
                    throw new SeaException($"{parsed.GetValue(id)}: there is no token of that id", $"'{Program.Name} token list' shows them") { WrongUse = true };
                }

                Screen.Line($"{parsed.GetValue(id)} is revoked");
                return "revoked";
            })));
    }

    private static int Recorded(string given, string what, Func<TokenFile, string> change)
    {
        string root = Existing(given), outcome = change(TokenFile.Of(root, TimeProvider.System));
        AuditLog.Of(root).Write(new AuditEntry(TimeProvider.System.GetUtcNow(), $"{Environment.UserName} (command line)", what, Environment.MachineName, outcome));
        return ExitCode.Done;
    }

    private static string Existing(string root) =>
        Directory.Exists(root) ? Path.GetFullPath(root) : throw new SeaException($"{root}: no such folder", "name the folder that 'sea serve' has; make it first where it is new") { WrongUse = true };

    private static string Ends(AccessToken token) => token.Expires is { } end ? $"until {Day(end)}" : "without end";

    private static string Day(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
