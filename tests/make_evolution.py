"""make_evolution.py: what Evolution 3.46 has of a POP3 account in a home: a key file,
uid-cache, and the message cache. The names are made here by the published rules of GLib
(g_str_hash) and camel (camel-file-utils.c, camel-data-cache.c), and by nothing of reuidl."""

import os

UID = "0123456789abcdef0123456789abcdef01234567"
ESCAPED = b"\"\\<>#%|{}[]`^/?()'*"


def cache_name(uidl):
    hashed = 5381
    for byte in uidl.encode():
        hashed = (hashed * 33 + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    name = "".join("%%%02x" % b if b <= 32 or b >= 127 or b in ESCAPED else chr(b)
                   for b in uidl.encode())
    return "%02x/%s" % (hashed >> 5 & 0x3F, name)


class Home:
    """bob at old.example leaves all mail on the server."""

    def __init__(self, root):
        self.path = os.path.join(root, "home")
        self.mail = os.path.join(self.path, ".local/share/evolution/mail", UID)
        self.state = os.path.join(self.mail, "uid-cache")
        self.write(os.path.join(self.path, ".config/evolution/sources", UID + ".source"),
                   b"\n[Data Source]\nDisplayName=Bob\nEnabled=true\n\n[Mail Account]\n"
                   b"BackendName=pop\n\n[Authentication]\nHost=old.example\nMethod=none\n"
                   b"Port=110\nUser=bob\n\n[Security]\nMethod=none\n\n[Pop Backend]\n"
                   b"AutoFetch=true\nKeepOnServer=true\n")

    @staticmethod
    def write(path, content):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)

    def cached(self, name):
        return os.path.join(self.mail, "cache", name)

    def keep(self, uidl, lines, mark=b"#", name=None):
        """What camel-pop3-stream.c and camel-pop3-folder.c make of these lines of RETR."""
        text = b"".join(line.replace(b"\r", b"") + b"\n" for line in lines)
        self.write(self.cached(name or cache_name(uidl)), mark + text)

    def knows(self, uidls):
        self.write(self.state, "".join(u + "\n" for u in uidls).encode())

    def known(self):
        with open(self.state, encoding="ascii") as file:
            return file.read().split()
