using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace SeaCluster.Server.Dashboard;

/// <summary>The dashboard's style and script: parts of the program, named by their content, so a browser keeps them as long as they are the same.</summary>
internal static class Assets
{
    private static readonly Asset s_style = Read("sea.css", "text/css; charset=utf-8"), s_script = Read("sea.js", "text/javascript; charset=utf-8"), s_icon = Read("icon.svg", "image/svg+xml");

    public static string Style => s_style.Path;

    public static string Script => s_script.Path;

    public static string Icon => s_icon.Path;

    public static void Map(IEndpointRouteBuilder app)
    {
        foreach (Asset asset in new[] { s_style, s_script, s_icon })
        {
            app.MapGet(asset.Path, (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                return TypedResults.Bytes(asset.Bytes, asset.Type);
            }).AllowAnonymous().ExcludeFromDescription();
        }
    }

    private static Asset Read(string name, string type)
    {
        using Stream stream = typeof(Assets).Assembly.GetManifestResourceStream($"SeaCluster.Server.Dashboard.Assets.{name}")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new Asset($"/assets/{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}/{name}", type, bytes);
    }

    private sealed record Asset(string Path, string Type, byte[] Bytes);
}
