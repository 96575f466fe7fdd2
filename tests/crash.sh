#!/bin/bash
# make check-crash: tests/crash.c over the writer alone, and over the whole program on a
# Thunderbird profile whose account moves.
set -uo pipefail
b=${1:-build}
jobs=$(nproc)
"$b/crash" -j "$jobs"
rc=$?

t=$(mktemp -d /tmp/rk.XXXXXX)
trap 'rm -rf "$t"' EXIT
p=$t/p.default/Mail/localhost
mkdir -p "$p"
{
	echo 'user_pref("mail.accountmanager.accounts", "account1");'
	echo 'user_pref("mail.account.account1.server", "server1");'
	echo 'user_pref("mail.server.server1.type", "pop3");'
	echo 'user_pref("mail.server.server1.hostname", "localhost");'
	echo 'user_pref("mail.server.server1.userName", "lab");'
	echo 'user_pref("mail.server.server1.directory-rel", "[ProfD]Mail/localhost");'
	echo 'user_pref("mail.server.server1.leave_on_server", true);'
} >"$t/p.default/prefs.js"
{
	printf '# POP3 State File\n# This is a generated file!  Do not edit.\n\n*localhost lab\n'
	for i in $(seq 10 40); do echo "k 000000${i}6b02f262 17953552$i"; done
} >"$p/popstate.dat"
{
	echo old_uidl,new_uidl,evidence
	for i in $(seq 10 39); do echo "000000${i}6b02f262,000000$((49 - i))71234567,import"; done
} >"$t/pairs.csv"
"$b/reuidl" map "$t/map" --import "$t/pairs.csv" --old-account lab@localhost \
	--new-account lab@localhost --state "$t/state" --no-input || exit 1
rm -rf "$t/state"
store=p.default/Mail/localhost/popstate.dat
every=(--state @/state --no-input --yes)
apply=("$b/reuidl" apply "${every[@]}" --map @/map "@/$store")
"$b/crash" -j "$jobs" "$t" $store --apply "${apply[@]}" --then "${apply[@]}" \
	--undo "$b/reuidl" undo "${every[@]}" "@/$store" || rc=1
exit $rc
