"""What all parts of make bench measure and print with."""

import os
import shlex
import subprocess
import sys
import tempfile
import time

missed = []  # figures over their limits
pages = []   # the tables, for docs/bench.md
drawings = None  # where pictures go


class Run:
    """A command that has ended: seconds, CPU seconds, bytes of memory at the most, output.

    It is started by a small Python of its own (measured(), below): the most memory that the
    kernel tells of a process counts what its parent had when it was forked, and this one holds
    the lists of a million messages."""

    def __init__(self, args, want=(0,), **more):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.NamedTemporaryFile("r") as figures:
            p = subprocess.Popen([sys.executable, "-S", "-E", os.path.abspath(__file__), figures.name] + args,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=err, **more)
            p.wait()
            out.seek(0)
            err.seek(0)
            self.text, self.said = (f.read().decode(errors="replace") for f in (out, err))
            if p.returncode not in want:
                raise RuntimeError("%s: exit %d\n%s" % (shlex.join(args), p.returncode, (self.text + self.said)[-2000:]))
            self.seconds, self.cpu, self.memory = map(float, figures.read().split())


def measured(figures, args):
    """Runs the command, writes its three figures into the file of that name, and ends as it did."""
    start = time.monotonic()
    _, status, usage = os.wait4(os.posix_spawnp(args[0], args, os.environ), 0)
    with open(figures, "w") as f:
        f.write("%f %f %d" % (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


def over(value, limit, spelling):
    """The value, marked where it is over the limit."""
    text = spelling % value
    if limit is not None and value > limit:
        missed.append(text)
        text += "!"
    return text


def under(value, limit, spelling):
    return over(-value, None if limit is None else -limit, spelling).lstrip("-")


def say(sentence):
    print(sentence, file=sys.stderr, flush=True)


def table(title, head, rows):
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
    print("\n" + title)
    for r in [head] + rows:
        print("  " + "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w)
                               for i, (c, w) in enumerate(zip(r, widths))))
    sys.stdout.flush()
    lines = ["| " + " | ".join(str(c) for c in r) + " |" for r in [head] + rows]
    lines.insert(1, "|---" + "|---:" * (len(head) - 1) + "|")
    pages.append(title + "\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    measured(sys.argv[1], sys.argv[2:])
