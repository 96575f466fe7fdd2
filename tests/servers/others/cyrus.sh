#!/bin/bash
# shellcheck disable=SC2153
# cyrus.sh MAILDIR PORT [UIDL_FORMAT]: Cyrus pop3d; the messages are
# appended over IMAP, which listens on PORT+1 (as the user's INBOX).
# UIDL_FORMAT: cyrus (default), uidonly, dovecot or courier (imapd.conf's uidl_format)
set -eu
. "$(dirname "$0")/common.sh"
so_args "$@"
SO_FORMAT=${3:-cyrus}; export SO_EXPORT=SO_FORMAT
so_layer cyrus cyrus-pop3d cyrus-imapd sasl2-bin libsasl2-modules curl
so_inside() {
	local c=/run/state/cy f
	touch /run/state/wait
	mkdir -p $c/{conf,spool,socket,run}
	cat > $c/imapd.conf <<EOF
configdirectory: $c/conf
partition-default: $c/spool
defaultpartition: default
admins: cyrus
autocreate_quota: 0
allowplaintext: yes
allowapop: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $c/sasldb
sasl_mech_list: PLAIN LOGIN
virtdomains: off
servername: lab
unixhierarchysep: yes
altnamespace: yes
uidl_format: $SO_FORMAT
popminpoll: 0
popuseacl: no
statuscache: no
master_pid_file: $c/run/master.pid
EOF
	cat > $c/cyrus.conf <<EOF
START { recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C $c/imapd.conf -r" }
SERVICES {
	imap cmd="imapd -C $c/imapd.conf -U 30" listen="127.0.0.1:$((SO_PORT + 1))" prefork=0 maxchild=20
	pop3 cmd="pop3d -C $c/imapd.conf -U 30" listen="127.0.0.1:$SO_PORT" prefork=0 maxchild=20
}
EVENTS { }
EOF
	echo "$SO_PASS" | saslpasswd2 -p -c -u lab -f $c/sasldb "$SO_USER"
	chmod 711 /run/state; chown -R cyrus:mail $c
	cyrmaster=/usr/sbin/cyrmaster; [ -x $cyrmaster ] || cyrmaster=/usr/lib/cyrus/bin/master
	(
		for _ in $(seq 1 100); do (exec 3<>"/dev/tcp/127.0.0.1/$((SO_PORT + 1))") 2>/dev/null && break; sleep 0.2; done
		for f in $(cd /run/state/mail && find cur new -type f | sed 's,.*/\(.*\),\1 &,' | LC_ALL=C sort | cut -d' ' -f2-); do
			# IMAP wants CRLF line ends
			perl -0pe 's/\r?\n/\r\n/g' "/run/state/mail/$f" > $c/msg
			curl -sS --user "$SO_USER:$SO_PASS" -T $c/msg "imap://127.0.0.1:$((SO_PORT + 1))/INBOX"
		done
		rm -f /run/state/wait
	) &
	exec $cyrmaster -C $c/imapd.conf -M $c/cyrus.conf -D -p $c/run/master.pid
}
so_run
