#!/bin/bash
# mailutils.sh MAILDIR PORT: GNU mailutils pop3d (mbox only: the messages become
# an mbox; with a maildir spool it answers PASS with "[IN-USE] Mailbox in use")
set -eu
. "$(dirname "$0")/common.sh"
so_args "$@"
so_layer mailutils mailutils-pop3d
so_inside() {
	so_user
	local cfg=/run/state/pop3d.conf box
	so_mbox "/var/mail/$SO_USER"; chmod 1777 /var/mail   # pop3d makes its lock file there as the user
	box='mailbox { mail-spool "/var/mail"; };'
	cat > $cfg <<EOF
mode daemon;
foreground yes;
server 127.0.0.1:$SO_PORT { transcript no; };
logging { syslog no; };
$box
auth { authentication "generic:system:pam"; authorization "system"; };
pam { service login; };
EOF
	exec pop3d --no-config --config-file=$cfg --foreground
}
so_run
