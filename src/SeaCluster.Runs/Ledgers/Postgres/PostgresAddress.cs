using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers.Postgres;

/// <summary>
/// Where a ledger's database is: <c>postgres://user:password@host:5432/database?schema=sea&amp;sslmode=verify-full</c>, as libpq has it. What is left out comes from
/// PGUSER, PGPASSWORD and PGPASSFILE. Nothing that this type prints holds the password.
/// </summary>
public sealed partial record PostgresAddress
{
    private const string Subject = "the ledger's address: ";
    private const string Example = "for example postgres://sea@db.internal:5432/sea?sslmode=verify-full, with the password in PGPASSWORD or a PGPASSFILE";

    private PostgresAddress(string schema, string shown, string? password, string connection)
    {
        Schema = schema;
        Shown = shown;
        Password = password;
        Connection = connection;
    }

    /// <summary>The schema that holds the ledger's tables.</summary>
    public string Schema { get; }

    /// <summary>The address without a password: what messages, files and logs may hold.</summary>
    public string Shown { get; }

    /// <summary>What Npgsql connects with.</summary>
    internal string Connection { get; }

    /// <summary>The variable that gives a child process the password, with its value; null where the address has none.</summary>
    public (string Name, string Value)? PasswordVariable => Password is { Length: > 0 } secret ? ("PGPASSWORD", secret) : null;

    private string? Password { get; }

    private (string? Host, int Port, string? Database) Place => new NpgsqlConnectionStringBuilder(Connection) is var all ? (all.Host, all.Port, all.Database) : default;

    /// <summary>Whether a text is meant to be such an address.</summary>
    public static bool IsOne(string text) => text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>A word of a command line with the password of any address in it replaced, well formed or not.</summary>
    public static string WithoutPassword(string word) => Secret().Replace(word, "${before}***");

    /// <summary>Why a text is no address, for a spec's reader; null where it is one. Does not repeat the text.</summary>
    public static string? WhyNot(string text)
    {
        try
        {
            Parse(text);
            return null;
        }
        catch (SeaException error)
        {
            return error.Message[Subject.Length..];
        }
    }

    /// <exception cref="SeaException">It is none; the message does not repeat it, since it may hold a password.</exception>
    public static PostgresAddress Parse(string text)
    {
        Match match = Form().Match(text);
        if (!match.Success)
        {
            throw Wrong("expected postgres://USER@HOST:PORT/DATABASE");
        }

        NpgsqlConnectionStringBuilder builder = new()
        {
            ApplicationName = "sea",
            Timeout = 10,
            CommandTimeout = 60,
            KeepAlive = 15,
            MaxPoolSize = 8,
            // A worker that asks seldom need not hold its place in the server meanwhile.
            ConnectionIdleLifetime = 60,
            IncludeErrorDetail = false,
            // A connection's settings, the schema among them, stay with it; every transaction is ended before it goes back.
            NoResetOnClose = true,
            MaxAutoPrepare = 32,
            AutoPrepareMinUsages = 2,
        };
        string? password = null;
        string schema = "sea";
        Set("user", Group("user"));
        Set("password", Group("password"));
        Set("host", Group("host").Trim('[', ']'));
        Set("port", Group("port"));
        Set("dbname", Group("database"));
        foreach (string pair in Group("query", decode: false).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            Set(Decode(parts[0]), parts.Length > 1 ? Decode(parts[1]) : "");
        }

        if (builder.Host is null or "")
        {
            throw Wrong("names no host");
        }

        if (!Name().IsMatch(schema))
        {
            throw Wrong("schema: expected a name of lower-case letters, digits and underscores");
        }

        string user = builder.Username is { Length: > 0 } name ? $"{Uri.EscapeDataString(name)}@" : "";
        bool socket = builder.Host[0] is '/' or '@';
        string host = socket ? "" : builder.Host.Contains(':', StringComparison.Ordinal) ? $"[{builder.Host}]" : builder.Host;
        string shown = string.Create(CultureInfo.InvariantCulture, $"postgres://{user}{host}:{builder.Port}/{Uri.EscapeDataString(builder.Database ?? "")}?schema={schema}{(socket ? $"&host={builder.Host}" : "")}{Kept()}");
        return new PostgresAddress(schema, shown, password, builder.ConnectionString);

        string Group(string name, bool decode = true) => decode ? Decode(match.Groups[name].Value) : match.Groups[name].Value;

        string Kept() => string.Concat(Group("query", decode: false).Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => Decode(pair.Split('=')[0]) is not ("user" or "password" or "host" or "port" or "dbname" or "schema")).Select(pair => $"&{pair}"));

        void Set(string key, string value)
        {
            if (value.Length == 0)
            {
                return;
            }

            try
            {
                switch (key)
                {
                    case "user": builder.Username = value; break;
                    case "password": builder.Password = password = value; break;
                    case "host": builder.Host = value; break;
                    case "port": builder.Port = ushort.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture); break;
                    case "dbname": builder.Database = value; break;
                    case "schema": schema = value; break;
                    case "passfile": builder.Passfile = value; break;
                    case "sslmode": builder.SslMode = Enum.Parse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true); break;
                    case "sslrootcert": builder.RootCertificate = value; break;
                    case "sslcert": builder.SslCertificate = value; break;
                    case "sslkey": builder.SslKey = value; break;
                    case "connect_timeout": builder.Timeout = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture); break;
                    case "application_name": builder.ApplicationName = value; break;
                    case "pool": builder.MaxPoolSize = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture); break;
                    default: throw Wrong($"'{key}' is no parameter of it; it has user, password, host, port, dbname, schema, passfile, sslmode, sslrootcert, sslcert, sslkey, connect_timeout, application_name and pool");
                }
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
            {
                throw Wrong(key == "password" ? "the password cannot be used" : $"{key}: '{value}' is not a value that it takes");
            }
        }
    }

    /// <summary>A message of the driver or the server, with the password out of it.</summary>
    internal string Clean(string message) => Password is { Length: > 0 } secret ? message.Replace(secret, "***", StringComparison.Ordinal) : message;

    /// <summary>Whether both are the same schema of the same database, whoever logs in and however.</summary>
    public bool IsSamePlace(PostgresAddress other) => Place == other.Place && Schema == other.Schema;

    /// <inheritdoc/>
    public override string ToString() => Shown;

    private static string Decode(string text) => Uri.UnescapeDataString(text);

    private static SeaException Wrong(string what) => new($"{Subject}{what}", Example) { WrongUse = true };

    [GeneratedRegex(@"\Apostgres(ql)?://((?<user>[^:@/?]*)(:(?<password>[^@/?]*))?@)?(?<host>\[[^\]]+\]|[^:/?@]*)(:(?<port>[0-9]+))?(/(?<database>[^?/@]*))?(\?(?<query>.*))?\z", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();

    [GeneratedRegex(@"(?<before>postgres(ql)?://[^:@/?]*:)[^@]*(?=@)|(?<before>postgres(ql)?://.*[?&]password=)[^&]*", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secret();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_]{0,62}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
