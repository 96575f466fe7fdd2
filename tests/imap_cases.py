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
    """The n-th message; lengths differ but for a run of five in the middle. The last three
    have only a Date, so that their bodies are asked for."""
    more = "line\n" * (n if not 10 <= n < 15 else 10)
    ids = (f"Received: from x by y; Mon, 02 Nov 2026 10:00:{n:02d} +0000\n"
           f"Message-ID: <{n:02d}@imap>\n" if n < N - 3 else "")
    return (f"{ids}From: a@example.org\nDate: Mon, 02 Nov 2026 10:00:{n:02d} +0000\n"
            f"Subject: {n:02d}\n\ntext {n:02d}\n.dots\n\n{more}")


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
                    try:
                        while data := there.recv(65536):
                            proxy.octets += len(data)
                            if proxy.cut is not None and proxy.octets > proxy.cut:
                                proxy.cut = None
                                self.request.sendall(data[:len(data) // 2])
                                break
                            self.request.sendall(data)
                        self.request.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
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
            print(f"WRONG {name}: {words}", flush=True)

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
            code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-uidl-rule",
                                                          "{prefix}{u}-of-{v:08x}"))
            lab.check("a prefix is learnt", code == 0 and pairs == want, f"exit {code}: {said}")
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
    shown = subprocess.run([lab.reuidl, "map", os.path.join(lab.folder, "map")], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT).stdout.decode()
    lab.check("the map says so later", "by the rule {v}.{u}, which was taken on trust" in shown, shown)
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


def plain(server, proxy, *more, mailbox=""):
    """Without TLS, through a proxy that hears all."""
    return [*imap(server, "new", *more, port=proxy.port, mailbox=mailbox), "--new-tls", "off"]


def untouched(lab, old):
    """No \\Seen, no file moved, no SELECT: what the client says goes through a proxy. With
    COMPRESS, less goes over the line."""
    new = lab.start("--no-tls")
    before = sorted(os.listdir(os.path.join(new["mail"], "cur")))
    proxy = Proxy(int(new["imap_port"]))
    code, said, pairs = lab.match(pop3(old), plain(new, proxy))
    spoken = b"".join(proxy.said).decode()
    after = sorted(os.listdir(os.path.join(new["mail"], "cur")))
    want = expected(old, new, lambda u, v: "%08x%08x" % (u, v))
    lab.check("nothing is changed", code == 0 and pairs == want and before == after and
              not re.search(r"\b(SELECT|STORE|EXPUNGE|CLOSE|BODY\[)", spoken) and
              "EXAMINE" in spoken and "BODY.PEEK[HEADER]" in spoken and
              "BODY.PEEK[]" in spoken and "LOGOUT" in spoken, f"exit {code}: {said} {spoken}")
    lab.check("one FETCH for all headers, after the sample's",
              spoken.count("BODY.PEEK[HEADER]") == 2, spoken)
    lab.check("no COMPRESS where it is not announced", "COMPRESS" not in spoken, spoken)
    with open(new["log"]) as f:
        log = f.read()
    lab.check("as Dovecot saw it", "deleted=0 expunged=0 trashed=0" in log and "retr=0/0" in log, log)
    cut(lab, old, new, want)
    code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-pop3", "none", "--new-uidl-rule",
                                                  "{v}.{u}", proof=False), "--trust-rule")
    lab.check("no STARTTLS, no password", code == 77 and "offers no TLS (STARTTLS)" in said,
              f"exit {code}: {said}")
    lab.stop(new)
    compress(lab, old, proxy.octets)


def compress(lab, old, octets):
    new = lab.start("--no-tls", "--set", "mail_plugins = zlib", "--set",
                    "protocol imap {\n  mail_plugins = zlib imap_zlib\n}")
    proxy = Proxy(int(new["imap_port"]))
    code, said, pairs = lab.match(pop3(old), plain(new, proxy))
    spoken = b"".join(proxy.said)
    lab.check("COMPRESS=DEFLATE", code == 0 and len(pairs) == N and b"COMPRESS DEFLATE" in spoken
              and b"EXAMINE" not in spoken and proxy.octets < octets / 2,
              f"exit {code}: {said} {proxy.octets} of {octets}")
    cut(lab, old, new, pairs, 3000)
    lab.stop(new)


def cut(lab, old, new, want, after=9000):
    """In the middle of a FETCH the line breaks: what has come is good, the rest is asked again."""
    proxy = Proxy(int(new["imap_port"]), cut=after)
    code, said, pairs = lab.match(pop3(old), plain(new, proxy))
    lab.check("a line that is cut", code == 0 and pairs == want and proxy.connections == 2 and
              proxy.cut is None and "connected again" in said,
              f"exit {code}: {said} {proxy.connections} {proxy.octets}")


def old_side(lab, old):
    new = lab.start("--uidl", "%v.%u", "--set", "service imap-login {\n  inet_listener imaps {\n"
                    f"    port = {free()}\n    ssl = yes\n  }}\n}}")
    with open(os.path.join(new["folder"], "dovecot.conf")) as f:
        port = re.findall(r"imaps \{\s+port = ([1-9]\d*)", f.read())[0]
    code, said, pairs = lab.match(imap(new, "old"), pop3(old, "new"))
    want = {(b, a) for a, b in expected(old, new, lambda u, v: f"{v}.{u}")}
    lab.check("from IMAP to POP3", code == 0 and pairs == want, f"exit {code}: {said} {pairs ^ want}")
    tls = ["--old", f"imaps://lab@localhost:{port}", "--old-cafile", new["ca"], "--old-pop3",
           f"pop3s://lab@localhost:{new['pop3s_port']}"]
    code, said, pairs = lab.match(tls, pop3(old, "new"))
    lab.check("imaps and pop3s", code == 0 and pairs == want, f"exit {code}: {said} {pairs ^ want}")
    for auth in ("user", "login", "plain"):
        code, said, pairs = lab.match([*tls, "--old-auth", auth], pop3(old, "new"))
        lab.check(f"--old-auth {auth}", code == 0 and pairs == want, f"exit {code}: {said}")
    code, said, pairs = lab.match([*tls, "--old-auth", "apop"], pop3(old, "new"))
    lab.check("--old-auth apop", code == 64 and "apop" in said, f"exit {code}: {said}")
    wrong = ["--old-password-file", lab.write("wrong", "not this\n")]
    code, said, pairs = lab.match([*tls, *wrong], pop3(old, "new"))
    lab.check("a wrong password", code == 77 and "refuses the login" in said, f"exit {code}: {said}")
    lab.stop(new)


def mailboxes(lab, old):
    """Archive and Entwürfe beside INBOX, which alone POP3 lists."""
    mail = lab.maildir("several", range(20))
    lab.fill(os.path.join(mail, ".Archive"), range(20, 25))
    lab.fill(os.path.join(mail, ".Entw&APw-rfe"), range(25, N))
    new = lab.start(mail=mail)

    code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-mailbox", "*"))
    want = expected(old, new, lambda u, v: "%08x%08x" % (u, v))
    real = {pair for pair in pairs if all(pair)}
    lab.check("all mailboxes, of which POP3 lists one", code == 0 and real == want and
              len(want) == 20 and "10 messages are listed by IMAP and not by POP3" in said,
              f"exit {code}: {said}")
    trusting = ["--new-pop3", "none", "--new-uidl-rule", "{u:08x}{v:08x}"]
    code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-mailbox", "*", *trusting,
                                                  proof=False), "--trust-rule")
    lab.check("all mailboxes by a rule", code == 0 and len([p for p in pairs if all(p)]) == N,
              f"exit {code}: {said} {pairs}")
    code, said, pairs = lab.match(pop3(old), imap(new, "new", *trusting, mailbox="/Entw%C3%BCrfe",
                                                  proof=False), "--trust-rule")
    lab.check("a mailbox of the URL", code == 0 and len([p for p in pairs if all(p)]) == N - 25,
              f"exit {code}: {said} {pairs}")
    code, said, pairs = lab.match(pop3(old), imap(new, "new", "--new-mailbox", "Gibt es nicht"))
    lab.check("a mailbox that is not there", code == 64 and "Gibt es nicht" in said, f"exit {code}: {said}")
    lab.stop(new)


def unequal(lab, old):
    """POP3 of one server, IMAP of another with the same UIDs: what a wrong rule would look like."""
    first = lab.start()
    lab.match(pop3(old), pop3(first, "new"))
    want = expected(old, first, lambda u, v: "%08x%08x" % (u, v))
    cases = {
        "POP3 lists what IMAP has not": ((), (3, 29), 0, "2 messages are listed by POP3 and not by IMAP"),
        "equal sizes, headers changed over": (((10, 14),), (), 65, "different headers"),
        "unequal sizes": (((2, 7),), (), 0, "2 of 30 messages differently"),
    }
    for name, (swaps, gone, exit_code, words) in cases.items():
        mail = os.path.join(lab.folder, name.split()[0])
        shutil.copytree(first["mail"], mail, ignore=shutil.ignore_patterns("dovecot.index*"))
        at = {n: os.path.join(mail, "cur", f) for f in os.listdir(os.path.join(mail, "cur"))
              for n in range(N) if f".m{n}." in f}
        for a, b in swaps:
            os.rename(at[a], at[a] + ".x")
            os.rename(at[b], at[a])
            os.rename(at[a] + ".x", at[b])
        for n in gone:
            os.unlink(at[n])
        # Sizes are kept there, too.
        with open(os.path.join(mail, "dovecot-uidlist"), "r+") as f:
            text = re.sub(r" [SW]\d+(?=.* :)", "", f.read())
            f.seek(0)
            f.truncate()
            f.write(text)
        second = lab.start(mail=mail)
        with open(first["ca"]) as a, open(second["ca"]) as b:
            both = lab.write("ca.pem", a.read() + b.read())
        code, said, pairs = lab.match(
            pop3(old), [*imap(second, proof=False), "--new-cafile", both, "--new-pop3",
                        f"pop3://lab@localhost:{first['port']}"])
        lab.check(name, code == exit_code and pairs == (set() if code else want) and words in said,
                  f"exit {code}: {said} {pairs ^ want}")
        lab.stop(second)
    lab.stop(first)


def main():
    reuidl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../build/reuidl"))
    if not os.path.exists("/usr/lib/dovecot/imap"):
        print("no IMAP server here")
        return 77
    lab = Lab(reuidl)
    try:
        old = lab.start()
        for group in (rules, untouched, old_side, mailboxes, unequal):
            group(lab, old)
    finally:
        lab.close()
    print(f"{lab.passed} passed, {len(lab.wrong)} failed")
    return 1 if lab.wrong or not lab.passed else 0


if __name__ == "__main__":
    sys.exit(main())
