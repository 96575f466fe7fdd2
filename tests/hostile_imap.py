#!/usr/bin/env python3
"""An IMAP server that misbehaves as it is told: hostile_imap.py [NAME=VALUE]...

Prints its port, serves until its standard input ends, and then prints what it has seen on one
line. Message k (from 0) has UID 10 + 2k and a header of a length that no other has, as
hostile_pop3.py. What goes wrong does so on the first `conns` connections (1).
"""
import re
import socket
import sys
import threading
import time

opt = dict(a.partition("=")[::2] for a in sys.argv[1:])


def number(name, default=0):
    return int(opt.get(name, default))


N = number("n", 50)
CONNECTIONS = number("conns", 1)
seen = {"connections": 0, "logins": 0, "fetches": 0, "said": []}


def header(k):
    h = b"Message-ID: <%d@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n" % k
    h += b"From: A <a@example.org>\r\nSubject: message %d\r\nX-Pad: " % (k % 10)
    return h + b"x" * (k + 1) + b"\r\n\r\n"


def message(k):
    return header(k) + b"Hello\r\n.dot\r\n\r\nbye %d" % k


def uid(k):
    return 10 + 2 * k


def within(words, k):
    for part in words.split(","):
        low, _, high = part.partition(":")
        if int(low) <= uid(k) and (high == "*" or uid(k) <= int(high or low)):
            return True
    return False


class Session:
    def __init__(self, s, nth):
        self.s, self.nth, self.given = s, nth, 0
        self.bad = nth <= CONNECTIONS
        self.file = s.makefile("rb")

    def at(self, name):
        """Is this the place where `name` goes wrong?"""
        return self.bad and name in opt and self.given == number(name)

    def say(self, line):
        self.s.sendall(line.encode("latin-1") + b"\r\n")

    def run(self):
        if "busy_greeting" in opt and self.bad:
            return self.say("* BYE Too many connections, try again later")
        self.say("* OK [CAPABILITY IMAP4rev1] hostile here")
        while line := self.file.readline():
            line = line.decode("latin-1").rstrip("\r\n")
            seen["said"].append(line)
            tag, _, rest = line.partition(" ")
            verb = rest.split(" ")[0].upper()
            if getattr(self, "do_" + verb.lower())(tag, rest) is False:
                return

    def do_capability(self, tag, rest):
        self.say("* CAPABILITY " + opt.get("capability", "IMAP4rev1 SASL-IR AUTH=PLAIN").replace("+", " "))
        self.say(f"{tag} OK done {{3}}")

    def login(self, tag):
        seen["logins"] += 1
        if self.bad and "refuse" in opt:
            return self.say(f"{tag} NO {opt['refuse'].replace('+', ' ')}")
        return self.say(f"{tag} OK in")

    def do_authenticate(self, tag, rest):
        if len(rest.split()) < 3:
            self.s.sendall(b"+\r\n" if "bare" in opt else b"+ \r\n")
            seen["said"].append(self.file.readline().decode().rstrip())
        return self.login(tag)

    def do_login(self, tag, rest):
        while m := re.search(r"\{(\d+)\}$", seen["said"][-1]):
            self.say("+ go on")
            octets = self.file.read(int(m.group(1)))
            seen["said"][-1] += "<" + octets.hex() + ">"
            seen["said"].append(self.file.readline().decode("latin-1").rstrip("\r\n"))
        return self.login(tag)

    def do_list(self, tag, rest):
        self.say('* LIST (\\HasChildren \\Noselect) "/" "[All]"')
        self.say('* LIST () "/" INBOX')
        self.say('* LIST () "/" {5}\r\na"b\\c')
        self.say('* LIST () NIL "inbox2" ("x" ({3}\r\n") ))')
        self.say(f"{tag} OK listed")

    def do_examine(self, tag, rest):
        if self.bad and "no_examine" in opt:
            return self.say(f"{tag} NO [NONEXISTENT] no such thing")
        if "a\\\"b" in rest:
            return self.say(f"{tag} NO not this one")
        self.say("* FLAGS (\\Seen)")
        self.say(f"* {N if 'inbox2' not in rest else 0} EXISTS")
        self.say("* OK [UNSEEN 1] first")
        self.say(f"* OK [UIDVALIDITY {opt.get('again', 77) if self.nth > 1 else 77}] valid")
        return self.say(f"{tag} OK [READ-ONLY] examined")

    def do_uid(self, tag, rest):
        m = re.match(r"UID FETCH (\S+) \((.*)\)$", rest)
        words, items = m.groups()
        if "RFC822.SIZE" in items:
            return self.sizes(tag, items)
        seen["fetches"] += 1
        many = ":" in words or "," in words
        whole = "BODY.PEEK[]" in items
        section = re.search(r"BODY\.PEEK(\[.*\])", items).group(1)
        if self.bad and "never" in opt:
            return self.say(f"{tag} NO I will not")
        for k in range(N):
            if not within(words, k):
                continue
            if self.bad and str(k) in opt.get("skip", "").split(","):
                continue
            if self.bad and str(k) in opt.get("no", "").split(","):
                return self.say(f"{tag} NO [EXPUNGEISSUED] some are gone")
            if self.deliver(k, section, message(k) if whole else header(k)) is False:
                return False
        if self.bad and "wrong_tag" in opt and many:
            return self.say("x9 OK that was that")
        return self.say(f"{tag} OK done")

    def deliver(self, k, section, octets):
        """False: the connection ends here."""
        if "between" in opt:
            self.say(f"* {N + self.given} EXISTS")
            self.say("* 3 FETCH (FLAGS (\\Seen))")
            self.say("* OK [ALERT] still here {12}")
            self.say('* 4 FETCH (UID 4000 BODY[HEADER] {3}\r\nabc FLAGS ())')
            self.say('* LSUB () "/" {3}\r\na b')
        for name, line in (("garbage", "%$&/ what is this"), ("bye", "* BYE [UNAVAILABLE] going down"),
                           ("no_fetch", "* 3 FETCH UID 5"), ("question", "+ well?"),
                           ("two", "* 1 FETCH (BODY[] {1}\r\na BODY[] {1}\r\nb UID 10)")):
            if self.at(name):
                self.say(line)
                return name != "bye"
        if self.at("silence"):
            time.sleep(60)
        if self.at("literal"):
            self.say(f"* 1 FETCH (UID {uid(k)} BODY{section} {{{opt['octets']}}}")
        if self.at("endless_line"):
            while True:
                self.s.sendall(b"* OK " if self.given == number("endless_line") else b"")
                self.given = -1
                self.s.sendall(b"x" * 65536)
        if self.at("endless"):
            while True:
                self.s.sendall(b"* 1 FETCH (FLAGS ())\r\n" * 5000)
        data = b"%s {%d}\r\n%s" % (("BODY" + section).encode(), len(octets), octets)
        if str(k) == opt.get("nil"):
            data = b"BODY%s NIL" % section.encode()
        elif str(k) == opt.get("quoted"):
            data = b'BODY%s ""' % section.encode()
        if "uid_last" in opt:
            line = b"* %d FETCH (FLAGS (\\Seen) %s UID %d)\r\n" % (k + 1, data, uid(k))
        else:
            line = b"* %d FETCH (UID %d %s)\r\n" % (k + 1, uid(k), data)
        if self.at("cut"):
            self.s.sendall(line[:len(line) - 20])
            return False
        self.s.sendall(line)
        self.given += 1
        return True

    def sizes(self, tag, items):
        order = list(range(N))
        if "reverse" in opt:
            order.reverse()
        for k in order:
            if str(k) != opt.get("unlisted"):
                gmail = f" X-GM-MSGID {1278455344230334865 + k}" if "X-GM-MSGID" in items else ""
                self.say(f"* {k + 1} FETCH (UID {uid(k)} RFC822.SIZE {len(message(k))}{gmail})")
        if "twice" in opt:
            self.say(f"* 1 FETCH (UID {uid(0)} RFC822.SIZE {opt['twice']})")
        if self.bad and "cut_list" in opt:
            return False
        return self.say(f"{tag} OK done")

    def do_logout(self, tag, rest):
        self.say("* BYE then")
        self.say(f"{tag} OK bye")
        return False


def serve(server):
    while True:
        s, _ = server.accept()
        seen["connections"] += 1

        def one(s=s, nth=seen["connections"]):
            try:
                Session(s, nth).run()
            except OSError:
                pass
            finally:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()
        threading.Thread(target=one, daemon=True).start()


def main():
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    sys.stdin.read()
    said = " | ".join(re.sub(r"^reuidl\d+ ", "", line) for line in seen["said"])
    print(f"connections={seen['connections']} logins={seen['logins']} fetches={seen['fetches']} "
          f"{said[:1500]}", flush=True)


if __name__ == "__main__":
    main()
