#!/bin/bash
# sanitized.sh PROGRAM [ARGUMENT…]: run.sh under the sanitizers' strict options. Criterion
# does not see a leak in one of its processes: the reports that are left say it.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
export ASAN_OPTIONS=abort_on_error=1:log_path=$reports/asan:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:abort_on_error=1
# Criterion itself leaks a few bytes now and then, in the process of a test.
echo leak:libcriterion >"$reports/known"
export LSAN_OPTIONS=suppressions=$reports/known:print_suppressions=0
"$here/run.sh" "$@"
rc=$?
if compgen -G "$reports/asan.*" >/dev/null; then
	cat "$reports"/asan.* | head -200
	echo "sanitized.sh: $(compgen -G "$reports/asan.*" | wc -l) reports" >&2
	rc=1
fi
exit "$rc"
