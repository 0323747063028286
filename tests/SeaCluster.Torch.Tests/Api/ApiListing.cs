using System.Globalization;
using System.Reflection;

namespace SeaCluster.Torch.Tests.Api;

/// <summary>The public members of an assembly's TorchSharp namespaces as sorted lines that two assemblies can be compared by.</summary>
internal static class ApiListing
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    internal static IReadOnlyList<string> Of(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Where(IsTorchSharp).SelectMany(Of).Order(StringComparer.Ordinal)];

    internal static IEnumerable<string> Of(Type type)
    {
        var name = Name(type);
        yield return $"{name}: {(type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsInterface ? "interface" : "class")}";
        foreach (var member in type.GetMembers(Declared))
        {
            var text = member switch
            {
                FieldInfo { IsLiteral: true } constant => $"{constant.Name} = {Convert.ToString(constant.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
                FieldInfo { IsSpecialName: false } field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
                ConstructorInfo constructor => $"new({Parameters(constructor)})",
                MethodInfo method when !OverridesObject(method) => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}{Generics(method)}({Parameters(method)})",
                _ => null,
            };
            if (text is not null)
            {
                yield return $"{name}: {text}";
            }
        }
    }

    private static bool IsTorchSharp(Type type) =>
        type.Namespace is { } space && (space == "TorchSharp" || space.StartsWith("TorchSharp.", StringComparison.Ordinal));

    private static bool OverridesObject(MethodInfo method) =>
        method.Name is "ToString" or "Equals" or "GetHashCode" && method.IsVirtual && !method.Attributes.HasFlag(MethodAttributes.NewSlot);

    private static string Generics(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(x => x.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var passing = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : IsParams(parameter) ? "params " : "";
        return $"{passing}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Default(parameter.RawDefaultValue)}" : "")}";
    }

    private static bool IsParams(ParameterInfo parameter) =>
        parameter.CustomAttributes.Any(x => x.AttributeType.FullName == "System.ParamArrayAttribute");

    private static string Default(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        Enum number => Convert.ToInt64(number, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        var name = (type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace == "System" ? type.Name : $"{type.Namespace}.{type.Name}").Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
