#!/bin/bash
# valgrind.sh PROGRAM [ARGUMENT…]: a Criterion program and its processes under valgrind.
# Criterion does not hand on what valgrind finds in them: their logs say it.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
"$here/run.sh" valgrind -q --trace-children=yes --leak-check=full \
	--errors-for-leak-kinds=definite --log-file="$logs/%p.log" "$@"
rc=$?
for f in "$logs"/*.log; do
	[ -s "$f" ] || continue
	head -60 "$f"
	rc=1
done
exit "$rc"
