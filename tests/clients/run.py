#!/usr/bin/env python3
"""reuidl and the real clients: what is downloaded after a mailbox has moved?

    tests/clients/run.py [--all] [PATH OF reuidl] [NAME ...]

A NAME is a client ("thunderbird", "mpop"), one of Thunderbird's scenarios, or a trial of
another client ("mpop/odd/switched", "mpop/control/switched": trial.py).  Without names:
Thunderbird and a few trials of the quick clients; with --all, all trials of all that are there.

Thunderbird fetches 30 letters from a Dovecot and leaves them there, so that it writes its
popstate.dat itself.  Then the mailbox is on another Dovecot, with other UIDLs in another
order and three letters more.  reuidl is called, the account is pointed at the new server,
the client gets mail, and Dovecot's own count says what it fetched.

Exit 77 when a client or Dovecot is missing; with --all or names, those that are missing
are left out, and it is 77 only if nothing was tested.
KEEP=1 keeps the folder of the run also when all is well.
"""

import glob
import importlib
import os
import shutil
import signal
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import dovecot
import oldgone
import profiles
import scenarios
import thunderbird
import trial
from lab import Lab
from sandbox import Sandbox
from scenarios import Checks

SCENARIOS = {**scenarios.SCENARIOS, **profiles.SCENARIOS, **oldgone.SCENARIOS}


def clients():
    """{name: class} of the clients in this folder, but for Thunderbird."""
    here = os.path.dirname(os.path.abspath(__file__))
    for path in sorted(glob.glob(os.path.join(here, "*.py"))):
        module = os.path.basename(path)[:-3]
        if module != "run":
            importlib.import_module(module)
    found = list(trial.Client.__subclasses__())
    for client in found:  # and theirs
        found += client.__subclasses__()
    return {c.name: c for c in found if c.name}


def missing():
    if not dovecot.BINARY:
        return "Dovecot is not installed (apt-get install dovecot-pop3d)"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "setpriv is not installed (apt-get install util-linux)"
    return None


def missing_client(name, there):
    if name != "thunderbird":
        return there[name].missing()
    if not thunderbird.BINARY:
        return "Thunderbird is not installed (apt-get install thunderbird)"
    return None


def choose(argv, there):
    """What is to be played: ({name: client}, what is no name)."""
    of = {name: "thunderbird" for name in SCENARIOS}
    for client in there.values():
        of.update({name: client.name for name in trial.names(client)})
    groups = {c: [n for n in of if of[n] == c] for c in ("thunderbird", *there)}
    chosen, rest = {}, []
    for word in argv:
        found = groups.get(word) or [n for n in of if n == word or n.startswith(word + "/")]
        chosen.update({n: of[n] for n in found})
        if not found:
            rest.append(word)
    if not chosen:
        every = "--all" in argv
        chosen = {n: c for n, c in of.items() if every or c == "thunderbird" or (
            there[c].quick and n.split("/", 1)[1] in trial.FEW)}
    return chosen, [word for word in rest if word != "--all"]


def play_scenario(box, labs, reuidl, name):
    """One of Thunderbird's; its complaints."""
    what, kind = SCENARIOS[name]
    if kind not in labs:
        labs[kind] = None
        labs[kind] = Lab(box, reuidl, kind)
    if not labs[kind]:
        raise RuntimeError("the client's first fetch had failed")
    check = Checks()
    what(check, labs[kind])
    return check.wrong


def play(box, labs, reuidl, name, client):
    try:
        if client is None:
            return play_scenario(box, labs, reuidl, name)
        return trial.Trial(box, reuidl, client, name).run()
    except Exception:  # the next one must have its turn
        with open(box.path("errors.log"), "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        return [traceback.format_exc(limit=0).strip().splitlines()[-1]]


def leave_out(chosen, there, strict):
    """Those whose client is not installed."""
    for client in sorted(set(chosen.values())):
        lacking = missing_client(client, there)
        if lacking:
            print(f"check-clients: not run: {client}: {lacking}", file=sys.stderr)
            if strict:
                return {}
            chosen = {n: c for n, c in chosen.items() if c != client}
    return chosen


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    there = clients()
    chosen, rest = choose(argv, there)
    built = os.path.join(here, "../../build/reuidl")
    reuidl = os.path.abspath(rest[0] if rest else built)
    if not os.access(reuidl, os.X_OK):
        raise SystemExit(f"check-clients: {reuidl}: not there; make it first")
    lacking = missing()
    if lacking:
        print(f"check-clients: not run: {lacking}", file=sys.stderr)
        return 77
    chosen = leave_out(chosen, there, strict=not argv or argv == rest)
    if not chosen:
        return 77

    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    box, labs, failed = Sandbox(), {}, 0
    try:
        # The user that everything runs as may not be let into this folder.
        program = shutil.copy(reuidl, box.path("reuidl"))
        os.chmod(program, 0o755)
        for name, client in chosen.items():
            start = time.monotonic()
            wrong = play(box, labs, program, name, there.get(client))
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
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
