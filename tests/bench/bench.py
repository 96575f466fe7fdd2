#!/usr/bin/env python3
"""make bench: speed and memory of reuidl, each beside a bare loop of the same run.

    tests/bench/bench.py [PATH-OF-REUIDL] [--quick] [--only network|store|dbx]

Network: reuidl match on two Dovecots, 10 000 messages a side at 20 ms round trip (through
delay_proxy.py) and at 0 ms, 100 000 at 0 ms; beside it toploop.c, which only asks TOP for
each message and counts the answers, and popruxi's way, one TOP a round trip, measured on
200 messages. All pairs are compared with what the generator knows. Store: a popstate.dat
of 1 000 000 entries; dbx: a Pop3uidl.dbx of 200 000. --quick: a hundredth of all that. "limit" is what the project has
promised; a figure over it is marked, and only wrong pairs make this fail: machines differ.
"""

import hashlib
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, TESTS)
import dbx_cases  # noqa: E402

BASE_MEMORY = 30 << 20
missed = []


def run(args, want=(0,), quiet=False):
    """Seconds, bytes of memory at the most, output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(p.pid, 0)
        seconds = time.monotonic() - start
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, said = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if p.returncode not in want:
        raise RuntimeError("%s: exit %d\n%s" % (shlex.join(args), p.returncode, (text + said)[-2000:]))
    return seconds, usage.ru_maxrss * 1024, text


def over(value, limit, spelling):
    """The value, marked where it is over the limit."""
    text = spelling % value
    if limit is not None and value > limit:
        missed.append(text)
        text += "!"
    return text


def say(sentence):
    print(sentence, file=sys.stderr, flush=True)


def table(title, head, rows):
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
    print("\n" + title)
    for r in [head] + rows:
        print("  " + "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w)
                               for i, (c, w) in enumerate(zip(r, widths))))
    sys.stdout.flush()


def start_server(maildir, side):
    text = subprocess.check_output(
        [TESTS + "/servers/dovecot.sh", "start", "--in-place", "--maildir", maildir, "--user", "lab",
         "--pass", side], text=True)
    return dict((k, "".join(shlex.split(v))) for k, v in
                (line.split("=", 1) for line in text.split("\n") if line))


def identities(maildir, names):
    """By message number of the server: what the message is, for comparing."""
    out = []
    with open(names) as f:
        for line in f:
            name = line.split("\t")[0]
            with open(os.path.join(maildir, "cur", name + ":2,"), "rb") as m:
                out.append(hashlib.sha256(m.read().replace(b"\r\n", b"\n").rstrip(b"\n")).digest())
    return out


class Pair:
    """Two servers with `count` messages each, and the truth about them."""

    def __init__(self, folder, count, small):
        self.folder = os.path.join(folder, "mail%d" % count)
        os.makedirs(self.folder)
        self.servers, self.truth, self.proxies = {}, {}, []
        for side in ("old", "new"):
            maildir, names = (os.path.join(self.folder, side + x) for x in ("", ".names"))
            args = ["--side", "new", "--order", "shuffle", "--new", "3"] if side == "new" else []
            run([sys.executable, TESTS + "/make_mail.py", maildir, "--count", str(count),
                 "--names", names] + args + (["--small"] if small else []))
            self.truth[side] = identities(maildir, names)
            self.servers[side] = start_server(maildir, side)
            with open(os.open(self.path(side + ".password"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
                f.write(side + "\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def proxy(self, ms):
        """Ports of the two servers at that round trip."""
        if not ms:
            return [s["port"] for s in self.servers.values()]
        ports = []
        for i, s in enumerate(self.servers.values()):
            port = str(int(s["port"]) + 1 + i)
            for _ in range(20):
                p = subprocess.Popen([sys.executable, TESTS + "/delay_proxy.py", port, s["port"], str(ms)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
                if p.stdout.readline() == b"ready\n":
                    break
                p.wait()
                port = str(random.randrange(22000, 22999))
            else:
                raise RuntimeError("delay_proxy.py does not start")
            self.proxies.append(p)
            ports.append(port)
        return ports

    def wrong(self, csv):
        """Pairs of the map that are not one message, and how many pairs."""
        bad = pairs = 0
        for line in csv.split("\n")[1:]:
            fields = line.split(",")
            if len(fields) < 3 or not fields[0] or not fields[1]:
                continue
            old, new = (int(f.strip('"')[:8], 16) - 1 for f in fields[:2])
            pairs += 1
            bad += self.truth["old"][old] != self.truth["new"][new]
        return bad, pairs

    def close(self):
        for p in self.proxies:
            p.stdin.close()
            p.wait()
        subprocess.call([TESTS + "/servers/dovecot.sh", "stop"] +
                        [s["folder"] for s in self.servers.values()])
        shutil.rmtree(self.folder)


def match(reuidl, pair, ports, tls, count):
    """One run of match: seconds, memory, wrong pairs, pairs."""
    args = [reuidl, "match", "--map", pair.path("map"), "--state", pair.path("state"), "--no-input",
            "--no-cache", "--json"]
    for side, port in zip(("old", "new"), ports):
        args += ["--" + side, "pop3://lab@localhost:" + port, "--%s-password-file" % side,
                 pair.path(side + ".password")]
        args += ["--%s-cafile" % side, pair.servers[side]["ca"]] if tls else ["--%s-tls=off" % side]
    seconds, memory, text = run(args)
    json.loads(text)
    csv = run([reuidl, "map", pair.path("map"), "--export", "csv"])[2]
    os.unlink(pair.path("map"))
    bad, pairs = pair.wrong(csv)
    return seconds, memory, bad, pairs


def network(reuidl, folder, scale):
    toploop = os.path.join(folder, "toploop")
    subprocess.check_call(shlex.split(os.environ.get("CC", "cc")) +
                          ["-std=c11", "-D_GNU_SOURCE", "-O2", "-o", toploop, HERE + "/toploop.c"])
    rows, alone, wrong = [], [], 0
    # messages, round trip, TLS, seconds promised
    for count, cases in ((10000, ((20, True, 2), (20, False, 2), (0, False, 1))),
                         (100000, ((0, False, 15),))):
        count //= scale
        pair = Pair(folder, count, count > 20000)
        try:
            ports = {ms: pair.proxy(ms) for ms in {c[0] for c in cases}}
            for ms, tls, limit in cases:
                def loop(window, n):
                    return float(run([toploop, str(window), str(n), "lab", "old", ports[ms][0], "lab",
                                      "new", ports[ms][1]])[2].split()[0])
                times = 1 if count > 20000 else 3
                bare = min(loop(1000, count) for _ in range(times))
                say("%d messages a side, %d ms, %s" % (count, ms, "TLS" if tls else "clear"))
                runs = [match(reuidl, pair, ports[ms], tls, count) for _ in range(times)]
                seconds, memory, bad, pairs = min(runs)
                bad = max(r[2] for r in runs)
                wrong += bad
                each = max(0, memory - BASE_MEMORY) / (2 * count)
                rows.append(["%d, %d ms, %s" % (count, ms, "TLS" if tls else "clear"),
                             over(seconds, limit, "%.2f s"), "%g s" % limit, "%.2f s" % bare,
                             "%.1f" % (seconds / bare), over(each, 200, "%.0f"), pairs, bad])
                say("  " + "  ".join(map(str, rows[-1][1:])))
                if not tls and count >= 200 and count * scale == 10000:
                    one = loop(1, 200)
                    alone.append(["%d, %d ms" % (count, ms), "%.2f s" % one,
                                  "%.0f s" % (one * count / 200), "%.2f s" % bare])
        finally:
            pair.close()
    table("Matching: best of 3 (100 000: of 1); the bare loop asks TOP of both sides at once, in clear.\n"
          "Bytes a message: (most memory - 30 MB) / messages of both sides; limit 200.",
          ["messages a side", "reuidl", "limit", "bare loop", "ratio", "bytes", "pairs", "wrong"], rows)
    table("One TOP a round trip, both sides at once", ["messages a side", "200 of them", "all (x n/200)",
                                                      "pipelined"], alone)
    return wrong


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
        seconds, memory, _ = run([reuidl] + args + rest, want)
        both += seconds if name in ("diff", "apply") else 0
        rows.append([name, "%.2f s" % seconds, "%.0f MB" % (memory / 1e6),
                     over(memory / size, 6 if name in ("diff", "apply") and scale == 1 else None, "%.1f")])
        if name == "apply":
            with open(path) as f:
                uidls = [line.split(" ")[1] for line in f.read().split("\n")[4:] if line]
            bad = sum(u != "%08x71234567" % n for u, n in zip(uidls, new)) + abs(len(uidls) - count)
    rows.append(["diff and apply", over(both, 3, "%.2f s"), "", "limit 3 s"])
    table("A popstate.dat of %d entries, %.0f MB; memory below 6 times the file" % (count, size / 1e6),
          ["", "time", "memory", "of the file"], rows)
    if bad:
        print("  %d records do not have their partner's UIDL" % bad)
    return bad


def dbx(reuidl, folder, scale):
    """The same case as in make check, and the same checks of the output."""
    rows = []

    class Measured(dbx_cases.Case):
        def run(self, *args, rc=0):
            seconds, memory, text = run([reuidl, args[0], "--state", self.folder + "/state"] + list(args[1:]),
                                        (rc,))
            apply = args[0] == "apply" and scale == 1
            rows.append([args[0], over(seconds, 3 if apply else None, "%.2f s"), "%.0f MB" % (memory / 1e6),
                         over(memory / len(self.before), 6 if apply else None, "%.1f")])
            return text

    case = Measured(reuidl, 200000 // scale, 1, folder)
    try:
        case.play()
    except dbx_cases.Wrong as e:
        print("\n%s" % e)
        return 1
    table("A Pop3uidl.dbx of %d records, %.0f MB; apply below 3 s and 6 times the file" % (
        case.count, len(case.before) / 1e6), ["", "time", "memory", "of the file"], rows)
    return 0


def main():
    args = sys.argv[1:]
    scale = 100 if "--quick" in args else 1
    only = args[args.index("--only") + 1] if "--only" in args else None
    plain = [a for i, a in enumerate(args) if not a.startswith("--") and (not i or args[i - 1] != "--only")]
    reuidl = os.path.abspath(plain[0] if plain else "build/reuidl")
    folder = tempfile.mkdtemp(prefix="rb.", dir="/tmp")
    os.chmod(folder, 0o755)  # the servers read the mail as somebody else
    os.environ["HOME"] = folder
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped, too
    try:
        for name, part in (("network", network), ("store", store), ("dbx", dbx)):
            if only in (None, name):
                try:
                    failed += part(reuidl, folder, scale) != 0
                except (RuntimeError, ValueError, subprocess.CalledProcessError) as e:
                    failed += 1
                    print("\n%s: not measured: %s" % (name, e))
    finally:
        shutil.rmtree(folder)
    print("\nbench: %d figures over their limits, %s" % (
        len(missed), "something is WRONG" if failed else "0 wrong pairs"))
    sys.exit(failed != 0)


main()
