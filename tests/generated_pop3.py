"""GeneratedPop3(order): a POP3 server on loopback, in a process of its own, whose messages
are made as they are asked for: message k is number order[k]. For mailboxes so large that a
real server takes half an hour to count them; whether reuidl speaks with real servers is for
other tests to show.

It counts the TOPs of connections that came after begin(): what a killed client has sent
is answered all the same, and nobody's."""

import multiprocessing
import socket
import threading

HEADER = (b"Received: from mx.example.org by mail.example.org id %(n)08x; "
          b"Wed, 01 Jan 2025 00:00:00 +0000\r\n"
          b"From: sender%(who)d@example.org\r\nTo: user@example.org\r\nSubject: message %(n)d\r\n"
          b"Date: Wed, 01 Jan 2025 00:00:00 +0000\r\nMessage-ID: <%(n)d.1@example.org>\r\n\r\n")
BODY = b"body of %d\r\n"


def message(n):
    return HEADER % {b"n": n, b"who": n % 97}, BODY % n


class GeneratedPop3:
    def __init__(self, order, mark):
        """`mark` stands in all UIDLs."""
        self.order, self.mark = order, mark
        self.count, self.turn = multiprocessing.Value("Q", 0), multiprocessing.Value("Q", 0)
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.door.listen(5)
        self.port = self.door.getsockname()[1]
        self.process = multiprocessing.Process(target=self.serve, daemon=True)
        self.process.start()

    def begin(self):
        with self.turn.get_lock():
            self.turn.value += 1
            self.count.value = 0

    def asked(self):
        return self.count.value

    def close(self):
        self.process.kill()
        self.process.join()

    def uidl(self, k):
        return b"%08x%s" % (k + 1, self.mark)

    # In the process.

    def serve(self):
        sizes = [sum(map(len, message(n))) for n in self.order]
        self.total = sum(sizes)
        self.lists = {
            b"UIDL": b"".join(b"%d %s\r\n" % (k + 1, self.uidl(k)) for k in range(len(sizes))),
            b"LIST": b"".join(b"%d %d\r\n" % (k + 1, s) for k, s in enumerate(sizes))}
        self.sizes = sizes
        while True:
            client, _ = self.door.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.talk, args=(client, self.turn.value), daemon=True).start()

    def talk(self, client, turn):
        rest = b""
        try:
            client.sendall(b"+OK generated\r\n")
            while data := client.recv(65536):
                *lines, rest = (rest + data).split(b"\r\n")
                replies = [self.reply(line.split()) for line in lines]
                tops = sum(line[:4] == b"TOP " for line in lines)
                with self.turn.get_lock():
                    if tops and turn == self.turn.value:
                        self.count.value += tops
                client.sendall(b"".join(replies))
                if b"QUIT" in lines:
                    break
        except OSError:
            pass
        client.close()

    def reply(self, words):
        what, rest = words[0].upper(), words[1:]
        if what == b"TOP":
            header, body = message(self.order[int(rest[0]) - 1])
            return b"+OK\r\n" + header + (body if rest[1] != b"0" else b"") + b".\r\n"
        if what == b"LIST" and rest:
            k = int(rest[0]) - 1
            return b"+OK %d %d\r\n" % (k + 1, self.sizes[k])
        if what in self.lists:
            return b"+OK\r\n" + self.lists[what] + b".\r\n"
        if what == b"CAPA":
            return b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n"
        if what == b"STAT":
            return b"+OK %d %d\r\n" % (len(self.sizes), self.total)
        return b"+OK\r\n" if what in (b"USER", b"PASS", b"QUIT", b"NOOP") else b"-ERR\r\n"
