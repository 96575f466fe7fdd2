#!/bin/bash
# run.sh PROGRAM [ARGUMENT…]: a Criterion program. Its exit status is 0 when nothing was
# tested at all (no tests linked, a filter that matches nothing): here that is a failure.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Debian's own python3 before one that a version manager stands in for: some hundred servers
# are started, and that one takes 0.2 s longer for each.
PATH=/usr/bin:$PATH
"$@" 2>&1 | tee "$log"
rc=${PIPESTATUS[0]}
if ! grep -q 'Tested: [1-9]' "$log"; then
	echo "run.sh: no test was run" >&2
	exit 1
fi
exit "$rc"
