#!/usr/bin/env python3
"""dovecot_cases.py [PATH-OF-REUIDL]: mailboxes that Dovecot's own pop3-migration plugin
pairs wrongly in silence, or gives up on as a whole, on two real Dovecots, with their right
answers (docs/matching.md). Each case has its own pair of servers. Ends with "N passed, N
failed"; exit 77 where there is no Dovecot."""

import csv
import io
import os
import poplib
import subprocess
import sys

from play import play_all

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "servers", "dovecot.sh")
ANN = b"From: ann@example.org\nTo: bob@example.org\n"
DATE = b"Date: Mon, 02 Nov 2026 10:00:%02d +0000\n"
TRACE = b"Received: from a.example.net by mx.example.org; Mon, 2 Nov 2026 10:00:%02d +0000\n"


def mail(n, body=None, subject=None, extra=b"", ident=True):
    """A message; the same n is the same message."""
    head = TRACE % n + ANN + b"Subject: " + (subject or b"letter %d" % n) + b"\n" + DATE % n
    if ident:
        head += b"Message-ID: <%d.case@example.org>\n" % n
    return extra + head + b"\n" + (body or b"The text of letter %d.\n" % n)


def others():
    """Ordinary mail around the case, so that nothing is decided by being alone."""
    return {f"other{n}": mail(n) for n in range(40, 44)}


def swapped(a, b):
    rest = others()
    return ({**rest, "a": a, "b": b}, {"b": b, "a": a, **rest},
            {**{k: k for k in rest}, "a": "a", "b": "b"})


def changed(change):
    """All messages are changed on the way; each still has its partner."""
    old = others()
    return old, {k: change(v) for k, v in old.items()}, {k: k for k in old}


def equal_headers():
    same = dict(subject=b"report", ident=False)
    return swapped(mail(1, b"Everything is well.\n", **same),
                   mail(1, b"Nothing is well!!!!\n", **same))


def equal_sizes():
    return swapped(mail(1, b"aaaaaaaa\n"), mail(2, b"bbbbbbbb\n"))


def blanks_count():
    return swapped(mail(1, b"same\n", b"re member", ident=False),
                   mail(1, b"same\n", b"remember", ident=False))


def eight_bit():
    return swapped(mail(1, b"same\n", "Größe".encode(), ident=False),
                   mail(1, b"same\n", "Gräße".encode(), ident=False))


def another_message():
    """One on each side, as large as the other, and not the same."""
    return ({"a": mail(1, b"One text.\n", b"eins")}, {"b": mail(2, b"Two texts\n", b"zwei")},
            {"a": None})


def received():
    return changed(lambda m: b"Received: from old by new; Tue, 3 Nov 2026 09:00:00 +0000\n" + m)


def delivered_to():
    return changed(lambda m: b"Delivered-To: bob@example.org\n" + m)


def lines():
    return changed(lambda m: m.replace(b"\n\n", b"\nLines: 1\n\n", 1))


def antivirus():
    return changed(lambda m: m.replace(b"\n\n", b"\nX-Antivirus: clean\n\n", 1))


LONG = b"one two three\n four five six\n seven"


def unfolded():
    old = {f"m{n}": mail(n, subject=LONG) for n in range(1, 5)}
    new = {k: v.replace(LONG, LONG.replace(b"\n", b"")) for k, v in old.items()}
    return old, new, {k: k for k in old}


def blank_fold():
    old = {f"m{n}": mail(n, subject=LONG) for n in range(1, 5)}
    new = {k: v.replace(b"\n four", b"\n \t \n four") for k, v in old.items()}
    return old, new, {k: k for k in old}


def one_more_old():
    rest = others()
    return {**rest, "gone": mail(9)}, rest, {**{k: k for k in rest}, "gone": None}


def one_more_new():
    rest = others()
    return rest, {"fresh": mail(9), **rest}, {k: k for k in rest}


def reordered():
    rest = others()
    return rest, dict(reversed(rest.items())), {k: k for k in rest}


CASES = [equal_headers, equal_sizes, blanks_count, eight_bit, another_message, received,
         delivered_to, lines, antivirus, unfolded, blank_fold, one_more_old, one_more_new,
         reordered]


class Server:
    def __init__(self, folder, name, messages, user="bob"):
        self.folder, self.messages, self.user = folder, messages, user
        self.maildir = os.path.join(folder, name)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.maildir, sub))
        for i, text in enumerate(messages.values()):
            path = os.path.join(self.maildir, "new", f"{1700000000 + i}.M{i}.{name}")
            with open(path, "wb") as out:
                out.write(text)
            os.utime(path, (1700000000 + i,) * 2)
        words = subprocess.run([SERVER, "start", "--maildir", self.maildir, "--user", user,
                                "--pass", "case"], check=True, capture_output=True, text=True)
        self.vars = dict(line.split("=", 1) for line in words.stdout.splitlines()
                         if "=" in line)

    def uidls(self):
        """Name of each message by its UIDL, by looking at the message itself."""
        names = {}
        box = poplib.POP3("localhost", int(self.vars["port"]))
        box.stls()
        box.user(self.user)
        box.pass_("case")
        for number, uidl in (line.split()[:2] for line in box.uidl()[1]):
            text = b"\n".join(box.retr(int(number))[1]) + b"\n"
            names[uidl.decode()] = next(k for k, v in self.messages.items() if v == text)
        box.quit()
        return names

    def stop(self):
        subprocess.run([SERVER, "stop", self.vars["folder"]], check=False)


def play(reuidl, folder, case):
    old_mail, new_mail, want = case()
    servers = []
    try:
        for name, messages in (("old", old_mail), ("new", new_mail)):
            servers.append(Server(folder, name, messages))
        args = [reuidl, "match", "--map", os.path.join(folder, "map"), "--no-input", "--state",
                os.path.join(folder, "state")]
        for name, server in zip(("old", "new"), servers):
            args += [f"--{name}", f"pop3://bob@localhost:{server.vars['port']}",
                     f"--{name}-password-env", "CASE", f"--{name}-cafile", server.vars["ca"]]
        done = subprocess.run(args, env={**os.environ, "CASE": "case"}, capture_output=True,
                              text=True)
        if done.returncode not in (0, 80):
            raise AssertionError(f"exit {done.returncode}: {done.stderr.strip()}")
        text = subprocess.run([reuidl, "map", args[3], "--export", "csv"], check=True,
                              capture_output=True, text=True).stdout
        old, new = servers[0].uidls(), servers[1].uidls()
    finally:
        for server in servers:
            server.stop()
    got = {old[row["old_uidl"]]: new.get(row["new_uidl"])
           for row in csv.DictReader(io.StringIO(text)) if row["old_uidl"]}
    assert got == want, f"pairs {got}, wanted {want}"


if __name__ == "__main__":
    sys.exit(play_all(CASES, play))
