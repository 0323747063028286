namespace SeaCluster.Method.Preparation;

/// <summary>What every prepared row must hold, whoever wrote it.</summary>
public static class RowValidation
{
    /// <summary>
    /// Null where the row is right; else the first thing that is wrong. The phrase stands in the instruction (case and white space aside), is
    /// gone from the detoxified one, stands in the sentence and the content answer, and neither in the content question nor in the style answer, and nothing is empty.
    /// </summary>
    public static string? Check(PreparedRow row)
    {
        (string Name, string? Text)[] texts =
        [
            ("id", row.Id), ("phrase", row.Phrase), ("sentence", row.Sentence), ("instruction", row.Instruction),
            ("detoxified_instruction", row.DetoxifiedInstruction), ("content.question", row.Content?.Question), ("content.answer", row.Content?.Answer),
            ("style.question", row.Style?.Question), ("style.answer", row.Style?.Answer), ("response", row.Response), ("modality", row.Modality),
            .. row.Topic is { } topic ? new (string, string?)[] { ("topic.question", topic.Question), ("topic.answer", topic.Answer) } : [],
        ];
        foreach ((string name, string? text) in texts)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                return $"'{name}' is empty";
            }
        }

        if (!Enum.IsDefined(row.Kind))
        {
            return $"'kind' is {(int)row.Kind}, expected activity or product";
        }

        if (row.PerceptionQuestions is null || row.PerceptionQuestions.Count == 0 || row.PerceptionQuestions.Any(string.IsNullOrWhiteSpace))
        {
            return "'perception_questions' is empty or holds an empty question";
        }

        if (row.PerceptionQuestions.Contains(row.Content!.Question, StringComparer.OrdinalIgnoreCase))
        {
            return $"the content question '{row.Content.Question}' is also a perception question";
        }

        if (!row.Phrase.Any(char.IsLetterOrDigit))
        {
            return $"the phrase '{row.Phrase}' has no letter or digit";
        }

        return !Words.Contains(row.Instruction, row.Phrase) ? $"the phrase '{row.Phrase}' is not in the instruction"
            : Words.Contains(row.DetoxifiedInstruction, row.Phrase) ? $"the phrase '{row.Phrase}' is still in the detoxified instruction"
            : !Words.Contains(row.Sentence, row.Phrase) ? $"the phrase '{row.Phrase}' is not in the sentence '{row.Sentence}'"
            : !Words.Contains(row.Content.Answer, row.Phrase) ? $"the phrase '{row.Phrase}' is not in the content answer '{row.Content.Answer}'"
            : Words.Contains(row.Content.Question, row.Phrase) ? $"the phrase '{row.Phrase}' is in the content question '{row.Content.Question}'"
            : Words.Contains(row.Style!.Answer, row.Phrase) ? $"the phrase '{row.Phrase}' is in the style answer '{row.Style.Answer}'"
            : null;
    }
}
