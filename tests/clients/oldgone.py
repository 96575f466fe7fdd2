"""The old server is gone before anybody has asked it: what it gave lies in the client's own
mail, as the real client has written it (reuidl migrate --old store:PROFILE)."""

import lab as labs
import scenarios
from lab import Lab

# These stop their old server, so they have mailboxes of their own.
for kind in ("uids", "counters", "maildir", "global"):
    labs.KINDS["gone-" + kind] = labs.KINDS[kind]


class WithoutOld(Lab):
    """A lab whose old server does not answer any more."""

    def __init__(self, lab):  # pylint: disable=super-init-not-called
        vars(self).update(vars(lab))
        uidls = self.old.uidls()
        self.old.stop()
        self.box.servers.remove(self.old)
        # What it would list, for those who judge; reuidl has not seen it.
        self.old.uidls = lambda: uidls

    def migrate(self, profile, new, tls=False, store=None, options=()):
        argv = self.migration(new, tls, options)
        at = argv.index("--old")
        argv = [a for a in argv[:at] + argv[at + 2:]
                if not a.startswith("--old-")]
        argv.remove(self.box.path("secret"))
        return self.call(profile, [*argv, "--old", "store:" + profile.path], store)


def gone(check, lab, name):
    lab = WithoutOld(lab)
    new = lab.move("new" + name)
    profile = scenarios.prepared(lab, name)
    before = scenarios.migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    return lab, new, profile, before


def old_gone(check, lab):
    lab, new, profile, before = gone(check, lab, "Ga")
    scenarios.arrived(check, lab, profile, new, before)


def old_gone_counters(check, lab):
    """The settings name the old server still, so it is the mail that says whose the UIDLs
    are: without it nothing is changed."""
    lab, new, profile, before = gone(check, lab, "Gb")
    scenarios.arrived(check, lab, profile, new, before)


def old_gone_maildir(check, lab):
    lab, new, profile, before = gone(check, lab, "Gc")
    scenarios.arrived(check, lab, profile, new, before)


def old_gone_global(check, lab):
    """The mail is in Local Folders."""
    lab, new, profile, before = gone(check, lab, "Gd")
    with labs.more_folders(lab, "server1/Inbox", "server1/Trash"):
        scenarios.arrived(check, lab, profile, new, before)


SCENARIOS = {
    "old-gone": (old_gone, "gone-uids"),
    "old-gone-counters": (old_gone_counters, "gone-counters"),
    "old-gone-maildir": (old_gone_maildir, "gone-maildir"),
    "old-gone-global": (old_gone_global, "gone-global"),
}
