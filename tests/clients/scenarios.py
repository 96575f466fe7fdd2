"""The scenarios: each a function that is given a Lab, and Checks to complain to."""

import fcntl
import json
import os
import signal
import struct
import time
from collections import Counter

import letters
import thunderbird
from lab import Contact, more_folders, session_of
from marionette import MarionetteError

EX_TEMPFAIL = 75
ALL = sorted(letters.ident(n) for n in [*letters.OLD, *letters.NEWLY])


class Checks:
    def __init__(self):
        self.wrong = []

    def same(self, what, found, wanted):
        if found != wanted:
            self.wrong.append(f"{what}: {short(found)}, wanted {short(wanted)}")

    def lists(self, what, found, wanted):
        """Equal but for their order."""
        found, wanted = Counter(found), Counter(wanted)
        if found != wanted:
            self.wrong.append(f"{what}: missing {short([*(wanted - found)])}, "
                              f"too many {short([*(found - wanted)])}")

    def that(self, what, condition):
        if not condition:
            self.wrong.append(what)


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."


def untouched_mail(mailbox):
    """Local mail without the lines of the client's own that a migration may change."""
    own = (b"X-UIDL:", b"X-Mozilla-Keys:")
    return {path: b"".join(l for l in mail.splitlines(True) if not l.startswith(own))
            for path, mail in mailbox.items()}


def begins_with(mailbox, before):
    """Is all that was there still there, with what came since behind it or beside it?"""
    return all(mailbox.get(path, b"").startswith(mail) for path, mail in before.items())


def migrated(check, lab, profile, new, download=3, **how):
    """Call reuidl on the profile; what must be true before the client runs again."""
    mail, files = profile.mailbox(), profile.files().items()
    times = profile.mail_times()
    before = profile.entries()
    done = lab.migrate(profile, new, **how)
    check.same("reuidl's exit", done.returncode, 0)
    try:
        told = json.loads(done.stdout).get("check", {})
        check.same("reuidl's own forecast", told,
                   {**told, "download": download, "delete": 0})
    except ValueError:
        check.that("reuidl --json printed no JSON", False)
    check.same("length of the Inbox", [len(m) for m in profile.mailbox().values()],
               [len(m) for m in mail.values()])
    # The client trusts its index only while the mail file's time is the one it noted.
    check.same("time of the Inbox", profile.mail_times(), times)
    check.that("reuidl changed the mail itself",
               untouched_mail(profile.mailbox()) == untouched_mail(mail))
    check.lists("files of the profile, mode and owner", profile.files().items(), files)
    paired(check, lab, new, before, profile.entries())
    return before


def paired(check, lab, new, before, after):
    """Each entry has its own letter's new UIDL.  Which letter has which we know from
    filling the servers, not from reuidl.  The others must not bear a name in use there."""
    letter_of = dict(zip(lab.old.uidls(), letters.OLD))
    uidl_of = dict(zip(new.numbers, new.uidls()))
    check.same("letters and times after reuidl",
               [(e[0], e[2]) for e in after], [(e[0], e[2]) for e in before])
    for (status, old, _), (_, now, _) in zip(before, after):
        number = letter_of[old]
        if status == "k" and number in uidl_of:
            check.same(f"UIDL of letter {number}", now, uidl_of[number])
        else:
            check.that(f"letter {number} took the UIDL of another",
                       now not in uidl_of.values())


def arrived(check, lab, profile, new, before, kept=30, certificate=None):
    """Let the client see the new server; what the issue promises of that."""
    inbox = profile.mailbox()
    met = Contact(profile, new, certificate)
    check.same("downloads of the first and second check", met.downloads, [3, 0])
    check.same("deleted on the server", met.deleted, 0)
    check.same("letters left on the server", met.left, met.listed)
    check.lists("letters in the client, each once", met.letters, ALL)
    check.same("entries of popstate.dat", len(met.entries), kept + 3)
    check.same("their letter", {e[0] for e in met.entries}, {"k"})
    check.lists("their UIDLs", [e[1] for e in met.entries], new.uidls())
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
               begins_with(profile.mailbox(), inbox))


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
    arrived(check, lab, profile, new, before)


def same_host(check, lab):
    new = lab.move("newB")
    profile = prepared(lab, "B")
    before = migrated(check, lab, profile, new, store=profile.popstate)
    profile.set_server("localhost", new.port)
    arrived(check, lab, profile, new, before)


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
    arrived(check, lab, profile, new, before)


def over_tls(check, lab):
    """STLS on both sides; the new server takes no password without it."""
    new = lab.move("newG", options=("--secure",))
    profile = prepared(lab, "G")
    before = migrated(check, lab, profile, new, tls=True)
    profile.set_server("localhost", new.port, socket_type=thunderbird.STARTTLS)
    with open(os.path.join(new.folder, "tls.pem"), encoding="ascii") as pem:
        certificate = "".join(pem.read().split("-----")[2].split())
    arrived(check, lab, profile, new, before, certificate=certificate)
    check.same("logins on the new server without TLS", new.plain_logins(), [])


def partial(check, lab):
    """Letters over the account's limit are stubs in the client.  Its entries for them are
    not carried over, so it drops the stubs and fetches them again: as stubs."""
    new = lab.move("newH")
    profile = prepared(lab, "H")
    stubs = [e for e in profile.entries() if e[0] == "b"]
    check.that("the client has no stubs to begin with", 3 <= len(stubs) <= 27)
    migrated(check, lab, profile, new, download=3 + len(stubs))
    profile.set_server("127.0.0.1", new.port)
    met = Contact(profile, new)
    check.same("downloads of the first and second check",
               met.downloads, [3 + len(stubs), 0])
    check.same("deleted on the server", met.deleted, 0)
    check.lists("letters in the client, each once", met.letters, ALL)
    check.lists("UIDLs in popstate.dat", [e[1] for e in met.entries], new.uidls())
    check.that("no stub is a stub now", [e for e in met.entries if e[0] == "b"])


def until_deleted(check, lab, name, gone=()):
    """The account is set to delete a message on the server when it is deleted here.  Two
    old letters go, of which the new server may lack one: it loses the other, and no more.
    The mail is two days old, and its index stays the one that the client has made."""
    new = lab.move("new" + name, gone=gone)
    profile = prepared(lab, name)
    profile.set_prefs(delete_mail_left_on_server=True)
    then = int(time.time()) - 2 * 86400
    for path in profile.mail_files():
        os.utime(path, (then, then))
    with session_of(profile) as session:
        session.mark()
    check.same("times of the Inbox", {*profile.mail_times().values()}, {then})
    migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    there = dict(zip(new.numbers, new.uidls()))
    with session_of(profile) as session:
        check.same("letters whose index is the one of before", session.marked(), 30)
        new.forget()
        session.get_mail()
        check.same("downloads", sum(s["retr"] + s["top"] for s in new.sessions()), 3)
        check.same("letters that were there to delete",
                   session.delete([letters.ident(n) for n in (12, 9)]), 2)
        session.get_mail()
        session.get_mail()
        check.same("letters in the client", len(session.messages()), 31)
    check.lists("letters left on the server", new.uidls(),
                [u for n, u in there.items() if n not in (12, 9)])


def until_deleted_uids(check, lab):
    until_deleted(check, lab, "K")


def until_deleted_counters(check, lab):
    until_deleted(check, lab, "L", gone=(2, 9, 17, 23, 30))


def maildir(check, lab):
    """The account keeps a file a letter."""
    new = lab.move("newN")
    profile = prepared(lab, "N")
    check.same("files in the Inbox", len(profile.mail_files()), 30)
    before = migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    arrived(check, lab, profile, new, before)
    check.same("files in the Inbox", len(profile.mail_files()), 33)


def until_deleted_maildir(check, lab):
    until_deleted(check, lab, "O")


def global_inbox(check, lab):
    """The account's mail goes to the Inbox of Local Folders; its record stays its own."""
    new = lab.move("newU")
    profile = prepared(lab, "U")
    check.that("the mail is not in Local Folders", "Local Folders" in profile.inbox
               and profile.mailbox()[profile.inbox].count(b"X-Account-Key: account1") == 30)
    before = migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    # Which the client makes at its second start, and leaves empty.
    with more_folders(lab, "server1/Inbox", "server1/Trash"):
        arrived(check, lab, profile, new, before)


def until_deleted_global(check, lab):
    until_deleted(check, lab, "V")


def held_at(path, process):
    """Wait until the process has locked the file, and stop it there."""
    locked = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        if os.path.exists(path):
            with open(path, "r+b") as file:
                ask = locked.pack(fcntl.F_WRLCK, 0, 0, 0, 0)
                kind, *_, pid = locked.unpack(fcntl.fcntl(file, fcntl.F_GETLK, ask))
            if kind != fcntl.F_UNLCK:
                os.kill(pid, signal.SIGSTOP)
                return pid
        time.sleep(0.001)
    raise RuntimeError("reuidl was never seen at work")


def started_meanwhile(check, lab):
    """The client is started while reuidl works on its profile: it does not come up, and
    afterwards it does."""
    new = lab.move("newW")
    profile = prepared(lab, "W")
    before, files = profile.entries(), profile.files()
    # Nothing but a hole, to be read all the same: so that there is time.
    hole = os.path.join(profile.path, "Mail", "Local Folders", "Large")
    with open(hole, "wb") as out:
        out.truncate(1 << 30)
    lab.box.own(hole)
    process = lab.box.begin(lab.command(profile, lab.migration(new)))
    pid = held_at(os.path.join(profile.path, ".parentlock"), process)
    try:
        session = session_of(profile)
        session.driver.quit()
        check.that("the client has started while reuidl was at work", False)
    except MarionetteError:
        with open(lab.box.path("thunderbird.log"), encoding="utf-8") as log:
            check.that("the client does not say why it did not start",
                       "already running" in log.read().splitlines()[-1])
        check.same("the record meanwhile", profile.entries(), before)
    finally:
        os.kill(pid, signal.SIGCONT)
    told, _ = process.communicate(timeout=30)
    lab.box.stop(process)
    check.same("reuidl's exit", process.returncode, 0)
    check.same("stores", [s["state"] for s in json.loads(told)["stores"]], ["applied"])
    os.remove(hole)
    paired(check, lab, new, before, profile.entries())
    left = {"Telemetry.FailedProfileLocks.txt", "user.js", ".parentlock"}
    check.lists("files of the profile", {*profile.files()} - left, {*files} - left)
    profile.set_server("127.0.0.1", new.port)
    arrived(check, lab, profile, new, before)


def without_mail(check, lab):
    """What --no-mail costs: a letter that is deleted here stays on the server."""
    new = lab.move("newM")
    profile = prepared(lab, "M")
    profile.set_prefs(delete_mail_left_on_server=True)
    mail = profile.mailbox()
    migrated(check, lab, profile, new, options=("--no-mail",))
    check.that("the Inbox has changed all the same", profile.mailbox() == mail)
    profile.set_server("127.0.0.1", new.port)
    with session_of(profile) as session:
        session.get_mail()
        session.delete([letters.ident(12)])
        session.get_mail()
    check.same("letters left on the server", len(new.uidls()), 33)


def control(check, lab):
    """What happens without reuidl: or these tests would measure nothing."""
    new = lab.move("newX")
    profile = prepared(lab, "X")
    profile.set_server("127.0.0.1", new.port)
    check.same("downloads", Contact(profile, new).downloads, [33, 0])


def control_counters(check, lab):
    """Counters are worse: the new letters bear known numbers and are never fetched."""
    new = lab.move("newY", gone=(2, 9, 17, 23, 30))
    profile = prepared(lab, "Y")
    profile.set_server("127.0.0.1", new.port)
    met = Contact(profile, new)
    check.same("downloads", met.downloads, [0, 0])
    check.lists("letters in the client", met.letters, map(letters.ident, letters.OLD))


SCENARIOS = {
    # name: (what is done, with which kind of mailbox)
    "control": (control, "uids"),
    "another-host": (another_host, "uids"),
    "same-host": (same_host, "uids"),
    "running": (running, "uids"),
    "started-meanwhile": (started_meanwhile, "uids"),
    "undo": (undone, "uids"),
    "crlf": (crlf, "uids"),
    "tls": (over_tls, "uids"),
    "partial": (partial, "partial"),
    "until-deleted": (until_deleted_uids, "uids"),
    "no-mail": (without_mail, "uids"),
    "maildir": (maildir, "maildir"),
    "until-deleted-maildir": (until_deleted_maildir, "maildir"),
    "global-inbox": (global_inbox, "global"),
    "until-deleted-global": (until_deleted_global, "global"),
    "control-counters": (control_counters, "counters"),
    "counters": (counters, "counters"),
    "until-deleted-counters": (until_deleted_counters, "counters"),
}
