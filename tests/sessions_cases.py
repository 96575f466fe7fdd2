#!/usr/bin/env python3
"""sessions_cases.py [PATH-OF-REUIDL] [NAME...]: the transcripts in fixtures/sessions, each
played as a server to `reuidl capture`. Ends with "N passed, N failed"."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import sessions

FOLDER = os.path.join(HERE, "..", "fixtures", "sessions")
# Whatever a transcript is about: nothing may be changed, nor marked as read.
NEVER = {"DELE", "RETR", "STORE", "EXPUNGE", "SELECT", "APPEND", "MOVE", "COPY", "RSET"}
PASSWORD = "labpass"


def scheme(name):
    return "imap" if name.startswith("imap-") else "pop3"


def command(reuidl, name, session, port, lab):
    if session.values("silence"):
        driver = os.path.join(os.path.dirname(reuidl), "session_driver")
        return [driver, str(port), "labuser", PASSWORD, scheme(name)]
    args = [reuidl, "capture", "%s://labuser@127.0.0.1:%d" % (scheme(name), port), "--password-env",
            "LAB", "--tls", "off", "--no-input", "--state", lab, "--to", os.path.join(lab, "capture")]
    for options in session.values("uses"):
        args += options.split()
    return args


def complaints(session, player, done):
    said = done.stdout + done.stderr
    counts = re.search(r"(\d+) messages.*?: (\d+) headers, (\d+) bodies", said)
    counts = dict(zip(("messages", "headers", "bodies"), counts.groups() if counts else ("no",) * 3))
    for word, value in session.expect:
        value = sessions.raw(value).decode()
        if word == "exit" and done.returncode != int(value):
            yield "exit %d, not %s" % (done.returncode, value)
        elif word == "says" and value not in said:
            yield "does not say \"%s\"" % value
        elif word == "says-not" and value in said:
            yield "says \"%s\"" % value
        elif word in counts and counts[word] != value:
            yield "%s %s, not %s" % (counts[word], word, value)
        elif word == "connections" and player.taken != int(value):
            yield "%d connections, not %s" % (player.taken, value)
        elif word.isupper() and player.words.count(word) != int(value):
            yield "%d times %s, not %s" % (player.words.count(word), word, value)
    if not session.values("exit"):
        yield "the transcript expects no exit code"
    if PASSWORD in said:
        yield "the password is shown"
    yield from sorted("says %s" % w for w in NEVER & set(player.words))
    yield from player.wrong


def session_of(name):
    return sessions.Session(os.path.join(FOLDER, name + ".txt"))


def play(reuidl, name):
    """What is wrong, in words; and what was said."""
    session = session_of(name)
    player = sessions.Player(session)
    try:
        with tempfile.TemporaryDirectory() as lab:
            done = subprocess.run(command(reuidl, name, session, player.port, lab),
                                  env=dict(os.environ, LAB=PASSWORD), text=True, errors="replace",
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        return ["does not end"], ""
    finally:
        player.stop()
    return list(complaints(session, player, done)), done.stdout + done.stderr


def main(argv):
    reuidl = os.path.abspath(argv[0] if argv else os.path.join(HERE, "..", "build", "reuidl"))
    names = argv[1:] or sorted(f[:-4] for f in os.listdir(FOLDER) if f.endswith(".txt"))
    names.sort(key=lambda n: not session_of(n).values("silence"))  # the slow ones first
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        played = dict(zip(names, pool.map(lambda n: play(reuidl, n), names)))
    failed = 0
    for name, (wrong, said) in played.items():
        # On a busy machine a second of patience may be over before the server has spoken.
        if wrong and session_of(name).values("silence"):
            wrong, said = play(reuidl, name)
        failed += bool(wrong)
        if wrong:
            print("FAILED %s: %s\n%s" % (name, "; ".join(wrong), said), flush=True)
    print("%d passed, %d failed" % (len(names) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
