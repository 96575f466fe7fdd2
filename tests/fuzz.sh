#!/bin/bash
# fuzz.sh FORMATS PROGRAM…: libFuzzer's programs for FUZZ_SECONDS each. It writes into
# its first folder: that is build/corpus, never fixtures. The targets choose a format by
# the first byte, so the seeds are the fixtures with each of FORMATS+1 first bytes.
set -euo pipefail
formats=$1
shift
seeds=build/seeds
rm -rf $seeds
mkdir -p $seeds
while read -r f; do
	for ((i = 0; i <= formats; i++)); do
		{ printf '%b' "\\0$(printf %o "$i")"; cat "$f"; } >"$seeds/$i-${f//\//-}"
	done
done < <(find fixtures -type f ! -name '*.expect')
for program; do
	name=$(basename "$program")
	mkdir -p "build/corpus/$name"
	echo "$name: ${FUZZ_SECONDS:=60} seconds"
	"$program" -max_total_time="$FUZZ_SECONDS" -max_len=81920 -rss_limit_mb=2048 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="build/crash-$name-" \
		"build/corpus/$name" $seeds fixtures
done
