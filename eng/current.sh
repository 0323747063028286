#!/bin/sh
# current.sh command|tests: brings set-up and build up to date, quietly and quickly when nothing changed; all output on stderr.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/eng/state.sh"

exec 1>&2
what=$1

needs_setup() { [ ! -f "$command_dll" ] || ! is_current setup.stamp "$(setup_hash)"; }
needs_build() {
  case $what in
    tests) ! is_current tests.stamp "$(tests_hash)" ;;
    *) ! is_current source.stamp "$(source_hash)" ;;
  esac
}

if needs_setup; then
  exec sh "$root/eng/setup.sh"
fi
if needs_build; then
  take_turns
  needs_build || exit 0
  source=$(source_hash)
  tests=$(tests_hash)
  echo "sea: sources changed, building"
  case $what in
    tests)
      build "the solution" "$root/SeaCluster.sln"
      remember tests.stamp "$tests" ;;
    *)
      build "the command" "$root/src/SeaCluster.Cli/SeaCluster.Cli.csproj" ;;
  esac
  remember source.stamp "$source"
fi
