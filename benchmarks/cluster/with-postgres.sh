#!/bin/sh
# Runs a command against a PostgreSQL of its own, on the loopback and a free port, and ends it: {} in the command is the database's address.
#   benchmarks/cluster/with-postgres.sh ./sea bench cluster --samples 1000000 --workers 2 --ledger '{}'
# The server's settings are its defaults, durable commits included, but for shared_buffers and max_wal_size.
set -eu
[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
programs=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)" 2>/dev/null || true)
initdb=$(command -v initdb || echo "$programs/initdb")
[ -x "$initdb" ] || { echo "no PostgreSQL server here (Debian: postgresql)" >&2; exit 2; }
postgres=$(command -v postgres || echo "$programs/postgres")
place=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL refuses to run as the superuser.
  chown 65534:65534 "$place"
  as="setpriv --reuid=65534 --regid=65534 --clear-groups --"
fi
finish() {
  [ -z "${server:-}" ] || { kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$place"
$as "$initdb" -D "$place/data" -U sea -A trust -E UTF8 --locale=C >"$place/init.log" 2>&1
port=$((20000 + $$ % 20000))
$as "$postgres" -D "$place/data" -p "$port" -h 127.0.0.1 -k '' -c shared_buffers=512MB -c max_wal_size=4GB -c max_connections=200 >"$place/server.log" 2>&1 &
server=$!
until grep -q 'ready to accept connections' "$place/server.log"; do
  kill -0 "$server" 2>/dev/null || { cat "$place/server.log" >&2; exit 1; }
  sleep 0.2
done
cd "$OLDPWD"
n=$#
while [ "$n" -gt 0 ]; do
  word=$1
  shift
  [ "$word" != '{}' ] || word="postgres://sea@127.0.0.1:$port/postgres?schema=bench"
  set -- "$@" "$word"
  n=$((n - 1))
done
"$@"
