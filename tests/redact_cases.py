#!/usr/bin/env python3
"""redact_cases.py [PATH-OF-REUIDL]: what comes from real servers, and what they say, with
--redact: nothing of it is left.  Exit 77 where there is no Dovecot."""

import os
import shutil
import subprocess
import sys
import tempfile

from dovecot_cases import HERE, Server, others

USER = "anna.mueller"
SECRETS = ["anna", "mueller", "geheime", "kündigung", "k=c3=bc", "privat", "localhost"]
DATE = b"Date: Mon, 02 Nov 2026 1%d:00:00 +0000\n"
GONE = (b"Subject: =?utf-8?q?Geheime_K=C3=BCndigung?=\n" + DATE % 0 +
        b"From: =?utf-8?q?Anna_M=C3=BCller?= <anna@privat.example>\n\nbye\n")
FRESH = (b"Subject: geheime Post, lang, " + b"sehr " * 60 + b"\n" + DATE % 1 +
         b"From: privat@anna.example\n\nhello\n")
PROFILE = """user_pref("mail.accountmanager.accounts", "account1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.server.server1.type", "pop3");
user_pref("mail.server.server1.hostname", "localhost");
user_pref("mail.server.server1.userName", "anna.mueller");
user_pref("mail.server.server1.directory-rel", "[ProfD]Mail/privat");
user_pref("mail.server.server1.leave_on_server", true);
"""


class Runs:
    def __init__(self, reuidl, folder, servers):
        self.reuidl, self.folder, self.wrong = reuidl, folder, []
        self.secrets = [*SECRETS, os.path.basename(folder)]
        for server in servers:
            self.secrets += server.uidls()

    def call(self, code, wanted, *words, password="case"):
        """All that it says, and what it must say all the same."""
        log, report = (os.path.join(self.folder, n) for n in ("log", "report.html"))
        done = subprocess.run(
            [self.reuidl, *words, "--redact", "--no-input", "--log", log, "--report", report,
             "--state", os.path.join(self.folder, "state")],
            env={**os.environ, "CASE": password}, capture_output=True, text=True)
        said = {"stdout": done.stdout, "stderr": done.stderr}
        for path in (log, report):
            with open(path, encoding="utf-8") as file:
                said[os.path.basename(path)] = file.read()
            os.remove(path)
        if done.returncode != code:
            self.wrong.append(f"{words[0]}: exit {done.returncode}: {done.stderr}")
        for where, text in said.items():
            self.wrong += [f"{words[0]}: {where} has {s!r}" for s in self.secrets
                           if s.lower() in text.lower()]
        if wanted not in done.stdout + done.stderr:
            self.wrong.append(f"{words[0]}: no {wanted!r} in {done.stdout}{done.stderr}")


def side(name, server):
    return [f"--{name}", f"pop3://{USER}@localhost:{server.vars['port']}",
            f"--{name}-password-env", "CASE", f"--{name}-cafile", server.vars["ca"]]


def make_profile(folder, server):
    mails = os.path.join(folder, "profile", "Mail", "privat")
    os.makedirs(mails)
    with open(os.path.join(folder, "profile", "prefs.js"), "w", encoding="ascii") as out:
        out.write(PROFILE)
    store = os.path.join(mails, "popstate.dat")
    with open(store, "w", encoding="ascii") as out:
        out.write("# POP3 State File\n\n*localhost anna.mueller\n")
        out.writelines(f"k {u} 1700000000\n" for u, n in server.uidls().items() if n != "gone")
    return store


def play(reuidl, folder):
    servers, rest = [], others()
    try:
        servers.append(Server(folder, "old", {**rest, "gone": GONE}, USER))
        servers.append(Server(folder, "new", {"fresh": FRESH, **rest}, USER))
        store = make_profile(folder, servers[0])
        runs = Runs(reuidl, folder, servers)
        new, maps = side("new", servers[1]), os.path.join(folder, "annas.map")
        both = side("old", servers[0]) + new
        gone = "| address-1 | subject-1\n"
        runs.call(0, gone, "match", "--verbose", "--map", maps, *both)
        runs.call(0, '"pairs":4', "match", "--json", "--map", maps, *both)
        runs.call(1, gone, "diff", "--map", maps, store)
        runs.call(0, gone, "check", store, *new)
        # No "new_path" between: the file keeps its name.
        runs.call(0, '"backup":"","check":{', "check", "--json", store, *new)
        runs.call(0, "4 renamed", "migrate", "--yes", *both, store)
        kept = os.path.join(folder, "annas.capture")
        plain = [s.replace("--old-", "--") for s in side("old", servers[0])[1:]]
        runs.call(0, "5 messages of user-1 at host-1", "capture", *plain, "--to", kept)
        runs.call(0, gone, "match", "--map", maps + "2", "--old", "capture:" + kept, *new)
        runs.call(78, "is of", "capture", plain[0].replace("anna", "anna.maria"), *plain[1:],
                  "--to", kept)
        runs.call(77, "refuses the login of user-1", "check", store, *new, password="x")
        runs.call(77, "is not trusted", "check", store, *new[:-2])
    finally:
        for server in servers:
            server.stop()
    return runs.wrong


def main():
    reuidl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
                             os.path.join(HERE, "../build/reuidl"))
    if not os.path.exists("/usr/sbin/dovecot"):
        print("redact_cases: not run: there is no Dovecot", file=sys.stderr)
        return 77
    folder = tempfile.mkdtemp(prefix="rc.", dir="/tmp")
    os.chmod(folder, 0o755)
    wrong = play(reuidl, folder)
    shutil.rmtree(folder)
    for line in wrong:
        print(f"FAILED redact {line}")
    print(f"redact {'failed' if wrong else 'passed'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
