"""A Dovecot of our own: one mailbox, its UIDs and UIDVALIDITY as the test wants them.

tests/servers/dovecot.sh starts it; here are the mail, and Dovecot's own count of what was
asked of it.
"""

import os
import poplib
import re
import shlex
import shutil
import subprocess
import time

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../servers/dovecot.sh")
SYSTEM = "/usr/sbin:/usr/local/sbin"
BINARY = shutil.which("dovecot") or shutil.which("dovecot", path=SYSTEM)
PASSWORD = "labpass"
COUNTS = re.compile(rb"top=(\d+) retr=(\d+) del=(\d+) of=(\d+)")


class Dovecot:
    def __init__(self, box, name, messages, validity, uidl="%08Xu%08Xv", options=(),
                 uidls=None):
        """messages: [(uid, bytes)] in the order of their UIDs; uidls: one for each, where
        the format does not make them."""
        self.box, self.name = box, name
        self.user = dict(zip(options, options[1:])).get("--user", "lab")
        maildir = box.path(name)
        write_maildir(maildir, name, messages, validity, uidls)
        done = subprocess.run(
            ["bash", SCRIPT, "start", "--maildir", maildir, "--uidl", uidl,
             "--set", "pop3_logout_format = top=%t retr=%r del=%d of=%m", *options],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
            env={**os.environ, "TEST_USER": box.user.pw_name, "TEST_PORTS": box.ports})
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")
        told = dict(l.split("=", 1) for l in shlex.split(done.stdout))
        self.port, self.folder = int(told["port"]), told["folder"]
        self.log, self.ca = told["log"], told["cafile"]
        self.seen = 0
        box.servers.append(self)

    def uidls(self):
        """What the server lists now, in its order.  Not one of the sessions counted."""
        before = len(self._counted(0))
        pop = poplib.POP3("localhost", self.port, timeout=10)
        try:
            if "STLS" in pop.capa():
                pop.stls()
            pop.user(self.user)
            pop.pass_(PASSWORD)
            return [line.split(b" ", 1)[1].decode() for line in pop.uidl()[1]]
        finally:
            pop.quit()
            self._counted(before + 1)
            self.seen = before + 1

    def _counted(self, wanted):
        """The counts in the log; a session's are there only when it has ended."""
        deadline = time.monotonic() + 5
        while True:
            with open(self.log, "rb") as log:
                found = COUNTS.findall(log.read())
            if len(found) >= wanted or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def sessions(self):
        """The sessions since last asked, at least one: [{top, retr, del, of}]."""
        found = self._counted(self.seen + 1)[self.seen:]
        self.seen += len(found)
        return [dict(zip(("top", "retr", "del", "of"), map(int, f))) for f in found]

    def forget(self):
        """What was asked until now is not what the test is about.  To be called when
        those sessions have had time to end: with the client already up."""
        self.seen = len(self._counted(0))

    def plain_logins(self):
        """Logins without TLS: Dovecot lets those of its own machine in without."""
        with open(self.log, "rb") as log:
            return [l for l in log if b"-login: Info: Login:" in l and b", TLS" not in l]

    def stop(self):
        shutil.copy(self.log, self.box.path(self.name + ".log"))
        subprocess.run(["bash", SCRIPT, "stop", self.folder], check=False,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=30)


def write_maildir(path, name, messages, validity, uidls=None):
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(path, part))
    last = max((uid for uid, _ in messages), default=0)
    lines = [f"3 V{validity} N{last + 1} G{validity:032x}\n"]
    for i, (uid, body) in enumerate(messages):
        # Nothing of the message is in the file's name, so nothing can be guessed from it.
        file = f"{1700000000 + validity % 1000 + uid}.M{uid}P{validity % 30000}.{name}"
        with open(os.path.join(path, "cur", file + ":2,S"), "wb") as out:
            out.write(body)
        own = f"P{uidls[i]} " if uidls else ""
        lines.append(f"{uid} {own}:{file}\n")
    with open(os.path.join(path, "dovecot-uidlist"), "w", encoding="ascii") as out:
        out.writelines(lines)
