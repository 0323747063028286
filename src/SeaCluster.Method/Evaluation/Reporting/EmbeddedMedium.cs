namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>A picture, sound or clip inside the report, as a data URI.</summary>
internal static class EmbeddedMedium
{
    /// <summary>The medium as markup; a note where it is absent, too large or of no kind that browsers show.</summary>
    public static Html Of(string? path, string? text, int largest)
    {
        if (path is null)
        {
            return new Html().Add($"<p class=\"absent\">text only</p>");
        }

        (string element, string type) = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".png" => ("img", "image/png"),
            ".jpg" or ".jpeg" => ("img", "image/jpeg"),
            ".webp" => ("img", "image/webp"),
            ".gif" => ("img", "image/gif"),
            ".wav" => ("audio", "audio/wav"),
            ".mp3" => ("audio", "audio/mpeg"),
            ".flac" => ("audio", "audio/flac"),
            ".ogg" => ("audio", "audio/ogg"),
            ".mp4" => ("video", "video/mp4"),
            ".webm" => ("video", "video/webm"),
            _ => ("", ""),
        };
        if (element.Length == 0)
        {
            return Note(path, "is of no kind that a browser shows");
        }

        byte[] bytes;
        try
        {
            FileInfo file = new(path);
            if (file.Length > largest)
            {
                return Note(path, FormattableString.Invariant($"is not embedded: {file.Length / 1e6:0.0} MB"));
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Note(path, "could not be read");
        }

        string uri = $"data:{type};base64,{Convert.ToBase64String(bytes)}", shows = text is null ? "The medium of this case" : $"It shows: {text}";
        return element switch
        {
            "img" => new Html().Add($"<img src=\"{uri}\" alt=\"{shows}\" loading=\"lazy\">"),
            "audio" => new Html().Add($"<audio controls preload=\"none\" src=\"{uri}\" aria-label=\"{shows}\"></audio>"),
            _ => new Html().Add($"<video controls preload=\"metadata\" src=\"{uri}\" aria-label=\"{shows}\"></video>"),
        };
    }

    private static Html Note(string path, string why) => new Html().Add($"<p class=\"absent\">{Path.GetFileName(path)} {why}</p>");
}
