#!/usr/bin/env python3
"""maildir_cases.py [PATH-OF-REUIDL] [NAME…]: Maildirs and an mbox that real servers have kept,
as the old side of a match; and what makes the new server go on with the old UIDLs, put where it belongs:
the real server lists them then, and a real fetchmail that was told of nothing fetches only
what is new. Ends with "N passed, N failed"; exit 77 where there is no Dovecot. A case whose
server or client is not here is said and left out."""

import csv
import imaplib
import io
import os
import poplib
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "clients"))
sys.dont_write_bytecode = True

import letters
from play import Skip, play_all

SERVER = os.path.join(HERE, "servers", "dovecot.sh")
PASSWORD = "case"
ACCOUNT = "lab@localhost"


def same(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got}, wanted {want}")


def make(folder, numbers, name, shuffled=False):
    """A Maildir of these letters; `shuffled`: the server numbers them in another order."""
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, sub))
    for n in numbers:
        at = 1700000000 + (n * 17 % 101 if shuffled else n)
        path = os.path.join(folder, "cur", f"{at}.M{n}P1.{name}:2,S")
        with open(path, "wb") as out:
            out.write(letters.letter(n))
        os.utime(path, (at, at))
    return folder


def number_of(text):
    """Which letter that is."""
    words = b"\n".join(text).split(b"This is letter ", 1)[1]
    return int(words.split(b".", 1)[0])


class Dovecot:
    def __init__(self, folder=None, *more):
        args = [SERVER, "start", "--user", "lab", "--pass", PASSWORD, "--no-tls", *more]
        if folder:
            args += ["--maildir", folder, "--in-place"]
        words = subprocess.run(args, check=True, capture_output=True, text=True).stdout
        self.vars = dict(line.split("=", 1) for line in words.splitlines() if "=" in line)
        self.port = int(self.vars["port"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([SERVER, "stop", self.vars["folder"]], check=False)

    def uidls(self):
        return uidls(self.port, "lab", PASSWORD)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def uidls(port, user, password, host="localhost"):
    """{letter: UIDL}, as POP3 lists them."""
    box = poplib.POP3(host, port)
    box.user(user)
    box.pass_(password)
    got = {}
    for line in box.uidl()[1]:
        number, uidl = line.split()
        got[number_of(box.top(int(number), 99)[1])] = uidl.decode()
    box.quit()
    return got


class Case:
    def __init__(self, reuidl, folder):
        self.reuidl, self.folder = reuidl, folder
        self.map = os.path.join(folder, "map")

    def at(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args, good=(0,)):
        done = subprocess.run([self.reuidl, *args, "--no-input", "--state", self.at("state")],
                              env={**os.environ, "CASE": PASSWORD}, capture_output=True)
        if done.returncode not in good:
            raise AssertionError(f"{args[0]}: exit {done.returncode}: {done.stderr.decode()}")
        return done

    def match(self, old, new, *more):
        """Sides are folders, URLs or ports; pairs of UIDLs come back."""
        args = ["match", "--map", self.map, *more]
        for side, what in (("old", old), ("new", new)):
            if isinstance(what, int):
                args += [f"--{side}", f"pop3://lab@localhost:{what}", f"--{side}-tls=off",
                         f"--{side}-password-env", "CASE"]
            else:
                url = what if ":" in what else "maildir:" + what
                args += [f"--{side}", url, f"--{side}-account", ACCOUNT]
        self.run(*args)
        text = self.run("map", self.map, "--export", "csv").stdout.decode()
        return {row["old_uidl"]: row["new_uidl"]
                for row in csv.DictReader(io.StringIO(text)) if row["old_uidl"]}

    def old_side(self, folder, old, *more):
        """The Maildir against a live new server: old[letter] is the UIDL that it had."""
        gone = max(old)
        new = make(self.at("new"), [n for n in old if n != gone] + [90], "new", True)
        with Dovecot(new) as server:
            want = server.uidls()
            got = self.match(folder, server.port, *more)
        same(got, {uidl: want.get(n, "") for n, uidl in old.items()}, "pairs")


# --- a Maildir in place of the old server -----------------------------------------------


def qmail(case):
    """No server's list: the files' names, some still in new/."""
    folder = make(case.at("old"), range(1, 13), "old")
    name = f"{1700000003}.M3P1.old"
    os.rename(f"{folder}/cur/{name}:2,S", f"{folder}/new/{name}")
    case.old_side(folder, {n: f"{1700000000 + n}.M{n}P1.old" for n in range(1, 13)},
                  "--trust-rule")


class Other:
    """A server of tests/servers/others on a copy of the folder, in an overlay of /."""

    def __init__(self, name, folder):
        if os.geteuid() != 0:
            raise Skip(f"{name} needs root")
        self.port = free_port()
        started = subprocess.run([os.path.join(HERE, "servers/others", name + ".sh"), folder,
                                  str(self.port)], capture_output=True, text=True)
        if started.returncode == 77:
            raise Skip(f"{name} cannot run here: " + started.stderr.strip())
        self.vars = dict(line.split("=", 1) for line in started.stdout.splitlines()
                         if "=" in line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(int(self.vars["pid"]), signal.SIGKILL)
        time.sleep(0.5)
        shutil.rmtree(self.vars["state"], ignore_errors=True)

    def uidls(self):
        return uidls(self.port, self.vars["user"], self.vars["pass"], "127.0.0.1")

    def upper(self, *names):
        return os.path.join(self.vars["state"], "upper", *names)


def courier(case):
    """The list that a real Courier wrote."""
    with Other("courier", make(case.at("old"), range(1, 13), "old")) as server:
        old = server.uidls()
        kept = [at for at, _, files in os.walk(server.upper())
                if "courierpop3dsizelist" in files]
        shutil.copytree(kept[0], case.at("kept"))
    assert old[1].startswith("UID"), old
    case.old_side(case.at("kept"), old)


def mailutils(case):
    """An mbox, whose UIDLs GNU mailutils keeps in X-UIDL headers."""
    with Other("mailutils", make(case.at("old"), range(1, 13), "old")) as server:
        server.uidls()
        old = server.uidls()
        shutil.copy(server.upper("var/mail", server.vars["user"]), case.at("mbox"))
    case.old_side("mbox:" + case.at("mbox"), old)


def dovecot(case):
    """dovecot-uidlist; three messages have UIDLs that an earlier move has saved there."""
    folder = make(case.at("old"), range(1, 13), "old")
    with Dovecot(folder) as server:
        server.uidls()
    path = f"{folder}/dovecot-uidlist"
    with open(path) as f:
        lines = f.read().splitlines()
    lines[2] = lines[2].replace(" :", " Psaved-2 :")
    lines[3] = lines[3].replace(" :", " P :")
    lines[4] = lines[4].replace(" :", " O1 Psaved-4 :")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    with Dovecot(folder) as server:
        old = server.uidls()
    assert old[2] == "saved-2" and old[3] == "1700000003.M3P1.old", old
    case.old_side(folder, old, "--trust-rule")


def gzip(case):
    """Files as Dovecot's zlib plugin writes them."""
    folder = make(case.at("old"), [], "old")
    port = free_port()
    with Dovecot(folder, "--imap-port", str(port), "--set", "mail_plugins = zlib", "--set",
                 "plugin {\n  zlib_save = gz\n}") as server:
        box = imaplib.IMAP4("localhost", port)
        box.login("lab", PASSWORD)
        for n in range(1, 13):
            box.append("INBOX", None, None, letters.letter(n).replace(b"\n", b"\r\n"))
        box.logout()
        old = server.uidls()
    files = [os.path.join(folder, sub, f) for sub in ("new", "cur")
             for f in os.listdir(os.path.join(folder, sub))]
    same({open(f, "rb").read(2) for f in files}, {b"\x1f\x8b"}, "first bytes")
    case.old_side(folder, old, "--trust-rule")


# --- a new server that goes on with the old UIDLs ---------------------------------------


class Fetchmail:
    """A client that has fetched all letters from the old server; it knows a host by name."""

    def __init__(self, case):
        if not shutil.which("fetchmail"):
            raise Skip("there is no fetchmail")
        self.home = case.at("home")
        os.makedirs(self.home + "/mail")
        with open(self.home + "/deliver", "w") as f:
            f.write('#!/bin/sh\ncat >"$(mktemp "$HOME/mail/XXXXXXXX")"\n')
        os.chmod(self.home + "/deliver", 0o700)

    def fetch(self, port):
        """The letters that came."""
        with open(self.home + "/.fetchmailrc", "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(f'poll localhost proto pop3 port {port} uidl\n  user "lab" password '
                    f'"{PASSWORD}" keep sslproto ""\n  mda "{self.home}/deliver"\n')
        before = set(os.listdir(self.home + "/mail"))
        done = subprocess.run(["fetchmail", "--nosyslog"], capture_output=True, text=True,
                              env={**os.environ, "HOME": self.home})
        if done.returncode not in (0, 1):
            raise AssertionError(f"fetchmail: exit {done.returncode}: {done.stderr}")
        got = []
        for name in set(os.listdir(self.home + "/mail")) - before:
            with open(f"{self.home}/mail/{name}", "rb") as f:
                got.append(number_of(f.read().splitlines()))
        return sorted(got)


def moved(case, old_uidl, new_uidl):
    """An old server and the new one's folder, which that has served; what each listed."""
    client = Fetchmail(case)
    with Dovecot(make(case.at("old"), letters.OLD, "old"), "--uidl", old_uidl) as server:
        old = server.uidls()
        same(client.fetch(server.port), list(letters.OLD), "fetched from the old server")
        folder = make(case.at("new"), [*letters.OLD[1:], *letters.NEWLY], "new", True)
        with Dovecot(folder, "--uidl", new_uidl) as other:
            other.uidls()
        case.match(server.port, folder, "--trust-rule", "--new-uidl-rule",
                   "{file}" if new_uidl == "%f" else "dovecot")
    return client, old, folder


def export_uidlist(case):
    client, old, folder = moved(case, "%08Xu%08Xv", "%08Xu%08Xv")
    path = f"{folder}/dovecot-uidlist"
    done = case.run("map", case.map, "--export", "dovecot-uidlist")
    same(done.stderr, b"29 of the map's 29 pairs get their old UIDL\n", "counts")
    with open(path) as f:
        before = f.read().splitlines()
    same([" ".join(w for w in line.split(" ") if w[:1] != "P" or n == 0)
          for n, line in enumerate(done.stdout.decode().splitlines())], before, "all else")
    with open(path, "wb") as f:
        f.write(done.stdout)
    with Dovecot(folder) as server:
        got = server.uidls()
        same({n: got[n] for n in old if n in got},
             {n: u for n, u in old.items() if n != 1}, "UIDLs")
        same(client.fetch(server.port), list(letters.NEWLY), "fetched from the new server")


def export_rename(case):
    client, old, folder = moved(case, "%f", "%f")
    names = sorted(os.listdir(folder + "/cur"))
    done = case.run("map", case.map, "--export", "maildir-rename")
    same(done.stderr, b"29 of the map's 29 pairs get their old UIDL\n", "counts")
    script = case.at("rename.sh")
    with open(script, "wb") as f:
        f.write(done.stdout)

    def sh(what, good=0):
        said = subprocess.run(["sh", script, what], capture_output=True, text=True)
        if said.returncode != good:
            raise AssertionError(f"rename.sh {what}: exit {said.returncode}: {said.stderr}")

    sh("", 1)
    sh("check")
    os.rename(f"{folder}/cur/{names[5]}", f"{folder}/away")
    sh("rename", 1)
    same(len(set(names) - set(os.listdir(folder + "/cur"))), 1, "renamed in spite of it")
    os.rename(f"{folder}/away", f"{folder}/cur/{names[5]}")
    sh("rename")
    with Dovecot(folder, "--uidl", "%f") as server:
        got = server.uidls()
        same({n: got[n] for n in old if n in got},
             {n: u for n, u in old.items() if n != 1}, "UIDLs")
        same(client.fetch(server.port), list(letters.NEWLY), "fetched from the new server")
    sh("undo")
    same(sorted(os.listdir(folder + "/cur")), names, "names after undo")


def collisions(case):
    """One UIDVALIDITY on both servers: what a message to come would get is left out."""
    old_uid = {n: n for n in range(1, 7)}
    old = make(case.at("old"), old_uid, "old")
    new = make(case.at("new"), [6, 5, 8, 9], "new")
    for folder, numbers, uids in ((old, range(1, 7), range(1, 7)), (new, [6, 5, 8, 9], range(1, 5))):
        with open(f"{folder}/dovecot-uidlist", "w") as f:
            f.write("3 V7 N%d G%032x\n" % (len(uids) + 1, 7))
            for n, uid in zip(numbers, uids):
                f.write(f"{uid} :{1700000000 + n}.M{n}P1.{os.path.basename(folder)}\n")
    case.match(old, new, "--trust-rule")
    done = case.run("map", case.map, "--export", "dovecot-uidlist")
    got = [[w for w in line.split() if w[0] == "P"] for line in done.stdout.decode().splitlines()]
    # 6 and 5 were UIDs 6 and 5, which the next two messages get; 8 and 9 have 3 and 4, which
    # were those of letters 3 and 4.
    same([len(got[1]), len(got[2])], [1, 1], "they have what was 1's and 2's")
    same([p[0][:8] for p in got[1:]], ["Preuidl-"] * 4, "UIDLs of their own")
    same(done.stderr.decode().splitlines()[0], "0 of the map's 2 pairs get their old UIDL", "")
    assert b"up to that of UID 6 will come again" in done.stderr, done.stderr
    os.unlink(f"{new}/cur/1700000005.M5P1.new:2,S")
    case.run("map", case.map, "--export", "dovecot-uidlist", good=(78,))


CASES = [qmail, courier, dovecot, gzip, mailutils, export_uidlist, export_rename, collisions]


if __name__ == "__main__":
    sys.exit(play_all(CASES, lambda reuidl, folder, case: case(Case(reuidl, folder))))
