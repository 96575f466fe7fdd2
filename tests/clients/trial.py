"""A mailbox that moves, for any client: what does it download afterwards?

A client is a module of this folder with a subclass of Client, and nothing else is to be
done: run.py finds it.  A trial is one client, one kind of UIDLs, and one case:

    ordinary   Dovecot's own UIDLs
    odd        UIDLs with all that is hard to write down, up to 70 characters
    counter    1, 2, 3 ... on both servers, and some letters deleted on the old one

    switched   the client's settings name the new server afterwards
    same-name  the new server has the old one's name and port: nobody tells the client

The client fetches 30 letters from one Dovecot and leaves them there, so that it writes
its store itself.  reuidl is called; the client meets another Dovecot, with those letters
under other UIDLs in another order, and three more.  What it asked for is read from the
commands that the server has logged: exactly those three letters, and the next time none.
In the end the client has all 33, none twice, and nothing was deleted on the server.  The
controls are the same without reuidl: all 33 are downloaded.  And "undo": reuidl takes its
run back, every file is what it was, and the client downloads nothing from the old server.
"""

import collections
import glob
import json
import os
import poplib
import random
import re
import shutil

import dovecot
import letters
from scenarios import Checks

KINDS = ("ordinary", "odd", "counter")
CASES = ("switched", "same-name")
# Of the clients that `make check-clients` runs; the others, and all trials, are for
# `make check-clients-all`.
FEW = ("control/switched", "odd/switched", "counter/same-name")
GONE = (2, 9, 17, 23)  # letters deleted on the old server, in the kind "counter"
ODD = (
    "{n}/(V),?",
    "<%a@b*'{n}>$#,V=x\\y\"z;",
    "#{n}[c]|{{d}}~^`&+=!",
    "a/b/{n}-_.:",
    "\\{n}%20%" + "w" * 60,
)
IDENT = re.compile(rb"^Message-ID: +<(2026\d{4}\.[0-9a-f]{4}@mail\d\.example\.net)>",
                   re.M | re.I)

Account = collections.namedtuple("Account", "host port user password")


class Client:
    """What a client must tell.  `home` is a folder of its own, and its HOME."""

    name = None       # as on run.py's command line
    program = None    # what missing() looks for
    packages = ()     # Debian's; also in tests/install.sh, group clients-all
    quick = False     # one of those of `make check-clients`
    mail = "Mail"     # below home: the files, of any kind, that hold the fetched mail
    grows = None      # below home: where folders may come that were not there

    def __init__(self, box):
        self.box, self.home = box, None

    @classmethod
    def missing(cls):
        """A sentence, or None."""
        if shutil.which(cls.program):
            return None
        return f"{cls.program} is not installed (apt-get install {' '.join(cls.packages)})"

    def setup(self, home, account):
        """Write the client's configuration: leave mail on the server."""
        raise NotImplementedError

    def switch(self, account):
        """Its settings name another server.  As the user would do it: the store stays."""
        self.setup(self.home, account)

    def fetch(self):
        """Run the client: one check for new mail, until it has ended."""
        raise NotImplementedError

    def stores(self):
        """What is named on reuidl's command line.  Nothing: reuidl finds it in HOME."""
        return []

    def options(self, kind, old, new):
        """Options of migrate that this client needs.  `new` is what it will be told."""
        del kind, old, new
        return []

    def letters(self):
        """The Message-IDs of the mail that it has."""
        found = []
        for top, _, files in os.walk(os.path.join(self.home, self.mail)):
            for name in files:
                with open(os.path.join(top, name), "rb") as file:
                    found += [i.decode() for i in IDENT.findall(file.read())]
        return sorted(found)

    # For setup() and fetch().

    def write(self, name, text, mode=0o600):
        """A file below the home, for the user that the client runs as."""
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        self.box.own(self.home)
        return path

    def run(self, argv, good=(0,), timeout=60, **env):
        done = self.box.run(argv, timeout=timeout, HOME=self.home, **env)
        with open(self.box.path("clients.log"), "ab") as log:
            log.write(b"\n$ " + " ".join(argv).encode() + b"\n" + done.stdout + done.stderr
                      + b"exit %d\n" % done.returncode)
        if done.returncode not in good:
            words = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise RuntimeError(f"{argv[0]} ended with {done.returncode}: {words[-300:]}")
        return done


class Server(dovecot.Dovecot):
    """One mailbox whose letters are known by number; POP3's numbers are their order."""

    def __init__(self, box, name, numbers, validity, kind, port=None):
        self.numbers, self.args = list(numbers), (validity, kind)
        self.raw = box.folder(name + ".commands")
        box.own(self.raw)
        mail = [(uid, letters.letter(n)) for uid, n in enumerate(self.numbers, 1)]
        uidls = None
        if kind == "odd":
            # Never the other server's for any letter.
            uidls = [ODD[(uid + validity) % len(ODD)].format(n=f"{validity % 100}{uid}")
                     for uid, _ in mail]
        options = ["--no-tls", "--set", f"rawlog_dir = {self.raw}"]
        if port:
            options += ["--port", str(port)]
        super().__init__(box, name, mail, validity,
                         "%u" if kind == "counter" else "%08Xu%08Xv", options, uidls)
        self.read = set()  # of the files of commands

    def account(self, host="localhost"):
        return Account(host, self.port, self.user, dovecot.PASSWORD)

    def moved_to(self, name, port):
        """The same mailbox at another port: the only server that is left."""
        stop(self)
        return Server(self.box, name, self.numbers, *self.args, port)

    def delete(self, gone):
        pop = poplib.POP3("localhost", self.port, timeout=10)
        pop.user(self.user)
        pop.pass_(dovecot.PASSWORD)
        for n in gone:
            pop.dele(self.numbers.index(n) + 1)
        pop.quit()
        self.numbers = [n for n in self.numbers if n not in gone]
        self.asked()

    def asked(self):
        """What was asked since last time: (letters downloaded, letters deleted).  TOP
        with no line of the body is not a download."""
        self.sessions()
        got, deleted = [], []
        for path in sorted(set(glob.glob(os.path.join(self.raw, "*.in"))) - self.read):
            self.read.add(path)
            with open(path, "rb") as file:
                for line in file:
                    words = line.upper().split()[-3:]
                    for verb, *rest in (words, words[1:]):
                        if verb == b"RETR" or verb == b"TOP" and rest[1:] != [b"0"]:
                            got.append(self.numbers[int(rest[0]) - 1])
                        if verb == b"DELE":
                            deleted.append(self.numbers[int(rest[0]) - 1])
        return sorted(got), sorted(deleted)


def stop(server):
    server.stop()
    server.box.servers.remove(server)


class Trial:
    def __init__(self, box, reuidl, client, name):
        self.box, self.reuidl = box, reuidl
        self.kind, self.case, self.control = names(client)[name]
        self.name = name.replace("/", "-")
        self.client = client(box)
        self.check = Checks()
        self.old = self.new = None

    def run(self):
        """The complaints."""
        try:
            self.begin()
            if self.case == "undo":
                self.undo()
            elif self.control or self.migrate():
                self.meet()
                self.end(self.new.numbers if self.control else list(letters.NEWLY))
        finally:
            for server in (self.old, self.new):
                if server in self.box.servers:
                    stop(server)
        return self.check.wrong

    def begin(self):
        """The client has fetched all, and the new server is there."""
        box, kind = self.box, self.kind
        self.old = Server(box, self.name + ".old", letters.OLD, 1500000000, kind)
        home = box.folder(self.name)
        self.client.setup(home, self.old.account())
        box.own(home)
        self.client.fetch()
        got, _ = self.old.asked()
        if got != list(letters.OLD):
            raise RuntimeError(f"of the old server the client fetched {got}")
        gone = GONE if kind == "counter" else ()
        if gone:
            self.old.delete(gone)
        numbers = [n for n in [*letters.OLD, *letters.NEWLY] if n not in gone]
        random.Random(7).shuffle(numbers)
        self.new = Server(box, self.name + ".new", numbers, 1700000001, kind)
        # What the client's settings will name.
        self.told = (self.old.account() if self.case == "same-name"
                     else self.new.account("127.0.0.1"))

    def files(self):
        """How many files there are of each mode and owner."""
        found = collections.Counter()
        for top, folders, files in os.walk(self.client.home):
            if os.path.relpath(top, self.client.home) == self.client.grows:
                folders = []
            for entry in (os.lstat(os.path.join(top, n)) for n in folders + files):
                found[oct(entry.st_mode), entry.st_uid] += 1
        return found

    def migrate(self):
        """Call reuidl; False if it did not do it."""
        client, check = self.client, self.check
        secret = client.write("../" + self.name + ".secret", dovecot.PASSWORD + "\n")
        self.box.own(secret)
        argv = [self.reuidl, "migrate", "--yes", "--no-input", "--json",
                "--state", self.box.path(self.name + ".state"),
                *client.options(self.kind, self.old.account(), self.told)]
        for side, server, host in (("old", self.old, "localhost"),
                                   ("new", self.new, self.told.host)):
            argv += [f"--{side}", f"pop3://{server.user}@{host}:{server.port}",
                     f"--{side}-tls=off", f"--{side}-password-file", secret]
        if self.kind == "counter":
            # Numbers prove nothing; a user who has not been there yet says so.
            argv.append("--before-first-contact")
        before = self.files()
        done = client.run([*argv, *client.stores()], good=range(256))
        words = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        if done.returncode:
            check.that(f"reuidl ended with {done.returncode}: {words[:600]}", False)
            return False
        told = json.loads(done.stdout).get("check", {})
        check.same("reuidl's own forecast", told, {**told, "download": 3, "delete": 0})
        check.same("modes and owners of the client's files", self.files(), before)
        self.old.asked()
        self.new.asked()
        return True

    def content(self):
        """{path: bytes} of the client's files."""
        found = {}
        for top, _, files in os.walk(self.client.home):
            for path in (os.path.join(top, name) for name in files):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[path] = file.read()
        return found

    def undo(self):
        check, client = self.check, self.client
        before = self.content()
        if not self.migrate():
            return
        check.that("reuidl changed no file", self.content() != before)
        done = client.run([self.reuidl, "undo", "--yes", "--no-input", "--state",
                           self.box.path(self.name + ".state"), *client.stores()],
                          good=range(256))
        check.same("exit of undo", done.returncode, 0)
        after = self.content()
        check.lists("files after undo", list(after), list(before))
        check.same("files that undo did not put back",
                   [p for p in after if p in before and after[p] != before[p]], [])
        client.fetch()
        check.same("letters downloaded from the old server, and deleted there",
                   self.old.asked(), ([], []))

    def meet(self):
        """From here on there is the new server only."""
        if self.case == "switched":
            self.client.switch(self.told)
        else:
            stop(self.old)
            self.new = self.new.moved_to(self.name + ".at", self.told.port)

    def end(self, wanted):
        check, client, new = self.check, self.client, self.new
        listed = new.uidls()
        client.fetch()
        got, deleted = new.asked()
        check.lists("letters downloaded", got, wanted)
        client.fetch()
        again, deleted_then = new.asked()
        check.same("letters downloaded the second time", again, [])
        check.same("letters deleted on the server", deleted + deleted_then, [])
        check.same("UIDLs on the server", new.uidls(), listed)
        ids = [letters.ident(n) for n in letters.OLD]
        check.lists("letters in the client", client.letters(),
                    ids + [letters.ident(n) for n in wanted])


def names(client):
    """{name: (kind, case, without reuidl)} of the trials of a client."""
    found = {f"{client.name}/control/{case}": ("ordinary", case, True) for case in CASES}
    found[f"{client.name}/undo"] = ("ordinary", "undo", False)
    for kind in KINDS:
        for case in CASES:
            found[f"{client.name}/{kind}/{case}"] = (kind, case, False)
    return found
