# Sourced by the other scripts in this folder; not run by itself.
#
# Most of Debian's other POP3 servers conflict with dovecot-pop3d (they
# say "Conflicts: pop3-server"): apt would remove Dovecot.  Here a server is
# therefore installed by apt into a throw-away overlay of the host's root
# file system, and runs there, in its own mount and PID namespaces: the host's
# packages, users and files stay as they are, and one signal ends everything.
# The network is the host's, so the server is reached on 127.0.0.1:PORT.
#
# Needs: root, unshare(1), overlayfs, apt.  Exit 77 means "cannot run here".

SO_CACHE=${SERVERS_OTHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/servers-other}
SO_USER=${SO_USER:-labuser}
SO_PASS=${SO_PASS:-labpass}

so_die() { echo "$0: $*" >&2; exit 1; }
so_skip() { echo "$0: skipped: $*" >&2; exit 77; }

# so_args MAILDIR PORT
so_args() {
	[ $# -ge 2 ] || so_die "usage: $(basename "$0") MAILDIR PORT"
	[ -d "$1/cur" ] && [ -d "$1/new" ] || so_die "$1 is not a Maildir"
	[ "$(id -u)" = 0 ] || so_skip "needs root"
	grep -qw overlay /proc/filesystems || so_skip "no overlayfs"
	SO_MAILDIR=$(cd "$1" && pwd); SO_PORT=$2
}

# so_layer NAME PACKAGE...: make (once) the overlay layer with the packages
so_layer() {
	SO_NAME=$1; shift
	SO_LAYER=$SO_CACHE/$SO_NAME/layer
	mkdir -p "$SO_CACHE/$SO_NAME"
	exec 9>"$SO_CACHE/$SO_NAME/lock"; flock 9
	if [ ! -e "$SO_CACHE/$SO_NAME/done" ]; then
		rm -rf "$SO_LAYER" "$SO_CACHE/$SO_NAME/work" "$SO_CACHE/$SO_NAME/root"
		mkdir -p "$SO_LAYER" "$SO_CACHE/$SO_NAME/work" "$SO_CACHE/$SO_NAME/root"
		SO_PKGS="$*" SO_LAYER=$SO_LAYER unshare -m --propagation private bash -euc '
			d=$(dirname "$SO_LAYER")
			mount -t overlay overlay -o "lowerdir=/,upperdir=$SO_LAYER,workdir=$d/work" "$d/root"
			r=$d/root
			mount --bind /dev "$r/dev"; mount -t proc proc "$r/proc"; mount -t tmpfs tmpfs "$r/run"
			printf "#!/bin/sh\nexit 101\n" > "$r/usr/sbin/policy-rc.d"; chmod 755 "$r/usr/sbin/policy-rc.d"
			export DEBIAN_FRONTEND=noninteractive LC_ALL=C
			apt="chroot $r apt-get -o DPkg::Lock::Timeout=900 -y --no-install-recommends"
			$apt install $SO_PKGS || { $apt update && $apt install $SO_PKGS; }
		' >"$SO_CACHE/$SO_NAME/apt.log" 2>&1 9>&- || { tail -5 "$SO_CACHE/$SO_NAME/apt.log" >&2; so_die "apt failed, see $SO_CACHE/$SO_NAME/apt.log"; }
		rm -rf "$SO_LAYER"/var/cache/apt "$SO_LAYER"/var/lib/apt "$SO_LAYER"/tmp "$SO_LAYER"/run
		: > "$SO_CACHE/$SO_NAME/done"
	fi
	flock -u 9; exec 9>&-
}

# so_run: run the shell function so_inside (and the so_* variables) in the
# overlay; it must end in "exec server in the foreground".  Prints how to reach
# the server, and how to end it.
so_run() {
	SO_STATE=$(mktemp -d "${TMPDIR:-/tmp}/servers-other-$SO_NAME.XXXXXX")
	mkdir -p "$SO_STATE"/{upper,work,root,mail}
	cp -a "$SO_LAYER/." "$SO_STATE/upper/"         # whiteouts and xattrs included
	cp -a "$SO_MAILDIR/." "$SO_STATE/mail/"
	{ declare -p SO_STATE SO_PORT SO_USER SO_PASS SO_NAME ${SO_EXPORT:-}; declare -f so_inside so_user so_mbox; echo 'set -e; so_inside'; } > "$SO_STATE/inside.sh"
	setsid unshare -m -p -f --kill-child --propagation private bash -euc '
		S=$1; r=$S/root
		mount -t overlay overlay -o "lowerdir=/,upperdir=$S/upper,workdir=$S/work" "$r"
		mount --bind /dev "$r/dev"; mount -t proc proc "$r/proc"; mount -t tmpfs tmpfs "$r/run"; mount -t tmpfs tmpfs "$r/tmp"
		mkdir -p "$r/run/state"; mount --bind "$S" "$r/run/state"
		ln -s /run "$r/var/run" 2>/dev/null || :
		# bash stays as PID 1 of the namespace (a server that changes its user id
		# would lose --kill-child'"'"'s signal); when it dies, the kernel ends the rest
		chroot "$r" bash /run/state/inside.sh &
		wait $!
	' _ "$SO_STATE" >"$SO_STATE/log" 2>&1 </dev/null &
	SO_PID=$!
	for _ in $(seq 1 300); do
		kill -0 "$SO_PID" 2>/dev/null || { tail -20 "$SO_STATE/log" >&2; so_die "the server ended, log: $SO_STATE/log"; }
		if [ ! -e "$SO_STATE/wait" ] && (exec 3<>"/dev/tcp/127.0.0.1/$SO_PORT" && IFS= read -r -t 5 l <&3 && [ "${l#+OK}" != "$l" ]) 2>/dev/null; then
			printf 'host=127.0.0.1\nport=%s\nuser=%s\npass=%s\npid=%s\nstate=%s\nlog=%s\n' "$SO_PORT" "${SO_LOGIN:-$SO_USER}" "$SO_PASS" "$SO_PID" "$SO_STATE" "$SO_STATE/log"
			echo "# stop: kill -9 $SO_PID; sleep 1; rm -rf $SO_STATE"
			return 0
		fi
		sleep 0.2
	done
	tail -20 "$SO_STATE/log" >&2; kill -9 "$SO_PID"; so_die "no POP3 greeting on port $SO_PORT after 60 s"
}

# --- helpers for so_inside (they run in the overlay) ---

# so_user: make the Unix user, print nothing
so_user() {
	useradd -m -s /bin/bash "$SO_USER" 2>/dev/null || :
	echo "$SO_USER:$SO_PASS" | chpasswd
}

# so_mbox FILE: the Maildir's messages as an mbox (order of the file names)
so_mbox() {
	local f
	: > "$1"
	for f in $(cd /run/state/mail && find cur new -type f | sed 's,.*/\(.*\),\1 &,' | LC_ALL=C sort | cut -d' ' -f2-); do
		echo "From lab@example.org Thu Jan  1 00:00:00 2026" >> "$1"
		tr -d '\r' < "/run/state/mail/$f" | sed 's/^From />From /' >> "$1"
		[ -z "$(tail -c1 "$1")" ] || echo >> "$1"
		echo >> "$1"
	done
	chown "$SO_USER:mail" "$1"; chmod 660 "$1"
}
