#!/bin/sh
# install.sh GROUP…: the Debian packages that a target needs; nothing happens when they
# are there. Groups: build, demo, check, lint, fuzz, bench, clients, clients-all.
# Exit 77: they are missing and only root could install them; the line to type is printed.
set -u

packages() {
	case $1 in
	build) echo gcc libc6-dev libcurl4-openssl-dev libsqlite3-dev libxml2-dev zlib1g-dev libssl-dev ca-certificates ;;
	demo) echo dovecot-pop3d openssl python3 util-linux ;;
	check) echo dovecot-imapd fetchmail libcriterion-dev libxml2-utils sqlite3 strace undbx microsocks tinyproxy-bin ;;
	lint) echo git clang-format cppcheck mandoc shellcheck ;;
	fuzz) echo clang libclang-rt-14-dev ;;
	valgrind) echo valgrind ;;
	bench) echo dovecot-pop3d dovecot-imapd openssl python3 sqlite3 undbx ;;
	clients) echo thunderbird fetchmail getmail6 mpop fdm ;;
	clients-all) echo evolution dbus-daemon gnome-keyring libsecret-tools balsa claws-mail emacs-nox mailutils sylpheed xvfb kdepim-runtime akonadi-server akonadi-backend-sqlite dbus ;;
	*) echo "install.sh: no such group: $1" >&2; exit 64 ;;
	esac
}

all=
for group; do
	list=$(packages "$group") || exit
	all="$all $list"
done

# Elsewhere than on Debian and its like the compiler will say what is missing.
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0

missing=
# shellcheck disable=SC2086
there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $all 2>/dev/null)
for p in $all; do
	case "
$there
" in *"
installed $p
"*) ;; *) missing="$missing $p" ;; esac
done
[ -n "$missing" ] || exit 0

# A mail server that is wanted for its program only must not begin to serve this machine.
mask=
case $missing in *dovecot*)
	if [ -d /run/systemd/system ] && ! command -v dovecot >/dev/null &&
		[ ! -x /usr/sbin/dovecot ]; then
		mask="systemctl mask dovecot.service dovecot.socket; "
		echo "Dovecot's own service stays off (systemctl unmask dovecot.service undoes that)."
	fi ;;
esac
install="apt-get install -y --no-install-recommends$missing"
line="$mask$install || { apt-get update && $install; }"

echo "Installing what is missing:$missing" >&2
if [ "$(id -u)" = 0 ]; then
	DEBIAN_FRONTEND=noninteractive sh -c "$line"
elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then
	sudo DEBIAN_FRONTEND=noninteractive sh -c "$line"
elif [ -t 0 ] && command -v su >/dev/null; then
	echo "(root's password)" >&2
	su -c "DEBIAN_FRONTEND=noninteractive sh -c '$line'"
else
	false
fi && exit 0
echo "Not installed. Type this as root, and try again:" >&2
echo "  $install" >&2
exit 77
