"""A mailbox that moves, and a client that has fetched all of it.

The old server with thirty letters, the profile of a Thunderbird that has fetched them,
the new server with thirty-three, reuidl called on a copy of the profile, and the client's
first contact with the new server.
"""

import contextlib
import os
import random
import shutil

import dovecot
import letters
import thunderbird

# How a kind of mailbox numbers its letters, and what the account is set to.
KINDS = {
    "uids": ("%08Xu%08Xv", {}),
    "counters": ("%u", {}),
    "partial": ("%08Xu%08Xv", {"limit_offline_message_size": True, "max_size": 1}),
    "maildir": ("%08Xu%08Xv", {"storeContractID": "@mozilla.org/msgstore/maildirstore;1"}),
    "global": ("%08Xu%08Xv", {"deferred_to_account": "account2"}),
}


class Lab:
    """The old server, and the profile of a client that has fetched everything there."""

    def __init__(self, box, reuidl, kind):
        self.box, self.reuidl = box, reuidl
        self.uidl, prefs = KINDS[kind]
        mail = [(n, letters.letter(n)) for n in letters.OLD]
        self.old = dovecot.Dovecot(box, "old" + kind, mail, 1500000000, self.uidl)
        self.base = thunderbird.Profile.create(
            box, box.path("client" + kind), "localhost", self.old.port)
        self.base.set_prefs(**prefs)
        if "deferred_to_account" in prefs:
            self.base.mail_folder = "Local Folders"
        with session_of(self.base) as session:
            session.get_mail()
            self.folders = session.folders()
        fetched = sum(s["retr"] + s["top"] for s in self.old.sessions())
        if fetched != 30 or len(self.base.entries()) != 30:
            raise RuntimeError(f"the client fetched {fetched} letters at first, not 30")

    def move(self, name, gone=(), options=()):
        """The new server: the same letters but those gone, and three more, shuffled."""
        numbers = [n for n in [*letters.OLD, *letters.NEWLY] if n not in gone]
        random.Random(7).shuffle(numbers)
        mail = [(uid, letters.letter(n)) for uid, n in enumerate(numbers, 1)]
        new = dovecot.Dovecot(self.box, name, mail, 1700000001, self.uidl, options)
        new.numbers = numbers
        return new

    def migrate(self, profile, new, tls=False, store=None, options=()):
        return self.call(profile, self.migration(new, tls, options), store)

    def migration(self, new, tls=False, options=()):
        """The words of a command."""
        box = self.box
        secret = box.path("secret")
        if not os.path.exists(secret):
            with open(secret, "w", encoding="ascii") as out:
                out.write(dovecot.PASSWORD + "\n")
            os.chmod(secret, 0o600)
            box.own(secret)
        argv = ["migrate", "--yes", "--no-input", *options]
        for side, server in (("old", self.old), ("new", new)):
            argv += [f"--{side}", f"pop3://lab@localhost:{server.port}",
                     f"--{side}-password-file", secret]
            if tls:
                argv += [f"--{side}-cafile", readable(box, server)]
            else:
                argv += [f"--{side}-tls=off"]
        return argv

    def undo(self, profile):
        return self.call(profile, ["undo", "--no-input", "--yes"])

    def command(self, profile, argv, store=None):
        state = profile.path + ".state"
        return [self.reuidl, *argv, "--state", state, "--json", store or profile.path]

    def call(self, profile, argv, store=None):
        """The store is the profile's folder, if it is not said to be a file in it."""
        argv = self.command(profile, argv, store)
        done = self.box.run(argv)
        with open(self.box.path("reuidl.log"), "ab") as log:
            log.write(b"\n$ " + " ".join(argv).encode() + b"\n" + done.stdout
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


@contextlib.contextmanager
def more_folders(lab, *names):
    """The client has these as well, through no doing of ours."""
    folders = lab.folders
    lab.folders = sorted([*folders, *names])
    try:
        yield
    finally:
        lab.folders = folders


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
        return [sum(s["retr"] + s["top"] for s in check)
                for check in (self.first, self.second)]

    @property
    def deleted(self):
        return sum(s["del"] for s in self.first + self.second)
