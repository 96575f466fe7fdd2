#!/bin/bash
# make lint: house rules, formatting, headers that stand alone, shell, manual pages, static
# analysis. A tool that is not installed is named, and fails only where LINT_ALL=1.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
rc=0 passed=0 failed=0
result() {
	if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) rc=1; fi
	printf '%s: %s\n' "$2" "$([ "$1" = 0 ] && echo ok || echo FAILED)"
}
have() {
	command -v "$1" >/dev/null && return 0
	if [ -n "${LINT_ALL-}" ]; then result 1 "$1 is not installed"; else echo "$1 is not installed: skipped"; fi
	return 1
}

python3 tests/lint_rules.py --prove
result $? "the rules can fail"
python3 tests/lint_rules.py
result $? "house rules"

mapfile -t sources < <(find src formats tests -name '*.[ch]' 2>/dev/null | sort)
if have clang-format; then
	bad=0
	for f in "${sources[@]}"; do
		clang-format --dry-run -Werror "$f" 2>/dev/null ||
			{ echo "$f: clang-format -i would change it"; bad=1; }
	done
	result $bad clang-format
fi

# A header that needs another one before it says so only to those who know.
bad=0
read -ra flags <<<"${CPPFLAGS--Isrc}"
while read -r h; do
	echo "#include \"${h#src/}\"" | "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror \
		"${flags[@]}" -fsyntax-only -x c - || { echo "$h: does not compile alone"; bad=1; }
done < <(find src -name '*.h' | sort)
result $bad "headers stand alone"

if have cppcheck; then
	mapfile -t folders < <(ls -d src formats 2>/dev/null)
	# A terminal is read and written without a position.
	cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
		--error-exitcode=1 -j2 -Isrc -D_GNU_SOURCE -DPATH_MAX=4096 \
		--suppress=missingInclude --suppress=missingIncludeSystem \
		--suppress=unmatchedSuppression --suppress=IOWithoutPositioning:src/base/os_posix.c \
		"${folders[@]}"
	result $? cppcheck
fi

mapfile -t scripts < <(git ls-files -co --exclude-standard | while read -r f; do
	[ -f "$f" ] && head -c 20 "$f" | grep -qaE '^#!/bin/(ba)?sh' && echo "$f"
done)
if have shellcheck; then
	# 1007: "x= y=" is how empty ones are declared; 2317: traps look unreachable to it;
	# 1091, 2154: variables that other scripts print.
	shellcheck -S info -e SC1007,SC2317,SC1091,SC2154 "${scripts[@]}"
	result $? shellcheck
fi
if have mandoc && compgen -G 'docs/*.1' >/dev/null; then
	mandoc -Tlint -Wwarning docs/*.1
	result $? mandoc
fi
git ls-files -co --exclude-standard '*.py' | python3 -c '
import ast, os, sys
for path in filter(os.path.exists, sys.stdin.read().split("\n")):
    ast.parse(open(path).read(), path)'
result $? "python parses"
echo "lint: $passed passed, $failed failed"
exit $rc
