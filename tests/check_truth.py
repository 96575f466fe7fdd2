#!/usr/bin/env python3
"""make check-truth: check_truth.py PROGRAM [OPTION...]. Runs tests/truth/main.c, prints its
table and its time, and puts the table of a run without options into docs/matching.md."""

import os
import re
import subprocess
import sys
import time

DOCS = os.path.join(os.path.dirname(__file__), "..", "docs", "matching.md")

began = time.time()
run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
print(run.stdout, end="")
print("%.0f s on %d processors" % (time.time() - began, os.cpu_count()))
if run.returncode == 0 and len(sys.argv) == 2:
    with open(DOCS, encoding="utf-8") as f:
        was = f.read()
    now = re.sub(r"(?s)(<!-- make check-truth -->\n).*?(<!-- end -->)",
                 lambda m: m[1] + run.stdout + m[2], was)
    if now != was:
        with open(DOCS, "w", encoding="utf-8") as f:
            f.write(now)
        print("docs/matching.md: a new table")
sys.exit(run.returncode)
