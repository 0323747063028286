namespace SeaCluster.EndToEnd.Tests.Launcher;

/// <summary>The programs of the made-up machine. <c>$machine</c> is its folder; a file there is a fact that a test set.</summary>
internal static class Stubs
{
    public static IReadOnlyDictionary<string, string> Scripts { get; } = new Dictionary<string, string>
    {
        ["dotnet"] =
            """
            case "$1" in
              nuget) printf 'Registered Sources:\n  1.  some feed [Enabled]\n      somewhere\n  2.  other [Disabled]\n' ;;
              --list-sdks) cat "$machine/sdks" 2>/dev/null || echo '10.0.100 [/sdk]' ;;
              restore)
                while read -r absent; do
                  if grep -q "\"$absent\"" "$2"; then
                    echo "$2 : error NU1101: Unable to find package $absent. No packages exist with this id in source(s): feed"
                    exit 1
                  fi
                done <"$machine/absent-packages"
                folder=$(dirname "$2")
                version=$(sed -n 's/.*Include="TorchSharp" Version="\([^"]*\)".*/\1/p' "$folder/Directory.Packages.props")
                library="$machine/packages/torchsharp/$version/runtimes/linux-x64/native"
                mkdir -p "$folder/obj" "$library"
                : >"$library/libLibTorchSharp.so"
                printf '{\n  "packageFolders": {\n    "%s/": {}\n  }\n}\n' "$machine/packages" >"$folder/obj/project.assets.json" ;;
              build)
                if [ -f "$machine/build-error" ]; then cat "$machine/build-error"; exit 1; fi
                for folder in src/SeaCluster.Cli/bin artifacts/torchsharp/bin/SeaCluster.Cli; do
                  mkdir -p "$machine/../checkout/$folder/Release/net10.0"
                  : >"$machine/../checkout/$folder/Release/net10.0/sea.dll"
                done ;;
              */sea.dll) shift; echo "command: $*" ;;
            esac

            """,
        ["dpkg-query"] = "for name in \"$@\"; do grep -qxF -- \"$name\" \"$machine/installed\" && echo \"$name installed\"; done; exit 0\n",
        ["apt-get"] =
            """
            [ "$1" = install ] || exit 0
            for word in "$@"; do
              grep -qxF -- "$word" "$machine/unavailable" && { echo "E: Unable to locate package $word"; exit 100; }
            done
            for word in "$@"; do echo "$word" >>"$machine/installed"; done

            """,
        ["id"] = "cat \"$machine/user\" 2>/dev/null || echo 0\n",
        ["ldd"] = "cat \"$machine/ldd\" 2>/dev/null; exit 0\n",
        ["ldconfig"] = "for library in libicuuc.so.72 libssl.so.3; do printf '\\t%s (libc6,x86-64) => /lib/%s\\n' $library $library; done; exit 0\n",
        ["update-alternatives"] = "exit 0\n",
        ["nvidia-smi"] = "[ -f \"$machine/gpu\" ]\n",
        ["uname"] = "echo x86_64\n",
    };
}
