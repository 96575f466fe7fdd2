#!/bin/bash
# One Dovecot on loopback, for tests: POP3 (and IMAP if asked) on a Maildir.
#
#   eval "$(tests/servers/dovecot.sh start --maildir DIR [OPTION…])"
#   … use $host $port $pop3s_port $user $pass $ca …
#   tests/servers/dovecot.sh stop "$folder"        (or: kill "$pid")
#
#   --maildir DIR      copied into the server's own folder; none: an empty mailbox
#   --in-place         use DIR itself (root: it is given to the unprivileged user)
#   --port N           POP3, with STLS (default: a free one of 22000-22999, see below)
#   --pop3s-port N     POP3 in TLS (default: a free one); --imap-port N: IMAP too
#   --user U --pass P  default lab, labpass
#   --uidl FORMAT      pop3_uidl_format, default %08Xu%08Xv; %u counters, %f file names
#   --uidvalidity N    default: another one with each start
#   --master U:P       a user who may log in as anybody (AUTH PLAIN with authzid)
#   --auth "M M …"     mechanisms, default "plain login"; cram-md5 and apop work
#   --no-tls           no STLS at all; passwords in clear are taken
#   --secure           passwords are taken only under TLS (default: also in clear)
#   --cert-name NAME   name in the certificate, default localhost
#   --set "KEY = V"    any line of Dovecot's configuration; may be repeated
#   --prefix P         printed names begin with P ("old_")
#
# Prints key=value lines: host port pop3s_port imap_port user pass pid folder ca
# cafile mail log. Run by root, Dovecot itself runs as nobody (TEST_USER). The folder is
# under /tmp because the path of a socket has a limit of 108 bytes. TEST_PORTS="A B" is
# the range that free ports are taken from.
set -euo pipefail

die() { echo "dovecot.sh: $*" >&2; exit 1; }

stop() {
	local folder=$1 pid=
	case $folder in /tmp/rd.*) ;; *) die "not a server's folder: $folder" ;; esac
	[ -d "$folder" ] || return 0
	[ ! -s "$folder/pid" ] || pid=$(cat "$folder/pid")
	# The number may have become somebody else's: only a process that was started on
	# this folder is ours.
	if [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$folder/"; then
		kill "$pid" 2>/dev/null || :
		# Its master waits two seconds for idle login processes; there is no need to.
		for _ in $(seq 8); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		kill -9 -- "-$pid" 2>/dev/null || :
	fi
	for _ in 1 2 3; do
		rm -rf "$folder" 2>/dev/null && return 0
		sleep 0.2
	done
	rm -rf "$folder"
}

# Ports given out by one start must differ, though nothing listens on them yet.
taken=" "
free_port() {
	local range=${TEST_PORTS:-22000 22999} low high p
	low=${range% *} high=${range#* }
	for _ in $(seq 200); do
		p=$((low + (RANDOM * 32768 + RANDOM) % (high - low + 1)))
		case $taken in *" $p "*) continue ;; esac
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null && continue
		taken="$taken$p "
		port_found=$p
		return 0
	done
	die "no free port in $range"
}

certificate() {
	local d=$1 name=$2 key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
	# shellcheck disable=SC2086
	openssl req -x509 $key -days 30 -subj "/CN=reuidl test CA" -keyout "$d/ca.key" \
		-addext "keyUsage=critical,keyCertSign,cRLSign" -out "$d/ca.pem" 2>/dev/null
	# shellcheck disable=SC2086
	openssl req $key -subj "/CN=$name" -keyout "$d/tls.key" -out "$d/tls.csr" 2>/dev/null
	openssl x509 -req -in "$d/tls.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -days 30 \
		-set_serial "0x$(openssl rand -hex 8)" -out "$d/tls.pem" -extfile <(
			echo "subjectAltName=DNS:$name"
			echo "extendedKeyUsage=serverAuth"
		) 2>/dev/null
	cat "$d/ca.pem" >>"$d/tls.pem"
}

start() {
	local maildir= in_place= port= pop3s_port= imap_port= user=lab pass=labpass
	local uidl=%08Xu%08Xv validity= master= auth="plain login" tls=yes secure=no
	local name=localhost more= prefix= given me home d u pid p
	while [ $# -gt 0 ]; do
		case $1 in
		--maildir) maildir=$2 ;;
		--port) port=$2 ;;
		--pop3s-port) pop3s_port=$2 ;;
		--imap-port) imap_port=$2 ;;
		--user) user=$2 ;;
		--pass) pass=$2 ;;
		--uidl) uidl=$2 ;;
		--uidvalidity) validity=$2 ;;
		--master) master=$2 ;;
		--auth) auth=$2 ;;
		--cert-name) name=$2 ;;
		--set) more="$more$2"$'\n' ;;
		--prefix) prefix=$2 ;;
		--in-place) in_place=1; shift; continue ;;
		--no-tls) tls=no; shift; continue ;;
		--secure) secure=yes; shift; continue ;;
		*) die "unknown option: $1" ;;
		esac
		shift 2
	done
	given=$validity
	command -v dovecot >/dev/null || PATH=$PATH:/usr/sbin
	command -v dovecot >/dev/null || { echo "dovecot.sh: no Dovecot here" >&2; exit 77; }

	d=$(mktemp -d /tmp/rd.XXXXXX)
	# shellcheck disable=SC2064
	trap "stop '$d'" EXIT
	chmod 755 "$d"
	mkdir "$d/run" "$d/home"
	home=$d/home
	if [ -z "$maildir" ]; then
		mkdir -p "$home/mail"/{cur,new,tmp}
	elif [ -n "$in_place" ]; then
		ln -s "$(realpath "$maildir")" "$home/mail"
	else
		[ -d "$maildir/cur" ] || die "$maildir is not a Maildir"
		cp -a "$maildir" "$home/mail"
	fi
	# Two servers of one second would have one UIDVALIDITY, and then one list of UIDLs.
	if [ ! -e "$home/mail/dovecot-uidlist" ]; then
		# With a letter in its hex form: UIDLs of digits only count as plain, one in thirty.
		until [ -n "$validity" ] && [ -n "$given$(printf %x "$validity" | tr -d 0-9)" ]; do
			validity=$(($(date +%s) - RANDOM * 1000 - RANDOM % 1000))
		done
		echo "3 V$validity N1 G$(openssl rand -hex 16)" >"$home/mail/dovecot-uidlist"
	fi
	[ "$tls" = no ] || certificate "$d" "$name"

	u=$(id -u)
	me=$(id -un)
	[ "$u" != 0 ] || me=${TEST_USER:-nobody}
	for p in port pop3s_port; do
		[ -z "${!p}" ] || continue
		free_port
		printf -v "$p" %s "$port_found"
	done
	[ "$tls" = yes ] || pop3s_port=0
	(umask 077; echo "$user:{PLAIN}$pass::::::" >"$d/users")
	[ -z "$master" ] || (umask 077; echo "${master%%:*}:{PLAIN}${master#*:}" >"$d/masters")

	cat >"$d/dovecot.conf" <<-END
	base_dir = $d/run
	state_dir = $d/run
	log_path = $d/log
	protocols = pop3$([ -z "$imap_port" ] || echo " imap")
	listen = 127.0.0.1
	default_internal_user = $me
	default_internal_group = $(id -gn "$me")
	default_login_user = $me
	first_valid_uid = 1
	first_valid_gid = 1
	default_process_limit = 500
	default_client_limit = 1500
	mail_location = maildir:$home/mail
	mail_fsync = never
	maildir_stat_dirs = no
	mail_max_userip_connections = 1000
	login_trusted_networks = 127.0.0.0/8
	auth_failure_delay = 0
	auth_mechanisms = $auth
	auth_cache_size = 0
	disable_plaintext_auth = $secure
	ssl = $tls
	pop3_uidl_format = $uidl
	passdb {
	  driver = passwd-file
	  args = scheme=PLAIN username_format=%u $d/users
	}
	userdb {
	  driver = static
	  args = uid=$(id -u "$me") gid=$(id -g "$me") home=$home
	}
	service anvil {
	  chroot =
	}
	service stats {
	  chroot =
	}
	service pop3-login {
	  chroot =
	  service_count = 0
	  process_min_avail = 1
	  inet_listener pop3 {
	    port = $port
	  }
	  inet_listener pop3s {
	    port = $pop3s_port
	  }
	}
	END
	# Trusted networks count as secure: then --secure would say nothing.
	[ "$secure" = no ] || echo "login_trusted_networks =" >>"$d/dovecot.conf"
	[ "$tls" = no ] || cat >>"$d/dovecot.conf" <<-END
	ssl_cert = <$d/tls.pem
	ssl_key = <$d/tls.key
	END
	[ -z "$master" ] || cat >>"$d/dovecot.conf" <<-END
	passdb {
	  driver = passwd-file
	  master = yes
	  args = $d/masters
	}
	END
	[ -z "$imap_port" ] || cat >>"$d/dovecot.conf" <<-END
	service imap-login {
	  chroot =
	  inet_listener imap {
	    port = $imap_port
	  }
	  inet_listener imaps {
	    port = 0
	  }
	}
	END
	printf %s "$more" >>"$d/dovecot.conf"

	local as=()
	if [ "$u" = 0 ]; then
		chown -R "$me:" "$d"
		[ -z "$in_place" ] || chown -R "$me:" "$maildir"
		as=(setpriv "--reuid=$me" "--regid=$(id -g "$me")" --clear-groups --)
	fi
	cd /
	setsid "${as[@]}" dovecot -F -c "$d/dovecot.conf" </dev/null >"$d/out" 2>&1 &
	pid=$!
	echo "$pid" >"$d/pid"
	for _ in $(seq 200); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$port" && IFS= read -r -t 3 line <&3 &&
			[ "${line#+OK}" != "$line" ]) 2>/dev/null; then
			trap - EXIT
			disown
			for p in host=localhost "port=$port" "pop3s_port=$pop3s_port" \
				"imap_port=$imap_port" "user=$user" "pass=$pass" "pid=$pid" \
				"folder=$d" "ca=$d/ca.pem" "cafile=$d/ca.pem" "mail=$home/mail" \
				"log=$d/log"; do
				printf '%s%s=%q\n' "$prefix" "${p%%=*}" "${p#*=}"
			done
			return 0
		fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.03
	done
	cat "$d/out" "$d/log" >&2 2>/dev/null || :
	die "Dovecot did not start"
}

case ${1-} in
start) shift; start "$@" ;;
stop) shift; for f; do stop "$f"; done ;;
*) die "usage: dovecot.sh start [OPTION…] | stop FOLDER…" ;;
esac
