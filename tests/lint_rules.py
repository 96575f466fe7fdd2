#!/usr/bin/env python3
"""lint_rules.py [ROOT]: the house's own rules, which no other tool knows. --prove breaks
each of them once, in a copy, and fails if that is not seen.

Prints path:line: sentence. Warnings begin with "warning" and do not fail."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

# Who may include whom; the folder itself is always allowed. docs/design.md has the picture.
LAYERS = {
    "src/base": [],
    "src/model": ["base"],
    "formats": ["model", "base"],
    "src/mailbox": ["model", "base"],
    "src/map": ["model", "base"],
    "src/work": ["map", "mailbox", "model", "base"],
    "src/cmd": ["work", "map", "mailbox", "model", "base"],
}
SYSTEMS = re.compile(r"\s*#\s*(?:if|ifdef|ifndef|elif)\b.*(?:_WIN32|_WIN64|__MINGW|__linux|__unix|"
                     r"__APPLE__|__MACH__|BSD|__CYGWIN__|_POSIX_VERSION)")
POSIX = re.compile(r"\s*#\s*include\s*<(unistd|fcntl|dirent|pwd|grp|signal|poll|termios|glob|"
                   r"fnmatch|netdb|syslog|strings|pthread|dlfcn|spawn|ftw|langinfo|sys/\w+|"
                   r"arpa/\w+|netinet/\w+)\.h>")
CALL = r"(?<![\w.>])(%s)\s*\("
NEVER = re.compile(CALL % "strcpy|strcat|stpcpy|sprintf|vsprintf|gets|sscanf|vsscanf|atoi|atol|atoll|"
                   "atof|strtok|strtok_r|alloca|mktemp|tmpnam")
SHELL = re.compile(CALL % "system|popen|execlp|execvp")
PRINT = re.compile(CALL % "printf|vprintf|puts|putchar|perror" +
                   r"|(?<![\w.>])v?fprintf\s*\(\s*std(?:out|err)\b|"
                   r"(?<![\w.>])fputs\s*\([^;]*,\s*stdout\s*\)")
EXIT = re.compile(CALL % "exit|_exit|_Exit|quick_exit")
TYPEDEF = re.compile(r"\s*typedef\s+(struct|union|enum)\b")
# A word of the lint's own text would be found, too: hence the brackets.
SECRETS = re.compile(r"(?<![\w./$}\"'])/(?:wor[k]|roo[t]|hom[e]/(?!user|anna|you|x\b)\w+)/|BEGI[N] [A-Z ]*PRIVATE KEY|"
                     r"\bgh[p]_\w{30}|\bAKI[A][0-9A-Z]{16}\b")
MAX_LINES = 400


def without_words(text):
    """C without comments and the contents of strings, line numbers kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0)) if m.group(0)[0] == "/" else \
            '""' + "\n" * m.group(0).count("\n")
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def c_files(root):
    for top in ("src", "formats", "tests"):
        for at, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(at, name), root)


def check_c(root, path, say):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        raw = f.read()
    layer = "/".join(path.split("/")[:2]) if path.startswith("src/") else path.split("/")[0]
    system = re.match(r"src/base/os_\w+\.c$", path)
    test = layer == "tests"
    loose = raw.split("\n")
    for n, line in enumerate(without_words(raw).split("\n"), 1):
        inc = re.match(r'\s*#\s*include\s*"([^"]+)"', loose[n - 1]) if "#" in line else None
        if inc and layer in LAYERS:
            folder = inc.group(1).rpartition("/")[0]
            if folder not in LAYERS[layer] + [layer.split("/")[-1], ""] or (
                    not folder and layer != "src/cmd"):
                say(path, n, "%s may not include \"%s\": includes run downwards only" % (layer, inc.group(1)))
        if not system and not test:
            if SYSTEMS.match(line):
                say(path, n, "an #ifdef of a system; it belongs to src/base/os_*.c")
            if POSIX.match(line):
                say(path, n, "a POSIX-only header; it belongs to src/base/os_*.c")
        for pattern, may, where in (
                (NEVER, False, "it is banned"),
                (SHELL, system or test, "it belongs to src/base/os_*.c"),
                (PRINT, layer == "src/cmd" or test, "only commands print"),
                (EXIT, layer == "src/cmd" or test or system, "only src/cmd ends the program")):
            m = None if may else pattern.search(line)
            if m:
                say(path, n, "%s: %s" % (m.group(0).rstrip("( "), where))
        if TYPEDEF.match(line):
            say(path, n, "a typedef of a struct, union or enum")
    if len(loose) - 1 > MAX_LINES:
        say(path, len(loose) - 1, "warning: over %d lines; split it by thing" % MAX_LINES)


def check_fixtures(root, say):
    folder = os.path.join(root, "fixtures")
    if not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder)):
        if not os.path.exists(os.path.join(root, "formats", name + ".c")):
            continue
        there = set(n for n in os.listdir(os.path.join(folder, name)) if not n.startswith("."))
        for n in sorted(there):
            path = "fixtures/%s/%s" % (name, n)
            if n.endswith(".expect"):
                if n[:-7] not in there:
                    say(path, 1, "expects something of a file that is not there")
            elif n + ".expect" not in there:
                say(path, 1, "a fixture without .expect: nobody has said what it means")
    for name in sorted(os.listdir(os.path.join(root, "formats"))
                       if os.path.isdir(os.path.join(root, "formats")) else []):
        if name.endswith(".c") and not os.path.isdir(os.path.join(folder, name[:-2])):
            say("formats/" + name, 1, "a format without a folder fixtures/" + name[:-2])


REASON = re.compile(r'ERR_[A-Z_]+,\s*"([a-z-]+)"|plan_refuse\(\s*[^,"]+,\s*"([a-z-]+)"|define REASON\s+"([a-z-]+)"')


def check_reasons(root, say):
    """The manual lists the reasons that there are, and no others."""
    manual = os.path.join(root, "docs/reuidl.1")
    if not os.path.exists(manual):
        return
    with open(manual, encoding="utf-8") as f:
        listed = f.read().partition(".Ss Reasons")[2].partition("A reason may be empty")[0]
    listed = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"^\.It Li (.*)$", listed, re.M))))
    given = {}
    for path in c_files(root):
        if not path.startswith("tests/"):
            with open(os.path.join(root, path), encoding="utf-8") as f:
                given.update((r, path) for m in REASON.findall(f.read()) for r in m if r)
    for reason in sorted(set(given) - listed):
        say(given[reason], 1, "the reason \"%s\" is not in docs/reuidl.1" % reason)
    for reason in sorted(listed - set(given)):
        say("docs/reuidl.1", 1, "nothing has the reason \"%s\"" % reason)


def check_words(root, say):
    """All files that git has or would take."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                            stdout=subprocess.PIPE, check=True).stdout
    for path in sorted(filter(None, listed.decode().split("\0"))):
        full = os.path.join(root, path)
        if not os.path.isfile(full) or os.path.islink(full):
            continue
        with open(full, encoding="latin-1") as f:
            for n, line in enumerate(f, 1):
                if SECRETS.search(line):
                    say(path, n, "a path of somebody's machine, or a secret: " +
                        SECRETS.search(line).group(0))


def check(root):
    found = []

    def say(path, n, sentence):
        found.append("%s:%d: %s" % (path, n, sentence))
    for path in c_files(root):
        check_c(root, path, say)
    check_fixtures(root, say)
    check_reasons(root, say)
    check_words(root, say)
    return found


# Rule, file, a line that breaks it, what must be said of it. None: a line that is right.
BREACHES = [
    ("layer up", "src/base/x.c", '#include "model/store.h"', "includes run downwards"),
    ("layer aside", "src/map/x.c", '#include "mailbox/mailbox.h"', "includes run downwards"),
    ("format aside", "formats/x.c", '#include "map/map.h"', "includes run downwards"),
    ("layer down", "src/work/x.c", '#include "map/map.h"', None),
    ("system", "src/work/x.c", "#ifdef _WIN32", "#ifdef of a system"),
    ("system 2", "formats/x.c", "#if defined(__linux__)", "#ifdef of a system"),
    ("system in os", "src/base/os_x.c", "#ifdef _WIN32", None),
    ("posix", "src/mailbox/x.c", "#include <unistd.h>", "POSIX-only header"),
    ("posix sys", "src/cmd/x.c", "#include <sys/stat.h>", "POSIX-only header"),
    ("strcpy", "src/model/x.c", "\tstrcpy(a, b);", "strcpy"),
    ("sprintf", "tests/x.c", '\tsprintf(a, "%s", b);', "sprintf"),
    ("snprintf", "src/model/x.c", '\tsnprintf(a, 3, "sprintf(");', None),
    ("sscanf", "formats/x.c", '\tif (sscanf(a, "%d", &n))', "sscanf"),
    ("atoi", "src/model/x.c", "\tn = atoi(a);", "atoi"),
    ("strtok", "src/model/x.c", "\tp = strtok(a, b);", "strtok"),
    ("comment", "src/model/x.c", "/* strcpy(a) is not used; printf( neither */", None),
    ("system()", "src/work/x.c", '\tsystem("rm");', "system"),
    ("popen", "src/cmd/x.c", '\tf = popen("ls", "r");', "popen"),
    ("printf", "src/work/x.c", '\tprintf("x");', "only commands print"),
    ("stdout", "formats/x.c", '\tfprintf(stdout, "x");', "only commands print"),
    ("printf in cmd", "src/cmd/x.c", '\tprintf("x");', None),
    ("exit", "src/map/x.c", "\texit(1);", "ends the program"),
    ("exit in cmd", "src/cmd/x.c", "\texit(1);", None),
    ("typedef", "src/model/x.h", "typedef struct s s_t;", "typedef"),
    ("no expect", "fixtures/thunderbird/x", "k 1 2", "without .expect"),
    ("expect alone", "fixtures/thunderbird/y.expect", "x", "not there"),
    ("no fixtures", "formats/other.c", "int x;", "without a folder"),
    ("machine", "README", "see /wor" + "k/main", "somebody's machine"),
    ("secret", "key", "-----BEGI" + "N EC PRIVATE KEY-----", "a secret"),
    ("reason", "docs/reuidl.1", ".Ss Reasons\n.It Li x\nA reason may be empty", "nothing has the reason"),
    ("length", "src/model/x.c", "\n" * 401, "over 400 lines"),
]


def prove():
    bad = 0
    for rule, path, line, want in BREACHES:
        root = tempfile.mkdtemp()
        try:
            subprocess.run(["git", "init", "-q", root], check=True)
            for p, text in (("formats/thunderbird.c", "int x;\n"), ("formats/x.c", "int x;\n"),
                            ("fixtures/thunderbird/a", "a\n"), ("fixtures/x/a", "a\n"),
                            ("fixtures/thunderbird/a.expect", "a\n"), ("fixtures/x/a.expect", "a\n"),
                            (path, line + "\n")):
                full = os.path.join(root, p)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as f:
                    f.write(text)
            found = check(root)
        finally:
            shutil.rmtree(root)
        right = not found if want is None else len(found) == 1 and want in found[0]
        if not right:
            bad += 1
            print("lint_rules.py: the rule \"%s\" does not work: %s" % (rule, found))
    print("lint_rules.py: %d rules broken on purpose, %d not seen" % (len(BREACHES), bad))
    return bad


def main():
    if sys.argv[1:] == ["--prove"]:
        sys.exit(prove() != 0)
    found = check(sys.argv[1] if sys.argv[1:] else ".")
    for line in found:
        print(line)
    sys.exit(any(": warning: " not in line for line in found))


main()
