#!/usr/bin/env python3
"""make bench: speed and memory of reuidl, each beside what else there is, in one run.

    tests/bench/bench.py [PATH-OF-REUIDL] [--quick] [--only network|curve|store|clients|dbx] [--write FOLDER]

network: match and capture on real Dovecots, 10 000 and 50 000 messages a side at round trips
of 0 and 20 ms (wire.py). curve: 1 000 to 1 000 000 messages a side (curve.py). store: a
popstate.dat of 1 000 000 entries; clients: every other client's (clients.py); dbx: a Pop3uidl.dbx of 200 000. --quick: a hundredth of
all that. --write makes FOLDER/bench-PART.md and bench.svg. A figure over what the project has
promised is marked with !, and only wrong pairs make this fail: machines differ.
"""

import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS]
import dbx_cases  # noqa: E402
import measure  # noqa: E402
from clients import clients  # noqa: E402
from curve import curve  # noqa: E402
from measure import Run, over, table  # noqa: E402
from wire import network  # noqa: E402


def store(reuidl, folder, scale):
    count = 1000000 // scale
    mail = os.path.join(folder, "profile.default/Mail/localhost")
    os.makedirs(mail)
    prefs = {"mail.account.account1.server": '"server1"', "mail.accountmanager.accounts": '"account1"',
             "mail.server.server1.type": '"pop3"', "mail.server.server1.hostname": '"localhost"',
             "mail.server.server1.userName": '"lab"', "mail.server.server1.leave_on_server": "true",
             "mail.server.server1.directory-rel": '"[ProfD]Mail/localhost"'}
    with open(os.path.join(folder, "profile.default/prefs.js"), "w") as f:
        f.writelines('user_pref("%s", %s);\n' % p for p in prefs.items())
    path, csv, kept = (os.path.join(folder, n) for n in ("popstate.dat", "pairs.csv", "map"))
    path = os.path.join(mail, "popstate.dat")
    new = list(range(1, count + 1))
    random.Random(1).shuffle(new)
    with open(path, "w") as f, open(csv, "w") as c:
        f.write("# POP3 State File\n# This is a generated file!  Do not edit.\n\n*localhost lab\n")
        c.write("old_uidl,new_uidl,evidence\n")
        for i in range(1, count + 1):
            f.write("k %08x6b02f262 %d\n" % (i, 1735689600 + i))
            c.write("%08x6b02f262,%08x71234567,import\n" % (i, new[i - 1]))
    size = os.path.getsize(path)
    rest = ["--state", os.path.join(folder, "state"), "--no-input"]
    rows, both = [], 0
    for name, args, want in (
            ("map --import", ["map", kept, "--import", csv, "--old-account", "lab@localhost",
                              "--new-account", "lab@localhost"], (0,)),
            ("diff --stat", ["diff", "--stat", "--map", kept, path], (1,)),
            ("diff", ["diff", "--map", kept, path], (1,)),
            ("apply", ["apply", "--yes", "--map", kept, path], (0,)),
            ("undo", ["undo", "--yes", path], (0,))):
        got = Run([reuidl] + args + rest, want)
        both += got.cpu if name in ("diff", "apply") else 0
        rows.append([name, "%.2f s" % got.seconds, "%.2f s" % got.cpu, "%.0f MB" % (got.memory / 1e6),
                     over(got.memory / size, 6 if name in ("diff", "apply") and scale == 1 else None, "%.1f")])
        if name == "apply":
            with open(path) as f:
                uidls = [line.split(" ")[1] for line in f.read().split("\n")[4:] if line]
            bad = sum(u != "%08x71234567" % n for u, n in zip(uidls, new)) + abs(len(uidls) - count)
    rows.append(["diff and apply", "", over(both, 3, "%.2f s"), "", "limit 3 s"])
    table("A popstate.dat of %d entries, %.0f MB; memory below 6 times the file" % (count, size / 1e6),
          ["", "time", "CPU", "memory", "of the file"], rows)
    if bad:
        print("  %d records do not have their partner's UIDL" % bad)
    return bad


def dbx(reuidl, folder, scale):
    """The same case as in make check, and the same checks of the output."""
    rows = []

    class Measured(dbx_cases.Case):
        def run(self, *args, rc=0):
            got = Run([reuidl, args[0], "--state", self.folder + "/state"] + list(args[1:]), (rc,))
            apply = args[0] == "apply" and scale == 1
            rows.append([args[0], over(got.seconds, 3 if apply else None, "%.2f s"),
                         "%.0f MB" % (got.memory / 1e6),
                         over(got.memory / len(self.before), 6 if apply else None, "%.1f")])
            return got.text

    case = Measured(reuidl, 200000 // scale, 1, folder)
    try:
        case.play()
    except dbx_cases.Wrong as e:
        print("\n%s" % e)
        return 1
    table("A Pop3uidl.dbx of %d records, %.0f MB; apply below 3 s and 6 times the file" % (
        case.count, len(case.before) / 1e6), ["", "time", "memory", "of the file"], rows)
    return 0


def machine():
    with open("/proc/cpuinfo") as f:
        names = [line.partition(": ")[2].strip() for line in f if line.startswith("model name")]
    return "%d x %s, %s" % (os.cpu_count(), names[0] if names else platform.machine(), platform.system())


def write(folder, part):
    """FOLDER/bench-PART.md: the tables of that part, and how they were made."""
    command = "make bench BENCH='--only %s --write %s'" % (part, folder)
    picture = "![time and memory by messages](bench.svg)\n\n" if part == "curve" else ""
    with open(os.path.join(folder, "bench-%s.md" % part), "w") as f:
        f.write("# What reuidl takes, beside what else there is: %s\n\nMade by `%s` on %s, %s.\n"
                "Times of one table are of one run and to be compared with one another; ! marks a figure over what\n"
                "was promised.\n\n%s%s" % (part, command, time.strftime("%Y-%m-%d"), machine(), picture,
                                         "\n".join(measure.pages)))
    del measure.pages[:]


def main():
    args = sys.argv[1:]
    named = {}
    for key in ("--only", "--write"):
        if key in args:
            at = args.index(key)
            named[key] = args[at + 1]
            del args[at:at + 2]
    scale = 100 if "--quick" in args else 1
    plain = [a for a in args if not a.startswith("--")]
    reuidl = os.path.abspath(plain[0] if plain else "build/reuidl")
    folder = tempfile.mkdtemp(prefix="rb.", dir="/tmp")
    os.chmod(folder, 0o755)  # the servers read the mail as somebody else
    os.environ["HOME"] = folder
    measure.drawings = named.get("--write")
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped, too
    try:
        for name, part in (("network", network), ("curve", curve), ("store", store), ("clients", clients), ("dbx", dbx)):
            if named.get("--only") in (None, name):
                try:
                    failed += part(reuidl, folder, scale) != 0
                    if "--write" in named:
                        write(named["--write"], name)
                except (RuntimeError, ValueError, subprocess.CalledProcessError) as e:
                    failed += 1
                    print("\n%s: not measured: %s" % (name, e))
    finally:
        shutil.rmtree(folder)
    print("\nbench: %d figures over their limits, %s" % (
        len(measure.missed), "something is WRONG" if failed else "0 wrong pairs"))
    sys.exit(failed != 0)


main()
