using System.Text;

namespace SeaCluster.Models.Prompts;

/// <summary>A text put together from a template and from what people said, which is kept apart so that it cannot pass for special tokens.</summary>
internal sealed class PromptText
{
    private readonly StringBuilder _text = new();

    /// <summary>Stretches (start, length) that are somebody's words.</summary>
    public List<(int Start, int Length)> Literal { get; } = [];

    /// <summary>Appends a template, its holes filled by <paramref name="fill"/>; whatever is filled in is not looked at for holes.</summary>
    public void Append(string template, params ReadOnlySpan<(string Hole, Action Fill)> fill)
    {
        int at = 0;
        while (at < template.Length)
        {
            int next = template.Length;
            Action? filler = null;
            string hole = "";
            foreach ((string name, Action action) in fill)
            {
                int found = template.IndexOf(name, at, StringComparison.Ordinal);
                if (found >= 0 && found < next)
                {
                    (next, filler, hole) = (found, action, name);
                }
            }

            _text.Append(template, at, next - at);
            filler?.Invoke();
            at = next + hole.Length;
        }
    }

    /// <summary>Appends somebody's words.</summary>
    public void AppendLiteral(string words)
    {
        Literal.Add((_text.Length, words.Length));
        _text.Append(words);
    }

    public override string ToString() => _text.ToString();
}
