"""make bench, clients: Evolution's store with a message cache of 100 000 files beside it, each
of which gets another name (work/cache.h)."""

import os
import random
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE)]
from make_evolution import Home, cache_name  # noqa: E402
from measure import Run, over, table  # noqa: E402


def wrong(home, uidls):
    """How many files of the cache are not the message of their name's UIDL, or are not there."""
    bad = sum(len(names) for _, _, names in os.walk(home.cached(""))) - len(uidls)
    for i, uidl in enumerate(uidls):
        try:
            with open(home.cached(cache_name(uidl)), "rb") as f:
                bad += f.read(64).split(b"\n")[1] != b"Subject: %d" % i
        except OSError:
            bad += 1
    return bad


def cached(reuidl, folder, scale, old, new):
    """`old` and `new` are how a server of its UIDLs spells a number."""
    count = 100000 // scale
    folder = os.path.join(folder, "cached")
    home = Home(folder)
    numbers = list(range(1, count + 1))
    random.Random(1).shuffle(numbers)
    was, now = [old % i for i in range(1, count + 1)], [new % n for n in numbers]
    for i, uidl in enumerate(was):
        home.keep(uidl, [b"From: bob@example.org", b"Subject: %d" % i, b"", b"x" * (i % 1500)])
    home.knows(was)
    csv, kept = os.path.join(folder, "pairs.csv"), os.path.join(folder, "map")
    with open(csv, "w") as f:
        f.write("old_uidl,new_uidl,evidence\n")
        f.writelines("%s,%s,import\n" % pair for pair in zip(was, now))
    more = ["--state", os.path.join(folder, "state"), "--no-input"]
    env = dict(os.environ, HOME=home.path)
    os.sync()  # what was made here is not to be waited for there
    Run([reuidl, "map", kept, "--import", csv, "--old-account", "bob@old.example", "--new-account", "bob@new.example"] + more)
    rows, bad = [], 0
    for name, args, want, uidls in (
            ("diff --stat", ["diff", "--stat", "--map", kept, home.state], (1,), was),
            ("apply", ["apply", "--yes", "--map", kept, home.state], (0,), now),
            ("undo", ["undo", "--yes", home.state], (0,), was)):
        got = Run([reuidl] + args + more, want, env=env)
        found = wrong(home, uidls)
        bad += found
        limit = 6 if name != "diff --stat" and scale == 1 else None
        rows.append([name, "%.2f s" % got.seconds, over(got.cpu, limit, "%.2f s"), "%.0f MB" % (got.memory / 1e6),
                     "%d wrong" % found if found else ""])
    shutil.rmtree(folder)
    table("Evolution, with a cache of %d files; CPU below 6 s, most of it the system's renaming" % count,
          ["", "time", "CPU", "memory", ""], rows)
    return bad
