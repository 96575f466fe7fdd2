"""Sessions with mail servers as transcripts: fixtures/sessions/README says what stands in
one. Session(path) reads it, Player(session) is that server on a port of loopback, and says
afterwards what the client did otherwise."""

import re
import select
import socket
import threading
import time
import zlib

PATIENCE = 40  # seconds for a client to say what is expected of it


def raw(text):
    """What stands in a transcript as bytes: \\r \\n \\t \\\\ \\xNN."""
    plain = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
    return re.sub(r"\\(x[0-9a-f]{2}|.)",
                  lambda m: plain.get(m[1]) or chr(int(m[1][1:], 16)), text).encode("latin1")


def shown(line):
    """The other way round; blanks at the end would be lost on somebody's screen."""
    text = line.decode("latin1").replace("\\", "\\\\")
    text = re.sub(r"[^\x20-\x7e]", lambda m: "\\x%02x" % ord(m[0]), text)
    return re.sub(r" +$", lambda m: "\\x20" * len(m[0]), text)


class Session:
    """expect: (word, value) in order; connections: lists of (kind, argument)."""

    def __init__(self, path):
        self.path, self.expect, self.connections = path, [], [[]]
        with open(path, encoding="ascii") as f:
            for number, line in enumerate(f.read().split("\n"), 1):
                if line == "" or line.startswith("#"):
                    continue
                kind, _, rest = line.partition(" ")
                if kind == "=":
                    word, _, value = rest.partition(" ")
                    self.expect.append((word, value))
                elif kind == "---":
                    self.connections.append([])
                elif kind in ("S:", "S|", "C:", "!"):
                    self.connections[-1].append((kind, rest, number))
                else:
                    raise ValueError("%s:%d: what is \"%s\"?" % (path, number, kind))

    def values(self, word):
        return [v for w, v in self.expect if w == word]


class Talk:
    """One connection."""

    def __init__(self, player, sock, steps):
        self.player, self.sock, self.steps = player, sock, steps
        self.came = self.going = b""
        self.pack = self.unpack = None  # RFC 4978

    def wrong(self, number, what):
        self.player.wrong.append("line %d: %s" % (number, what))

    def send(self):
        going, self.going = self.going, b""
        if self.pack and going:
            going = self.pack.compress(going) + self.pack.flush(zlib.Z_SYNC_FLUSH)
        self.sock.sendall(going)

    def line(self):
        """The client's next line, or None at its end. What was said goes out when there is
        none yet: the replies to what came at once go at once, so that a client does the
        same each time, however fast either is."""
        while b"\r\n" not in self.came:
            self.send()
            got = self.sock.recv(65536)
            if not got:
                return None
            self.came += self.unpack.decompress(got) if self.unpack else got
        line, _, self.came = self.came.partition(b"\r\n")
        word = line.split(b" ")[0].decode("latin1").upper()
        self.player.words.append(word)
        if re.fullmatch("[A-Za-z]+[0-9]+", word):  # IMAP's tag
            words = line.decode("latin1").upper().split(" ")[1:3]
            self.player.words += words if words[:1] == ["UID"] else words[:1]
        return line

    def client(self, number, wanted):
        line = self.line()
        pattern = ".*".join(map(re.escape, wanted.split("*")))
        if line is None or not re.fullmatch(pattern, shown(line)):
            self.wrong(number, "the client should say \"%s\", and not %s" % (
                wanted, "hang up" if line is None else '"%s"' % shown(line)))
            return False
        return True

    def act(self, number, action):
        """False: it ends here."""
        word, _, n = action.partition(" ")
        if word != "together":
            self.send()
        if word == "cut":
            return False
        if word == "wait":
            time.sleep(float(n))
        elif word == "garbage":  # the same each time, and no line of it a reply
            noise = bytes((i * 167 + i // 7 * 31) % 256 for i in range(int(n)))
            self.sock.sendall(noise.replace(b"+", b"#").replace(b"-", b"#") + b"\r\n")
        elif word == "long":  # a line that is so long, and has its end
            self.sock.sendall(b"x" * int(n) + b"\r\n")
        elif word == "endless":
            while True:
                self.sock.sendall(b"x" * 65536)
        elif word == "deflate":
            self.pack = zlib.compressobj(wbits=-15)
            self.unpack = zlib.decompressobj(-15)
        elif word == "silence":
            while self.sock.recv(65536):
                pass
            return False
        elif word == "alone":  # nothing more has been said already
            time.sleep(0.05)
            if self.came or select.select([self.sock], [], [], 0)[0]:
                self.wrong(number, "the client goes on before it is answered")
        elif word == "together":  # and here it has
            if b"\r\n" not in self.came and not select.select([self.sock], [], [], 2)[0]:
                self.wrong(number, "the client waits for an answer first")
        else:
            self.wrong(number, "what is \"%s\"?" % word)
        return True

    def run(self):
        for kind, rest, number in self.steps:
            if kind == "S:":
                self.going += raw(rest) + b"\r\n"
            elif kind == "S|":
                self.going += raw(rest)
            elif kind == "C:" and not self.client(number, rest):
                return
            elif kind == "!" and not self.act(number, rest):
                return
        last = self.steps[-1][2] if self.steps else 0
        while (line := self.line()) is not None:
            self.wrong(last, "the client says \"%s\" behind the end" % shown(line))


class Player:
    def __init__(self, session):
        self.session, self.words, self.wrong, self.taken = session, [], [], 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.threads = []
        self.over = False
        self.main = threading.Thread(target=self.accept, daemon=True)
        self.main.start()

    def accept(self):
        while True:
            sock, _ = self.door.accept()
            if self.over:
                sock.close()
                return
            scripts = self.session.connections
            steps = scripts[min(self.taken, len(scripts) - 1)]
            self.taken += 1
            t = threading.Thread(target=self.serve, args=(sock, steps), daemon=True)
            self.threads.append(t)
            t.start()

    def serve(self, sock, steps):
        sock.settimeout(PATIENCE)
        try:
            Talk(self, sock, steps).run()
        except socket.timeout:
            self.wrong.append("the client was silent for %d s" % PATIENCE)
        except OSError:
            pass  # it has hung up, and is judged by what it said
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()

    def stop(self):
        self.over = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.main.join()
        self.door.close()
        for t in self.threads:
            t.join(5)
