#!/usr/bin/env python3
"""dbx_cases.py [PATH-OF-REUIDL] [COUNT…]: Pop3uidl.dbx of 0 to 3000 records, made by
make_dbx.py, through reuidl's map, diff, apply and undo; the output is read by the checker
here, and by undbx. Ends with "N passed, N failed".

The checker knows the published format and nothing of reuidl: it wants a balanced tree of
half-filled nodes at the least, in the order of the keys; that every byte of every segment
is accounted for; and that nothing but UIDLs and servers has changed, the servers only of
records that have a partner or are set aside. undbx reads message stores only, so it is shown
a copy that says it is one. A file that the client has written since is made by make_dbx.py,
and must lose what the run has done and nothing else."""

import argparse
import csv
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import make_dbx  # noqa: E402

HEADER, NODE = 0x24BC, 0x27C
COUNTS = [0, 1, 3, 50, 51, 130, 3000]
OLD, NEW, THIRD = "pop.example.com", "mx.new.example.net", "pop.third.example"


class Wrong(Exception):
    pass


def want(condition, *words):
    if not condition:
        raise Wrong(" ".join(hex(w) if isinstance(w, int) else str(w) for w in words))


class Checked:
    """A Pop3uidl.dbx, all of which is as it must be. `ours`: reuidl has built it."""

    def __init__(self, data, ours=False):
        self.data, self.blocks, self.depths = data, {}, set()
        self.nodes = 0
        want(data[:4] == bytes.fromhex("cfad12fe"), "signature")
        want(data[4:20] == bytes.fromhex("c7fd746f66e3d1119a4e00c04fa309d4"), "class")
        want(self.words(0x14, 4) == (5, 5, 0, 0), "versions", self.words(0x14, 4))
        want(self.word(0x80) == 1 and self.words(0x68, 5) == (0,) * 5, "indexes, pending work")
        want(data[0x22BC:0x22EE] == bytes([3, 0, 3, 4, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 5, 5]) +
             bytes(34), "keys")
        self.order = []
        if self.word(0xE4):
            self.walk(self.word(0xE4), 0, 0, 0, ours)
        want(len(self.depths) <= 1, "leaves at different depths", self.depths)
        want(len(self.order) == self.word(0xC4), "count", len(self.order), self.word(0xC4))
        self.records = {off: self.record(off) for off in self.order}
        want(len(self.records) == len(self.order), "a record hangs twice")
        keys = [self.key(self.records[off]) for off in self.order]
        want(all(a < b for a, b in zip(keys, keys[1:])), "order")
        live = sum(self.blocks[off][1] for off in self.order)
        freed = self.free_blocks()
        self.segments(ours)
        nodes = self.nodes * NODE
        want(self.word(0x27C) == live and self.word(0x28C) == nodes, "live bytes")
        want(self.word(0x58) == freed and self.word(0x54) == live + nodes + freed, "sums")
        want(self.words(0x280, 3) == (0,) * 3 and self.words(0x290, 3) == (0,) * 3, "other bytes")

    def word(self, off):
        return self.words(off, 1)[0]

    def words(self, off, n):
        return struct.unpack_from("<%dI" % n, self.data, off)

    def block(self, kind, off, size):
        want(off not in self.blocks, "two blocks at", off)
        want(self.word(off) == off, "no block at", off)
        self.blocks[off] = (kind, size)

    def walk(self, off, parent, position, depth, ours):
        self.block("node", off, NODE)
        self.nodes += 1
        _, zero, left, above, shape, below = self.words(off, 6)
        n = shape >> 8
        want(zero == 0 and above == parent and shape & 255 == position, "node", off)
        want(n <= 51 and (depth == 0 or n >= 25 or not ours), "entries of node", off, n)
        want(not ours or n <= 50, "entries of node", off, n)
        want(depth > 0 or n > 0, "an empty root")
        if left == 0:
            self.depths.add(depth)
        start = len(self.order)
        if left:
            self.walk(left, off, 0, depth + 1, ours)
        want(len(self.order) - start == below, "count below the leftmost child of", off)
        for k in range(n):
            record, child, below = self.words(off + 0x18 + 12 * k, 3)
            want((child != 0) == (left != 0), "a child is missing in", off)
            self.order.append(record)
            start = len(self.order)
            if child:
                self.walk(child, off, k, depth + 1, ours)
            want(len(self.order) - start == below, "count below a child of", off)
        want(not ours or not any(self.data[off + 0x18 + 12 * n:off + NODE]), "behind node", off)

    def record(self, off):
        """Columns and their values, the version, and how many bytes are padding."""
        _, size = self.words(off, 2)
        n, version = self.data[off + 10], self.data[off + 11]
        self.block("record", off, 12 + size)
        entries = self.words(off + 12, n)
        data = self.data[off + 12 + 4 * n:off + 12 + size]
        places = [x >> 8 for x in entries if not x & 0x80]
        want(places == sorted(set(places)) and places[:1] in ([], [0]), "places in", off)
        columns = [x & 0x7F for x in entries]
        want(columns == sorted(set(columns)), "columns of", off)
        out, places = {}, places + [len(data)]
        for x in entries:
            column = x & 0x7F
            if x & 0x80:
                out[column] = x >> 8
                continue
            at = places.index(x >> 8)
            value = data[places[at]:places[at + 1]]
            last = at + 2 == len(places)
            length = 8 if column == 0 else value.index(b"\0") + 1
            want(not any(value[length:]) and len(value) - length < (4 if last else 1), "padding", off)
            out[column] = value[:length]
        want(set(out) <= set(range(6)) and {3, 4} <= set(out), "columns of", off)
        return out, version

    @staticmethod
    def key(record):
        return tuple(f(record[0].get(c, b"\0")) for c, f in ((3, bytes), (4, bytes.lower), (5, bytes.lower)))

    def free_list(self, kind, head, size):
        total, off = 0, self.word(head)
        while off:
            self.block(kind, off, size)
            want(kind == "node" or self.words(off + 4, 2) == (size - 0x14, size), "free block", off)
            total, off = total + size, self.word(off + 16)
        return total

    def free_blocks(self):
        return self.free_list("node", 0x4C, NODE) + sum(
            self.free_list("record", 0x29C + size, size) for size in range(0, 0x2020, 4))

    def segments(self, ours):
        """Every segment is filled with blocks of one kind from its start."""
        at, end, last = HEADER, self.word(0x7C), {"record": (0, 0, 0), "node": (0, 0, 0)}
        while at < end:
            want(at in self.blocks, "no block at the start of a segment", at)
            kind, done = self.blocks[at][0], at
            length = {"record": 0xC000, "node": 0x3E1C}[kind]
            while done in self.blocks and done < at + length:
                want(self.blocks[done][0] == kind, "a block of another kind", done)
                done += self.blocks.pop(done)[1]
            want(done <= at + length, "a block across the end of its segment", at)
            want(not any(self.data[done:at + length]), "bytes behind the blocks of", at)
            if last[kind][0]:
                want(kind == "node" or sum(last[kind][::2]) > sum(last[kind][:2]) - 0x14, "a rest of", last[kind][0])
            last[kind] = (at, length, done - at)
            at += length
        want(at == end and not self.blocks, "end of segments", at, end, *list(self.blocks)[:1])
        want(self.words(0x24, 3) == last["record"], "last segment of records")
        want(self.words(0x30, 3) == last["node"], "last segment of nodes")
        want(end <= len(self.data) and not any(self.data[end:]), "behind the end")
        want((len(self.data) - HEADER) % 0x10000 == 0 or len(self.data) == end, "length")
        want(not ours or len(self.data) - end < 0x10000, "length")


def in_order(x):
    return [x.records[off] for off in sorted(x.records)]


def names_of(x):
    return {tuple(r[c][:-1].decode() for c in (3, 4, 5)) for r, _ in x.records.values()}


def apart(before, after, old_to_new, moved):
    """Nothing but UIDLs may differ, and the server of the records with a partner."""
    a, b = in_order(before), in_order(after)
    want(len(a) == len(b), "number of records")
    for (was, v), (now, w) in zip(a, b):
        mine = was[5] == moved + b"\0"
        uidl = was[3][:-1].decode()
        if mine:
            to, server = old_to_new.get(uidl, uidl).encode() + b"\0", was[4]
            if 1 not in was and 2 not in was and old_to_new.get(uidl) != uidl:  # it comes anew
                want(re.fullmatch(rb"reuidl-[0-9a-f]{32}\0", now[3]), "tombstone of", uidl, now[3])
                to = now[3]
            if uidl in old_to_new or to != was[3]:
                server = NEW.encode() + b"\0"
            was = {**was, 3: to, 4: server}
        want(was == now and v == w, "record", uidl, was, now, v, w)
    head = [bytes(x.data[o:p]) for x in (before, after) for o, p in (
        (0, 0x24), (0x3C, 0x4C), (0x50, 0x54), (0x5C, 0x7C), (0x80, 0xC4), (0xC8, 0xE4), (0xE8, 0x27C),
        (0x280, 0x28C), (0x290, 0x29C), (0x22BC, 0x24BC))]
    want(head[:10] == head[10:], "the header")


def undbx(data, count, folder):
    """How many records undbx finds, and at as many places."""
    name, out = os.path.join(folder, "messages.dbx"), os.path.join(folder, "undbx")
    with open(name, "wb") as f:
        f.write(data[:4] + b"\xc5" + data[5:])
    p = subprocess.run(["undbx", name, out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = re.findall(rb"(\d+) messages saved, (\d+) skipped, (\d+) errors", p.stdout)
    files = [n for _, _, names in os.walk(out) for n in names if n.endswith(".eml")]
    shutil.rmtree(out, ignore_errors=True)
    want(said == [(b"%d" % count, b"0", b"0")] and len(files) == count, "undbx:", said, len(files))


def new_names(uidls, rng):
    """Longer, shorter and of the same length; some have no partner, some keep their name."""
    out = {}
    for i, uidl in enumerate(uidls):
        kind = i % 10
        if kind == 9:
            continue
        out[uidl] = (uidl if kind == 8 else "%016x" % rng.getrandbits(64) if kind < 3 else
                     "UID%d-1900000000" % (7 * i) if kind < 6 else "Z%06d.Aq_%d" % (999999 - i, i) * 2)
    return out


class Case:
    def __init__(self, reuidl, count, accounts, folder):
        self.reuidl, self.folder, self.count = reuidl, folder, count
        self.charts = 0
        self.file, self.accounts = os.path.join(folder, "Pop3uidl.dbx"), accounts
        records = make_dbx.make_records(count, accounts, count)
        self.before = make_dbx.build(records, False, count)
        self.write(self.before)
        self.uidls = [r.uidl for r in records if r.account == "00000001"]
        self.pairs = new_names(self.uidls, random.Random(count))

    def write(self, data):
        with open(self.file, "wb") as f:
            f.write(data)

    def read(self):
        with open(self.file, "rb") as f:
            return f.read()

    def run(self, *args, rc=0):
        p = subprocess.run([self.reuidl, args[0], "--state", self.folder + "/state"] + list(args[1:]),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        want(p.returncode == rc, " ".join(args), "exit", p.returncode, p.stdout[-1500:])
        return p.stdout

    def apply(self, old=OLD, new=NEW, pairs=None, rc=0):
        pairs = self.pairs if pairs is None else pairs
        self.charts += 1
        csv_file, chart = self.folder + "/pairs.csv", "%s/map%d" % (self.folder, self.charts)
        with open(csv_file, "w", newline="") as f:
            out = csv.writer(f)
            out.writerow(["old_uidl", "new_uidl", "evidence"])
            for uidl in self.uidls if pairs is self.pairs else pairs:
                out.writerow([uidl, pairs.get(uidl, ""), ""])
            out.writerow(["", "only-on-the-new-server", ""])
        self.run("map", "--import", csv_file, "--old-account", "anna@" + old,
                 "--new-account", "anna@" + new, "--yes", chart)
        return self.run("apply", "--map", chart, "--account", "00000001@" + old, "--client",
                        "outlook_express", "--allow-deletes", "--yes", self.file, rc=rc)

    def moved_once_more(self, after):
        """Another move takes what the first one has moved, and a run of the first one none."""
        said = self.apply(rc=78)
        want("say --account 00000001@" + NEW in said, said)
        here = {r[3][:-1].decode(): 1 in r or 2 in r for r, _ in after.records.values()
                if r[5] == b"00000001\0" and r[4] == NEW.encode() + b"\0"}
        pairs = {u: "third-" + hashlib.sha1(u.encode()).hexdigest() if fetched else u
                 for u, fetched in here.items() if u[:7] != "reuidl-"}
        self.apply(NEW, THIRD, pairs)
        third = Checked(self.read(), ours=True)
        for (was, _), (now, _) in zip(in_order(after), in_order(third)):
            if was[5] == b"00000001\0" and was[4] == NEW.encode() + b"\0":
                uidl = was[3][:-1].decode()
                was = {**was, 3: pairs.get(uidl, uidl).encode() + b"\0", 4: THIRD.encode() + b"\0"}
            want(was == now, "the third server:", was, now)
        self.run("undo", "--yes")
        want(self.read() == after.data, "undo has not given back the second server")

    def changed_since(self, before, after):
        """The client has added records and been at the old server once more; then undo."""
        added = [("fresh-%d" % i, NEW, "00000001") for i in range(40)]
        own = sorted(u for u, v in self.pairs.items() if u == v)[:1]
        own = [u for u in own if (u, NEW, "00000001") in names_of(after)]
        again = [(u, OLD, "00000001") for u in own]
        records = [make_dbx.Record(*name, 1014379200) for name in sorted(names_of(after)) + added + again]
        self.write(make_dbx.build(records, False, 1))
        self.run("undo", "--yes")
        now = names_of(Checked(self.read(), ours=True))
        # Back under its old server there is one already: it stays as it is.
        want(now == names_of(before) | set(added) | {(u, NEW, "00000001") for u in own},
             "undo in a changed file:", *sorted(now ^ (names_of(before) | set(added)))[:6])

    def play(self):
        before = Checked(self.before)
        self.run("show", "--client", "outlook_express", self.file)
        want(self.read() == self.before, "show has changed the file")
        if self.count == 0:
            return
        self.apply()
        data = self.read()
        want(hashlib.sha256(data).digest() != hashlib.sha256(self.before).digest(), "nothing was changed")
        after = Checked(data, ours=True)
        apart(before, after, self.pairs, b"00000001")
        undbx(data, self.count, self.folder)
        if self.count == 130:
            self.moved_once_more(after)
        self.run("undo", "--yes")
        want(self.read() == self.before, "undo has not given back the file")
        if self.count == 130:
            self.apply()
            self.changed_since(before, Checked(self.read(), ours=True))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("reuidl", nargs="?", default=os.path.join(HERE, "../build/reuidl"))
    p.add_argument("count", nargs="*", type=int)
    o = p.parse_args()
    cases = [(n, a) for n in o.count or COUNTS for a in (1, 3) if a == 1 or n >= 3]
    failed = 0
    for count, accounts in cases:
        folder = tempfile.mkdtemp(prefix="rd.", dir="/tmp")
        wrong = ""
        try:
            Case(os.path.abspath(o.reuidl), count, accounts, folder).play()
        except (Wrong, struct.error, IndexError, ValueError) as e:
            wrong = "%s: %s" % (type(e).__name__, e)
        shutil.rmtree(folder)
        failed += wrong != ""
        print(("FAILED" if wrong else "passed"), "%d records, %d accounts" % (count, accounts), wrong, flush=True)
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
