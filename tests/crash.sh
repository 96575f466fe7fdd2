#!/bin/bash
# make check-crash: tests/crash.c over the writer alone, and over the whole program on a
# Thunderbird profile whose account moves, with mail whose X-UIDL follows: once between
# servers that give each message a UIDL of its own, once between two that count. Then over
# an Evolution's, whose message cache follows.
set -uo pipefail
b=${1:-build}
jobs=$(nproc)
"$b/crash" -j "$jobs"
rc=$?

t=$(mktemp -d /tmp/rk.XXXXXX)
trap 'rm -rf "$t"' EXIT

message() {
	printf 'From - Sat Jan 03 10:00:00 2026\nX-Account-Key: account1\nX-UIDL: %s\n' "$1"
	printf 'X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: %80s\n' ''
	printf 'From: a@example.org\nX-UIDL: %s\n\nthe mail %s\n\n' "$1" "$1"
}

# make_profile FOLDER UIDL...: two messages in the Inbox, the others in an old folder.
make_profile() {
	local p=$1/p.default/Mail old=$1/p.default/Mail/Local\ Folders/Old.sbd
	mkdir -p "$p/localhost" "$old"
	{
		echo 'user_pref("mail.accountmanager.accounts", "account1,account2");'
		echo 'user_pref("mail.account.account1.server", "server1");'
		echo 'user_pref("mail.server.server1.type", "pop3");'
		echo 'user_pref("mail.server.server1.hostname", "localhost");'
		echo 'user_pref("mail.server.server1.userName", "lab");'
		echo 'user_pref("mail.server.server1.directory-rel", "[ProfD]Mail/localhost");'
		echo 'user_pref("mail.server.server1.leave_on_server", true);'
		echo 'user_pref("mail.account.account2.server", "server2");'
		echo 'user_pref("mail.server.server2.type", "none");'
		echo 'user_pref("mail.server.server2.directory-rel", "[ProfD]Mail/Local Folders");'
	} >"$1/p.default/prefs.js"
	shift
	printf '# POP3 State File\n# This is a generated file!  Do not edit.\n\n*localhost lab\n' \
		>"$p/localhost/popstate.dat"
	for u; do echo "k $u 1795355200"; done >>"$p/localhost/popstate.dat"
	: >"$p/Local Folders/Old"
	{ message "$1"; message "$2"; } >"$p/localhost/Inbox"
	for u in "${@:3:3}"; do message "$u"; done >"$old/2024"
	touch -d '2026-01-04 10:00:00.123456789' "$p/localhost/Inbox" "$old/2024"
}

# try FOLDER STORE COMPANION…: its pairs.csv is the map.
try() {
	local store=$2
	"$b/reuidl" map "$1/map" --import "$1/pairs.csv" --old-account lab@localhost \
		--new-account lab@localhost --state "$1/state" --no-input || exit 1
	rm -rf "$1/state"
	local every=(--state @/state --no-input --yes)
	local apply=("$b/reuidl" apply "${every[@]}" --before-first-contact --map @/map "@/$store")
	"$b/crash" -j "$jobs" "$1" "$store" "${@:3}" --apply "${apply[@]}" \
		--then "${apply[@]}" --undo "$b/reuidl" undo "${every[@]}" "@/$store" || rc=1
}

names=()
for i in $(seq 10 40); do names+=("000000${i}6b02f262"); done
make_profile "$t/names" "${names[@]}"
{
	echo old_uidl,new_uidl,evidence
	for i in $(seq 10 39); do echo "000000${i}6b02f262,000000$((49 - i))71234567,import"; done
} >"$t/names/pairs.csv"
thunderbird=(p.default/Mail/localhost/popstate.dat p.default/Mail/localhost/Inbox
	"p.default/Mail/Local Folders/Old.sbd/2024")
try "$t/names" "${thunderbird[@]}"

# Another account's, with and without the folder that it is to be in.
account() {
	cat >>"$1/p.default/prefs.js" <<-'EOF'
	user_pref("mail.accountmanager.accounts", "account1,account2,account3");
	user_pref("mail.account.account3.server", "server3");
	user_pref("mail.server.server3.type", "pop3");
	user_pref("mail.server.server3.hostname", "127.0.0.1");
	user_pref("mail.server.server3.userName", "lab");
	user_pref("mail.server.server3.directory-rel", "[ProfD]Mail/new");
	user_pref("mail.server.server3.leave_on_server", true);
	EOF
}

into() {
	local store=p.default/Mail/localhost/popstate.dat new=p.default/Mail/new/popstate.dat
	local every=(--state @/state --no-input --yes)
	local apply=("$b/reuidl" apply "${every[@]}" --into account3 --map @/map "@/$store")
	"$b/crash" -j "$jobs" "$1" $store --copied-to $new --apply "${apply[@]}" \
		--then "${apply[@]}" --undo "$b/reuidl" undo "${every[@]}" "@/$new" || rc=1
}

account "$t/names"
into "$t/names"
mkdir "$t/names/p.default/Mail/new"
into "$t/names"

make_profile "$t/numbers" 1 2 3 4 5 6 7
{
	echo old_uidl,new_uidl,evidence
	for i in $(seq 1 6); do echo "$i,$((7 - i)),import"; done
} >"$t/numbers/pairs.csv"
try "$t/numbers" "${thunderbird[@]}"

# A database of which a part, records and their text, is in the log alone: made by SQLite,
# and copied while it has it open.
store=Library/Mail/V2/MailData/MessageUidsAlreadyDownloaded3
account=9D1B7D20-5C9C-4C5A-8E0E-2A1D3C4B5F60@
mkdir -p "$t/log/${store%/*}"
{
	echo 'PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;'
	echo "CREATE TABLE ZACCOUNT (Z_PK INTEGER PRIMARY KEY, ZACCOUNTID VARCHAR);"
	echo "INSERT INTO ZACCOUNT VALUES (1, '${account%@}');"
	echo 'CREATE TABLE ZSEENMESSAGE (Z_PK INTEGER PRIMARY KEY, ZACCOUNT INTEGER, ZMESSAGEID VARCHAR);'
	for i in $(seq 10 24); do echo "INSERT INTO ZSEENMESSAGE VALUES ($i, 1, 'x');"; done
	echo 'PRAGMA wal_checkpoint(TRUNCATE);'
	for i in $(seq 10 40); do
		echo "INSERT OR REPLACE INTO ZSEENMESSAGE VALUES ($i, 1, '000000${i}6b02f262');"
	done
	echo ".shell cp '$t/made' '$t/log/$store'"
	echo ".shell cp '$t/made-wal' '$t/log/$store-wal'"
} | sqlite3 "$t/made" >/dev/null || exit 1
[ -s "$t/log/$store-wal" ] || exit 1
cp "$t/names/pairs.csv" "$t/log/pairs.csv"
"$b/reuidl" map "$t/log/map" --import "$t/log/pairs.csv" --old-account lab@localhost \
	--new-account lab@localhost --state "$t/log/state" --no-input || exit 1
rm -rf "$t/log/state"
apply=("$b/reuidl" apply --state @/state --no-input --yes --before-first-contact
	--allow-deletes --account "$account" --map @/map "@/$store")
"$b/crash" -j "$jobs" "$t/log" "$store" --sqlite 'SELECT * FROM ZSEENMESSAGE' \
	--apply "${apply[@]}" --then "${apply[@]}" \
	--undo "$b/reuidl" undo --state @/state --no-input --yes "@/$store" || rc=1

# Names in the cache as libcamel 3.46.4 makes them (tests/test_evolution.c): of the UIDLs 1
# to 6, and 7, which no record has and the new server gives to a message that is unread. Two
# messages have UIDLs that nobody counts, before and after (tests/make_evolution.py).
cached=(- 2e/1 2e/2 2e/3 2e/4 2e/5 2e/6 2e/7)
c=$t/evolution/.local/share/evolution/mail/abc
mkdir -p "$c/cache/2e" "$t/evolution/.config/evolution/sources"
printf '%s\n' '[Mail Account]' BackendName=pop '[Authentication]' Host=localhost User=lab \
	'[Pop Backend]' KeepOnServer=true >"$t/evolution/.config/evolution/sources/abc.source"
printf '%s\n' 1 2 3 4 5 6 000000086b02f262 000000096b02f262 >"$c/uid-cache"
for i in 1 2 3 4 5; do
	echo "${cached[i]} ${cached[6 - i]} the message $i" >"$c/cache/${cached[i]}"
done
for i in 6 7; do echo "${cached[i]} - the message $i" >"$c/cache/${cached[i]}"; done
mkdir -p "$c/cache/1e" "$c/cache/26"
echo "1e/000000086b02f262 2b/0000000b71234567 either the message 8" >"$c/cache/1e/000000086b02f262"
echo "26/000000096b02f262 33/0000000c71234567 either the message 9" >"$c/cache/26/000000096b02f262"
{
	echo old_uidl,new_uidl,evidence
	for i in $(seq 1 5); do echo "$i,$((6 - i)),import"; done
	printf '6,,\n,6,\n,7,\n'
	printf '000000086b02f262,0000000b71234567,import\n000000096b02f262,0000000c71234567,import\n'
} >"$t/evolution/pairs.csv"
try "$t/evolution" .local/share/evolution/mail/abc/uid-cache \
	.local/share/evolution/mail/abc/cache/
exit $rc
