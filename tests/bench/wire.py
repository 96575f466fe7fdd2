"""make bench, network: matching, and capture, on real Dovecots behind a round trip; beside
it, in the same run, the bare loop of TOPs (toploop.c) and Dovecot's pop3-migration plugin.
"""

import hashlib
import json
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys

import plugin
from measure import Run, over, say, table, under

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
BASE_MEMORY = 30 << 20
SIDES = ("old", "new")
# Promised (docs/matching.md): seconds by messages and round trip; how many times faster than
# the plugin and how many times slower than the bare loop at most, by round trip. The two are
# measured in clear, so what has TLS is not held to that.
SECONDS = {(10000, 0): 1, (10000, 20): 2, (50000, 20): 8}
FASTER, SLOWER = {0: 2, 20: 20}, {20: 3}
ALONE = 200  # messages that are asked for one TOP at a time: the whole would take minutes
MAILBOXES = ((10000, 3), (50000, 1))  # messages, and of how many runs the best


def free_port():
    while True:
        port = random.randrange(23000, 25000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return str(port)


def start_server(maildir, side, *more):
    imap = free_port()
    text = subprocess.check_output(
        [TESTS + "/servers/dovecot.sh", "start", "--in-place", "--maildir", maildir, "--user", "lab",
         "--pass", side, "--imap-port", imap, *more], text=True)
    return dict((k, "".join(shlex.split(v))) for k, v in
                (line.split("=", 1) for line in text.split("\n") if line))


class Proxy:
    """delay_proxy.py before one port; counts() what has gone through it since the last time."""

    def __init__(self, target, ms):
        for _ in range(20):
            self.port = free_port()
            self.p = subprocess.Popen([sys.executable, TESTS + "/delay_proxy.py", self.port, target, str(ms)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
            if self.p.stdout.readline() == "ready\n":
                return
            self.p.wait()
        raise RuntimeError("delay_proxy.py does not start")

    def counts(self):
        """Bytes of both ways, and round trips: how often the client spoke after an answer."""
        self.p.stdin.write("\n")
        self.p.stdin.flush()
        return [int(n) for n in self.p.stdout.readline().split()]

    def close(self):
        self.p.stdin.close()
        self.p.wait()


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
        self.servers, self.truth, self.proxies = {}, {}, {}
        for side in SIDES:
            maildir, names = (os.path.join(self.folder, side + x) for x in ("", ".names"))
            args = ["--side", "new", "--order", "shuffle", "--new", "3"] if side == "new" else []
            Run([sys.executable, TESTS + "/make_mail.py", maildir, "--count", str(count),
                 "--names", names] + args + (["--small"] if small else []))
            self.truth[side] = identities(maildir, names)
            self.servers[side] = start_server(maildir, side)
            with open(os.open(self.path(side + ".password"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
                f.write(side + "\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def behind(self, ms):
        """Ports by (side, service) at that round trip; 0: the servers' own."""
        self.drop_proxies()
        ports = {}
        for side in SIDES:
            for service, key in (("pop3", "port"), ("imap", "imap_port")):
                ports[side, service] = self.servers[side][key]
                if ms:
                    self.proxies[side, service] = Proxy(ports[side, service], ms)
                    ports[side, service] = self.proxies[side, service].port
        return ports

    def counts(self):
        both = [p.counts() for p in self.proxies.values()]
        return [sum(n) for n in zip(*both)] if both else None

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

    def drop_proxies(self):
        for p in self.proxies.values():
            p.close()
        self.proxies = {}

    def close(self):
        self.drop_proxies()
        subprocess.call([TESTS + "/servers/dovecot.sh", "stop"] +
                        [s["folder"] for s in self.servers.values()])
        shutil.rmtree(self.folder)


class Match:
    """One run of match: as Run, and pairs and wrong ones."""

    def __init__(self, reuidl, pair, ports, tls, old="pop3"):
        args = [reuidl, "match", "--map", pair.path("map"), "--state", pair.path("state"), "--no-input",
                "--no-cache", "--json", "--old", "%s://lab@localhost:%s" % (old, ports["old", old]),
                "--new", "pop3://lab@localhost:" + ports["new", "pop3"]]
        if old == "imap":
            args += ["--old-pop3", "pop3://lab@localhost:" + ports["old", "pop3"]]
        for side in SIDES:
            args += ["--%s-password-file" % side, pair.path(side + ".password")]
            args += ["--%s-cafile" % side, pair.servers[side]["ca"]] if tls else ["--%s-tls=off" % side]
        run = Run(args)
        json.loads(run.text)
        self.seconds, self.memory = run.seconds, run.memory
        csv = Run([reuidl, "map", pair.path("map"), "--export", "csv"]).text
        os.unlink(pair.path("map"))
        self.bad, self.pairs = pair.wrong(csv)


def capture(reuidl, pair, ports):
    kept = pair.path("capture")
    run = Run([reuidl, "capture", "pop3://lab@localhost:" + ports["old", "pop3"], "--to", kept, "--no-input",
               "--state", pair.path("state"), "--tls=off", "--password-file", pair.path("old.password")])
    os.unlink(kept)
    return run.seconds


class Table:
    """The rows of one mailbox and round trip, all measured in this run."""

    def __init__(self, reuidl, toploop, pair, count, ms):
        self.reuidl, self.toploop, self.pair, self.count, self.ms = reuidl, toploop, pair, count, ms
        self.ports = pair.behind(ms)
        self.rows, self.wrong = [], 0

    def loop(self, window, n):
        return float(Run([self.toploop, str(window), str(n), "lab", "old", self.ports["old", "pop3"], "lab",
                          "new", self.ports["new", "pop3"]]).text.split()[0])

    def row(self, name, seconds, beside="", pairs="", bad="", ours=False, clear=True):
        counts = self.pair.counts()
        limit, slower, faster = ((SECONDS.get((self.count, self.ms)), SLOWER.get(self.ms), FASTER[self.ms])
                                 if ours and self.count >= 10000 else (None, None, None))
        slower, faster = (slower, faster) if clear else (None, None)
        self.rows.append([name, over(seconds, limit, "%.2f s"), over(seconds / self.bare, slower, "%.1f"),
                          under(self.plugin / seconds, faster, "%.1f"), pairs, bad,
                          "%.1f MB" % (counts[0] / 1e6) if counts else "", counts[1] if counts else "", beside])
        say("  " + "  ".join(map(str, self.rows[-1])))

    def measure(self, times):
        say("%d messages a side, %d ms" % (self.count, self.ms))
        self.bare = min(self.loop(1000, self.count) for _ in range(times))
        self.pair.counts()
        seconds, uidls = plugin.match("lab", "old", self.ports["old", "imap"], self.ports["old", "pop3"])
        bad = sum(u[:8] != "%08x" % uid for uid, u in uidls.items())
        self.plugin = seconds
        self.row("Dovecot's plugin, IMAP with POP3 of one server", seconds, pairs=len(uidls), bad=bad)
        self.bare = min(self.bare, self.loop(1000, self.count))
        self.row("bare loop of TOPs, window 1000", self.bare)
        one = self.loop(1, min(ALONE, self.count)) * self.count / min(ALONE, self.count)
        self.pair.counts()
        self.rows.append(["one TOP a round trip", "%.0f s" % one, "%.1f" % (one / self.bare),
                          "%.1f" % (self.plugin / one), "", "", "", "", "of %d messages" % ALONE])
        for name, how in (("reuidl match, POP3 and POP3, TLS", dict(tls=True)),
                          ("reuidl match, POP3 and POP3", dict(tls=False)),
                          ("reuidl match, IMAP and POP3", dict(tls=False, old="imap"))):
            best = None
            for _ in range(times):
                self.pair.counts()
                got = Match(self.reuidl, self.pair, self.ports, **how)
                self.wrong += got.bad
                if best is None or got.seconds < best.seconds:
                    best = got
            each = max(0, best.memory - BASE_MEMORY) / (2 * self.count)
            self.row(name, best.seconds, over(each, 200, "%.0f") + " B a message", best.pairs, best.bad,
                     True, not how["tls"])
        self.pair.counts()
        self.row("reuidl capture", capture(self.reuidl, self.pair, self.ports))
        table("%d messages a side, round trip %d ms" % (self.count, self.ms),
              ["", "time", "of the bare loop", "faster than the plugin", "pairs", "wrong", "bytes",
               "round trips", ""], self.rows)


def build_toploop(folder):
    toploop = os.path.join(folder, "toploop")
    subprocess.check_call(shlex.split(os.environ.get("CC", "cc")) +
                          ["-std=c11", "-D_GNU_SOURCE", "-O2", "-o", toploop, HERE + "/toploop.c"])
    return toploop


def network(reuidl, folder, scale):
    toploop, wrong = build_toploop(folder), 0
    for count, times in MAILBOXES:
        pair = Pair(folder, count // scale, False)
        try:
            for ms in (0, 20):
                t = Table(reuidl, toploop, pair, count // scale, ms)
                t.measure(times)
                wrong += t.wrong
        finally:
            pair.close()
    return wrong
