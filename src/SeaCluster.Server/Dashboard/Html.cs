using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace SeaCluster.Server.Dashboard;

/// <summary>A piece of a page. Whatever is put into one is encoded, unless it is such a piece itself: <c>Html.Of($"&lt;p&gt;{text}&lt;/p&gt;")</c>.</summary>
/// <param name="Text">Markup.</param>
internal readonly record struct Html(string Text)
{
    public static Html Empty { get; } = new("");

    public static Html Of(Pieces pieces) => new(pieces.ToString());

    /// <summary>A piece where something holds, else nothing.</summary>
    public static Html If(bool holds, Func<Html> piece) => holds ? piece() : Empty;

    /// <summary>One piece after the other.</summary>
    public static Html Each<T>(IEnumerable<T> items, Func<T, Html> piece) => new(string.Concat(items.Select(item => piece(item).Text)));

    public override string ToString() => Text;

    [InterpolatedStringHandler]
    public readonly ref struct Pieces(int literalLength, int formattedCount)
    {
        private static readonly HtmlEncoder s_encoder = HtmlEncoder.Create(UnicodeRanges.All);
        private readonly StringBuilder _text = new(literalLength + (formattedCount * 16));

        public void AppendLiteral(string value) => _text.Append(value);

        public void AppendFormatted(Html value) => _text.Append(value.Text);

        public void AppendFormatted(string? value) => _text.Append(value is null ? "" : s_encoder.Encode(value));

        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));

        public override string ToString() => _text.ToString();
    }
}
