#!/usr/bin/env python3
"""imap_cases.py [PATH-OF-REUIDL]: imap:// as a side of a move, on a real Dovecot that serves
IMAP and POP3: rules that hold and that do not, no POP3, several mailboxes, COMPRESS, STARTTLS,
a connection that is cut; and that nothing in the mailbox has changed. Ends with "N passed, N
failed"; exit 77 where there is no Dovecot with IMAP."""

import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "servers", "dovecot.sh")
N = 30


def letter(n):
    """The n-th message; lengths differ but for a run of five in the middle."""
    more = "line\n" * (n if not 10 <= n < 15 else 10)
    return (f"Received: from x by y; Mon, 02 Nov 2026 10:00:{n:02d} +0000\nFrom: a@example.org\n"
            f"Message-ID: <{n:02d}@imap>\nDate: Mon, 02 Nov 2026 10:00:{n:02d} +0000\n"
            f"Subject: {n:02d}\n\ntext {n:02d}\n{more}")


def free():
    with socket.socket() as x:
        x.bind(("127.0.0.1", 0))
        return x.getsockname()[1]


class Proxy(socketserver.ThreadingTCPServer):
    """Passes everything on to a port; keeps what the client says, counts what the server does,
    and cuts the line once after so many octets."""
    daemon_threads = allow_reuse_address = True

    def __init__(self, port, cut=None):
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                there = socket.create_connection(("127.0.0.1", port))

                def back():
                    while data := there.recv(65536):
                        proxy.octets += len(data)
                        if proxy.cut is not None and proxy.octets > proxy.cut:
                            proxy.cut = None
                            self.request.sendall(data[:len(data) // 2])
                            break
                        self.request.sendall(data)
                    self.request.shutdown(socket.SHUT_RDWR)
                threading.Thread(target=back, daemon=True).start()
                proxy.connections += 1
                try:
                    while data := self.request.recv(65536):
                        proxy.said.append(data)
                        there.sendall(data)
                    there.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

        self.said, self.octets, self.connections, self.cut = [], 0, 0, cut
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Lab:
    def __init__(self, reuidl):
        self.reuidl, self.passed, self.wrong, self.servers = reuidl, 0, [], []
        self.folder = tempfile.mkdtemp(prefix="reuidl-imap-")
        os.chmod(self.folder, 0o755)
        self.mail = self.maildir("mail", range(N))
        self.password = self.write("password", "labpass\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def maildir(self, name, letters):
        path = os.path.join(self.folder, name)
        self.fill(path, letters)
        return path

    @staticmethod
    def fill(path, letters):
        for folder in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, folder))
        for n in letters:
            with open(os.path.join(path, "cur", f"{1700000000 + n}.m{n}.lab:2,"), "w") as f:
                f.write(letter(n))

    def start(self, *options, mail=None):
        """A Dovecot on the mail; what its script prints, as a dict."""
        out = subprocess.run([SERVER, "start", "--maildir", mail or self.mail, "--imap-port",
                              str(free()), *options], stdout=subprocess.PIPE)
        if out.returncode:
            raise SystemExit(out.returncode)
        said = dict(line.split("=", 1) for line in out.stdout.decode().split())
        self.servers.append(said["folder"])
        return said

    def stop(self, server):
        subprocess.run([SERVER, "stop", server["folder"]])
        self.servers.remove(server["folder"])

    def check(self, name, right, words=""):
        if right:
            self.passed += 1
        else:
            self.wrong.append(name)
            print(f"WRONG {name}: {words}")

    def match(self, old, new, *options):
        """reuidl match; its exit code, what it said and the pairs it made."""
        path = os.path.join(self.folder, "map")
        if os.path.exists(path):
            os.unlink(path)
        run = subprocess.run(
            [self.reuidl, "match", "--no-input", "--map", path, "--old-password-file",
             self.password, "--new-password-file", self.password, "--state",
             os.path.join(self.folder, "state"), *old, *new, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=60)
        pairs = set()
        if os.path.exists(path):
            rows = subprocess.run([self.reuidl, "map", path, "--export", "csv"],
                                  stdout=subprocess.PIPE).stdout.decode().split()[1:]
            pairs = {tuple(row.split(",")[:2]) for row in rows}
        return run.returncode, run.stdout.decode(), pairs

    def close(self):
        for folder in self.servers:
            subprocess.run([SERVER, "stop", folder])
        shutil.rmtree(self.folder, ignore_errors=True)


def validity(server):
    """The UIDVALIDITY of INBOX, from Dovecot's own list."""
    with open(os.path.join(server["mail"], "dovecot-uidlist")) as f:
        return int(re.search(r"V(\d+)", f.readline()).group(1))


def uids(server):
    """UID by letter, from Dovecot's own list."""
    with open(os.path.join(server["mail"], "dovecot-uidlist")) as f:
        lines = f.read().split("\n")[1:]
    return {int(re.search(r":17\d+\.m(\d+)\.", line).group(1)): int(line.split()[0])
            for line in lines if line}


def expected(old, new, form):
    """The pairs by Dovecot's lists: old is a %08Xu%08Xv server, new makes `form` of u, v."""
    a, b, v, w = uids(old), uids(new), validity(old), validity(new)
    return {("%08x%08x" % (a[n], v), form(b[n], w)) for n in a if n in b}


def pop3(server, side="old"):
    return [f"--{side}", f"pop3://lab@localhost:{server['port']}", f"--{side}-cafile", server["ca"]]


def imap(server, side="new", *more, mailbox="", proof=True, port=None):
    said = [f"--{side}", f"imap://lab@localhost:{port or server['imap_port']}{mailbox}",
            f"--{side}-cafile", server["ca"], *more]
    if proof:
        said += [f"--{side}-pop3", f"pop3://lab@localhost:{server['port']}"]
    return said


def rules(lab, old):
    forms = {"%08Xu%08Xv": lambda u, v: "%08x%08x" % (u, v), "%v.%u": lambda u, v: f"{v}.{u}",
             "x-%u-of-%08Xv": lambda u, v: "x-%u-of-%08x" % (u, v)}
    for uidl, form in forms.items():
        new = lab.start("--uidl", uidl)
        rule = ["--new-uidl-rule", "x-{u}-of-{v:08x}"] if uidl[0] == "x" else []
        code, said, pairs = lab.match(pop3(old), imap(new, "new", *rule))
        want = expected(old, new, form)
        lab.check(f"{uidl}, proved by POP3", code == 0 and pairs == want and len(want) == N and
                  "headers compared" in said, f"exit {code}: {said} {pairs ^ want}")
        if uidl[0] == "x":
            code, said, pairs = lab.match(pop3(old), imap(new))
            lab.check("no rule that is known", code == 65 and not pairs and f"{validity(new):08x}" in said
                      and "none of the" in said, f"exit {code}: {said}")
            code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-uidl-rule", "x-{u}-of-{v}"))
            lab.check("a wrong rule", code == 65 and not pairs and f"x-1-of-{validity(new):08x}" in said
                      and f"x-1-of-{validity(new)}\"" in said, f"exit {code}: {said}")
        if uidl == "%v.%u":
            trust(lab, old, new, want)
        lab.stop(new)


def trust(lab, old, new, want):
    template = ["--new-uidl-rule", "{v}.{u}"]
    code, said, pairs = lab.match(pop3(old), imap(new, "new", *template, "--new-pop3", "none", proof=False),
                                  "--trust-rule")
    lab.check("--trust-rule", code == 0 and pairs == want and "nothing has proved" in said,
              f"exit {code}: {said}")
    away = ["--new-pop3", f"pop3://lab@localhost:{free()}"]
    code, said, pairs = lab.match(pop3(old), imap(new, "new", *template, *away, proof=False))
    lab.check("POP3 is away", code == 69 and not pairs and "--trust-rule" in said, f"exit {code}: {said}")
    code, said, pairs = lab.match(pop3(old), imap(new, "new", *template, *away, proof=False),
                                  "--trust-rule")
    lab.check("POP3 is away, --trust-rule", code == 0 and pairs == want and "cannot reach" in said,
              f"exit {code}: {said}")
    code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-pop3", "none", proof=False),
                                  "--trust-rule")
    lab.check("--trust-rule names a rule", code == 64 and not pairs and "--new-uidl-rule" in said,
              f"exit {code}: {said}")


def untouched(lab, old):
    """No \\Seen, no file moved, no SELECT: what the client says goes through a proxy."""
    new = lab.start("--no-tls")
    before = sorted(os.listdir(os.path.join(new["mail"], "cur")))
    proxy = Proxy(int(new["imap_port"]))
    code, said, pairs = lab.match(
        pop3(old), [*imap(new, port=proxy.port, proof=False), "--new-tls", "off", "--new-pop3",
                    f"pop3://lab@localhost:{new['port']}"])
    spoken = b"".join(proxy.said).decode()
    after = sorted(os.listdir(os.path.join(new["mail"], "cur")))
    lab.check("nothing is changed", code == 0 and len(pairs) == N and before == after and
              not re.search(r"\b(SELECT|STORE|EXPUNGE|CLOSE|BODY\[)", spoken) and
              "EXAMINE" in spoken and "BODY.PEEK[HEADER]" in spoken and "LOGOUT" in spoken,
              f"exit {code}: {said} {spoken}")
    lab.check("one FETCH for all headers, after the sample's",
              spoken.count("BODY.PEEK[HEADER]") == 2, spoken)
    lab.stop(new)


def main():
    reuidl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../build/reuidl"))
    if not os.path.exists("/usr/lib/dovecot/imap"):
        print("no IMAP server here")
        return 77
    lab = Lab(reuidl)
    try:
        old = lab.start()
        for group in (rules, untouched):
            group(lab, old)
    finally:
        lab.close()
    print(f"{lab.passed} passed, {len(lab.wrong)} failed")
    return 1 if lab.wrong or not lab.passed else 0


if __name__ == "__main__":
    sys.exit(main())
