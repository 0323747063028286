using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SeaCluster.Models;
using SeaCluster.Server.Access;
using SeaCluster.Server.Artifacts;
using SeaCluster.Server.Dashboard;
using SeaCluster.Server.Driving;
using SeaCluster.Server.Events;
using SeaCluster.Server.Requests;
using SeaCluster.Server.Runs;
using SeaCluster.Server.Samples;
using SeaCluster.Telemetry;

namespace SeaCluster.Server;

/// <summary><c>sea serve</c>: the HTTP API, the dashboard, and the driver of submitted runs.</summary>
public static class SeaServer
{
    /// <summary>The largest body that a request may have; a run spec is no larger.</summary>
    public const int LargestBody = 1 << 20;

    /// <summary>Builds the server; nothing listens and nothing is driven before it is started.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="say">Where remarks go; called on any thread.</param>
    /// <exception cref="SeaException">The root is missing or is a run itself, or others could reach a server without tokens.</exception>
    public static WebApplication Build(ServerOptions options, TimeProvider time, Action<string> say)
    {
        string root = RootOf(options.Root);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = root, ApplicationName = "sea" });
        builder.Configuration.AddEnvironmentVariables();
        if (options.Settings is { } settings)
        {
            builder.Configuration.AddJsonFile(Path.GetFullPath(settings), optional: false);
        }

        ServerFolder.Make(ServerFolder.At(root));
        AccessRules rules = new(TokenFile.Of(root, time), time);
        rules.RefuseOpenToOthers(Addresses(builder.Configuration, options.Urls));
        builder.WebHost.UseKestrelCore().ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: true);
        }).UseKestrelHttpsConfiguration().UseUrls([.. options.Urls]);
        AddServices(builder, options with { Root = root }, rules, time, say);
        WebApplication app = builder.Build();
        Use(app, rules, time, root);
        Map(app);
        return app;
    }

    private static void AddServices(WebApplicationBuilder builder, ServerOptions options, AccessRules rules, TimeProvider time, Action<string> say)
    {
        IServiceCollection services = builder.Services;
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(options.Logs ?? new Remarks(say)));
        services.AddRoutingCore();
        services.AddSeaTelemetry(told =>
        {
            told.Service = "sea-server";
            told.Runs = options.Root;
            told.Ledger = options.Ledger;
        });
        services.ConfigureHttpJsonOptions(json => ServerJson.Apply(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddSingleton(time).AddSingleton(rules).AddSingleton(options);
        services.AddSingleton<Sessions>().AddSingleton<VerifiedFiles>();
        services.AddOpenApi("v1", ApiDescription.Add);
        services.AddSingleton<RunCurves>();
        services.AddAntiforgery(form =>
        {
            form.Cookie.Name = "sea_form";
            form.FormFieldName = "form_key";
        });
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddSingleton(AuditLog.Of(options.Root));
        services.AddSingleton(new RunLedgers(options.Ledger, time));
        services.AddSingleton(provider => new RunCatalogue(options.Root, provider.GetRequiredService<RunLedgers>(), time));
        services.AddSingleton(new SpecGuard(options.Limits ?? new SpecLimits { Folders = [options.Root] }));
        services.AddSingleton(new IdempotencyStore(ServerFolder.At(options.Root, "idempotency"), time));
        services.AddSingleton(new RunDriver(new DriverOptions { Root = options.Root, Ledger = options.Ledger, Command = options.Command, Parallel = options.Parallel }, time, say));
        services.AddSingleton(provider => new RunDesk(provider.GetRequiredService<RunCatalogue>(), time, provider.GetRequiredService<RunDriver>().Wake));
        services.AddHostedService(provider => new Driving.DriverService(provider.GetRequiredService<RunDriver>(), options.Drive));
        services.AddAuthentication(TokenAuthentication.Scheme).AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.Scheme, null);
        services.AddAuthorization(Policies.Add);
        services.AddRateLimiter(limiter => Guards.Add(limiter, options.Rates));
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(1));
    }

    private static void Use(WebApplication app, AccessRules rules, TimeProvider time, string root)
    {
        app.Services.GetRequiredService<IdempotencyStore>().Sweep();
        app.UseAudit(AuditLog.Of(root), time, app.Logger);
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            // Not "no-referrer": a browser would then say nothing of where a form comes from.
            context.Response.Headers["Referrer-Policy"] = "same-origin";
            return next(context);
        });
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = ErrorPages.WriteAsync,
            AllowStatusCode404Response = true,
            SuppressDiagnosticsCallback = failed => failed.Exception is SeaException or BadHttpRequestException or OperationCanceledException,
        });
        app.UseStatusCodePages(status => ErrorPages.WriteAsync(status.HttpContext, status.HttpContext.Response.StatusCode));
        app.UseOriginGuard(rules);
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    private static void Map(WebApplication app)
    {
        RouteGroupBuilder api = app.MapGroup("/api/v1")
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status429TooManyRequests);
        RunEndpoints.Map(api);
        SampleEndpoints.Map(api);
        ArtifactEndpoints.Map(api);
        EventEndpoints.Map(api);
        DashboardEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapSeaTelemetry();
    }

    private static string RootOf(string given)
    {
        string root = Path.GetFullPath(given);
        if (!Directory.Exists(root))
        {
            throw new SeaException($"{given}: no such folder", "make it: the server's runs go there, a folder each") { WrongUse = true };
        }

        return new SeaCluster.Runs.Folders.RunFolder(root).HasRun ? throw new SeaException($"{given}: is the folder of one run", "name the folder above it") { WrongUse = true } : root;
    }

    private static IEnumerable<string> Addresses(IConfiguration configuration, IReadOnlyList<string> urls)
    {
        string[] endpoints = [.. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? "").Where(url => url.Length > 0)];
        return endpoints.Length > 0 ? endpoints : urls;
    }

    /// <summary>The frameworks' warnings among the server's own remarks.</summary>
    private sealed class Remarks(Action<string> say) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            say($"{logLevel.ToString().ToLowerInvariant()}: {formatter(state, exception)}{(exception is null ? "" : $": {exception.Message}")}");

        public void Dispose()
        {
        }
    }
}
