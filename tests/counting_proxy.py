#!/usr/bin/env python3
"""A POP3 server's door on loopback that counts what is asked, and can make it slow, for
tests: CountingProxy(port) stands before the server at that port.

Each TOP waits `slow` seconds, and `at_top` is called with how many there were. What is
counted is what the server was asked, [(number, lines)] in `tops`, in its order; after
begin() only of connections that come later, for what was sent before a client was killed
still goes through."""

import socket
import threading
import time


class CountingProxy:
    def __init__(self, port, slow=0.0, at_top=None):
        self.target, self.slow, self.at_top = port, slow, at_top
        self.tops, self.turn = [], 0
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.door.listen(5)
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.ask, args=(client, server), daemon=True).start()
            threading.Thread(target=self.answer, args=(server, client), daemon=True).start()

    def begin(self, slow=0.0, at_top=None):
        self.tops, self.slow, self.at_top = [], slow, at_top
        self.turn += 1

    def ask(self, client, server):
        turn = self.turn
        try:
            for line in client.makefile("rb"):
                words = line.split()
                if words and words[0] == b"TOP" and turn == self.turn:
                    self.tops.append((int(words[1]), int(words[2])))
                    time.sleep(self.slow)
                    if self.at_top:
                        self.at_top(len(self.tops))
                server.sendall(line)
        except OSError:
            pass
        server.close()

    @staticmethod
    def answer(server, client):
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            pass
        client.close()

    def close(self):
        self.door.close()
