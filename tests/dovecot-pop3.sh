#!/bin/sh
# dovecot-pop3.sh FOLDER PORT: a Dovecot of our own with 120 messages, TLS, the password
# "secret" and the master user "boss" with the password "master". Runs until killed.
# FOLDER is short (sockets) and of the user whom Dovecot shall run as.
set -eu
d=$1 port=$2
user=$(stat -c %U "$d") group=$(stat -c %G "$d")
mkdir -p "$d/mail/cur" "$d/mail/new" "$d/mail/tmp"
i=1
while [ $i -le 120 ]; do
	printf 'Message-ID: <%d@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: message %d\n\n.dot %d\n' \
		$i $i $i >"$d/mail/cur/1700000$(printf %03d $i).M1P1.h:2,S"
	i=$((i + 1))
done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$d/key" -out "$d/cert" 2>/dev/null
printf 'boss:{PLAIN}master\n' >"$d/masters"
cat >"$d/conf" <<END
base_dir = $d/run
log_path = $d/log
protocols = pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <$d/cert
ssl_key = <$d/key
default_login_user = $user
default_internal_user = $user
default_internal_group = $group
mail_location = maildir:$d/mail
first_valid_uid = 1
pop3_lock_session = yes
passdb {
  driver = passwd-file
  args = $d/masters
  master = yes
  result_success = continue-ok
}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=$user gid=$group home=$d/home
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = $port
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
END
chown -R "$user:$group" "$d" 2>/dev/null || :
exec dovecot -F -c "$d/conf"
