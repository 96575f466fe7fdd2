"""KMail: the real POP3 resource of Akonadi, on SQLite, in a D-Bus session of its own.

KMail itself shows what Akonadi has; fetching, and knowing what was fetched, is the work
of akonadi_pop3_resource.  It is told to check over D-Bus, as KMail does."""

import contextlib
import os
import sqlite3

from trial import IDENT, Client

RESOURCE = "akonadi_pop3_resource_0"
STORE = f".config/{RESOURCE}rc"
SERVER = """[%General]
Driver=QSQLITE3

[QSQLITE3]
Name={0}/.local/share/akonadi/akonadi.db
"""
AGENTS = f"""[Instances]
{RESOURCE}\\AgentType=akonadi_pop3_resource
"""
# Starts Akonadi, checks for mail once, and stops it.
SESSION = r"""
to=org.freedesktop.Akonadi.Resource.%(resource)s
ask() { dbus-send --session --print-reply=literal --dest=$to / "$1" 2>&1; }
until_says() { # SECONDS PATTERN COMMAND
	end=$(($(date +%%s) + $1))
	until eval "$3" | grep -q "$2"; do
		[ "$(date +%%s)" -lt $end ] || { echo "waited for $2"; return 1; }
		sleep 0.3
	done
}
dbus-monitor --session "interface='org.freedesktop.Akonadi.Agent.Status'" >"$HOME/said" 2>&1 &
akonadictl start
until_says 90 Ready "ask org.freedesktop.Akonadi.Agent.Status.statusMessage" &&
	ask org.freedesktop.Akonadi.Resource.synchronize &&
	until_says 60 "Finished mail check" 'cat "$HOME/said"'
ended=$?
akonadictl stop
until_says 60 "Control: stopped" "akonadictl status 2>&1" || ended=1
kill $!
exit $ended
"""


class KMail(Client):
    name, program = "kmail", "akonadictl"
    packages = ("kdepim-runtime", "akonadi-server", "akonadi-backend-sqlite", "dbus")
    mail = ".local/share/akonadi/akonadi.db"

    def setup(self, home, account):
        self.home = home
        self.write(".config/akonadi/akonadiserverrc", SERVER.format(home))
        self.write(".config/akonadi/agentsrc", AGENTS)
        self.write(STORE, f"""[General]
authenticationMethod=7
host={account.host}
leaveOnServer=true
login={account.user}
name=lab
port={account.port}
unitTestPassword={account.password}
""")

    def switch(self, account):
        """As its dialogue does: of this file, those lines."""
        with open(os.path.join(self.home, STORE), encoding="utf-8") as file:
            lines = file.read().split("\n")
        for key in ("host", "login", "port"):
            wanted = f"{key}={getattr(account, 'user' if key == 'login' else key)}"
            lines = [wanted if line.startswith(key + "=") else line for line in lines]
        self.write(STORE, "\n".join(lines))

    def letters(self):
        """What Akonadi has; another resource puts it into a maildir, in its own time."""
        file = "file:" + os.path.join(self.home, self.mail) + "?mode=ro"
        with contextlib.closing(sqlite3.connect(file, uri=True)) as db:
            heads = db.execute("SELECT data FROM parttable JOIN parttypetable AS type "
                               "ON parttypeid = type.id WHERE type.name = 'HEAD'").fetchall()
        found = [i for head, in heads for i in IDENT.findall(head)]
        return sorted(i.decode() for i in found)

    def fetch(self):
        runtime = os.path.join(self.home, ".run")
        os.makedirs(runtime, mode=0o700, exist_ok=True)
        self.box.own(runtime)
        self.run(["dbus-run-session", "--", "sh", "-c",
                  SESSION % {"resource": RESOURCE}], timeout=240,
                 XDG_RUNTIME_DIR=runtime, QT_QPA_PLATFORM="offscreen", LC_ALL="C.UTF-8")
