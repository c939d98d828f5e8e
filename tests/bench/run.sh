#!/usr/bin/env bash
# yizhan beside what people would use instead, measured in one run; prints a table and writes JSON.
#
#   tests/bench/run.sh hits|downloads|herd|resolve|pages [--rounds N] [--seconds S] [--quick] [--peers yizhan,nginx-cache,…] [--json FILE] [--readme]
#
#   hits      what is stored already: a page, a small and a large file, many connections, memory
#   downloads what is not: one mirror and several, breaking off, stalling, lying; beside curl, aria2c and the bare work
#   herd      five hundred clients at once, quick ones and slow ones
#   resolve   uv and two hundred projects of a mirror that is 50 ms away
#   pages     the page matched to a machine, cold and hot; reading and writing pages beside Python and libxml2
#
# Builds the release preset, installs the peers that Debian has (deploy/setup.sh --bench); those of PyPI go into
# ~/.cache/yizhan-tests by this machine's pip, and are left out by name where that cannot be. Everything stays on
# loopback and ends by itself. No figure is asserted: a busy machine makes wrong ones, so the load is noted beside them.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "$0"; }

case ${1:-} in
    hits | downloads | herd | resolve | pages) ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
esac
what=$1
shift

"$root/deploy/setup.sh" --build --bench
(cd "$root" && cmake --preset release >/dev/null) # again: a peer's library may have come since
cmake --build "$root/build/release" --target yizhan tests/origin/origin tests/bench/pipeline tests/bench/page_speed
exec /usr/bin/python3 "$root/tests/bench/$what.py" "$@"
