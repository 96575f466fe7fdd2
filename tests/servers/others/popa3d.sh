#!/bin/bash
# popa3d.sh MAILDIR PORT: popa3d (mbox only: the messages become an mbox)
set -eu
. "$(dirname "$0")/common.sh"
so_args "$@"
so_layer popa3d popa3d socat
so_inside() {
	so_user; so_mbox "/var/mail/$SO_USER"
	# its own daemon mode (-D) has port 110 compiled in, so: inetd mode
	exec socat "TCP4-LISTEN:$SO_PORT,bind=127.0.0.1,fork,reuseaddr" EXEC:/usr/sbin/popa3d
}
so_run
