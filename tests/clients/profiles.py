"""Scenarios of profiles and accounts as people have them: what is found without a word,
and which of it is touched."""

import json
import os

import dovecot
import letters
import scenarios
from lab import Contact, more_folders, session_of

INI = "[Profile0]\nName=mine\nIsRelative={}\nPath={}\n\n[General]\nVersion=2\n"
OTHER = ("# POP3 State File\n# This is a generated file!  Do not edit.\n\n"
         "*pop.other.example lab\nk 0000000100000002 1700000000\n")


def home_of(lab, name, root, profile):
    """A home whose only list of profiles names this one."""
    home = lab.box.folder(name)
    lab.box.folder(name, root)
    with open(os.path.join(home, root, "profiles.ini"), "w", encoding="utf-8") as out:
        out.write(INI.format(0, profile.path))
    lab.box.own(home)
    return home


def second_account(profile):
    """Another mailbox in the same profile, with a record of its own; where that is."""
    mail = os.path.join(profile.path, "Mail", "other")
    os.makedirs(mail)
    state = os.path.join(mail, "popstate.dat")
    with open(state, "w", encoding="utf-8") as out:
        out.write(OTHER)
    lines = {
        "mail.accountmanager.accounts": "account1,account2,account3",
        "mail.account.account3.server": "server3",
        "mail.server.server3.type": "pop3",
        "mail.server.server3.hostname": "pop.other.example",
        "mail.server.server3.userName": "lab",
        "mail.server.server3.leave_on_server": True,
        "mail.server.server3.check_new_mail": False,
        "mail.server.server3.login_at_startup": False,
        "mail.server.server3.directory-rel": "[ProfD]Mail/other",
    }
    with open(os.path.join(profile.path, "prefs.js"), "a", encoding="utf-8") as out:
        for name, value in lines.items():
            out.write(f'user_pref("{name}", {json.dumps(value)});\n')
    profile.box.own(profile.path)
    return state


def called(lab, home, argv):
    """reuidl without STORE; the answer."""
    argv = [lab.reuidl, *argv, "--json", "--no-input", "--state", home + ".state"]
    done = lab.box.run(argv, HOME=home)
    with open(lab.box.path("reuidl.log"), "ab") as log:
        log.write(b"\n$ " + " ".join(argv).encode() + b"\n" + done.stdout + done.stderr)
    return done.returncode, json.loads(done.stdout)


def sides(lab, new):
    secret = lab.box.path("secret")
    with open(secret, "w", encoding="ascii") as out:
        out.write(dovecot.PASSWORD + "\n")
    os.chmod(secret, 0o600)
    lab.box.own(secret)
    argv = []
    for side, server in (("old", lab.old), ("new", new)):
        argv += [f"--{side}", f"pop3://{server.user}@localhost:{server.port}", f"--{side}-tls=off",
                 f"--{side}-password-file", secret]
    return argv


def two_accounts(check, lab):
    """Without STORE: the profile by its absolute path, one of its two accounts."""
    new = lab.move("newP")
    profile = scenarios.prepared(lab, "P")
    other = second_account(profile)
    home = home_of(lab, "homeP", ".thunderbird", profile)
    before = profile.entries()
    code, told = called(lab, home, ["find"])
    check.same("exit of find", code, 0)
    check.lists("accounts that find sees",
                [s["settings"]["user"] + "@" + s["settings"]["host"] for s in told["stores"]],
                ["lab@localhost", "lab@pop.other.example"])
    code, told = called(lab, home, ["migrate", "--yes", *sides(lab, new)])
    check.same("exit of migrate", code, 0)
    check.same("stores changed", [s["path"] for s in told["stores"]], [profile.popstate])
    scenarios.paired(check, lab, new, before, profile.entries())
    with open(other, encoding="utf-8") as file:
        check.same("the other account's record", file.read(), OTHER)
    profile.set_server("127.0.0.1", new.port)
    with more_folders(lab, "server3/Inbox", "server3/Trash"):
        scenarios.arrived(check, lab, profile, new, before)


def snap(check, lab):
    """The snap's copy is the one that is read; the one it was made from stays as it is."""
    new = lab.move("newQ")
    home = lab.box.folder("homeQ")
    for root in (".thunderbird", "snap/thunderbird/common/.thunderbird"):
        lab.box.folder("homeQ", root)
        with open(os.path.join(home, root, "profiles.ini"), "w", encoding="utf-8") as out:
            out.write(INI.format(1, "p.default"))
    stale = lab.base.copy(os.path.join(home, ".thunderbird", "p.default"))
    profile = lab.base.copy(
        os.path.join(home, "snap/thunderbird/common/.thunderbird", "p.default"))
    lab.box.own(home)
    scenarios.age(profile)
    before, was = profile.entries(), stale.state()
    code, told = called(lab, home, ["find"])
    check.same("exit of find", code, 0)
    check.same("what find says", sorted((s["kind"], s["path"]) for s in told["stores"]),
               [("copy", stale.popstate), ("live", profile.popstate)])
    code, told = called(lab, home, ["migrate", "--yes", *sides(lab, new)])
    check.same("exit of migrate", code, 0)
    check.same("stores changed", [s["path"] for s in told["stores"]], [profile.popstate])
    check.that("the stale copy was changed", stale.state() == was)
    profile.set_server("127.0.0.1", new.port)
    scenarios.arrived(check, lab, profile, new, before)


def user_js(check, lab):
    """What prefs.js denies and user.js says is so, for the client and for reuidl."""
    new = lab.move("newR")
    profile = scenarios.prepared(lab, "R")
    profile.set_prefs(leave_on_server=False)
    check.same("exit of reuidl while the client would delete",
               lab.migrate(profile, new).returncode, 78)
    profile.user_js = {"mail.server.server1.leave_on_server": True}
    with open(os.path.join(profile.path, "user.js"), "w", encoding="utf-8") as out:
        out.write('user_pref("mail.server.server1.leave_on_server", true);\n')
    lab.box.own(profile.path)
    before = scenarios.migrated(check, lab, profile, new)
    profile.set_server("127.0.0.1", new.port)
    scenarios.arrived(check, lab, profile, new, before)


def another_user(check, lab):
    """The mailbox has another name on the new server."""
    new = lab.move("newT", options=("--user", "anna.b"))
    profile = scenarios.prepared(lab, "T")
    home = home_of(lab, "homeT", ".thunderbird", profile)
    before = profile.entries()
    code, _ = called(lab, home, ["migrate", "--yes", *sides(lab, new)])
    check.same("exit of migrate", code, 0)
    scenarios.paired(check, lab, new, before, profile.entries())
    profile.user = new.user
    profile.set_prefs(userName=new.user)
    profile.set_server("127.0.0.1", new.port)
    scenarios.arrived(check, lab, profile, new, before)


def new_account(check, lab):
    """The client makes a new account for the new server; the old one's record is carried
    over to it, and all else of the old one stays as it is."""
    new = lab.move("newZ")
    profile = scenarios.prepared(lab, "Z")
    with session_of(profile) as session:
        key, server = session.new_account("127.0.0.1", profile.user, new.port)
    account = profile.account(server, "127.0.0.1", new.port)
    state, mail, before = profile.state(), profile.mailbox(), profile.entries()
    done = lab.migrate(profile, new, options=("--into", key))
    check.same("exit while the account leaves no mail there", done.returncode, 78)
    check.that(f"the words do not name the box to tick: {done.words}",
               'tick \\"Leave messages on server\\"' in done.words)
    account.set_prefs(leave_on_server=True)
    files = profile.files()
    for into in (key, f"{profile.user}@127.0.0.1"):
        done = lab.migrate(profile, new, options=("--into", into))
        check.same("exit of migrate", done.returncode, 0)
        told = json.loads(done.stdout)
        check.same("stores", [(s["path"], s["new_path"], s["state"]) for s in told["stores"]],
                   [(profile.popstate, account.popstate, "applied")])
        check.same("forecast", told["check"], {"download": 3, "delete": 0, "keep": 30})
        check.lists("new files", {*profile.files()} - {*files},
                    [os.path.relpath(account.popstate, profile.path)])
        scenarios.paired(check, lab, new, before, account.entries())
        if into == key:
            check.same("exit of undo", lab.undo(profile).returncode, 0)
            check.lists("files after undo", profile.files().items(), files.items())
    check.same("the old account's record", profile.state(), state)
    met = Contact(account, new)
    check.same("downloads of the first and second check", met.downloads, [3, 0])
    check.same("deleted on the server", met.deleted, 0)
    check.same("letters left on the server", met.left, met.listed)
    check.lists("letters in the new account", met.letters,
                map(letters.ident, letters.NEWLY))
    check.lists("its UIDLs", [e[1] for e in met.entries], new.uidls())
    was = {e[1]: e[2] for e in before}
    now = {e[1]: e[2] for e in met.entries}
    there = dict(zip(new.numbers, new.uidls()))
    check.same("letters with another time than before",
               [n for n, uidl in zip(letters.OLD, lab.old.uidls())
                if now.get(there[n]) != was[uidl]], [])
    check.lists("folders of the new account",
                [f for f in met.folders if f.startswith(server)],
                [f"{server}/Inbox", f"{server}/Trash"])
    check.same("the old account's record", profile.state(), state)
    check.that("the old account's mail has changed", profile.mailbox() == mail)
    done = lab.migrate(profile, new, options=("--into", key))
    check.same("state of a second run",
               [s["state"] for s in json.loads(done.stdout)["stores"]], ["already"])
    done = lab.undo(profile)
    check.same("exit of undo when the client has been there", done.returncode, 78)
    check.lists("its UIDLs after that", [e[1] for e in account.entries()], new.uidls())


def seen(check, lab):
    """What find says of a real profile, and while its client runs."""
    profile = scenarios.as_written(lab, "S")
    home = home_of(lab, "homeS", ".thunderbird", profile)
    profile.set_prefs(delete_by_age_from_server=True, num_days_to_leave_on_server=14)
    with session_of(profile):
        running = called(lab, home, ["find"])
    code, told = called(lab, home, ["find"])
    check.same("exits of find", (running[0], code), (0, 0))
    check.same("stores", [s["path"] for s in told["stores"]], [profile.popstate])
    store = told["stores"][0]
    check.same("running", (running[1]["stores"][0]["running"], store["running"]),
               (True, False))
    check.same("profile", store["profile"], {"name": "mine", "folder": profile.path})
    check.same("entries", store["records"], 30)
    check.same("last change", store["changed"], int(os.stat(profile.popstate).st_mtime))
    with open(os.path.join(profile.path, "compatibility.ini"), encoding="utf-8") as file:
        last = [l for l in file if l.startswith("LastVersion=")][0]
    check.same("version", store["version"], int(last.split("=")[1].split(".")[0]))
    wanted = {"host": "localhost", "user": "lab", "port": lab.old.port, "account": "account1",
              "leave_on_server": True, "delete_after_days": 14, "until_deleted": False}
    check.same("settings", {k: store["settings"].get(k) for k in wanted}, wanted)


SCENARIOS = {
    "two-accounts": (two_accounts, "uids"),
    "snap": (snap, "uids"),
    "user-js": (user_js, "uids"),
    "another-user": (another_user, "uids"),
    "new-account": (new_account, "uids"),
    "find": (seen, "uids"),
}
