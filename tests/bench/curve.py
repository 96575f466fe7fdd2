"""make bench, curve: does time and memory grow as the mailbox does? 1 000 to 1 000 000 short
messages a side, at no round trip, on generated_pop3.py's servers: a real one counts a million
messages for half an hour. A table, and bench.svg."""

import math
import os
import random
import shutil

import measure
from generated_pop3 import GeneratedPop3
from measure import Run, say, table
from wire import BASE_MEMORY


def measured(reuidl, folder, count):
    folder = os.path.join(folder, "curve%d" % count)
    os.mkdir(folder)
    orders = {"old": list(range(count)), "new": list(range(count))}
    random.Random(7).shuffle(orders["new"])
    servers = {side: GeneratedPop3(order, mark) for (side, order), mark in
               zip(orders.items(), (b"6b02f262", b"71234567"))}
    try:
        kept = os.path.join(folder, "map")
        os.environ["REUIDL_BENCH"] = "any"
        args = [reuidl, "match", "--map", kept, "--state", folder, "--no-input"]
        for side, s in servers.items():
            args += ["--" + side, "pop3://lab@localhost:%d" % s.port, "--%s-tls=off" % side,
                     "--%s-password-env" % side, "REUIDL_BENCH"]
        run = Run(args)
        size = os.path.getsize(kept)
        csv = Run([reuidl, "map", kept, "--export", "csv"]).text.split("\n")[1:]
        numbers = [[int(f[:8], 16) - 1 for f in line.split(",")[:2]] for line in csv if line[:1].isalnum()]
        bad = sum(orders["old"][o] != orders["new"][n] for o, n in numbers)
        return run, len(numbers), bad, size
    finally:
        for s in servers.values():
            s.close()
        shutil.rmtree(folder)


def panel(x0, title, unit, points):
    """Both axes in powers of ten; the dotted line is what grows just as the mailbox does."""

    width, height, left, top = 300, 240, 60, 40
    low = math.floor(math.log10(min(p[1] for p in points)))
    high = max(low + 1, math.ceil(math.log10(max(p[1] for p in points))))
    xs = [math.log10(p[0]) for p in points]

    def at(count, value):
        x = (math.log10(count) - xs[0]) / (xs[-1] - xs[0]) * width
        y = (math.log10(value) - low) / (high - low) * height
        return "%.1f,%.1f" % (x0 + left + x, top + height - y)

    out = ['<text x="%d" y="20" font-weight="bold">%s</text>' % (x0 + left, title)]
    for power in range(low, high + 1):
        x, y = at(points[0][0], 10.0 ** power).split(",")
        out.append('<path d="M%s %sh%d" stroke="#ddd"/><text x="%g" y="%g" text-anchor="end">%g %s</text>'
                   % (x, y, width, float(x) - 6, float(y) + 4, 10.0 ** power, unit))
    for count, value in points:
        x, y = at(count, value).split(",")
        out.append('<circle cx="%s" cy="%s" r="4" fill="#06c"/><text x="%s" y="%g" text-anchor="middle">%s</text>'
                   '<text x="%s" y="%g" text-anchor="middle" fill="#06c">%.3g</text>'
                   % (x, y, x, top + height + 18, "%d" % count, x, float(y) - 9, value))
    out.append('<polyline points="%s" fill="none" stroke="#06c" stroke-width="2"/>'
               % " ".join(at(*p) for p in points))
    # Linear: from the largest down, as far as it stays in the picture.
    last = points[-1]
    line = [(c, last[1] * c / last[0]) for c, _ in points if last[1] * c / last[0] >= 10.0 ** low]
    out.append('<polyline points="%s" fill="none" stroke="#999" stroke-dasharray="3 4"/>'
               % " ".join(at(*p) for p in line))
    return out


def draw(path, points):
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="800" height="330" font-family="sans-serif" '
           'font-size="11"><rect width="800" height="330" fill="#fff"/>']
    svg += panel(0, "match: time by messages a side", "s", [(n, r.seconds) for n, r in points])
    svg += panel(400, "match: memory (some 20 MB without a message)", "MB",
                 [(n, r.memory / 1e6) for n, r in points])
    svg.append('<text x="60" y="322" fill="#777">dotted: what grows just as the mailbox does</text></svg>')
    with open(path, "w") as f:
        f.write("\n".join(svg) + "\n")


def curve(reuidl, folder, scale):
    rows, points, wrong = [], [], 0
    for count in (1000, 10000, 100000, 1000000):
        count //= min(scale, 10)
        run, pairs, bad, size = measured(reuidl, folder, count)
        wrong += bad
        points.append((count, run))
        rows.append(["%d" % count, "%.2f s" % run.seconds, "%.2f s" % run.cpu,
                     "%.1f us" % (run.seconds / count * 1e6), "%.0f MB" % (run.memory / 1e6),
                     "%.0f" % (max(0, run.memory - BASE_MEMORY) / 2 / count), "%.0f MB" % (size / 1e6),
                     pairs, bad])
        say("  " + "  ".join(map(str, rows[-1])))
    table("match at no round trip, in clear; bytes a message: (most memory - 30 MB) / messages of both sides",
          ["messages a side", "time", "CPU", "a message", "memory", "bytes a message", "map", "pairs", "wrong"],
          rows)
    if measure.drawings:
        draw(os.path.join(measure.drawings, "bench.svg"), points)
    return wrong
