using SeaCluster.Method.Alignment;
using SeaCluster.Method.Preparation.Eraser;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Stages;

/// <summary>Eraser's own data as rows, each under every template.</summary>
/// <param name="Harm">To unlearn.</param>
/// <param name="Help">To keep.</param>
/// <param name="Refusals">To keep.</param>
internal sealed record EraserRows(IReadOnlyList<HarmRow> Harm, IReadOnlyList<AlignmentRow> Help, IReadOnlyList<AlignmentRow> Refusals)
{
    /// <summary>Reads a folder that <c>sea eraser</c> wrote.</summary>
    /// <exception cref="SeaException">A file is missing or wrong, or no row of one leaves room for an answer.</exception>
    public static EraserRows Read(IMultimodalModel model, string path, EraserSpec spec)
    {
        EraserFolder folder = new(path);
        EraserPrompts prompts = new(model, spec.Mode, spec.MaxLength);
        IReadOnlyList<EraserTemplate> templates = spec.Templates.Count > 0 ? spec.Templates
            : spec.Mode == EraserMode.Faithful ? [EraserTemplate.Plain, EraserTemplate.Llama2] : [EraserTemplate.Own];
        return new EraserRows(
            [.. Rows(folder.Harm, RowKind.HarmfulText).Select(each => prompts.Harm(each.Rendered.Id, each.Template, each.Row.Prompt, each.Row.Response))],
            [.. Rows(folder.Help, RowKind.BenignText).Select(each => each.Rendered)],
            [.. Rows(folder.Align, RowKind.HarmfulText).Select(each => each.Rendered)]);

        List<(EraserRow Row, EraserTemplate Template, AlignmentRow Rendered)> Rows(string file, RowKind kind)
        {
            List<(EraserRow, EraserTemplate, AlignmentRow)> rows = [];
            foreach (EraserRow row in EraserFolder.Read(file))
            {
                foreach (EraserTemplate template in templates)
                {
                    EncodedPrompt prompt = prompts.Encode(template, row.Prompt, row.Response);
                    // A question that fills the length leaves nothing to learn from.
                    if (Array.Exists(prompt.Labels, label => label >= 0))
                    {
                        rows.Add((row, template, new AlignmentRow($"{row.Id}/{template}", kind, prompt)));
                    }
                }
            }

            return rows.Count > 0 ? rows : throw new SeaException($"{file}: no row leaves room for an answer within {spec.MaxLength} tokens.", "Raise align.eraser.max_length.");
        }
    }
}
