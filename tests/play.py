"""play.py: what plays the cases of most *_cases.py: the program as a whole, real servers, and
a folder for each case."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Skip(Exception):
    """Why a case cannot be played here."""


def name_of(case):
    return " ".join([case[0].__name__, *case[1:]]).strip()


def play_all(cases, play):
    """A case is a function, or a tuple of one and the words that tell it from the others of
    that function: play(reuidl, folder, *case), which raises where something is wrong. The
    command line is [PATH-OF-REUIDL] [NAME...]. Returns the exit status; 77 where there is no
    Dovecot."""
    reuidl = os.path.abspath(sys.argv[1] if sys.argv[1:] else os.path.join(HERE, "../build/reuidl"))
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        print("not run: there is no Dovecot", file=sys.stderr)
        return 77
    passed = failed = 0
    for case in (case if isinstance(case, tuple) else (case,) for case in cases):
        name = name_of(case)
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        folder = tempfile.mkdtemp(prefix="rc.", dir="/tmp")
        os.chmod(folder, 0o755)  # for servers that are not run by root
        try:
            play(reuidl, folder, *case)
            passed += 1
            print("passed", name, flush=True)
        except Skip as why:
            print("skipped", name, why, flush=True)
        except (AssertionError, subprocess.CalledProcessError) as wrong:
            failed += 1
            print("FAILED", name, wrong, flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
