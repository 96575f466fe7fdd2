#!/usr/bin/env python3
"""make_dbx_mail.py FILE: a message store of Outlook Express, as make_dbx.py makes its
Pop3uidl.dbx. Its messages are those below; some are not what they should be."""

import struct
import sys

import make_dbx

HOST, ME = "pop.example.com", "00000001"


class Message(make_dbx.Record):
    def __init__(self, number, uidl, lines, server=HOST, account=ME, size=0):
        super().__init__(uidl, server, account, 1014379200 + number)
        self.number, self.extra, self.at = number, size, 0
        self.text = "\r\n".join(lines).encode()
        self.key = number

    def columns(self):
        return [(0x00, self.number), (0x04, self.at), (0x0C, self.server),
                (0x11, len(self.text) + self.extra), (0x16, self.uidl), (0x1A, self.server),
                (0x1B, self.account)]

    def write_text(self, file, places, broken=False):
        """Into blocks at these places, in this order."""
        for i, at in enumerate(places):
            part = self.text[i * 0x200:(i + 1) * 0x200]
            following = places[i + 1] if i + 1 < len(places) else 0
            file.put(at, at, 0x200, len(part), 0x10 if broken else following)
            file.bytes[at + 16:at + 16 + len(part)] = part
        self.at = places[0]


LONG = ["From: c", "Subject: long", ""] + ["line %03d of the long message" % n for n in range(40)]
MESSAGES = [
    Message(1, "u1", ["From: a", "Subject: one", "", "first", "", "second", ""]),
    Message(2, "u2", LONG + [""]),
    Message(3, "u3", ["From: x", "", "another account's", ""], account="00000002"),
    Message(4, "u4", ["From: x", "", "another server's", ""], server="pop.example.org"),
    Message(5, None, ["From: me", "", "sent", ""]),
    Message(6, "u6", ["From: f", "", "shorter than its record says", ""], size=4),
    Message(7, "u7", ["From: g", ""] + ["line %03d" % n for n in range(80)]),
    Message(8, "u8", ["From: h" + 600 * "h", "", "no more", ""]),
    Message(9, "u9", []),
    Message(10, "u10", ["From: j", "Subject: no body"], server="POP.Example.com"),
]


def build():
    file = make_dbx.File(0x618)
    tree = make_dbx.Tree(file)
    for m in MESSAGES:
        count = -(-len(m.text) // 0x200)
        places = [file.allocate("text", 0x210)[0] for _ in range(count)]
        if m.number == 2:  # blocks that were free lie anywhere
            places.reverse()
        if places:
            m.write_text(file, places, broken=m.number == 7)
        if m.number == 8:  # the second block is another's
            file.put(places[1], 0x1234)
        m.write(file)
        tree.insert(m)
    tree.root.write(file, 0, 0)
    return file.finish(tree.root.off, len(MESSAGES), 0, 0xC5)


def main():
    with open(sys.argv[1], "wb") as f:
        f.write(build())


if __name__ == "__main__":
    main()
