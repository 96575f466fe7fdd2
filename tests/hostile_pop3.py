#!/usr/bin/env python3
"""A POP3 server that misbehaves as it is told: hostile_pop3.py [NAME=VALUE]...

Prints its port, serves until its standard input ends, and then prints what it has seen
on one line. Message k (from 0) has the UIDL "uidl-k-0123456789" and a header of a length
that no other has, so that a test can tell whose header it was given.
"""
import base64
import socket
import ssl
import sys
import threading
import time

opt = dict(a.partition("=")[::2] for a in sys.argv[1:])


def number(name, default=0):
    return int(opt.get(name, default))


N = number("n", 50)
CONNECTIONS = number("conns", 1)  # how many connections misbehave
EOL = b"\n" if "lf" in opt else b"\r\n"
seen = {"connections": 0, "logins": 0, "tops": 0, "batch": 0, "words": set()}


def header(k):
    h = b"Message-ID: <%d@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n" % k
    h += b"From: A <a@example.org>\r\nSubject: message %d\r\nX-Pad: " % (k % 10)
    return h + b"x" * (k + 1) + b"\r\n"


def message(k):
    if opt.get("no_end") == str(k):
        return header(k)
    return header(k) + b"\r\nHello\r\n..dot\r\n.\r\nbye %d\r\n" % k


def uidl(k):
    odd = {1: b"has a space", 2: b"ctl\x01\x1b[31m", 3: b"y" * 71, 4: b"twice-0123456789",
           5: b"twice-0123456789", 6: b"nul\0cr\rend", 7: b"", 8: b"z" * 70}
    if "odd_uidls" in opt and k in odd:
        return odd[k]
    return b"uidl-%d-0123456789" % k


def size(k):
    return len(message(k))


class Session:
    def __init__(self, s, nth):
        self.s, self.nth, self.tops, self.user = s, nth, 0, b""
        self.bad = nth <= CONNECTIONS
        self.tls = opt.get("tls") == "implicit"
        self.in_ = self.plain = False
        first = 1 if "renumber" in opt and nth > 1 else 0
        self.more = 55 if "grows" in opt and nth > 1 else 0
        self.list = list(range(first, N))  # POP3 number - 1 -> message

    def say(self, line):
        self.s.sendall(line + EOL)

    def lines(self, first, lines):
        out = [first] + [b"." + x if x.startswith(b".") else x for x in lines] + [b"."]
        self.s.sendall(EOL.join(out) + EOL)

    def run(self):
        if self.tls:
            self.wrap()
        time.sleep(float(opt.get("slow", 0)))
        if "greeting" in opt:
            self.s.sendall(opt["greeting"].encode() + b"\r\n")
            if "greeting_end" in opt:
                return
        elif "endless_greeting" in opt:
            while True:
                self.s.sendall(b"x" * 1000)
        elif "silent_greeting" in opt:
            time.sleep(100)
        else:
            self.say(b"+OK" if "bare" in opt else b"+OK hello")
        rest = b""
        while True:
            got = self.s.recv(65536)
            if not got:
                return
            whole = rest + got
            *commands, rest = whole.split(b"\r\n")
            seen["batch"] = max(seen["batch"], len(commands))
            if len(commands) > 1 and self.bad:
                commands = self.lie(commands)
            for c in commands:
                if self.plain:
                    self.plain = False
                    self.auth(c)
                elif self.command(c) == "quit":
                    return

    def lie(self, commands):
        how = opt.get("lie")
        if how == "drop":
            return commands[:1]
        if how == "drop_second":
            return commands[:1] + commands[2:]
        if how == "garble":
            return commands[:1] + [c[1:] for c in commands[1:]]
        if how == "shift":  # one reply is lost, and a -ERR comes in its place, late
            return [commands[0]] + commands[2:-1] + [b"XYZ"] + commands[-1:]
        if how == "hang":
            time.sleep(100)
        if how == "close":
            raise OSError
        return commands

    def wrap(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(opt["cert"], opt["key"])
        self.s = c.wrap_socket(self.s, server_side=True)

    def login(self, good):
        seen["logins"] += 1
        in_use = number("in_use")
        if "hang_pass" in opt and self.bad:
            raise OSError
        if in_use and seen["logins"] <= in_use:
            self.say(opt.get("busy", "-ERR [IN-USE] somebody else reads it").encode())
        elif not good or "refuse_login" in opt:
            self.say(opt.get("refuse_login", "-ERR [AUTH] \x1b[31mno").encode())
        else:
            self.in_ = True
            self.say(b"+OK" if "bare" in opt else b"+OK logged in")

    def auth(self, answer):
        want = "%s\0u\0%s" % (opt.get("authzid", ""), opt.get("password", "secret"))
        self.login(base64.b64decode(answer) == want.encode())

    def capa(self):
        if "no_capa" in opt:
            return self.say(b"-ERR")
        if "endless_capa" in opt:
            self.say(b"+OK")
            while True:
                self.s.sendall(b"X-WORD\r\n" * 100)
        can = ["UIDL", "USER", "RESP-CODES"]
        if "no_top" not in opt:
            can.append("TOP")
        if "no_pipelining" not in opt and (self.in_ or "late_pipelining" not in opt):
            can.append("PIPELINING")
        if "plain" in opt:
            can.append("SASL LOGIN PLAIN")
        if opt.get("tls") == "stls" and not self.tls:
            can.append("STLS")
        self.lines(b"+OK", [c.encode() for c in can])

    def command(self, line):
        word, _, rest = line.partition(b" ")
        word = word.decode("latin1").upper()
        seen["words"].add(word)
        if word == "CAPA":
            self.capa()
        elif word == "STLS":
            self.say(b"+OK")
            self.tls = True
            self.wrap()
        elif word == "USER":
            self.user = rest
            self.say(b"+OK")
        elif word == "PASS":
            self.login((self.user, rest) == (b"u", opt.get("password", "secret").encode()))
        elif line == b"AUTH PLAIN":
            self.plain = True
            self.say(b"+ ")
        elif word == "AUTH":
            self.auth(line.split(b" ")[2])
        elif word == "QUIT":
            if "silent_quit" in opt:
                time.sleep(100)
            self.say(b"+OK bye")
            return "quit"
        elif not self.in_:
            self.say(b"-ERR log in")
        else:
            self.mailbox(word, rest.split())

    def mailbox(self, word, args):
        at = self.list
        k = at[int(args[0]) - 1] if args and args[0].isdigit() and \
            0 < int(args[0]) <= len(at) else None
        if word == "STAT":
            self.say(b"+OK %d %d" % (number("stat", len(at)), sum(map(size, at))))
        elif word == "UIDL":
            self.uidls(at)
        elif word == "LIST" and not args:
            gap = opt.get("list_gap")
            self.lines(b"+OK", [b"%d %d" % (i + 1, size(m) + self.more) for i, m in enumerate(at)
                                if gap is None or int(gap) != i])
        elif word == "LIST" and k is not None:
            wrong = "wrong_marker" in opt and self.bad and self.tops > number("after")
            self.say(b"+OK %s %d" % (args[0], size(k) + self.more + wrong))
        elif word == "TOP" and len(args) == 2 and k is not None:
            self.top(k, int(args[1]))
        else:
            self.say(b"-ERR what?")

    def uidls(self, at):
        if "endless_uidl_line" in opt:
            self.say(b"+OK")
            while True:
                self.s.sendall(b"1" * 1000)
        if "no_uidl" in opt:
            return self.say(b"-ERR unknown")
        step = number("step", 1)
        self.lines(b"+OK", [b"%d %s" % (i * step + 1, uidl(m)) for i, m in enumerate(at)])

    def top(self, k, lines):
        seen["tops"] += 1
        self.tops += 1
        late = self.bad and self.tops > number("after")
        if late and "hangup" in opt:
            self.s.sendall(b"+OK\r\nMessage-ID: <half")
            raise OSError
        if late and "silence" in opt:
            time.sleep(100)
        if late and "garbage" in opt:
            self.s.sendall(b"\0\x1b[2Jwhat is this\r\n")
        if "endless" in opt and k == 3:
            self.s.sendall(b"+OK\r\nX: y\r\n")
            chunk = {"line": b"x" * 65536, "header": b"X-Y: z\r\n" * 8192,
                     "body": b"\r\nx\r\n" * 8192}[opt["endless"]]
            while True:
                self.s.sendall(chunk)
        if "no_top" in opt or opt.get("refuse") == str(k):
            return self.say(b"-ERR no")
        if opt.get("long_line") == str(k):
            self.s.sendall(b"+OK\r\nX: " + b"x" * 3000000 + b"\r\n")
            return self.lines(b"Subject: x", [b""])
        head, end, body = message(k).partition(b"\r\n\r\n")
        out = head.split(b"\r\n") + ([b""] if end else [])
        if not end:
            out = head.split(b"\r\n")[:-1]
        if lines and end:
            out += body.split(b"\r\n")[:-1]
        self.lines(b"+OK", out)


def serve(s, nth):
    session = Session(s, nth)
    try:
        session.run()
    except (OSError, ValueError):
        pass
    try:
        session.s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    session.s.close()


def accept(listener):
    while True:
        s, _ = listener.accept()
        seen["connections"] += 1
        threading.Thread(target=serve, args=(s, seen["connections"]), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
seen["words"] = ",".join(sorted(seen["words"]))
print(" ".join("%s=%s" % x for x in sorted(seen.items())), flush=True)
