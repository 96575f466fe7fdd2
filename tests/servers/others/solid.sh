#!/bin/bash
# shellcheck disable=SC2153
# solid.sh MAILDIR PORT [maildir|mbox]: solid-pop3d.  With maildir it answers
# PASS with "message is damaged" when one message has no newline at its end.
set -eu
. "$(dirname "$0")/common.sh"
so_args "$@"
SO_FORMAT=${3:-maildir}; export SO_EXPORT=SO_FORMAT
so_layer solid solid-pop3d socat
so_inside() {
	so_user
	local h; h=$(getent passwd "$SO_USER" | cut -d: -f6)
	if [ "$SO_FORMAT" = maildir ]; then
		cp -a /run/state/mail "$h/Maildir"; chown -R "$SO_USER:" "$h"
		printf '<Global>\nMailDropType "maildir"\nMailDropName "Maildir"\nWrongCommandsLimit 0\n</Global>\n' > /etc/spop3d.conf
	else
		so_mbox "/var/mail/$SO_USER"
		printf '<Global>\nMailDropType "mailbox"\nMailDropName "/var/mail/%%s"\nWrongCommandsLimit 0\n</Global>\n' > /etc/spop3d.conf
	fi
	exec socat "TCP4-LISTEN:$SO_PORT,bind=127.0.0.1,fork,reuseaddr" EXEC:/usr/sbin/solid-pop3d,nofork
}
so_run
