using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Requests;

/// <summary>What the OpenAPI document says beyond what the endpoints themselves say.</summary>
internal static class ApiDescription
{
    private const string SchemeName = "token";

    public static void Add(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "SeaCluster", Version = "v1", Description = "Runs of SEA: submitted, watched, cancelled, retried. Errors are application/problem+json." };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
            {
                [SchemeName] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token of 'sea token create'; none is asked for where the server has none." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeName, document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            IList<object> metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<TakesIdempotencyKey>().Any())
            {
                Header(operation, "Idempotency-Key", "Any text of up to 255 characters: the request, repeated with it, has its effect once and gives the same answer for seven days. With another body it is refused (422).");
            }

            if (metadata.OfType<Streaming>().Any())
            {
                Header(operation, "Last-Event-ID", "The last event that was seen; the stream goes on behind it.");
            }

            return Task.CompletedTask;
        });
    }

    private static void Header(OpenApiOperation operation, string name, string description) =>
        (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
}
