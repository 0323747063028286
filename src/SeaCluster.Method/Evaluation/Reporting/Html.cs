using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>
/// Builds markup from interpolated strings: what stands in the source is markup, what is filled in is text and gets escaped, also inside quoted
/// attributes. There is no way to forget it; markup that was built before is filled in as another <see cref="Html"/>.
/// </summary>
internal sealed class Html
{
    private readonly StringBuilder _markup = new();

    /// <summary>Builds a fragment.</summary>
    public static Html Of(Action<Html> build)
    {
        Html html = new();
        build(html);
        return html;
    }

    /// <summary>Appends markup with its values escaped.</summary>
    public Html Add([InterpolatedStringHandlerArgument("")] ref Handler markup) => this;

    /// <inheritdoc/>
    public override string ToString() => _markup.ToString();

    private static void AppendEscaped(StringBuilder target, string? text)
    {
        foreach (Rune rune in (text ?? "").EnumerateRunes()) // A lone half of a pair comes out as U+FFFD.
        {
            _ = rune.Value switch
            {
                '&' => target.Append("&amp;"),
                '<' => target.Append("&lt;"),
                '>' => target.Append("&gt;"),
                '"' => target.Append("&quot;"),
                '\'' => target.Append("&#39;"),
                '\t' or '\n' or '\r' => target.Append((char)rune.Value),

                // Control characters are no HTML, and direction overrides let a text pose as another.
                < ' ' or (>= 0x7F and <= 0x9F) or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) => target.Append('\uFFFD'),
                _ => rune.IsBmp ? target.Append((char)rune.Value) : target.Append(rune.ToString()),
            };
        }
    }

    [InterpolatedStringHandler]
    internal readonly ref struct Handler
    {
        private readonly StringBuilder _target;

        public Handler(int literalLength, int formattedCount, Html html) => _target = html._markup;

        public void AppendLiteral(string markup) => _target.Append(markup);

        public void AppendFormatted(string? text) => AppendEscaped(_target, text);

        public void AppendFormatted(int number) => _target.Append(CultureInfo.InvariantCulture, $"{number}");

        /// <summary>A coordinate: two decimals are finer than a pixel.</summary>
        public void AppendFormatted(double number) => _target.Append(number.ToString("0.##", CultureInfo.InvariantCulture));

        public void AppendFormatted(Html markup) => _target.Append(markup._markup);
    }
}
