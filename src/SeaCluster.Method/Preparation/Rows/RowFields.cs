using System.Text.Json;

namespace SeaCluster.Method.Preparation.Rows;

/// <summary>A row's fields by name; names are compared without case, blanks, underscores and hyphens.</summary>
internal sealed class RowFields
{
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>The names as written, for messages.</summary>
    public string Names => _names.Count == 0 ? "none" : string.Join(", ", _names.Take(12)) + (_names.Count > 12 ? ", …" : "");

    /// <summary>The fields of a JSON object.</summary>
    public static RowFields Of(JsonElement row)
    {
        RowFields fields = new();
        foreach (JsonProperty property in row.EnumerateObject())
        {
            fields.Add(property.Name, property.Value);
        }

        return fields;
    }

    /// <summary>The fields of a CSV record.</summary>
    public static RowFields Of(IReadOnlyList<string> header, IReadOnlyList<string> record)
    {
        RowFields fields = new();
        for (int i = 0; i < header.Count; i++)
        {
            // An empty cell is an absent value: CSV cannot say null.
            if (record[i].Length > 0)
            {
                fields.Add(header[i], JsonSerializer.SerializeToElement(record[i], RowJson.Default.String));
            }
            else
            {
                fields._names.Add(header[i]);
            }
        }

        return fields;
    }

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>The field's raw value.</summary>
    public JsonElement? Raw(string name) => _values.TryGetValue(name, out JsonElement value) ? value : null;

    /// <summary>The first of the named fields that is there, as text; numbers are taken as written.</summary>
    /// <exception cref="FormatException">The field is neither text nor a number.</exception>
    public string? Text(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (_values.TryGetValue(name, out JsonElement value))
            {
                return value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString(),
                    JsonValueKind.Number => value.GetRawText(),
                    _ => throw new FormatException($"'{name}' should be text but is {Describe(value.ValueKind)}"),
                };
            }
        }

        return null;
    }

    /// <summary>A JSON kind in words.</summary>
    public static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        _ => "null",
    };

    /// <summary>A name without case, blanks, underscores and hyphens.</summary>
    public static string Normalise(string name) =>
        string.Concat(name.Where(c => c is not (' ' or '_' or '-' or '\uFEFF'))).ToLowerInvariant();

    private void Add(string name, JsonElement value)
    {
        _names.Add(name);
        if (value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
        {
            _values[Normalise(name)] = value;
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class RowJson : System.Text.Json.Serialization.JsonSerializerContext;
