#!/usr/bin/env python3
"""large.py [PATH-OF-REUIDL] [MESSAGES]: 1 000 000 messages a side: match, capture, and match
with the capture; each once without, and once with kills: while messages arrive, and when
all are there. The servers are generated_pop3.py's, which count what is asked; what a killed
run has kept is counted in its file, and all must come out the same.

Prints time and memory; fails if a pair is wrong or missing, if more than the rest is asked
for, or if memory is over 40 MB and 200 bytes a message. make check-large."""

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "bench"), HERE]
sys.dont_write_bytecode = True
from generated_pop3 import GeneratedPop3  # noqa: E402
from measure import Run  # noqa: E402

BASE_MEMORY = 40 << 20  # of libraries, and of SQLite's cache
BYTES = 200


class Failed(Exception):
    pass


class Both:
    """Two servers, the new one in another order, and what is run against them."""

    def __init__(self, reuidl, folder, count):
        self.reuidl, self.folder, self.count = reuidl, folder, count
        order = list(range(count))
        self.sides = {"old": GeneratedPop3(order, b"0badcafe")}
        order = order[:]
        random.Random(7).shuffle(order)
        self.sides["new"] = GeneratedPop3(order, b"5eedbeef")
        os.environ["REUIDL_LARGE"] = "x"

    def close(self):
        for s in self.sides.values():
            s.close()

    def url(self, side):
        return f"pop3://lab@localhost:{self.sides[side].port}"

    @staticmethod
    def plain(prefix):
        return [f"--{prefix}tls=off", f"--{prefix}password-env=REUIDL_LARGE"]

    def match(self, path, old=None):
        words = ["match", "--map", path, "--old", old or self.url("old")]
        if old is None:
            words += self.plain("old-")
        return words + ["--new", self.url("new"), *self.plain("new-")]

    def capture(self, path):
        return ["capture", self.url("old"), *self.plain(""), "--to", path]

    def line(self, words):
        return [self.reuidl, *words, "--no-input", "--state", os.path.join(self.folder, "state")]

    def asked(self):
        return sum(s.asked() for s in self.sides.values())

    def measured(self, what, words, messages):
        for s in self.sides.values():
            s.begin()
        run = Run(self.line(words))
        each = max(0, run.memory - BASE_MEMORY) / messages
        print(f"{what}: {run.seconds:.1f} s, {run.cpu:.1f} s of CPU, {run.memory / 1e6:.0f} MB, "
              f"{each:.0f} bytes a message, asked {self.asked()}", flush=True)
        if each > BYTES:
            raise Failed(f"{what}: {each:.0f} bytes a message")

    def killed(self, words, path, asked, later):
        """Killed `later` seconds after so many TOPs, if it lives that long."""
        for s in self.sides.values():
            s.begin()
        child = subprocess.Popen(self.line(words), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and self.asked() < asked:
            time.sleep(0.01)
        time.sleep(later)
        child.send_signal(signal.SIGKILL)
        child.wait()
        return kept(path)


def kept(path):
    """Headers and bodies in a file that a killed run has left, made whole by SQLite."""
    with sqlite3.connect(path) as base:
        return sum(base.execute(f"SELECT count(strict) + count(body) FROM {s}_evidence")
                   .fetchone()[0] for s in ("old", "new"))


def digest(path, tables):
    h = hashlib.sha256()
    with sqlite3.connect(path) as base:
        for t in tables:
            for row in base.execute(f"SELECT * FROM {t} ORDER BY i"):
                h.update(repr(row).encode())
    return h.hexdigest()


PAIRS = ("old_list", "old_pair", "new_list", "new_pair")
CAPTURED = ("old_list", "old_evidence", "old_words")


def check_truth(both, path):
    with sqlite3.connect(path) as base:
        pairs = base.execute("SELECT i, partner FROM old_pair WHERE partner IS NOT NULL").fetchall()
    old, new = both.sides["old"].order, both.sides["new"].order
    wrong = sum(old[o] != new[n] for o, n in pairs)
    if wrong or len(pairs) != both.count:
        raise Failed(f"{path}: {len(pairs)} pairs, {wrong} wrong")


def interrupted(both, what, words, path, whole, tables, messages):
    had, total = 0, 2 * both.count  # headers of both sides; headers and bodies of one
    for share, later in ((0.2, 0), (0.6, 0.5), (1, 1)):
        was, goal = had, max(1, int(total * share) - had)
        had = both.killed(words, path, goal, later)
        print(f"{what}: killed with {had} of {total} kept; it had {was}, asked {both.asked()}",
              flush=True)
        if both.asked() > total - was or had < was:
            raise Failed(f"{what}: asked for {both.asked()}, and {was} of {total} were there")
    both.measured(what + ", the rest", words, messages)
    if both.asked() != total - had:
        raise Failed(f"{what}: asked for {both.asked()}, and {had} of {total} were there")
    if digest(path, tables) != digest(whole, tables):
        raise Failed(f"{what}: not the same as without being killed")


def play(both):
    path = {n: os.path.join(both.folder, n) for n in ("map", "map2", "map3", "capture", "capture2")}
    n = both.count
    both.measured("match", both.match(path["map"]), 2 * n)
    check_truth(both, path["map"])
    interrupted(both, "match, killed", both.match(path["map2"]), path["map2"], path["map"],
                PAIRS, 2 * n)
    both.measured("capture", both.capture(path["capture"]), n)
    interrupted(both, "capture, killed", both.capture(path["capture2"]), path["capture2"],
                path["capture"], CAPTURED, n)
    both.measured("match with the capture", both.match(path["map3"], "capture:" + path["capture"]),
                  2 * n)
    check_truth(both, path["map3"])
    if digest(path["map3"], PAIRS) != digest(path["map"], PAIRS):
        raise Failed("with the capture: not the same as with the server")


def main():
    reuidl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/reuidl")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    folder = tempfile.mkdtemp(prefix="rlg.", dir="/tmp")
    both = None
    try:
        print(f"{count} messages a side; bytes a message over {BASE_MEMORY / 1e6:.0f} MB",
              flush=True)
        both = Both(reuidl, folder, count)
        play(both)
    except Failed as wrong:
        print(f"FAILED: {wrong}")
        return 1
    finally:
        if both is not None:
            both.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
