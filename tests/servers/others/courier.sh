#!/bin/bash
# courier.sh MAILDIR PORT: Courier's pop3d on a copy of the Maildir
set -eu
. "$(dirname "$0")/common.sh"
so_args "$@"
so_layer courier courier-pop courier-authdaemon courier-authlib-userdb
so_inside() {
	so_user
	local h; h=$(getent passwd "$SO_USER" | cut -d: -f6)
	cp -a /run/state/mail "$h/Maildir"; chown -R "$SO_USER:" "$h"
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
	userdb "$SO_USER" set uid="$(id -u "$SO_USER")" gid="$(id -g "$SO_USER")" home="$h" mail="$h/Maildir" \
		pop3pw="$(openssl passwd -1 "$SO_PASS")"
	chmod 700 /etc/courier/userdb; makeuserdb
	mkdir -p /run/courier/authdaemon; chown -R courier: /run/courier; chmod 755 /run/courier/authdaemon
	/usr/sbin/authdaemond start
	set -a; . /etc/courier/pop3d; set +a
	exec /usr/sbin/couriertcpd -address=127.0.0.1 -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup "$SO_PORT" \
		/usr/lib/courier/courier/courierpop3login /usr/lib/courier/courier/courierpop3d Maildir
}
so_run
