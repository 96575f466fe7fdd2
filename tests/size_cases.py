#!/usr/bin/env python3
"""size_cases.py [PATH-OF-REUIDL]: --evidence=size on two real Dovecots, with a proxy before
each that counts what it was asked; and what is done with such pairs, and what is not.
Ends with "N passed, N failed"; exit 77 where there is no Dovecot."""

import json
import os
import sys

sys.dont_write_bytecode = True
from counting_proxy import CountingProxy
from local_cases import Profile, Run, Server, in_mbox, letter, same
from play import play_all

UIDL = "%08Xu%08Xv"
LETTERS = {n: letter(n, b"%d: " % n + b"x" * (7 * n) + b"\n") for n in range(1, 61)}


class Pair:
    def __init__(self, folder, new):
        self.servers = [Server(folder, "old", LETTERS, UIDL), Server(folder, "new", new, UIDL)]
        self.proxies = [CountingProxy(int(s.vars["port"])) for s in self.servers]
        self.path = os.path.join(folder, "map")

    def sides(self, run):
        words = []
        for name, proxy in zip(("old", "new"), self.proxies):
            words += [f"--{name}", f"pop3://bob@localhost:{proxy.port}", f"--{name}-tls=off",
                      f"--{name}-password-file", run.secret]
        return words

    def close(self):
        for s in self.proxies:
            s.close()
        for s in self.servers:
            s.stop()


def used(folder, run):
    """Letter 20 was not copied, 90 came; the others are in step."""
    new = {n: v for n, v in LETTERS.items() if n != 20}
    new[90] = letter(90, b"another\n")
    p = Pair(folder, new)
    try:
        run("match", *p.sides(run), "--map", p.path, "--evidence=size")
        old, fresh = p.servers
        same("pairs", run.pairs(p.path),
             {u: fresh.uidl.get(n) if n != 20 else None for n, u in old.uidl.items()})
        # 1 and 19; 21, 53 and 60 (the ends, and the 32nd); 20 and 90, twice: to be shown.
        same("asked of the old", sorted(p.proxies[0].tops),
             [(n, 0) for n in (1, 19, 20, 20, 21, 53, 60)])
        same("asked of the new", sorted(p.proxies[1].tops),
             [(n, 0) for n in (1, 19, 20, 52, 59, 60, 60)])
        profile = Profile(folder)
        profile.knows([old.uidl[n] for n in LETTERS])
        profile.write("Mail/old.example/Inbox",
                      b"".join(in_mbox(old.given[n], old.uidl[n]) for n in (1, 2)))
        words = ["--map", p.path, "--json", "--account", "bob@old.example", profile.state]
        # Nobody is asked: neither by apply nor with --yes.
        store = json.loads(run("apply", *words, want=78))["stores"][0]
        same("refused", (store["state"], store["reason"]), ("refused", "size-evidence"))
        store = json.loads(run("migrate", *p.sides(run), *words, "--yes", "--evidence=size",
                               want=78))["stores"][0]
        same("refused", (store["state"], store["reason"]), ("refused", "size-evidence"))
        run("diff", *words, want=1)
        run("apply", *words, "--accept-size-evidence")
        same("record", profile.known(),
             [fresh.uidl[n] if n != 20 else old.uidl[n] for n in LETTERS])
        # By the UIDL at its head a message is deleted on the server: not by a size.
        with open(os.path.join(profile.mail, "Inbox"), encoding="ascii") as file:
            heads = [l[8:].rstrip() for l in file if l.startswith("X-UIDL: ")]
        same("X-UIDL of 1", heads[0], fresh.uidl[1])
        same("X-UIDL of 2", heads[1][:7], "reuidl-")
    finally:
        p.close()


def not_used(folder, run):
    """A client that leaves no mail on the server; sizes that are not alike; a bad word."""
    p = Pair(folder, LETTERS)
    try:
        run("match", *p.sides(run), "--map", p.path, "--evidence=size")
        old, fresh = p.servers
        profile = Profile(folder)
        prefs = os.path.join(profile.path, "prefs.js")
        with open(prefs, encoding="ascii") as file:
            text = file.read().replace("leave_on_server\", true", "leave_on_server\", false")
        with open(prefs, "w", encoding="ascii") as file:
            file.write(text)
        profile.knows([old.uidl[n] for n in LETTERS])
        run("apply", "--map", p.path, "--account", "bob@old.example", "--allow-deletes",
            "--accept-size-evidence", profile.state)
        firm = (1, 33, 60)
        same("record", profile.known(),
             [fresh.uidl[n] if n in firm else old.uidl[n] for n in LETTERS])
        run("match", *p.sides(run), "--map", p.path, "--evidence=sizes", want=64)
    finally:
        p.close()


def unlike(folder, run):
    """Each message is two bytes longer on the new server, which makes it as long as another
    one on the old one."""
    letters = {n: letter(n, b"%02d: " % n + b"x" * (2 * n) + b"\n") for n in range(10, 50)}
    p = Pair.__new__(Pair)
    p.servers = [Server(folder, "old", letters, UIDL),
                 Server(folder, "new", {n: v.replace(b"\n\n", b"\nX: 1\n\n", 1)
                                        for n, v in letters.items()}, UIDL)]
    p.proxies = [CountingProxy(int(s.vars["port"])) for s in p.servers]
    try:
        done = json.loads(run("match", *p.sides(run), "--map", os.path.join(folder, "map"),
                              "--evidence=size", "--json", want=78))
        same("reason", done["error"]["reason"], "size-evidence")
        same("asked only a little", len(p.proxies[0].tops) < 8, True)
    finally:
        p.close()


CASES = [used, not_used, unlike]


if __name__ == "__main__":
    sys.exit(play_all(CASES, lambda reuidl, folder, case: case(folder, Run(reuidl, folder))))
