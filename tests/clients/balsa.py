"""Balsa: ~/.balsa/pop-uids.  It has a window and does not end by itself: it runs in an X
server of its own until it has written its list, which it does after each check."""

import codecs
import shutil

from trial import Client

BOXES = ("Inbox", "Outbox", "Sentbox", "Draftbox", "Trash")
RUN = """#!/bin/sh
# No bus: no password is asked of a keyring, and no running Balsa is asked to do it.
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
cd "$HOME" || exit
rm -f display
for box in %s; do : >>"Mail/$box"; done
: >started
Xvfb -displayfd 3 -screen 0 900x700x24 -nolisten tcp 3>display 2>xvfb.log &
x=$!
n=0
until [ -s display ] || [ $((n = n + 1)) -gt 200 ]; do sleep 0.1; done
DISPLAY=:$(cat display) balsa --check-mail &
balsa=$!
n=0
until [ .balsa/pop-uids -nt started ] || [ $((n = n + 1)) -gt 400 ]; do sleep 0.1; done
sleep 1
kill $balsa
wait $balsa
kill $x
wait $x
[ .balsa/pop-uids -nt started ]
"""


class Balsa(Client):
    name = program = "balsa"
    packages = ("balsa", "xvfb")

    @classmethod
    def missing(cls):
        if not shutil.which("Xvfb"):
            return "Xvfb is not installed (apt-get install xvfb)"
        return super().missing()

    def setup(self, home, account):
        self.home = home
        config = f"[Globals]\nMailDir={home}/Mail\n\n"
        config += "[identity-default]\nFullName=Lab\nAddress=lab@example.org\n\n"
        for box in BOXES:
            config += f"[mailbox-{box}]\nType=LibBalsaMailboxMbox\nName={box}\n"
            config += f"Path={home}/Mail/{box}\n\n"
        # Security: none.
        config += f"""[mailbox-1]
Type=LibBalsaMailboxPOP3
Name=lab
Server={account.host}:{account.port}
Security=4
RememberPasswd=true
Check=true
Delete=false
"""
        password = codecs.encode(account.password, "rot13")
        self.write(".balsa/config", config)
        self.write(".balsa/config-private",
                   f"[mailbox-1]\nUsername={account.user}\nPassword={password}\n")
        self.write("Mail/.keep", "")
        self.write("run", RUN % " ".join(BOXES), 0o700)

    def fetch(self):
        self.run([self.home + "/run"])

    def options(self, kind, old, new):
        # A server with a port is called by both.
        return ["--account", f"{old.user}@{old.host}:{old.port}",
                "--client-host", f"{new.host}:{new.port}"]
