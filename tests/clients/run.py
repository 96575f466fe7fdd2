#!/usr/bin/env python3
"""reuidl and the real Thunderbird: what is downloaded after a mailbox has moved?

    tests/clients/run.py [PATH OF reuidl] [NAME OF A SCENARIO ...]

The client fetches 30 letters from a Dovecot and leaves them there, so that it writes its
popstate.dat itself.  Then the mailbox is on another Dovecot, with other UIDLs in another
order and three letters more.  reuidl is called, the account is pointed at the new server,
the client gets mail, and Dovecot's own count says what it fetched.

Exit 77 when Thunderbird or Dovecot is missing: nothing was tested then.
KEEP=1 keeps the folder of the run also when all is well.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import dovecot
import letters
import thunderbird
from sandbox import Sandbox

EX_TEMPFAIL = 75


class Lab:
    """The old server, and the profile of a client that has fetched everything there."""

    def __init__(self, box, reuidl, name, uidl):
        self.box, self.reuidl, self.uidl = box, reuidl, uidl
        mail = [(n, letters.letter(n)) for n in letters.OLD]
        self.old = dovecot.Dovecot(box, "old" + name, mail, 1500000000, uidl)
        self.base = thunderbird.Profile.create(
            box, box.path("client" + name), "localhost", self.old.port)
        with session_of(self.base) as session:
            session.get_mail()
            self.folders = session.folders()
        fetched = sum(s["retr"] for s in self.old.sessions())
        if fetched != 30 or len(self.base.entries()) != 30:
            raise RuntimeError(f"the client fetched {fetched} letters at the start, not 30")

    def move(self, name, gone=(), options=()):
        """The new server: the same letters but those gone, and three more, shuffled."""
        numbers = [n for n in [*letters.OLD, *letters.NEWLY] if n not in gone]
        random.Random(7).shuffle(numbers)
        mail = [(uid, letters.letter(n)) for uid, n in enumerate(numbers, 1)]
        new = dovecot.Dovecot(self.box, name, mail, 1700000001, self.uidl, options)
        new.numbers = numbers
        return new

    def migrate(self, profile, new, tls=False, store=None):
        box = self.box
        secret = box.path("secret")
        if not os.path.exists(secret):
            with open(secret, "w", encoding="ascii") as out:
                out.write(dovecot.PASSWORD + "\n")
            os.chmod(secret, 0o600)
            box.own(secret)
        argv = ["migrate", "--yes", "--no-input"]
        for side, server in (("old", self.old), ("new", new)):
            argv += [f"--{side}", f"pop3://lab@localhost:{server.port}",
                     f"--{side}-password-file", secret]
            argv += [f"--{side}-cafile", readable(box, server)] if tls else [f"--{side}-tls=off"]
        return self.call(profile, argv, store)

    def undo(self, profile):
        return self.call(profile, ["undo", "--no-input", "--yes"])

    def call(self, profile, argv, store=None):
        """The store is the profile's folder, if it is not said to be a file in it."""
        argv = [*argv, "--state", profile.path + ".state", "--json", store or profile.path]
        done = self.box.run([self.reuidl, *argv])
        with open(self.box.path("reuidl.log"), "ab") as log:
            log.write(b"\n$ reuidl " + " ".join(argv).encode() + b"\n" + done.stdout
                      + done.stderr + b"exit %d\n" % done.returncode)
        # What a person would have read of it, wherever it was said.
        done.words = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        return done


def readable(box, server):
    """A copy of a server's CA where whoever runs reuidl may read it."""
    copy = shutil.copy(server.ca, box.path(server.name + ".pem"))
    box.own(copy)
    return copy


def session_of(profile):
    return thunderbird.Session(profile, dovecot.PASSWORD)


class Contact:
    """The client's first two checks of the new server, and what is there afterwards."""

    def __init__(self, profile, new, certificate=None):
        self.listed = len(new.uidls())
        with session_of(profile) as session:
            if certificate:
                session.trust(certificate)
            new.forget()
            session.get_mail()
            self.first = new.sessions()
            session.get_mail()
            self.second = new.sessions()
            self.folders = session.folders()
            self.letters = sorted(session.messages())
        self.left = len(new.uidls())
        self.entries = profile.entries()

    @property
    def downloads(self):
        return [sum(s["retr"] + s["top"] for s in part) for part in (self.first, self.second)]

    @property
    def deleted(self):
        return sum(s["del"] for s in self.first + self.second)


class Checks:
    def __init__(self):
        self.wrong = []

    def same(self, what, found, wanted):
        if found != wanted:
            self.wrong.append(f"{what}: {short(found)}, wanted {short(wanted)}")

    def that(self, what, condition):
        if not condition:
            self.wrong.append(what)


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."


def untouched_mail(mailbox):
    """Local mail without the lines of the client's own that a migration may change."""
    own = (b"X-UIDL:", b"X-Mozilla-Keys:")
    return b"".join(l for l in mailbox.splitlines(True) if not l.startswith(own))


def migrated(check, lab, profile, new, **how):
    """Call reuidl on the profile; what must be true before the client runs again."""
    mail = profile.mailbox()
    before = profile.entries()
    done = lab.migrate(profile, new, **how)
    check.same("reuidl's exit", done.returncode, 0)
    try:
        told = json.loads(done.stdout).get("check", {})
        check.same("reuidl's own forecast", told, {**told, "download": 3, "delete": 0})
    except ValueError:
        check.that("reuidl --json printed no JSON", False)
    check.same("length of the Inbox", len(profile.mailbox()), len(mail))
    check.that("reuidl changed the mail itself",
               untouched_mail(profile.mailbox()) == untouched_mail(mail))
    check.same("times after reuidl",
               [e[2] for e in profile.entries()], [e[2] for e in before])
    return before


def arrived(check, lab, profile, new, before, kept, certificate=None):
    """Let the client see the new server; what the issue promises of that."""
    inbox = profile.mailbox()
    met = Contact(profile, new, certificate)
    check.same("downloads of the first and second check", met.downloads, [3, 0])
    check.same("deleted on the server", met.deleted, 0)
    check.same("letters left on the server", met.left, met.listed)
    check.same("letters in the client, each once", met.letters,
               sorted(letters.ident(n) for n in [*letters.OLD, *letters.NEWLY]))
    check.same("entries of popstate.dat", len(met.entries), kept + 3)
    check.same("their letter", {e[0] for e in met.entries}, {"k"})
    check.same("their UIDLs", sorted(e[1] for e in met.entries), sorted(new.uidls()))
    # Which letter has which UIDL is known from how the servers were filled, not from reuidl.
    time_of = {e[1]: e[2] for e in before}
    wanted = {n: time_of[u] for n, u in zip(letters.OLD, lab.old.uidls())}
    found = {n: dict((e[1], e[2]) for e in met.entries).get(u)
             for n, u in zip(new.numbers, new.uidls())}
    check.same("letters with another's time or a new one",
               [n for n in found if n in wanted and found[n] != wanted[n]], [])
    check.that("a new letter has an old time",
               not {found.get(n) for n in letters.NEWLY} & set(wanted.values()))
    check.same("folders in the client", met.folders, lab.folders)
    check.that("the first 30 letters in the Inbox changed",
               profile.mailbox()[:len(inbox)] == inbox)


def age(profile, end=b"\n"):
    """Make the entries' times differ from one another and from today's, so that it can be
    seen who kept which.  Letters, UIDLs and their order stay as the client wrote them."""
    lines = profile.state().split(b"\n")
    for i, line in enumerate(lines):
        fields = line.split(b" ")
        if len(fields) == 3 and fields[0] == b"k":
            fields[2] = b"%d" % (int(fields[2]) - 86400 * 20 - 1000 * i)
            lines[i] = b" ".join(fields)
    with open(profile.popstate, "wb") as out:
        out.write(end.join(lines))


def prepared(lab, name, end=b"\n"):
    profile = lab.base.copy(lab.box.path(name))
    age(profile, end)
    return profile


def as_written(lab, name):
    return lab.base.copy(lab.box.path(name))


def another_host(check, lab):
    new = lab.move("newA")
    profile = as_written(lab, "A")
    before = migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    arrived(check, lab, profile, new, before, kept=30)


def same_host(check, lab):
    new = lab.move("newB")
    profile = prepared(lab, "B")
    before = migrated(check, lab, profile, new, store=profile.popstate)
    profile.set_server("localhost", new.port)
    arrived(check, lab, profile, new, before, kept=30)


def counters(check, lab):
    new = lab.move("newC", gone=(2, 9, 17, 23, 30))
    profile = prepared(lab, "C")
    before = migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    arrived(check, lab, profile, new, before, kept=25)


def running(check, lab):
    new = lab.move("newD")
    profile = prepared(lab, "D")
    before = profile.state()
    with session_of(profile):
        for store in (profile.path, profile.popstate):
            done = lab.migrate(profile, new, store=store)
            check.same("popstate.dat while the client runs", profile.state(), before)
            check.same(f"reuidl's exit, told {store}", done.returncode, EX_TEMPFAIL)
            check.that(f"the words do not name Thunderbird: {done.words}",
                       "Thunderbird" in done.words)
    check.same("popstate.dat after the client has quit", profile.state(), before)


def undone(check, lab):
    new = lab.move("newE")
    profile = prepared(lab, "E")
    before, mail = profile.state(), profile.mailbox()
    migrated(check, lab, profile, new)
    check.that("reuidl migrate changed nothing", profile.state() != before)
    done = lab.undo(profile)
    check.same("exit of undo", done.returncode, 0)
    check.same("popstate.dat after undo", profile.state(), before)
    check.that("the Inbox after undo is another", profile.mailbox() == mail)
    with session_of(profile) as session:
        lab.old.forget()
        session.get_mail()
        session_counts = lab.old.sessions()
        check.same("folders in the client", session.folders(), lab.folders)
    check.same("downloads from the old server after undo",
               [s["retr"] + s["top"] for s in session_counts], [0])


def crlf(check, lab):
    new = lab.move("newF")
    profile = prepared(lab, "F", end=b"\r\n")
    before = migrated(check, lab, profile, new)
    state = profile.state()
    check.same("lines that lost their CR", state.replace(b"\r\n", b"").count(b"\n"), 0)
    check.that("no CRLF is left", state.count(b"\r\n") >= 30)
    profile.set_server("127.0.0.1", new.port)
    arrived(check, lab, profile, new, before, kept=30)


def over_tls(check, lab):
    """STLS on both sides; the new server takes no password without it."""
    new = lab.move("newG", options=("--secure",))
    profile = prepared(lab, "G")
    before = migrated(check, lab, profile, new, tls=True)
    profile.set_server("localhost", new.port, socket_type=thunderbird.STARTTLS)
    with open(os.path.join(new.folder, "tls.pem"), encoding="ascii") as pem:
        certificate = "".join(pem.read().split("-----")[2].split())
    arrived(check, lab, profile, new, before, kept=30, certificate=certificate)
    check.same("logins on the new server without TLS", new.plain_logins(), [])


def control(check, lab):
    """What happens without reuidl: or these tests would measure nothing."""
    new = lab.move("newX")
    profile = prepared(lab, "X")
    profile.set_server("127.0.0.1", new.port)
    check.same("downloads", Contact(profile, new).downloads, [33, 0])


def control_counters(check, lab):
    """Counters are worse: the three new letters bear known numbers and are never fetched."""
    new = lab.move("newY", gone=(2, 9, 17, 23, 30))
    profile = prepared(lab, "Y")
    profile.set_server("127.0.0.1", new.port)
    met = Contact(profile, new)
    check.same("downloads", met.downloads, [0, 0])
    check.same("letters in the client", met.letters, sorted(map(letters.ident, letters.OLD)))


SCENARIOS = {
    # name: (what is done, UIDLs of both servers)
    "control": (control, "uids"),
    "another-host": (another_host, "uids"),
    "same-host": (same_host, "uids"),
    "running": (running, "uids"),
    "undo": (undone, "uids"),
    "crlf": (crlf, "uids"),
    "tls": (over_tls, "uids"),
    "control-counters": (control_counters, "counters"),
    "counters": (counters, "counters"),
}
KINDS = {"uids": "%08Xu%08Xv", "counters": "%u"}


def missing(reuidl):
    if not thunderbird.BINARY:
        return "Thunderbird is not installed (apt-get install thunderbird)"
    if not dovecot.BINARY:
        return "Dovecot is not installed (apt-get install dovecot-pop3d)"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "setpriv is not installed (apt-get install util-linux)"
    if not os.access(reuidl, os.X_OK):
        raise SystemExit(f"check-clients: {reuidl}: not there; make it first")
    return None


def play(box, labs, reuidl, name):
    """One scenario; its complaints."""
    what, kind = SCENARIOS[name]
    check = Checks()
    try:
        if kind not in labs:
            labs[kind] = Lab(box, reuidl, kind, KINDS[kind])
        what(check, labs[kind])
    except Exception:  # the next scenario must have its turn
        with open(box.path("errors.log"), "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        check.wrong.append(traceback.format_exc(limit=0).strip().splitlines()[-1])
    return check.wrong


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    names = [a for a in argv if a in SCENARIOS] or list(SCENARIOS)
    rest = [a for a in argv if a not in SCENARIOS]
    reuidl = os.path.abspath(rest[0] if rest else os.path.join(here, "../../build/reuidl"))
    lacking = missing(reuidl)
    if lacking:
        print(f"check-clients: not run: {lacking}", file=sys.stderr)
        return 77

    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    box, labs, failed = Sandbox(), {}, 0
    try:
        # The user that everything runs as may not be let into this folder.
        program = shutil.copy(reuidl, box.path("reuidl"))
        os.chmod(program, 0o755)
        for name in names:
            start = time.monotonic()
            wrong = play(box, labs, program, name)
            failed += bool(wrong)
            word = "FAILED" if wrong else "passed"
            print(f"{word} {name} ({time.monotonic() - start:.0f} s)", flush=True)
            for line in wrong:
                print(f"       {line}", flush=True)
    finally:
        keep = failed or os.environ.get("KEEP") or sys.exc_info()[0]
        box.close(keep)
        if keep:
            print(f"logs and profiles of this run: {box.root}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
