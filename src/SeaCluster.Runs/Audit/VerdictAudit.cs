using System.Text.Json.Nodes;
using SeaCluster.Method.Evaluation;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Audit;

/// <summary>Whether the rates that the evaluation recorded are those of its judgements.</summary>
internal static class VerdictAudit
{
    public static AuditCheck Run(RunFolder folder, StageRow evaluate)
    {
        AuditTally tally = new("verdicts", "every case is judged once, and the recorded rates are those of the judgements");
        JsonNode? summary = evaluate.Summary is null ? null : JsonNode.Parse(evaluate.Summary);
        foreach ((string file, string attack, string benign) in new[] { (EvaluateStage.AlignedFile, "asr", "benign_compliance"), (EvaluateStage.BaseFile, "base_asr", "base_benign_compliance") })
        {
            string path = Path.Combine(folder.Evaluation, file);
            if (!File.Exists(path))
            {
                continue;
            }

            IReadOnlyList<CaseResult> results = ResultFile.Read(path);
            foreach (IGrouping<string, CaseResult> same in results.GroupBy(result => result.Id, StringComparer.Ordinal))
            {
                tally.Look(same.Count() == 1 ? null : $"{file}: case '{same.Key}' is judged {same.Count()} times");
            }

            SummaryRow rates = SummaryRow.Of("all", results);
            tally.Look(Compare(file, attack, summary, rates.AttackSuccess.Value));
            tally.Look(Compare(file, benign, summary, rates.BenignCompliance.Value));
        }

        return tally.Check;
    }

    private static string? Compare(string file, string key, JsonNode? summary, double? found) =>
        (double?)summary?[key] is var recorded && recorded == found ? null : $"{file}: {key} was recorded as {recorded}, the judgements give {found}";
}
