# Sourced with $root set: where set-up keeps what it knows, and the hashes that tell whether that is still true.
state="$root/artifacts/setup"

# Where Directory.Build.props puts the built command: a build with the TorchSharp package has folders of its own.
find_command() {
  if grep -qs '<SeaTorchSharp>false' "$root/Directory.Build.local.props"; then
    command_dll="$root/src/SeaCluster.Cli/bin/Release/net10.0/sea.dll"
  else
    command_dll="$root/artifacts/torchsharp/bin/SeaCluster.Cli/Release/net10.0/sea.dll"
  fi
}
find_command

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# A build must not leave worker processes behind that hold a caller's pipe open.
export MSBUILDDISABLENODEREUSE=1
# Where Debian keeps ldconfig, which is not on every user's path.
PATH=$PATH:/usr/sbin:/sbin

# One hash over names and contents, so that a checkout that only touches times changes nothing.
hash_files() {
  LC_ALL=C sort | (cd "$root" && tr '\n' '\0' | xargs -0 -r sha256sum --) | sha256sum | cut -c1-64
}

list_files() { # FOLDER... with the find expression that selects files in $1
  expression=$1
  shift
  (
    cd "$root"
    set -f
    # shellcheck disable=SC2086 -- the expression is a list of find arguments
    find "$@" -type d \( -name bin -o -name obj -o -name out -o -name build -o -name __pycache__ \) -prune -o -type f $expression -print 2>/dev/null
  ) || true
}

# What set-up itself depends on: packages, the native library's sources, its own scripts, this machine's release.
setup_hash() {
  {
    list_files '-name *.csproj' src tests benchmarks
    list_files '' native
    for file in eng/setup.sh eng/state.sh eng/probe.sh eng/system.sh eng/packages.txt samples/demo/font-packages.txt Directory.Build.props Directory.Packages.props \
      SeaCluster.sln NuGet.config nuget.config; do
      [ ! -f "$root/$file" ] || echo "$file"
    done
  } | hash_files
  sha256sum </etc/os-release 2>/dev/null || true
  if [ -n "${SEA_LIBTORCH:-}" ]; then echo "$SEA_LIBTORCH"; else cat "$state/libtorch" 2>/dev/null || true; fi
}

# What the built command depends on, and what the built tests depend on beyond it.
source_hash() { list_source src native benchmarks; }
tests_hash() { list_source src native tests benchmarks; }

list_source() {
  {
    list_files '-not -name *.md' "$@" | grep -v '^tests/fixtures/'
    for file in Directory.Build.props Directory.Build.local.props Directory.Packages.props .editorconfig SeaCluster.sln; do
      [ ! -f "$root/$file" ] || echo "$file"
    done
  } | hash_files
}

is_current() { # NAME HASH
  [ -f "$state/$1" ] && [ "$(cat "$state/$1")" = "$2" ]
}

# Written whole or not at all: a killed set-up is simply not current.
remember() { # NAME TEXT
  printf '%s\n' "$2" >"$state/.$1.$$"
  mv -f "$state/.$1.$$" "$state/$1"
}

# Two launchers at once take turns; without flock they may build twice, which is only slower.
take_turns() {
  mkdir -p "$state"
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$state/lock"
    flock -n 9 || { echo "sea: waiting for another set-up of this checkout" >&2; flock 9; }
  fi
}

build() { # LABEL PROJECT...: a log in artifacts, on the screen only what went wrong
  label=$1
  shift
  log="$state/build.log"
  if ! dotnet build "$@" -c Release -v quiet -nologo -consoleLoggerParameters:NoSummary >"$log" 2>&1 </dev/null 9>&-; then
    echo "sea: building $label failed:" >&2
    { grep -E 'error|warning' "$log" || tail -n 20 "$log"; } | sort -u | head -n 20 | sed "s|$root/||g" >&2
    echo "sea: the whole log is artifacts/setup/build.log" >&2
    return 1
  fi
}
