#!/usr/bin/env python3
"""record_session.py [imap] SERVER [PATH-OF-REUIDL]: play `reuidl capture` against one of the POP3
servers of other_servers.py and print what both have said as a transcript, to be looked at
and put into fixtures/sessions. `port PORT USER PASSWORD` in place of SERVER: what listens
there; `solid-damaged` has a message without its last line end. Passwords are left out, and the replies stand behind their commands, however many
were under way at once. Wants root, as other_servers.py does."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import other_servers
import sessions


class Tap:
    """Passes on one connection after the other, and keeps both sides of each."""

    def __init__(self, target):
        self.target, self.talks = target, []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.door.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            talk = [b"", b"", []]
            self.talks.append(talk)
            for i, (a, b) in enumerate(((client, server), (server, client))):
                threading.Thread(target=self.carry, args=(a, b, talk, i), daemon=True).start()

    @staticmethod
    def carry(a, b, talk, i):
        try:
            while got := a.recv(65536):
                talk[i] += got
                talk[2].append((i, got))
                b.sendall(got)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def lines(data):
    """Each with its line end, whatever it is."""
    while data:
        line, lf, data = data.partition(b"\n")
        yield line + lf


def server_line(line):
    if line.endswith(b"\r\n"):
        return "S: " + sessions.shown(line[:-2])
    return "S| " + sessions.shown(line)


def transcript(talk):
    """Commands and replies by turns, as POP3 has them."""
    replies = lines(talk[1])
    yield server_line(next(replies, b""))
    for command in talk[0].split(b"\r\n")[:-1]:
        word, _, rest = command.upper().partition(b" ")
        yield "C: " + ("PASS labpass" if word == b"PASS" else sessions.shown(command))
        if word == b"PASS":
            yield "! alone"
        many = word in (b"CAPA", b"TOP") or (word in (b"UIDL", b"LIST") and not rest)
        first = next(replies, b"")
        yield server_line(first)
        while many and first.upper().startswith(b"+OK"):
            line = next(replies, b"")
            yield server_line(line)
            many = line not in (b".\r\n", b".\n", b"")


def imap_transcript(talk):
    """IMAP is asked one thing at a time: what was said stands in the order it was."""
    turns = []
    for side, data in talk[2]:
        if turns and turns[-1][0] == side:
            turns[-1][1] += data
        else:
            turns.append([side, data])
    for side, data in turns:
        for line in lines(data):
            yield server_line(line) if side else "C: " + sessions.shown(line.rstrip(b"\r\n"))


def capture(reuidl, scheme, port, user, password):
    more = ["--uidl-rule", "{u:08x}{v:08x}", "--pop3", "none", "--trust-rule"] if scheme == "imap" else []
    with tempfile.TemporaryDirectory() as lab:
        return subprocess.run([reuidl, "capture", "%s://%s@127.0.0.1:%d" % (scheme, user, port),
                               "--password-env", "LAB", "--tls", "off", "--no-input", "--state", lab,
                               "--to", os.path.join(lab, "capture"), *more],
                              env=dict(os.environ, LAB=password), capture_output=True, text=True,
                              timeout=60)


def show(reuidl, scheme, name, port, user, password):
    tap = Tap(port)
    done = capture(reuidl, scheme, tap.port, user, password)
    print("# %s, recorded." % name)
    print("= exit %d" % done.returncode)
    for line in (done.stdout + done.stderr).splitlines():
        print("#   " + line)
    print("= connections %d" % len(tap.talks))
    for i, talk in enumerate(tap.talks):
        if i > 0:
            print("---")
        for line in imap_transcript(talk) if scheme == "imap" else transcript(talk):
            print(line.replace("C: USER " + user, "C: USER labuser"))


def mailbox():
    """Few messages, each of which servers treat in its own way."""
    message = other_servers.message
    copy = message("copy", 2, b"the same twice\n")
    return [("dots", message("dots", 1, b".\n..\n.dot\nFrom the start\nend\n")), ("copy", copy),
            ("eight-bit", message("eight-bit", 3, b"text\n", b"X-Name: Gr\xc3\xb6\xc3\x9fe\n")),
            ("no-newline", message("no-newline", 4, b"no newline at the end")),
            ("x-uidl", message("x-uidl", 5, b"text\n", b"X-UIDL: old-uidl-7\n")),
            ("crlf", message("crlf", 6, b"line\nline\n").replace(b"\n", b"\r\n")), ("copy", copy)]


def main(argv):
    scheme = argv.pop(0) if argv[0] == "imap" else "pop3"
    if argv[0] == "port":
        reuidl = argv[4] if argv[4:] else os.path.join(HERE, "..", "build", "reuidl")
        show(reuidl, scheme, "port", int(argv[1]), argv[2], argv[3])
        return
    reuidl = argv[1] if argv[1:] else os.path.join(HERE, "..", "build", "reuidl")
    lab = tempfile.mkdtemp(prefix="reuidl-record-")
    os.chmod(lab, 0o755)
    server = None
    try:
        other_servers.SERVERS.update({"solid-mbox": ["solid.sh", "mbox"],
                                      "solid-damaged": ["solid.sh", "maildir"]})
        box = [m for m in mailbox() if m[0] not in other_servers.LEFT_OUT.get(argv[0], ())]
        server = other_servers.Server(lab, argv[0], box, 1)
        port = int(server.vars["port"])
        if scheme == "imap":  # Cyrus has it on the next port
            port += 1
        show(reuidl, scheme, argv[0], port, server.vars["user"], server.vars["pass"])
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(lab)


if __name__ == "__main__":
    main(sys.argv[1:])
