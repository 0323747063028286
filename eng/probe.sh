#!/bin/sh
# probe.sh GROUP: can the configured feeds restore one optional package group, and does its native library load here?
# Writes artifacts/setup/probe/GROUP.result (state, reason, remedy) and prints nothing.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/eng/state.sh"
group=$1
folder="$state/probe/$group"
result="$state/probe/$group.result"
sources=$(cat "$state/sources" 2>/dev/null || true)

# Feeds that cannot be reached must not hold a set-up for minutes. The machine may still lack ICU here.
export NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT=2 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

finish() { # STATE REASON REMEDY
  printf 'state=%s\nreason=%s\nremedy=%s\n' "$1" "$2" "$3" >"$result.$$"
  mv -f "$result.$$" "$result"
  exit 0
}

# The packages of this group in Directory.Packages.props, as "name version" lines.
packages() {
  awk -v group="$group" '
    /<ItemGroup/ { inside = index($0, "Label=\"" group "\"") > 0 }
    inside && /<PackageVersion/ { split($0, part, "\""); print part[2], part[4] }' "$root/Directory.Packages.props"
}

# What a folder of packages holds comes from there and is asked of no feed; the rest comes from the feeds that are configured.
map_sources() {
  feeds=$(dotnet nuget list source --format detailed 2>/dev/null | sed -n 's/^ *[0-9]*\. *\(.*\) \[Enabled\]$/\1/p')
  echo '<configuration><packageSources>'
  echo "$sources" | sed 's|.*|<add key="&" value="&" />|'
  echo '</packageSources><packageSourceMapping>'
  [ -z "$feeds" ] || echo "$feeds" | sed 's|.*|<packageSource key="&"><package pattern="*" /></packageSource>|'
  echo "$sources" | while read -r source; do
    names=$(find "$source" -name '*.nupkg' | sed 's|.*/||; s|\.[0-9][0-9]*\.[0-9].*\.nupkg$||' | sort -u)
    [ -n "$feeds" ] || names="*"
    [ -z "$names" ] || echo "<packageSource key=\"$source\">$(echo "$names" | sed 's|.*|<package pattern="&" />|')</packageSource>"
  done
  echo '</packageSourceMapping></configuration>'
}

restore() { # SECONDS PACKAGE...: restores into a scratch project outside the solution's own settings
  seconds=$1
  shift
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$root/Directory.Packages.props" "$folder/"
  for file in Directory.Build.props Directory.Build.targets; do echo '<Project />' >"$folder/$file"; done
  {
    echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><NoWarn>NU1603</NoWarn></PropertyGroup><ItemGroup>'
    for package in "$@"; do echo "<PackageReference Include=\"$package\" />"; done
    echo '</ItemGroup></Project>'
  } >"$folder/probe.csproj"
  # Restored once, they lie in the packages folder of this user, where builds find them without asking anybody.
  [ -z "$sources" ] || map_sources >"$folder/nuget.config"
  code=0
  timeout -k 5 "$seconds" dotnet restore "$folder/probe.csproj" -v minimal >"$folder/log" 2>&1 </dev/null 9>&- || code=$?
  return $code
}

# Says in one line why the last restore failed, and stops.
explain() {
  remedy="./sea setup --source FOLDER, with the missing .nupkg in FOLDER"
  missing=$(sed -n 's/.*NU110[13]*: Unable to find package \([A-Za-z0-9.-]*[A-Za-z0-9]\).*/\1/p;s/.*NU1102: Unable to find package \([A-Za-z0-9.-]*[A-Za-z0-9]\).*/\1/p' "$folder/log" | sort -u)
  if [ "$code" = 124 ] || [ "$code" = 137 ]; then
    finish unknown "the configured feeds did not answer in time" "./sea setup again when they do"
  elif [ -n "$missing" ]; then
    names=$(for name in $missing; do packages | awk -v name="$name" '$1 == name { print $1 " " $2 }'; done | paste -sd, - | sed 's/,/, /g')
    finish off "no configured feed has ${names:-$(echo "$missing" | paste -sd' ' -)}" "$remedy"
  elif grep -q 'NU1301' "$folder/log"; then
    finish unknown "a configured feed cannot be reached" "./sea setup again when it can; or $remedy"
  fi
  finding=$(grep -m1 -oE 'error.*' "$folder/log" | sed 's/ *\[.*//' | cut -c1-160)
  [ -z "$finding" ] || finish off "restore fails: $finding" "artifacts/setup/probe/$group/log has the rest"
  # The SDK itself failed, so nothing is known about the feeds.
  finish unknown "dotnet restore fails: $(grep -v '^ *at ' "$folder/log" | grep -m1 . | cut -c1-160)" "./sea setup again when it works"
}

plain_group() {
  # shellcheck disable=SC2046 -- one word a package
  restore 120 $(packages | cut -d' ' -f1) || explain
  finish on "$(packages | head -n 1)" ""
}

# A native library that the loader refuses is found before hundreds of megabytes are fetched for it.
refused() { # LIBRARY [SEARCH FOLDER]: prints what the loader misses
  LD_LIBRARY_PATH=${2:-} ldd "$1" 2>&1 | sed -n \
    -e "s|.*/\(lib[^/: ]*\): version .\([A-Za-z0-9_.]*\)' not found.*|\1 with \2|p" \
    -e 's|^[[:space:]]*\(lib[^ ]*\) => not found.*|\1|p' | sort -u
}

torchsharp_group() {
  version=$(packages | awk '$1 == "TorchSharp" { print $2 }')
  if nvidia-smi -L >/dev/null 2>&1; then runtime=TorchSharp-cuda-linux; else runtime=TorchSharp-cpu; fi
  case $(uname -m) in x86_64) platform=linux-x64 ;; aarch64) platform=linux-arm64 ;; *) platform=linux-$(uname -m) ;; esac

  restore 120 TorchSharp || explain
  cache=$(sed -n '/"packageFolders"/{n;s/.*"\(.*\)": *{.*/\1/p;}' "$folder/obj/project.assets.json")
  library="${cache%/}/torchsharp/$version/runtimes/$platform/native/libLibTorchSharp.so"
  [ -f "$library" ] || finish off "TorchSharp $version has no native library for $platform" "libtorch of the system is used instead"
  lacking=$(refused "$library" | grep ' with ' | paste -sd, - | sed 's/,/, /g')
  [ -z "$lacking" ] || too_old "$lacking"

  restore 1500 TorchSharp "$runtime" || explain
  libraries=$(sed -n 's|^ *"\(libtorch[a-z0-9.-]*/[0-9.]*\)": {.*|\1|p' "$folder/obj/project.assets.json" | sort -u |
    while read -r package; do echo "${cache%/}/$package/runtimes/$platform/native"; done | paste -sd: -)
  lacking=$(refused "$library" "$libraries" | paste -sd, - | sed 's/,/, /g')
  [ -z "$lacking" ] || too_old "$lacking"
  finish on "$runtime $version" ""
}

too_old() {
  newest=$(for found in $(ldconfig -p 2>/dev/null | sed -n 's/.*libstdc++.so.6 .*=> //p' | head -n 1); do
    grep -aoE 'GLIBCXX_3\.4\.[0-9]+' "$found" | sort -t. -k3,3n -u | tail -n 1; done)
  finish off "TorchSharp $version restores, but its native library needs $1${newest:+ (here: up to $newest)}" \
    "a newer system (Debian 13, Ubuntu 24.04), then ./sea setup --refresh; until then the system's libtorch is used"
}

case $group in
  SeaTorchSharp) torchsharp_group ;;
  *) plain_group ;;
esac
