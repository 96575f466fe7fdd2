#!/bin/bash
# Two Dovecots with one person's mail, before and after a move: other UIDLs, another order,
# some new messages.
#
#   eval "$(tests/servers/pair.sh start [--count 200] [--seed 1] [--new 3] [--drop 0]
#           [--mail "OPTION…"] [--new-mail "OPTION…"] [--old "OPTION…"] [--new-server "OPTION…"])"
#   … $old_host $old_port $old_user $old_pass $old_ca … and the same with new_ …
#   tests/servers/pair.sh stop "$old_folder" "$new_folder"
#
# --mail: options of make_mail.py for both sides (--small), --new-mail: for the new side
# (--received-extra); default there: --order shuffle. --old, --new-server: options of
# dovecot.sh for that side (--uidl %u).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

start() {
	local count=200 seed=1 new=3 drop=0 mail= new_mail="--order shuffle" old= new_server= t
	while [ $# -gt 0 ]; do
		case $1 in
		--count) count=$2 ;;
		--seed) seed=$2 ;;
		--new) new=$2 ;;
		--drop) drop=$2 ;;
		--mail) mail=$2 ;;
		--new-mail) new_mail=$2 ;;
		--old) old=$2 ;;
		--new-server) new_server=$2 ;;
		*) echo "pair.sh: unknown option: $1" >&2; exit 1 ;;
		esac
		shift 2
	done
	t=$(mktemp -d /tmp/rm.XXXXXX)
	# shellcheck disable=SC2064
	trap "rm -rf '$t'" EXIT
	# shellcheck disable=SC2086
	python3 "$here/../make_mail.py" "$t/old" --count "$count" --seed "$seed" $mail
	# shellcheck disable=SC2086
	python3 "$here/../make_mail.py" "$t/new" --count "$count" --seed "$seed" --side new \
		--new "$new" --drop "$drop" $mail $new_mail
	# shellcheck disable=SC2086
	out=$("$here/dovecot.sh" start --maildir "$t/old" --prefix old_ --user olduser \
		--pass 'old secret' $old)
	# shellcheck disable=SC2086
	if ! "$here/dovecot.sh" start --maildir "$t/new" --prefix new_ --user newuser \
		--pass 'new secret' $new_server >"$t/out"; then
		eval "$out"
		"$here/dovecot.sh" stop "$old_folder"
		exit 1
	fi
	printf '%s\n' "$out"
	cat "$t/out"
}

case ${1-} in
start) shift; start "$@" ;;
stop) shift; exec "$here/dovecot.sh" stop "$@" ;;
*) echo "usage: pair.sh start [OPTION…] | stop FOLDER…" >&2; exit 1 ;;
esac
