#!/bin/bash
# cases.sh REUIDL SCRIPT…: runs each script with REUIDL, two at a time since most of them
# wait for servers, and shows what each has said when it has ended. Fails if one does.
set -uo pipefail
reuidl=$1
shift
PATH=/usr/bin:$PATH # see run.sh
export reuidl
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
export t
# shellcheck disable=SC2016
printf '%s\0' "$@" | xargs -0 -P 2 -I{} bash -c '
	out=$t/$(basename "$1")
	start=$SECONDS
	"$1" "$reuidl" >"$out" 2>&1
	rc=$?
	flock "$t" bash -c "cat \"$out\"; echo \"$1: exit $rc, $((SECONDS - start)) s\""
	exit $((rc != 0))' - {}
rc=$?
[ "$rc" = 0 ]
