#!/usr/bin/env python3
"""other_servers.py [PATH-OF-REUIDL] [NAME…]: the POP3 servers of Debian beside Dovecot, each as
the old and as the new server of a move. Letters, and messages that servers treat each in its
own way: no pair may be wrong, and those that a server does not change are all found.

    courier cyrus cyrus-uidonly cyrus-dovecot cyrus-courier popa3d solid mailutils
    cyrus-imap cyrus-courier-imap (the same, read by IMAP beside POP3)

They run in throw-away overlays of the root file system (servers/others/common.sh), so this
wants root; exit 77 where that cannot be. Ends with "N passed, N failed"."""

import csv
import io
import os
import poplib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "clients"))
sys.dont_write_bytecode = True

import letters

DOVECOT = os.path.join(HERE, "servers", "dovecot.sh")
OTHERS = os.path.join(HERE, "servers", "others")
SERVERS = {
    "courier": ["courier.sh"],
    "cyrus": ["cyrus.sh", "cyrus"],
    "cyrus-uidonly": ["cyrus.sh", "uidonly"],
    "cyrus-dovecot": ["cyrus.sh", "dovecot"],
    "cyrus-courier": ["cyrus.sh", "courier"],
    "cyrus-imap": ["cyrus.sh", "cyrus"],
    "cyrus-courier-imap": ["cyrus.sh", "courier"],
    "popa3d": ["popa3d.sh"],
    "solid": ["solid.sh", "maildir"],
    "mailutils": ["mailutils.sh"],
}
# What a server does to a message, so that it need not be found: it may be, but rightly.
CHANGED = {
    "courier": {"crlf"},        # sends each CR of a file that was stored with CRLF
    "popa3d": {"copy", "dots"},  # gives copies one UIDL; "From " is escaped in an mbox
    "solid": {"crlf"},
    # Takes that header for the UIDL, and its TOP has a blank line too many before each body,
    # so that bodies do not decide.
    "mailutils": {"x-uidl", "dots", "copy", "no-newline"},
}
LEFT_OUT = {"solid": {"no-newline"}}  # "message is damaged", of the whole mailbox


def message(name, number, body, more=b"", ident=True):
    head = (b"Received: from a.example.net by mx.example.org; Mon, 2 Nov 2026 10:00:%02d +0000\n"
            b"From: ann@example.org\nTo: bob@example.org\nSubject: case %s\n"
            b"Date: Mon, 02 Nov 2026 10:00:%02d +0000\n" % (number, name.encode(), number))
    if ident:
        head += b"Message-ID: <%d.case@example.org>\n" % number
    return head + more + b"\n" + body


def mailbox():
    """Names and messages; a copy is there twice."""
    box = [(f"letter{n}", letters.letter(n)) for n in letters.OLD]
    box += [(n, message(n, i, *rest)) for i, (n, *rest) in enumerate([
        ("eight-bit", b"caf\xc3\xa9 \xe9 8-bit\n"),
        ("dots", b".\n..\n.dot\nFrom the start\nend\n"),
        ("no-newline", b"no newline at the end"),
        ("x-uidl", b"text\n", b"X-UIDL: old-uidl-7\n"),
        ("no-id", b"no Message-ID\n", b"", False),
        ("copy", b"the same twice\n"),
        ("empty", b""),
        ("eight-bit-header", b"text\n", b"X-Name: Gr\xc3\xb6\xc3\x9fe\n"),
        ("folded", b"text\n", b"X-Long: one\n two\n\tthree\n   four\n"),
        ("status", b"text\n", b"Status: RO\nLines: 1\n"),
    ])]
    crlf = message("crlf", 50, b"line\nline\n").replace(b"\n", b"\r\n")
    return box + [("crlf", crlf), ("copy", dict(box)["copy"])]


def free_port():
    """Two in a row: Cyrus has IMAP on the second."""
    while True:
        port = random.randint(22600, 22900)
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", p))
            return port
        except OSError:
            continue


class Server:
    def __init__(self, lab, name, messages, seed):
        self.stop_it = None
        folder = os.path.join(lab, name)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(folder, sub))
        random.Random(seed).shuffle(messages)
        for i, (_, text) in enumerate(messages):
            path = os.path.join(folder, "new", f"{1700000000 + i}.M{i}P1.lab")
            with open(path, "wb") as out:
                out.write(text)
            os.utime(path, (1700000000 + i,) * 2)
        if name == "dovecot":
            command = [DOVECOT, "start", "--maildir", folder, "--no-tls"]
        else:
            script, *format = SERVERS[name]
            command = [os.path.join(OTHERS, script), folder, str(free_port()), *format]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(done.returncode)
        self.vars = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    def names(self):
        """What each UIDL is, by the message itself; a set, as copies may share one."""
        found = {}
        box = poplib.POP3("127.0.0.1", int(self.vars["port"]), timeout=30)
        # RFC 6856: without it Courier wraps messages with 8-bit headers.
        if self.can_utf8(box):
            box.utf8()
        box.user(self.vars["user"])
        box.pass_(self.vars["pass"])
        for line in box.uidl()[1]:
            number, uidl = line.split()[:2]
            # Courier ends a header at a line of CR only, and so at once.
            head = b"\n".join(box.top(int(number), 20)[1])
            case = re.search(rb"^Subject: case ([\w-]+)", head, re.M)
            ident = re.search(rb"^Message-ID: +<2026(\d{4})", head, re.M)
            name = case[1].decode() if case else f"letter{int(ident[1])}"
            found.setdefault(uidl.decode(), set()).add(name)
        box.quit()
        return found

    @staticmethod
    def can_utf8(box):
        try:
            return "UTF8" in box.capa()
        except poplib.error_proto:
            return False

    def stop(self):
        if "state" in self.vars:
            try:
                os.kill(int(self.vars["pid"]), signal.SIGKILL)
            except ProcessLookupError:
                pass
            shutil.rmtree(self.vars["state"], ignore_errors=True)
        else:
            subprocess.run([DOVECOT, "stop", self.vars["folder"]], check=False)


def play(reuidl, lab, name, as_old):
    """The complaint, or an empty string."""
    box = [m for m in mailbox() if m[0] not in LEFT_OUT.get(name, ())]
    fresh = [(f"letter{n}", letters.letter(n)) for n in letters.NEWLY]
    sides = [name, "dovecot"] if as_old else ["dovecot", name]
    servers = []
    try:
        for i, side in enumerate(sides):
            servers.append(Server(lab, side, box + fresh if i else list(box), i))
        args = [reuidl, "match", "--map", os.path.join(lab, "map"), "--no-input", "--state",
                os.path.join(lab, "state")]
        env = dict(os.environ)
        for side, s in zip(("old", "new"), servers):
            env[side] = s.vars["pass"]
            url = f"pop3://{s.vars['user']}@127.0.0.1:{s.vars['port']}"
            args += [f"--{side}-password-env", side, f"--{side}-tls", "off"]
            if sides[side == "new"].endswith("-imap"):
                args += [f"--{side}-pop3", url]  # IMAP is on the next port
                url = f"imap://{s.vars['user']}@127.0.0.1:{int(s.vars['port']) + 1}"
            args += [f"--{side}", url]
        done = subprocess.run(args, env=env, capture_output=True, text=True, timeout=120)
        if done.returncode:
            return f"exit {done.returncode}: {done.stderr.strip()[-600:]}"
        text = subprocess.run([reuidl, "map", args[3], "--export", "csv"], check=True,
                              capture_output=True, text=True).stdout
        old, new = servers[0].names(), servers[1].names()
    finally:
        for s in servers:
            s.stop()
    wrong, missed = [], []
    for row in csv.DictReader(io.StringIO(text)):
        if not row["old_uidl"]:
            continue
        names = old[row["old_uidl"]]
        if not row["new_uidl"]:
            missed += names - CHANGED.get(name, set())
        elif new[row["new_uidl"]] != names:
            wrong.append(f"{sorted(names)} is not {sorted(new[row['new_uidl']])}")
    said = [f"WRONG PAIRS: {', '.join(wrong)}"] if wrong else []
    if missed:
        said.append(f"not found: {', '.join(sorted(missed))}")
    return "; ".join(said)


def main(argv):
    names = [a for a in argv if a in SERVERS] or list(SERVERS)
    rest = [a for a in argv if a not in SERVERS]
    reuidl = os.path.abspath(rest[0] if rest else os.path.join(HERE, "../build/reuidl"))
    if os.geteuid() != 0 or not os.path.exists("/usr/sbin/dovecot"):
        print("other_servers: not run: it wants root, and Dovecot", file=sys.stderr)
        return 77
    failed = 0
    for name in names:
        for as_old in (True, False):
            lab = tempfile.mkdtemp(prefix="reuidl-servers-")
            os.chmod(lab, 0o755)
            try:
                wrong = play(reuidl, lab, name, as_old)
            finally:
                shutil.rmtree(lab)
            failed += bool(wrong)
            print(f"{'FAILED' if wrong else 'passed'} {name} as the {'old' if as_old else 'new'} server"
                  + (f": {wrong}" if wrong else ""), flush=True)
    print(f"{2 * len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
