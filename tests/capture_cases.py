#!/usr/bin/env python3
"""capture_cases.py [PATH-OF-REUIDL]: the old server is captured and then gone, on real
Dovecots; a capture, and a match, that are killed, and what is asked for after that.

Where a run is gone on with, a proxy before the server counts what it was asked; how much
the killed run had kept is read from its file by SQLite. Ends with "N passed, N failed";
exit 77 where there is no Dovecot."""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from counting_proxy import CountingProxy
from local_cases import SERVER, Profile, Run, Server, letter, same
from play import play_all

WHOLE = 999999999


def plain(server, port=None):
    """The arguments that follow capture for that server."""
    return [f"pop3://bob@localhost:{port or server.vars['port']}"]


class Tried(Run):
    def capture(self, server, path, *more, port=None, want=0):
        return self("capture", *plain(server, port), "--password-file", self.secret,
                    "--tls=off", "--to", path, *more, want=want)

    def start(self, *argv):
        return subprocess.Popen([self.reuidl, *argv, "--no-input", "--state",
                                 os.path.join(self.folder, "state")], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def alike(what, found, wanted):
    """same(), of lists that are too long to be shown."""
    for i, (a, b) in enumerate(zip(found, wanted)):
        same(f"{what}, entry {i}", a, b)
    same(f"{what}, length", len(found), len(wanted))


def rows(path, query):
    """Of a copy: a killed run's journal is rolled back by whoever reads."""
    with tempfile.TemporaryDirectory(prefix="rcc.") as folder:
        for tail in ("", "-journal"):
            if os.path.exists(path + tail):
                shutil.copy(path + tail, os.path.join(folder, "x" + tail))
        with sqlite3.connect(os.path.join(folder, "x")) as base:
            return base.execute(query).fetchall()


def pairs(path):
    return [rows(path, f"SELECT i, partner, evidence, firm, unmatched, copies FROM {s}_pair")
            for s in ("old", "new")]


def kept(path):
    """What there is of a capture, whatever way it came together."""
    return rows(path, "SELECT l.i, uidl, size, e.flags, header_octets, message_id, strict, "
                      "loose, id, damaged, body, date, sender, subject FROM old_list l "
                      "LEFT JOIN old_evidence e ON e.i = l.i LEFT JOIN old_words w "
                      "ON w.i = l.i ORDER BY l.i")


def old_letters():
    """Most are told by their headers; some by their bodies only, or not at all."""
    letters = {n: letter(n) for n in range(1, 25)}
    bare = b"From: machine@example.org\nSubject: report\n\n"
    letters[31] = bare + b"Everything is well.\n"
    letters[32] = bare + b"Nothing is well!!!!\n"
    letters[33] = letters[34] = letter(33)
    letters[35] = letter(35, b"Its text.\n")
    return letters


def gone(folder, run, uidl):
    """What the capture says is what the server would have said."""
    letters = old_letters()
    order = [n for n in [*letters, 51, 52] if n != 7]
    random.Random(3).shuffle(order)
    fresh = {35: letter(35, b"Another text.\n"), 51: letter(51), 52: letter(52)}
    old = Server(folder, "old", letters, uidl)
    new = Server(folder, "new", {n: fresh.get(n) or letters[n] for n in order}, uidl)
    path = os.path.join(folder, "old.capture")
    try:
        live = os.path.join(folder, "live")
        run("match", *run.side("old", old), *run.side("new", new), "--map", live)
        words = json.loads(run.capture(old, path, "--json"))
        same("envelope", (words["command"], words["capture"]),
             ("capture", {"file": path, "messages": 29, "headers": 29, "bodies": 29,
                          "finished": True}))
        same("mode", os.stat(path).st_mode & 0o777, 0o600)
        with open(path, "rb") as file:
            same("the password in it", b"case\n" in file.read(), False)
        old.stop()
        later = os.path.join(folder, "later")
        side = ["--old", "capture:" + path, *run.side("new", new)]
        run("match", *side, "--map", later)
        same("pairs", pairs(later), pairs(live))
        # 33 and 34 are copies, and one name in the test's own books.
        by_uidl = run.pairs(later)
        same("pairs by UIDL", {n: by_uidl[u] for n, u in old.uidl.items() if n != 33},
             {n: new.uidl.get(n) if n not in (7, 35) else None for n in old.uidl if n != 33})
        same("copies", sum(u is not None for u in by_uidl.values()), 27)
        same("words", rows(later, "SELECT subject FROM old_words ORDER BY i"),
             [("letter 7",), ("letter 35",)])
        # Neither is taken for the other, and no server's options for a file.
        run("diff", "--map", path, folder, want=65)
        same("said", "is a capture, not a map" in run.words, True)
        run("match", "--old", "capture:" + live, *run.side("new", new), "--map", later + "2",
            want=65)
        same("said", "is a map, not a capture" in run.words, True)
        run("match", *side, "--old-tls=off", "--map", later + "2", want=64)
        run("capture", "capture:" + path, "--to", later + "2", want=64)
        profile = Profile(folder)
        profile.knows(["00000001abcd"])
        run("check", "--new", "capture:" + path, profile.state, want=64)
    finally:
        old.stop()
        new.stop()


def many():
    return {n: letter(n) for n in range(1, 301)}


def headers(path):
    try:
        return rows(path, "SELECT count(*) FROM old_evidence WHERE strict IS NOT NULL")[0][0]
    except (sqlite3.Error, IndexError):
        return 0


def bodies(path):
    try:
        return rows(path, "SELECT count(*) FROM old_evidence WHERE body IS NOT NULL")[0][0]
    except (sqlite3.Error, IndexError):
        return 0


def kill_at(proxy, moment, start):
    """When the server is asked for that many messages."""
    started = []
    proxy.begin(0.005, lambda n: n == moment and started[0].send_signal(signal.SIGKILL))
    started.append(start())
    same(f"killed at {moment}", started[0].wait(60), -signal.SIGKILL)
    proxy.begin()


def killed(folder, run, uidl):
    """A capture is killed at several moments; the next run asks for the rest only, and
    the end is the same as without."""
    server = Server(folder, "old", many(), uidl)
    proxy = CountingProxy(int(server.vars["port"]))
    try:
        whole = os.path.join(folder, "whole")
        run.capture(server, whole, port=proxy.port)
        alike("asked", sorted(proxy.tops), sorted((n, w) for w in (0, WHOLE)
                                                 for n in range(1, 301)))
        for moment in (40, 290, 590):
            path = os.path.join(folder, f"killed{moment}")
            kill_at(proxy, moment, lambda p=path: run.start(
                "capture", *plain(server, proxy.port), "--password-file", run.secret,
                "--tls=off", "--to", p))
            had = headers(path), bodies(path)
            same(f"something was kept at {moment}: {had}", had > (0, 0), moment > 200)
            same(f"headers come first: {had}", had[1] > 0 and had[0] < 300, False)
            run.capture(server, path, port=proxy.port)
            alike(f"asked after {moment}", sorted(proxy.tops),
                 sorted([(n, 0) for n in range(had[0] + 1, 301)]
                        + [(n, WHOLE) for n in range(had[1] + 1, 301)]))
            alike(f"kept after {moment}", kept(path), kept(whole))
    finally:
        proxy.close()
        server.stop()


def killed_match(folder, run, uidl):
    """A match is killed; half a capture is matched as it is, and gone on with."""
    letters = many()
    old = Server(folder, "old", letters, uidl)
    order = [n for n in letters if n % 7]
    random.Random(4).shuffle(order)
    new = Server(folder, "new", {n: letters[n] for n in order}, uidl)
    proxy = CountingProxy(int(old.vars["port"]))
    try:
        side = [*run.side("new", new), "--old-password-file", run.secret, "--old-tls=off",
                "--old", *plain(old, proxy.port), "--map"]
        whole, path = (os.path.join(folder, n) for n in ("whole", "killed"))
        run("match", *side, whole)
        kill_at(proxy, 250, lambda: run.start("match", *side, path))
        had = headers(path)
        same("something was kept", had > 0, True)
        run("match", *side, path)
        # What has no partner is read once more, to be shown to people.
        asked = [n for n, w in proxy.tops if w == 0][:300 - had]
        alike("asked by the match", sorted(asked), list(range(had + 1, 301)))
        alike("pairs", sum(pairs(path), []), sum(pairs(whole), []))
        half = os.path.join(folder, "half")
        kill_at(proxy, 250, lambda: run.start(
            "capture", *plain(old, proxy.port), "--password-file", run.secret, "--tls=off",
            "--to", half))
        had = headers(half)
        later = os.path.join(folder, "later")
        run("match", "--old", "capture:" + half, *run.side("new", new), "--map", later)
        told = {i for i, partner, *_ in pairs(later)[0] if partner is not None}
        alike("half a capture tells its half", sorted(told),
              [i for i in range(had) if (i + 1) % 7])
        run.capture(old, half, port=proxy.port)
        run("match", "--old", "capture:" + half, *run.side("new", new), "--map", later)
        alike("the whole", sum(pairs(later), []), sum(pairs(whole), []))
    finally:
        proxy.close()
        old.stop()
        new.stop()


def arrive(server, n):
    """A letter comes to a running server."""
    for name, _, files in os.walk(server.vars["mail"]):
        if os.path.basename(name) == "new":
            path = os.path.join(name, f"{1800000000 + n}.M{n}.later")
    with open(path, "wb") as out:
        out.write(letter(n))
    if os.getuid() == 0:
        shutil.chown(path, "nobody")


def leave(server, n):
    for name, _, files in os.walk(server.vars["mail"]):
        for file in files:
            path = os.path.join(name, file)
            with open(path, "rb") as opened:
                if opened.read() == letter(n):
                    os.unlink(path)
                    return
    raise AssertionError(f"letter {n} is not there")


def again(folder, run, uidl):
    """A finished capture is added to, or left as it is."""
    server = Server(folder, "old", {n: letter(n) for n in range(1, 21)}, uidl)
    proxy = CountingProxy(int(server.vars["port"]))
    path = os.path.join(folder, "capture")
    try:
        run.capture(server, path, "--evidence=header", port=proxy.port)
        same("headers only", sorted(proxy.tops), [(n, 0) for n in range(1, 21)])
        proxy.begin()
        run.capture(server, path, port=proxy.port)
        same("bodies then", sorted(proxy.tops), [(n, WHOLE) for n in range(1, 21)])
        arrive(server, 21)
        proxy.begin()
        run.capture(server, path, port=proxy.port)
        same("what is new", sorted(proxy.tops), [(21, 0), (21, WHOLE)])
        leave(server, 3)
        was = kept(path)
        words = json.loads(run.capture(server, path, "--json", port=proxy.port, want=78))
        same("refused", words["error"]["reason"], "capture")
        same("and left", kept(path), was)
        run.capture(server, path, "--no-cache", port=proxy.port)
        same("begun anew", len(kept(path)), 20)
        run.capture(server, path, "--evidence=size", port=proxy.port, want=64)
    finally:
        proxy.close()
        server.stop()


def counters(folder, run, uidl):
    """UIDLs that come again: nothing is gone on with, and a map is as old as the capture."""
    server = Server(folder, "old", {n: letter(n) for n in range(1, 21)}, uidl)
    path, later = (os.path.join(folder, n) for n in ("capture", "map"))
    try:
        run.capture(server, path)
        run.capture(server, path, want=78)
        with sqlite3.connect(path) as base:
            base.execute("UPDATE side SET since = since - 3 * 86400 WHERE side = 0")
        side = ["--old", "capture:" + path, *run.side("new", server), "--map", later]
        run("match", *side)
        profile = Profile(folder)
        profile.knows([server.uidl[1]])
        words = json.loads(run("diff", "--map", later, "--json", "--account", "bob@old.example",
                               profile.state, want=78))
        same("old-map", words["stores"][0]["reason"], "old-map")
    finally:
        server.stop()


def by_imap(folder, run, uidl):
    """Whatever way a mailbox is read, its capture is the same."""
    maildir = os.path.join(folder, "mail")
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(maildir, sub))
    for n, text in old_letters().items():
        with open(os.path.join(maildir, "new", f"{1700000000 + n}.M{n}.x"), "wb") as out:
            out.write(text)
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    free = str(door.getsockname()[1])
    door.close()
    done = subprocess.run([SERVER, "start", "--maildir", maildir, "--user", "bob", "--pass",
                           "case", "--uidl", uidl, "--imap-port", free], check=True,
                          capture_output=True, text=True)
    of = dict(l.split("=", 1) for l in done.stdout.splitlines() if "=" in l)
    try:
        pop3, path = f"pop3://bob@localhost:{of['port']}", os.path.join(folder, "capture")
        words = ["--password-file", run.secret, "--tls=off", "--to"]
        run("capture", pop3, *words, path)
        run("capture", f"imap://bob@localhost:{of['imap_port']}", "--pop3", pop3, *words,
            path + "2")
        alike("by IMAP", kept(path + "2"), kept(path))
        same("all of it", len(kept(path)), len(old_letters()))
    finally:
        subprocess.run([SERVER, "stop", of["folder"]], check=False)


CASES = [(by_imap, "%08Xu%08Xv"), (again, "%08Xu%08Xv"), (counters, "%u"), (gone, "%08Xu%08Xv"), (killed, "%08Xu%08Xv"), (killed_match, "%08Xu%08Xv")]


if __name__ == "__main__":
    sys.exit(play_all(CASES, lambda reuidl, folder, case, uidl:
                      case(folder, Tried(reuidl, folder), uidl)))
