using Microsoft.Extensions.Logging;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry.Logs;

/// <summary>A host's logs as <see cref="LogLine"/>s, beside those of the command itself.</summary>
/// <param name="writer">Where lines go; stderr in the program.</param>
/// <param name="time">The clock.</param>
public sealed class JsonLoggerProvider(TextWriter writer, TimeProvider time) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new JsonLogger(categoryName, TextWriter.Synchronized(writer), time);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class JsonLogger(string category, TextWriter writer, TimeProvider time) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                writer.WriteLine(LogLine.Json(time.GetUtcNow(), Text(logLevel), category, formatter(state, exception), exception));
            }
        }

        private static string Text(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warning",
            _ => "error",
        };
    }
}
