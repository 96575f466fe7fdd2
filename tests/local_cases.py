#!/usr/bin/env python3
"""local_cases.py [PATH-OF-REUIDL]: a client's local mail as evidence, on real Dovecots.

What the client has is written here, as Thunderbird or Evolution writes it, from what the old server
gave over POP3; then that server is stopped (or, to be a witness for contested UIDLs, is
not), and the truth of what must become of each UIDL is known from filling the servers.
Ends with "N passed, N failed"; exit 77 where there is no Dovecot."""

import csv
import io
import json
import os
import poplib
import random
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import make_evolution  # noqa: E402
from play import play_all  # noqa: E402

SERVER = os.path.join(HERE, "servers", "dovecot.sh")


def letter(n, body=None):
    return (b"Received: from a.example.net by mx.example.org; Mon, 2 Nov 2026 10:%02d:00 +0000\n"
            b"From: ann@example.org\nTo: bob@example.org\nSubject: letter %d\n"
            b"Date: Mon, 02 Nov 2026 10:%02d:00 +0000\nMessage-ID: <%d.case@example.org>\n\n"
            % (n, n, n, n)) + (body or b"The text of letter %d.\n\nIts end.\n" % n)


class Server:
    def __init__(self, folder, name, letters, uidl):
        """letters: {number: bytes}, in the order of the server."""
        self.letters = letters
        maildir = os.path.join(folder, name)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(maildir, sub))
        for i, text in enumerate(letters.values()):
            path = os.path.join(maildir, "new", f"{1700000000 + i}.M{i}.{name}")
            with open(path, "wb") as out:
                out.write(text)
            os.utime(path, (1700000000 + i,) * 2)
        done = subprocess.run([SERVER, "start", "--maildir", maildir, "--user", "bob", "--pass",
                               "case", "--uidl", uidl], check=True, capture_output=True, text=True)
        self.vars = dict(l.split("=", 1) for l in done.stdout.splitlines() if "=" in l)
        self.uidl, self.given = {}, {}
        box = poplib.POP3("localhost", int(self.vars["port"]))
        box.stls()
        box.user("bob")
        box.pass_("case")
        for number, uidl in (line.decode().split()[:2] for line in box.uidl()[1]):
            lines = box.retr(int(number))[1]
            text = b"\n".join(lines) + b"\n"
            which = next(n for n, v in letters.items() if v == text)
            self.uidl[which], self.given[which] = uidl, lines
        box.quit()

    def url(self):
        return f"pop3://bob@localhost:{self.vars['port']}"

    def stop(self):
        subprocess.run([SERVER, "stop", self.vars["folder"]], check=False)


def head(key, uidl, status="0001"):
    return (f"X-Account-Key: {key}\nX-UIDL: {uidl}\nX-Mozilla-Status: {status}\n"
            f"X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: {' ' * 80}\n").encode()


def in_mbox(lines, uidl, status="0001", key="account1"):
    """One message; Thunderbird since 2024 adds a '>' to lines of ">…From "."""
    quoted = [b">" + l if l.lstrip(b">").startswith(b"From ") else l for l in lines]
    return (b"From - Mon Nov 02 11:00:00 2026\n" + head(key, uidl, status)
            + b"\n".join(quoted) + b"\n\n")


class Profile:
    """account1 is bob at old.example, account3 somebody else's, account2 Local Folders."""

    def __init__(self, root, today="old.example", line="old.example"):
        self.path = os.path.join(root, "profile")
        self.mail = os.path.join(self.path, "Mail", "old.example")
        self.state = os.path.join(self.mail, "popstate.dat")
        self.line = line
        for name in ("old.example", "old.example/Inbox.sbd", "Local Folders", "other.example"):
            os.makedirs(os.path.join(self.path, "Mail", name))
        prefs = ['"mail.accountmanager.accounts", "account1,account2,account3"']
        for n, kind, host, folder in ((1, "pop3", today, "old.example"),
                                      (2, "none", "Local Folders", "Local Folders"),
                                      (3, "pop3", "other.example", "other.example")):
            prefs += [f'"mail.account.account{n}.server", "server{n}"',
                      f'"mail.server.server{n}.type", "{kind}"',
                      f'"mail.server.server{n}.hostname", "{host}"',
                      f'"mail.server.server{n}.userName", "bob"',
                      f'"mail.server.server{n}.leave_on_server", true',
                      f'"mail.server.server{n}.directory-rel", "[ProfD]Mail/{folder}"']
        self.write("prefs.js", "".join(f"user_pref({p});\n" for p in prefs).encode())
        self.write("compatibility.ini", b"[Compatibility]\nLastVersion=153.7.0_1/1\n")

    def write(self, name, content):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)

    def knows(self, uidls, letters=None):
        """popstate.dat; `letters`: the status where it is not k."""
        lines = [f"{(letters or {}).get(u, 'k')} {u} {1700000000 + i}"
                 for i, u in enumerate(uidls)]
        self.write("Mail/old.example/popstate.dat",
                   f"# POP3 State File\n\n*{self.line} bob\n".encode()
                   + "\n".join(lines).encode())

    def known(self):
        with open(self.state, encoding="ascii") as file:
            return [l.split()[1] for l in file if l[:2] in ("k ", "b ", "d ")]


class Run:
    def __init__(self, reuidl, folder):
        self.reuidl, self.folder = reuidl, folder
        self.secret = os.path.join(folder, "secret")
        with open(os.open(self.secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            out.write("case\n")

    def __call__(self, *argv, want=0):
        done = subprocess.run([self.reuidl, *argv, "--no-input", "--state",
                               os.path.join(self.folder, "state")], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        self.words = done.stdout + done.stderr
        if done.returncode != want:
            raise AssertionError(f"exit {done.returncode}, want {want}: {self.words}")
        return done.stdout

    def side(self, which, server):
        return [f"--{which}", server.url(), f"--{which}-password-file", self.secret,
                f"--{which}-tls=off"]

    def pairs(self, path):
        rows = csv.DictReader(io.StringIO(self("map", path, "--export", "csv")))
        return {r["old_uidl"]: r["new_uidl"] or None for r in rows if r["old_uidl"]}


def same(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, wanted {wanted!r}")


def gone(folder, run, uidl):
    """The old server is gone; its messages lie in all sorts of places."""
    letters = {n: letter(n) for n in range(1, 31)}
    letters[28] = letter(28, b"He wrote:\nFrom me to you.\n")
    letters[29] = letter(29, b"\n\n")
    new_order = [n for n in [*letters, 51, 52, 53] if n != 7]
    random.Random(5).shuffle(new_order)
    old = Server(folder, "old", letters, uidl)
    old.stop()
    new = Server(folder, "new", {n: letters.get(n) or letter(n) for n in new_order}, uidl)
    try:
        profile = Profile(folder)
        u, g = old.uidl, old.given
        inbox = [in_mbox(g[n], u[n]) for n in range(1, 13)]
        # Deleted and not yet gone; a stub; another account's; sent mail, which has no UIDL.
        inbox += [in_mbox(g[13], u[13], "0009"), in_mbox(g[14][:9], u[14], "0400"),
                  in_mbox(g[15], u[16], key="account3"),
                  b"From - x\nX-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"
                  + letter(90) + b"\n"]
        # One UIDL at two messages that are not the same.
        inbox += [in_mbox(g[17], u[17]), in_mbox(g[18], u[17]), in_mbox(g[28], u[28])]
        profile.write("Mail/old.example/Inbox", b"".join(inbox))
        profile.write("Mail/old.example/Inbox.sbd/2025",
                      b"".join(in_mbox(g[n], u[n]) for n in (19, 20, 1)).replace(b"\n", b"\r\n"))
        for n in (21, 22, 28):
            profile.write(f"Mail/Local Folders/Kept/cur/{n}.eml",
                          head("account1", u[n]) + b"\n".join(g[n]) + b"\n")
        profile.write("Mail/Local Folders/Trash", in_mbox(g[29], u[29]) + in_mbox(g[30], u[30]))
        # 23 and 24 have no mail here any more; the record has forgotten 30.
        known = [u[n] for n in letters if n not in (25, 26, 27, 30)]
        profile.knows(known, {u[14]: "b"})
        told = [1, *range(2, 14), 19, 20, 21, 22, 28, 29, 30]
        partner = {u[n]: new.uidl.get(n) if n in told else None
                   for n in letters if n not in (25, 26, 27)}
        run("match", "--old", "store:" + profile.path, *run.side("new", new),
            "--map", os.path.join(folder, "map"))
        same("pairs", run.pairs(os.path.join(folder, "map")), partner)
        # The client is told of the new server, as a person does who has lost the old one.
        shutil.rmtree(profile.path)
        profile.__init__(folder, today="new.example")
        profile.write("Mail/old.example/Inbox", b"".join(inbox))
        profile.knows(known, {u[14]: "b"})
        told = [*range(1, 14), 28]
        words = json.loads(run("migrate", "--yes", "--json", "--old",
                               "store:" + profile.path, *run.side("new", new)))
        same("stores", [s["path"] for s in words["stores"]], [os.path.realpath(profile.state)])
        for was, now in zip(known, profile.known()):
            n = next(k for k, v in u.items() if v == was)
            if n in told and n in new.uidl and n != 28:
                same(f"letter {n}", now, new.uidl[n])
            elif was.isdigit() or n == 14:  # a counter; now and then one of %08X looks so
                same(f"letter {n} is set aside", now[:7], "reuidl-")
            else:
                same(f"letter {n}", now, was)
    finally:
        new.stop()


def accounts(folder, run, _):
    """Two accounts in one profile: the user says which."""
    new = Server(folder, "new", {1: letter(1), 2: letter(2)}, "%u")
    try:
        profile = Profile(folder)
        profile.knows(["00000001abcd"])
        profile.write("Mail/old.example/Inbox",
                      in_mbox(letter(1).splitlines(), "00000001abcd"))
        profile.write("Mail/other.example/popstate.dat",
                      b"# POP3 State File\n\n*other.example bob\nk 00000009abcd 1700000000")
        path = os.path.join(folder, "map")
        argv = ["match", "--old", "store:" + profile.path, *run.side("new", new), "--map", path]
        run(*argv, want=64)
        if "bob@old.example, bob@other.example" not in run.words:
            raise AssertionError(run.words)
        run(*argv, "--account", "bob@old.example")
        same("pairs", run.pairs(path), {"00000001abcd": new.uidl[1]})
        run(*argv, "--account", "nobody@old.example", want=66)
        run("match", "--old", "store:" + profile.state, *run.side("new", new), "--map",
            path + "2")
        same("pairs by the store", run.pairs(path + "2"), {"00000001abcd": new.uidl[1]})
    finally:
        new.stop()


def witness(folder, run, _):
    """Counters, the name stays, the record is not the whole old list: local mail decides."""
    letters = {n: letter(n) for n in range(1, 21)}
    order = [*letters, 51, 52, 53]
    random.Random(5).shuffle(order)
    old = Server(folder, "old", letters, "%u")
    new = Server(folder, "new", {n: letters.get(n) or letter(n) for n in order}, "%u")
    try:
        profile = Profile(folder)
        u, g = old.uidl, old.given
        known = [u[n] for n in letters if n > 2]
        profile.knows(known)
        path = os.path.join(folder, "map")
        run("match", *run.side("old", old), *run.side("new", new), "--map", path)
        diff = ["diff", "--map", path, "--json", "--account", "bob@old.example", profile.state]

        def reason():
            return json.loads(run(*diff, want=78))["stores"][0]["reason"], run.words

        same("without mail", reason()[0], "contested")
        # Another account's mail is no witness, nor is a message that is on neither server.
        profile.write("Mail/old.example/Inbox", in_mbox(g[3], u[3], key="account3")
                      + in_mbox(letter(77).splitlines(), u[4]))
        same("others' mail", reason()[0], "contested")
        # Deleted, moved: it counts.
        profile.write("Mail/Local Folders/Trash", in_mbox(g[5], u[5], "0009"))
        json.loads(run(*diff, "--no-mail", want=1))
        # The same UIDL again, from the new server: it has been there.
        at_new = next(n for n in order if new.uidl[n] == u[6])
        profile.write("Mail/old.example/Inbox.sbd/x", in_mbox(new.given[at_new], u[6]))
        words = reason()[1]
        if "the client has been there" not in words:
            raise AssertionError(words)
        os.unlink(os.path.join(profile.mail, "Inbox.sbd/x"))
        run("apply", "--map", path, "--yes", "--account", "bob@old.example", profile.state)
        same("record", profile.known(), [new.uidl[n] for n in letters if n > 2])
        # The run is told of: what it has written is the new server's, mail or not.
        run("match", *run.side("old", old), *run.side("new", new), "--map", path + "2")
        again = json.loads(run("diff", "--map", path + "2", "--json", "--account",
                               "bob@old.example", profile.state, want=78))
        same("written before", again["stores"][0]["reason"], "contested")
    finally:
        old.stop()
        new.stop()


def same_name(folder, run, _):
    """The old server is gone, counters, and the client is told of no other name."""
    letters = {n: letter(n) for n in range(1, 21)}
    order = [*letters, 51, 52, 53]
    random.Random(5).shuffle(order)
    old = Server(folder, "old", letters, "%u")
    old.stop()
    new = Server(folder, "new", {n: letters.get(n) or letter(n) for n in order}, "%u")
    try:
        profile = Profile(folder)
        u, g = old.uidl, old.given
        profile.knows([u[n] for n in letters])
        argv = ["migrate", "--json", "--old", "store:" + profile.path, *run.side("new", new)]
        # Nothing at all is told by a record alone: no mail, no pair.
        same("without mail", json.loads(run(*argv, want=80))["error"]["message"][:11],
             "none of the")
        profile.write("Mail/old.example/Inbox",
                      b"".join(in_mbox(g[n], u[n]) for n in range(1, 16)))
        run(*argv, "--yes")
        found = profile.known()
        same("record", found[:15], [new.uidl[n] for n in range(1, 16)])
        same("the rest", [f[:7] for f in found[15:]], ["reuidl-"] * 5)
        with open(os.path.join(profile.mail, "Inbox"), encoding="ascii") as file:
            same("X-UIDL", [l[8:].rstrip() for l in file if l.startswith("X-UIDL: ")],
                 found[:15])
    finally:
        new.stop()


def been_there(folder, run, _):
    """The old server is gone, and the client has had new mail from the new one already,
    whose counters it took for the old one's. Each of its messages has the right UIDL."""
    letters = {n: letter(n) for n in range(1, 11)}
    old = Server(folder, "old", letters, "%u")
    old.stop()
    new = Server(folder, "new", {**{n: letters[n] for n in range(10, 0, -1)},
                                 51: letter(51)}, "%u")
    try:
        profile = Profile(folder)
        u, g = old.uidl, old.given
        profile.knows([*(u[n] for n in letters), new.uidl[51]])
        profile.write("Mail/old.example/Inbox", b"".join(in_mbox(g[n], u[n]) for n in letters)
                      + in_mbox(new.given[51], new.uidl[51]))
        run("migrate", "--yes", "--old", "store:" + profile.path, *run.side("new", new))
        same("record", profile.known(), [new.uidl[n] for n in (*letters, 51)])
    finally:
        new.stop()


def evolution(folder, run, uidl):
    """Its message cache: not all of it is there, whole, or where camel looks for it."""
    letters = {n: letter(n) for n in range(1, 21)}
    letters[18] = letter(18, b".\n..two\n#three\n")
    letters[19] = letter(19, b"one\rtwo\n")
    order = [n for n in [*letters, 51, 52, 53] if n != 7]
    random.Random(5).shuffle(order)
    old = Server(folder, "old", letters, uidl)
    old.stop()
    new = Server(folder, "new", {n: letters.get(n) or letter(n) for n in order}, uidl)
    try:
        home = make_evolution.Home(folder)
        u, g = old.uidl, old.given
        whole = [*range(1, 11), 18, 19, 20]
        for n in whole:
            home.keep(u[n], g[n])
        home.keep(u[11], g[11][:9], b"*")
        home.keep(u[12], g[12], b"*")
        home.keep(u[13], g[13], b"")
        home.keep(u[14], g[14], name=make_evolution.cache_name(u[14]) + "~")
        home.keep(u[15], g[15], name="xx/" + u[15])
        home.keep(u[16], g[16][:-1] + [b"another text"])
        # 17 is not in the cache; 20 is there before it is delivered. camel takes the CR out.
        known = [u[n] for n in letters if n != 20]
        home.knows(known)
        told, path = [n for n in whole if n not in (7, 19)], os.path.join(folder, "map")
        run("match", "--old", "store:" + home.path, *run.side("new", new), "--map", path)
        same("pairs", run.pairs(path),
             {u[n]: new.uidl[n] if n in told else None for n in letters})
        run("migrate", "--yes", "--before-first-contact", "--old", "store:" + home.path,
            *run.side("new", new))
        for was, now in zip(known, home.known()):
            n = next(k for k, v in u.items() if v == was)
            want = new.uidl[n] if n in told else "reuidl-" if was.isdigit() else was
            same(f"letter {n}", now[:len(want)], want)
            if n in told:
                with open(home.cached(make_evolution.cache_name(now)), "rb") as file:
                    same(f"file {n}", file.read(), b"#" + b"\n".join(g[n]) + b"\n")
    finally:
        new.stop()


CASES = [(gone, "%08Xu%08Xv"), (gone, "%u"), (accounts, ""), (witness, ""), (same_name, ""),
         (been_there, ""), (evolution, "%08Xu%08Xv"), (evolution, "%u")]


if __name__ == "__main__":
    sys.exit(play_all(CASES, lambda reuidl, folder, case, uidl:
                      case(folder, Run(reuidl, folder), uidl)))
