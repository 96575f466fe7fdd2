#!/usr/bin/env python3
"""Walk an lmos.dat as Eudora does: eudora_check.py FILE PERSONALITY

Prints "UIDL Message-ID date flags size hash" for each record, hash being "own", "none" or
"wrong".  Written from the published layout, and of nothing that reuidl is made of: the hash
is done bit by bit.
"""

import struct
import sys

PRIME = 2147483629


def karp_rabin(text):
    total = 0
    for byte in text:
        for bit in range(7, -1, -1):
            total = (2 * total) % PRIME
            total = (total + (byte >> bit & 1)) % PRIME
    return total + 1


def text(field):
    value, _, rest = field.partition(b"\0")
    assert not rest.strip(b"\0"), "something behind the end of a text"
    return value


def main(path, personality):
    with open(path, "rb") as file:
        data = file.read()
    assert len(data) % 256 == 0
    version, account, _purge, _, _kind = struct.unpack_from("<I128sI8sH", data)
    assert version == 1 and not data[146:256].strip(b"\0")
    print(text(account).decode())
    for at in range(256, len(data), 256):
        uidl, ident, date, flags, value, size, rest = struct.unpack_from(
            "<70s128sIIII42s", data, at)
        assert not rest.strip(b"\0")
        own = karp_rabin(text(uidl) + personality.encode())
        word = "own" if value == own else "none" if value == 0 else "wrong"
        print(text(uidl).decode(), text(ident).decode() or "-", date, f"{flags:#x}", size, word)


if __name__ == "__main__":
    main(*sys.argv[1:])
