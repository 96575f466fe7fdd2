#!/usr/bin/env python3
"""make_dbx.py FILE COUNT [--accounts N] [--seed N] [--tidy] [--expect PATH]

Writes a Pop3uidl.dbx of COUNT records, as Outlook Express would have come to it: records
are inserted one after the other into a B-tree whose nodes are split when they are full;
some are written again and move, and their old blocks are freed and used again; segments
are cut when they are needed. From the published descriptions only, and nothing of it
shared with reuidl's own writer. --tidy: nothing is written twice. --expect: what the file
means, for fixtures/; FILE's path is to be below that place.
"""

import argparse
import random
import struct

HEADER, NODE = 0x24BC, 0x27C
SEGMENT = {"record": 0xC000, "node": 0x3E1C, "text": 0xF780}
WORDS = {"record": 0x24, "node": 0x30, "text": 0x3C}
EPOCH = 116444736000000000  # 1970 in 100 ns since 1601


class File:
    """The engine's blocks."""

    def __init__(self, user_data=0):
        self.bytes = bytearray(HEADER + user_data)
        self.last = {"record": None, "node": None, "text": None}  # [start, used]
        self.free = {}  # size: places, the last freed first
        self.live = {"record": 0, "node": 0, "text": 0}
        self.freed, self.user_data = 0, user_data

    def put(self, off, *words):
        struct.pack_into("<%dI" % len(words), self.bytes, off, *words)

    def cut(self, kind, size):
        """From the last segment; what is left of a full one is a free block."""
        last = self.last[kind]
        if last is None or last[1] + size > SEGMENT[kind]:
            if last is not None and kind == "record":
                rest = SEGMENT[kind] - last[1]
                if rest >= 0x14:
                    self.add_free(last[0] + last[1], rest)
            last = self.last[kind] = [len(self.bytes), 0]
            self.bytes += bytes(SEGMENT[kind])
        last[1] += size
        return last[0] + last[1] - size

    def allocate(self, kind, size):
        self.live[kind] += size
        if kind == "record" and self.free.get(size):
            self.freed -= size
            return self.free[size].pop(), size
        return self.cut(kind, size), 0

    def add_free(self, off, size):
        self.free.setdefault(size, []).append(off)
        self.freed += size
        self.put(off, off, size - 0x14, size)

    def release(self, off, size):
        self.live["record"] -= size
        self.add_free(off, size)

    def finish(self, root, count, node_free, kind=0xC7):
        b = self.bytes
        b[0:4] = bytes.fromhex("cfad12fe")
        b[4:20] = bytes([kind]) + bytes.fromhex("fd746f66e3d1119a4e00c04fa309d4")
        self.put(0x14, 5, 5, self.user_data)
        self.put(0x5C, 1)
        self.put(0x64, 1)
        for what, off in WORDS.items():
            if self.last[what] is not None:
                self.put(off, self.last[what][0], SEGMENT[what], self.last[what][1])
        for size, places in self.free.items():
            following = 0
            for off in places:
                self.put(off + 16, following)
                following = off
            self.put(0x29C + size, following)
        if node_free:
            self.put(0x4C, node_free)
            self.live["node"] -= NODE
            self.freed += NODE
        self.put(0x54, sum(self.live.values()) + self.freed, self.freed)
        self.put(0x7C, len(b), 1)
        self.put(0xC4, count)
        self.put(0xE4, root)
        self.put(0x27C, self.live["record"])
        self.put(0x28C, self.live["node"], self.live["text"])
        b[0x22BC:0x22BC + 20] = bytes([3, 0, 3, 4, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0]) \
            if kind == 0xC7 else bytes([1] + [0] * 19)
        self.put(0x244C, 0x68)
        b += bytes(-(len(b) - HEADER - self.user_data) % 0x10000)
        return bytes(b)


class Node:
    def __init__(self, file):
        self.off = file.allocate("node", NODE)[0]
        self.keys, self.children = [], []

    def write(self, file, parent, position):
        """Returns how many records are below."""
        counts = [c.write(file, self.off, max(0, i - 1)) for i, c in enumerate(self.children)]
        left, below = (self.children[0].off, counts[0]) if counts else (0, 0)
        file.put(self.off, self.off, 0, left, parent, position | len(self.keys) << 8, below)
        for k, record in enumerate(self.keys):
            child = (self.children[k + 1].off, counts[k + 1]) if counts else (0, 0)
            file.put(self.off + 0x18 + 12 * k, record.off, *child)
        return len(self.keys) + sum(counts)


class Tree:
    """A B-tree of at most 51 entries a node; a full one gives its middle entry upwards."""

    def __init__(self, file):
        self.file, self.root = file, None

    def insert(self, record):
        if self.root is None:
            self.root = Node(self.file)
        path, node = [], self.root
        while True:
            low, high = 0, len(node.keys)
            while low < high:
                middle = (low + high) // 2
                if node.keys[middle].key < record.key:
                    low = middle + 1
                else:
                    high = middle
            if not node.children:
                break
            path.append((node, low))
            node = node.children[low]
        node.keys.insert(low, record)
        while len(node.keys) >= 51:
            node = self.split(node, path)

    def split(self, node, path):
        right = Node(self.file)
        middle = len(node.keys) // 2
        up = node.keys[middle]
        right.keys, node.keys = node.keys[middle + 1:], node.keys[:middle]
        right.children, node.children = node.children[middle + 1:], node.children[:middle + 1]
        if not path:
            path.append((Node(self.file), 0))
            self.root = path[0][0]
            self.root.children = [node]
        parent, at = path.pop()
        parent.keys.insert(at, up)
        parent.children.insert(at + 1, right)
        return parent


class Record:
    def __init__(self, uidl, server, account, seconds, deleted=0, downloaded=1):
        self.uidl, self.server, self.account = uidl, server, account
        self.seconds, self.deleted, self.downloaded = seconds, deleted, downloaded
        self.key = ((uidl or "").encode(), server.lower().encode(), account.lower().encode())
        self.version = self.off = self.size = 0

    def columns(self):
        return [(0, struct.pack("<Q", EPOCH + self.seconds * 10000000) if self.seconds else None),
                (1, self.deleted), (2, self.downloaded), (3, self.uidl), (4, self.server),
                (5, self.account)]

    def body(self):
        entries, data = [], b""
        for column, value in self.columns():
            if value is None or value == 0:
                continue
            if isinstance(value, int):
                entries.append(column | 0x80 | value << 8)
                continue
            entries.append(column | len(data) << 8)
            data += value if isinstance(value, bytes) else value.encode() + b"\0"
        body = struct.pack("<%dI" % len(entries), *entries) + data
        return len(entries), body + bytes(-len(body) % 4)

    def write(self, file):
        """Written again, it may need another block."""
        count, body = self.body()
        size, stale = 12 + len(body), 0
        if size != self.size:
            if self.size:
                file.release(self.off, self.size)
            self.off, stale = file.allocate("record", size)
            self.size = size
        self.version += 1
        file.bytes[self.off:self.off + size] = struct.pack(
            "<IIHBB", self.off, len(body), stale, count, self.version % 256) + body


def make_records(count, accounts, seed):
    """Mailboxes of different servers, mixed; the time grows. Some are to be deleted, and
    some were listed and never fetched."""
    rng = random.Random(seed)
    names = ["pop.example.com", "mail.Example.ORG", "pop3.example.net"]
    records = []
    for i in range(count):
        a = i % accounts
        uidl = ("%08x%08x" % (i + 1, 0x3CA9DCFF), "UID%d-%d" % (i + 1, 1014379200 + a), "%x" % rng.getrandbits(96))[a % 3]
        fetched = i % 11 != 9
        records.append(Record(uidl, names[a % 3], "%08d" % (a + 1), (1014379200 + 61 * i) * fetched,
                              int(i % 7 == 5), int(fetched)))
    return records


def build(records, tidy, seed):
    rng = random.Random(seed)
    file = File()
    tree = Tree(file)
    for i, r in enumerate(records):
        late = not tidy and i % 3 == 0
        time, downloaded = r.seconds, r.downloaded
        if late:  # listed, and fetched later
            r.seconds = r.downloaded = 0
        r.write(file)
        tree.insert(r)
        if late:
            r.seconds, r.downloaded = time, downloaded
            other = records[rng.randrange(i + 1)]
            for again in (r, other):
                again.write(file)
    node_free = 0
    if not tidy and tree.root is not None:
        node_free = Node(file).off
        file.put(node_free, node_free)
    if tree.root is not None:
        tree.root.write(file, 0, 0)
    return file.finish(tree.root.off if tree.root else 0, len(records), node_free)


def expect(records, path):
    """In the order of the file, as all readers must see it."""
    order = sorted(records, key=lambda r: r.off)
    accounts, lines = [], []
    for r in order:
        account = (r.server, r.account)
        if account not in accounts:
            accounts.append(account)
        state = "delete" if r.deleted else "known" if r.downloaded else "partial"
        lines.append("record %s - %d %d %s" % (state, r.seconds, accounts.index(account), r.uidl))
    return "\n".join(["path " + path, "merged no"] + ["account %s|%s" % a for a in accounts] + lines) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("file")
    p.add_argument("count", type=int)
    p.add_argument("--accounts", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--tidy", action="store_true")
    p.add_argument("--expect")
    o = p.parse_args()
    records = make_records(o.count, o.accounts, o.seed)
    with open(o.file, "wb") as f:
        f.write(build(records, o.tidy, o.seed))
    if o.expect:
        with open(o.file + ".expect", "w") as f:
            f.write(expect(records, o.expect))


if __name__ == "__main__":
    main()
