#!/bin/bash
# make demo: the main job from end to end, on two real servers and a mail client's real
# files. Everything lives in one temporary folder and is gone afterwards; your own mail,
# settings and state are not touched.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
reuidl=$PWD/${B:-build}/reuidl
servers=tests/servers
[ -x "$reuidl" ] || { echo "demo.sh: $reuidl is not built" >&2; exit 1; }

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
more() { printf '%s\n' "$@"; }

t=$(mktemp -d /tmp/reuidl-demo.XXXXXX)
finish() {
	# From the files, not from variables: a signal may come between the two.
	sed -n 's/^[a-z]*_folder=//p' "$t"/*.vars 2>/dev/null | xargs -r "$servers/dovecot.sh" stop
	rm -rf "$t"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed=() seen_diff=''
fail() {
	failed+=("$*")
	printf '!! %s\n' "$*"
}

# show COMMAND…: print it and run it; long output only by its head and tail.
show() {
	local shown="reuidl" a n rc
	for a in "${@:2}"; do
		[ "${a//$t\//}" = "$a" ] || a="…/${a#"$t"/}"
		case $a in *[!A-Za-z0-9_./:=@%…-]*) a="'$a'" ;; esac
		shown="$shown $a"
	done
	printf '\n  $ %s\n' "$shown" | fold -s -w 86 | sed '3,$s/^/      /'
	"$@" >"$t/out" 2>&1 </dev/null
	rc=$?
	cp "$t/out" "$t/shown"
	if [ -n "$seen_diff" ]; then
		sed '/^@@ /,/^…\|^[^-+@]/{/^[-+@]/d}; s/^… and .*/(the same changes as above)/; /^--- \|^+++ /d' "$t/out" >"$t/shown"
	fi
	n=$(wc -l <"$t/shown")
	if [ "$n" -gt 36 ]; then
		{
			head -16 "$t/shown"
			printf '… %d lines more …\n' $((n - 30))
			tail -14 "$t/shown"
		} | sed "s,$t,…,g; s/^/  | /"
	else
		sed "s,$t,…,g; s/^/  | /" "$t/shown"
	fi
	return $rc
}
# want STATUS GOT WHAT
want() { [ "$2" = "$1" ] || fail "$3: exit $2 instead of $1"; }
said() { grep -qE "$1" "$t/out" || fail "$2: it did not say \"$1\""; }

started=$SECONDS
say "1. Two mail servers"
more "Two Dovecots start on loopback. The new one has the same 200 messages as the old one, in" \
	"another order and under other UIDLs, and three new ones: a mailbox after a move."
# In this shell by way of a file: a $(…) would hide the exit status.
for side in old new; do
	extra=()
	[ $side = old ] || extra=(--side new --order shuffle --new 3)
	python3 tests/make_mail.py "$t/$side-mail" --count 200 --seed 2026 "${extra[@]}" || exit 1
	$servers/dovecot.sh start --maildir "$t/$side-mail" --user anna --pass "$side-secret" \
		--prefix ${side}_ >"$t/$side.vars" || exit 1
	# shellcheck disable=SC1090
	. "$t/$side.vars"
	(umask 077; echo "$side-secret" >"$t/$side.password")
done
# shellcheck disable=SC2154
{
	more "old: localhost port $old_port    new: localhost port $new_port"
	store=$(python3 tests/make_profile.py "$t/thunderbird" localhost "$old_port" anna \
		"$t/old.password") || exit 1
	cp "$old_ca" "$t/old-ca.pem"
	cp "$new_ca" "$t/new-ca.pem"
	old=(--old "pop3://anna@localhost:$old_port" --old-password-file "$t/old.password"
		--old-cafile "$t/old-ca.pem")
	new=(--new "pop3://anna@localhost:$new_port" --new-password-file "$t/new.password"
		--new-cafile "$t/new-ca.pem")
}
profile=$(dirname "$(dirname "$(dirname "$store")")")
# The state folder must be this run's, and a look for stores must stay in here.
export HOME=$t/home
unset XDG_STATE_HOME XDG_CONFIG_HOME
mkdir "$HOME"
run=(--state "$t/state" --no-input)

say "2. A Thunderbird profile that has fetched all 200 and left them on the server"
more "This is what Thunderbird remembers (popstate.dat: status, UIDL, time):"
head -8 "$store" | sed 's/^/  | /'
more "Pointed at the new server as it is, it would take all 203 messages for new."
cp -p "$store" "$t/popstate.before"
cp -p "${store%/*}/Inbox" "$t/inbox.before"
(cd "$profile" && find . -type f | sort) >"$t/files.before"

say "3. reuidl asks both servers which message is which, and shows what it would change"
show "$reuidl" migrate "${old[@]}" "${new[@]}" "${run[@]}" "$profile"
want 1 $? "migrate without --yes"
said '3 of 203 would be downloaded' "migrate without --yes"
cmp -s "$store" "$t/popstate.before" || fail "migrate without --yes changed popstate.dat"

seen_diff=yes
say "4. The same with --yes: now it writes, with a backup"
show "$reuidl" migrate "${old[@]}" "${new[@]}" "${run[@]}" --yes "$profile"
want 0 $? "migrate --yes"
said '3 of 203 would be downloaded' "migrate --yes"
more "" "What Thunderbird remembers now: other UIDLs, the same status letters and times."
head -8 "$store" | sed 's/^/  | /'
cmp -s "$store" "$t/popstate.before" && fail "migrate --yes changed nothing"
[ "$(cut -d' ' -f1,3 "$store" | tail -n +5)" = "$(cut -d' ' -f1,3 "$t/popstate.before" |
	tail -n +5)" ] || fail "status letters or times have changed"

say "5. Asked again, the new server confirms it"
show "$reuidl" check "${new[@]}" "${run[@]}" "$profile"
want 0 $? "check"
said '3 of 203 would be downloaded' "check"

# Not from reuidl: both mailboxes are read whole, and each record of before must have
# become the UIDL of the very same message.
python3 - "$old_port" old-secret "$new_port" new-secret "$t/popstate.before" "$store" <<-'END'
	import poplib, sys

	def read(port, password):
	    box = poplib.POP3("localhost", int(port))
	    box.user("anna"); box.pass_(password)
	    uidls = [line.split(b" ", 1)[1].decode() for line in box.uidl()[1]]
	    mail = {u: tuple(box.retr(n + 1)[1]) for n, u in enumerate(uidls)}
	    box.quit()
	    return mail

	def known(path):
	    return [l.split(" ")[1] for l in open(path).read().split("\n")[4:] if l]

	old, new = read(*sys.argv[1:3]), read(*sys.argv[3:5])
	before, after = known(sys.argv[5]), known(sys.argv[6])
	right = sum(u in new and old[o] == new[u] for o, u in zip(before, after))
	missing = len(set(new) - set(after))
	print("\nRead again without reuidl: %d of %d records have the UIDL of the same message, %d of %d\n"
	      "messages of the new server are not known yet." % (right, len(after), missing, len(new)))
	sys.exit((right, len(set(after)), missing, len(new)) != (200, 200, 3, 203))
END
want 0 $? "the count without reuidl"

say "6. And back"
show "$reuidl" undo "${run[@]}" --yes "$profile"
want 0 $? "undo"
if cmp "$store" "$t/popstate.before" && cmp "${store%/*}/Inbox" "$t/inbox.before"; then
	more "popstate.dat and the Inbox are, byte for byte, what they were."
else
	fail "undo did not restore the bytes"
fi
(cd "$profile" && find . -type f | sort) | cmp -s - "$t/files.before" ||
	fail "there are other files in the profile than before"

say "7. What has been shown"
if [ ${#failed[@]} = 0 ]; then
	more "After the move Thunderbird downloads the 3 new messages of 203, not all of them; nothing" \
		"was deleted; undo gave back the very bytes. Both servers are stopped and the folder is" \
		"removed ($((SECONDS - started)) s). What to do with your own mail: README.md."
	exit 0
fi
more "This demonstration has FAILED:"
printf '  %s\n' "${failed[@]}"
exit 1
