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

import os
import shutil
import signal
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import dovecot
import profiles
import scenarios
import thunderbird
from lab import Lab
from sandbox import Sandbox
from scenarios import Checks

SCENARIOS = {**scenarios.SCENARIOS, **profiles.SCENARIOS}


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
            labs[kind] = None
            labs[kind] = Lab(box, reuidl, kind)
        if not labs[kind]:
            raise RuntimeError("the client's first fetch had failed")
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
    built = os.path.join(here, "../../build/reuidl")
    reuidl = os.path.abspath(rest[0] if rest else built)
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
