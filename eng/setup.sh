#!/bin/sh
# ./sea setup: finds out what this machine has, installs and builds what is missing, and says what is on, what is off and why.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/eng/state.sh"
. "$root/eng/system.sh"
groups="SeaTorchSharp SeaOrleans SeaOrleansAzure SeaPrometheusExporter SeaAzure"

usage() {
  cat <<'TEXT'
Prepares this checkout: probes the optional packages, installs the system packages
it needs (as root with apt-get; else it names them), builds everything in Release.
Idempotent: under 3 seconds when nothing has to be done.

Usage: ./sea setup [options]

  --source FOLDER  also restore packages from FOLDER, and those that it holds
                   from nowhere else (remembered)
  --skip PACKAGE   go on without this system package (remembered)
  --refresh        probe the package feeds again
  --no-install     install nothing; name what is missing and exit 2
  --help           this text

Environment:
  SEA_LIBTORCH=DIR  use the libtorch of a PyTorch installation (DIR holds lib/);
                    remembered; SEA_LIBTORCH=system goes back
  SeaOrleans=false, SeaOrleansAzure=false, SeaTorchSharp=false,
  SeaPrometheusExporter=false, SeaAzure=false
                    leave an optional package group out

Exit codes: 0 ready, 1 a build failed, 2 something is missing that a person must
install or wrong use.
TEXT
}

say() { echo "sea: $*"; }
wrong() { echo "sea: $*" >&2; echo "sea: ./sea setup --help lists the options" >&2; exit 2; }

may_install=yes
refresh=no
mkdir -p "$state/probe"
while [ $# -gt 0 ]; do
  case $1 in
    --source)
      [ $# -gt 1 ] || wrong "--source needs a folder"
      [ -d "$2" ] || wrong "--source $2: no such folder"
      (cd "$2" && pwd -P) >>"$state/sources"
      sort -u -o "$state/sources" "$state/sources"
      shift ;;
    --skip)
      [ $# -gt 1 ] || wrong "--skip needs a package"
      installable | cut -d' ' -f1 | grep -qxF -- "$2" || wrong "--skip $2: set-up does not install it; it installs $(installable | cut -d' ' -f1 | paste -sd' ' -)"
      echo "$2" >>"$state/skip"
      shift ;;
    --refresh) refresh=yes ;;
    --no-install) may_install=no ;;
    --help | -h | '-?') usage; exit 0 ;;
    *) wrong "setup does not know $1" ;;
  esac
  shift
done
if [ -n "${SEA_LIBTORCH:-}" ] && [ "$SEA_LIBTORCH" != system ]; then
  [ -e "$SEA_LIBTORCH/lib/libtorch.so" ] || wrong "SEA_LIBTORCH=$SEA_LIBTORCH has no lib/libtorch.so"
fi
[ -z "${SEA_LIBTORCH:-}" ] || remember libtorch "$SEA_LIBTORCH"

check_sdk() {
  if ! command -v dotnet >/dev/null 2>&1; then
    echo "sea: the .NET SDK 10 is missing (no dotnet on PATH); https://dot.net has it, or your system's package dotnet-sdk-10.0" >&2
    exit 2
  fi
  sdk=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet --list-sdks | awk '$1 ~ /^10\./ { version = $1 } END { print version }')
  if [ -z "$sdk" ]; then
    echo "sea: the .NET SDK 10 is missing; dotnet here has: $(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ' -)" >&2
    exit 2
  fi
}

# Feeds, versions and requests that decide what a probe finds.
probe_hash() {
  {
    cat "$root/Directory.Packages.props" "$root/eng/probe.sh" "$state/sources" /etc/os-release 2>/dev/null || true
    for file in "$root/NuGet.config" "$root/nuget.config" "$HOME/.nuget/NuGet/NuGet.Config"; do cat "$file" 2>/dev/null || true; done
    [ ! -f "$state/sources" ] || while read -r source; do ls "$source" 2>/dev/null || true; done <"$state/sources"
    nvidia-smi -L 2>/dev/null || true
  } | sha256sum | cut -c1-64
}

probe_groups() {
  hash=$(probe_hash)
  [ "$refresh" = no ] && is_current probe.stamp "$hash" && return 0
  say "probing which optional packages the configured feeds have"
  rm -f "$state/probe.stamp" "$state/probe/"*.result
  waiting=""
  for group in $groups; do
    [ "$(requested "$group")" = false ] || { sh "$root/eng/probe.sh" "$group" & waiting="$waiting $!"; }
  done
  for process in $waiting; do wait "$process" || true; done
  # A feed that was out of reach is asked again next time.
  grep -qs '^state=unknown' "$state/probe/"*.result || remember probe.stamp "$hash"
}

requested() { eval "echo \"\${$1:-}\""; }
field() { sed -n "s/^$2=//p" "$state/probe/$1.result" 2>/dev/null; }
group_state() {
  if [ "$(requested "$1")" = false ]; then echo off; elif [ "$(field "$1" state)" = on ]; then echo on; else echo off; fi
}

write_switches() {
  properties=$(
    for group in $groups; do
      [ "$(group_state "$group")" = on ] && value=true || value=false
      echo "    <$group>$value</$group>"
    done
    [ ! -s "$state/sources" ] || echo "    <RestoreAdditionalProjectSources>$(paste -sd';' "$state/sources")</RestoreAdditionalProjectSources>"
    case $(field SeaTorchSharp reason) in TorchSharp-cuda*) echo "    <SeaTorchCuda>true</SeaTorchCuda>" ;; esac
  )
  text="<Project>
  <!-- Written by ./sea setup from what it found on this machine; not tracked. -->
  <PropertyGroup>
$properties
  </PropertyGroup>
</Project>"
  # Rewriting the same text would make every project build again.
  [ "$(cat "$root/Directory.Build.local.props" 2>/dev/null)" = "$text" ] || printf '%s\n' "$text" >"$root/Directory.Build.local.props"
}

build_native() {
  [ "$(group_state SeaTorchSharp)" = off ] && [ -f "$root/native/build.sh" ] || return 0
  hash=$({ list_files '' native | hash_files; libtorch_folder; sha256sum </etc/os-release; } | sha256sum | cut -c1-64)
  [ -f "$root/native/out/libsea_torch.so" ] && is_current native.stamp "$hash" && return 0
  say "building the native library"
  # CMake would keep the libtorch it found first.
  [ "$(cat "$state/native.libtorch" 2>/dev/null)" = "$(libtorch_folder)" ] || rm -rf "$root/native/build"
  remember native.libtorch "$(libtorch_folder)"
  if ! TORCH_INSTALL=$(libtorch_folder) sh "$root/native/build.sh" >"$state/native.log" 2>&1 </dev/null 9>&-; then
    echo "sea: building the native library failed:" >&2
    { grep -E 'error|Error' "$state/native.log" || tail -n 20 "$state/native.log"; } | head -n 20 >&2
    echo "sea: the whole log is artifacts/setup/native.log" >&2
    exit 1
  fi
  remember native.stamp "$hash"
}

build_solution() {
  find_command
  hash=$(tests_hash)
  [ -f "$command_dll" ] && is_current tests.stamp "$hash" && is_current source.stamp "$(source_hash)" && return 0
  say "building the solution in Release (minutes the first time)"
  build "the solution" "$root/SeaCluster.sln" || exit 1
  remember tests.stamp "$(tests_hash)"
  remember source.stamp "$(source_hash)"
}

# The one measurement that shows a slow BLAS, whichever way libtorch came here.
measure_backend() {
  hash=$(setup_hash; active_blas)
  is_current backend.stamp "$hash" && return 0
  [ ! -s "$state/environment.sh" ] || . "$state/environment.sh"
  dotnet "$command_dll" backend >"$state/backend" 2>&1 </dev/null || { echo "sea: the tensor library does not load:" >&2; cat "$state/backend" >&2; exit 1; }
  remember backend.stamp "$hash"
}

warn_slow() {
  speed=$(sed -n 's/^\([0-9]*\)[0-9.]* GFLOP.*/\1/p' "$state/backend" 2>/dev/null)
  # A busy machine measures slow too; only the reference BLAS is worth a warning.
  case $(active_blas) in *openblas*) return 0 ;; esac
  [ -z "$speed" ] || [ "$speed" -ge 5 ] || {
    echo "sea: WARNING: matrix products run at $speed GFLOP/s; an optimised BLAS gives ten times that." >&2
    echo "sea: WARNING: active is $(active_blas); install libopenblas0-openmp, then ./sea setup" >&2
  }
}

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  green=$(printf '\033[32m') yellow=$(printf '\033[33m') plain=$(printf '\033[0m')
else
  green='' yellow='' plain=''
fi

row() { # NAME on|off TEXT: the text wrapped under itself, 80 columns in all
  case $2 in on) colour=$green ;; *) colour=$yellow ;; esac
  echo "$3" | fold -s -w 53 | sed 's| *$||' | {
    IFS= read -r first
    printf '  %-18s %s%-4s%s %s\n' "$1" "$colour" "$2" "$plain" "$first"
    while IFS= read -r rest; do printf '%26s%s\n' '' "$rest"; done
  }
}

group_row() { # NAME GROUP
  reason=$(field "$2" reason)
  remedy=$(field "$2" remedy)
  if [ "$(requested "$2")" = false ]; then
    row "$1" off "left out by $2=false in the environment"
  elif [ "$(group_state "$2")" = on ]; then
    row "$1" on "$reason"
  else
    row "$1" off "$reason"
    row "" "" "to get it: $remedy"
  fi
}

print_table() {
  echo
  row "part" "" "what, or why not"
  group_row TorchSharp SeaTorchSharp
  if [ "$(group_state SeaTorchSharp)" = off ]; then
    folder=$(libtorch_folder)
    row "libtorch" on "${folder:-the system's, $(dpkg-query -W -f='libtorch-dev ${Version}' libtorch-dev 2>/dev/null || true)}"
    case $(cat "$state/environment.sh" 2>/dev/null)$(active_blas) in
      *openblas*) row "OpenBLAS" on "$(active_blas | sed 's|.*/\([^/]*/[^/]*\)$|\1|')" ;;
      *) [ -n "$folder" ] || row "OpenBLAS" off "matrix products run on $(active_blas), which is many times slower; install libopenblas0-openmp" ;;
    esac
  fi
  row "speed" on "$(tail -n 1 "$state/backend")"
  group_row Orleans SeaOrleans
  group_row "Orleans on Azure" SeaOrleansAzure
  group_row "Prometheus export" SeaPrometheusExporter
  # Its package is probed for what is to come.
  row "Azure Blob store" off "results lie in a folder: there is no store of blobs yet"
  for package in $(cat "$state/skip" 2>/dev/null | sort -u); do row "$package" off "skipped by --skip"; done
  echo
}

take_turns
started=$(date +%s)
check_sdk
install_packages sdk
probe_groups
install_packages "$(group_state SeaTorchSharp)"
if [ "$(group_state SeaTorchSharp)" = off ] && [ -z "$(libtorch_folder)" ]; then choose_blas; else : >"$state/environment.sh"; fi
write_switches
build_native
build_solution
measure_backend
print_table
warn_slow
remember setup.stamp "$(setup_hash)"
say "ready in $(($(date +%s) - started)) s (.NET SDK $sdk); try ./sea --help"
