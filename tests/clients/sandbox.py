"""Where a run lives: a folder under /tmp, an unprivileged user, processes of our own.

Everything is started in a process group of its own and ended by that group's number, so
that nobody else's servers or clients are ever touched.
"""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

class Sandbox:
    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="reuidl-cl.", dir="/tmp")
        # Thunderbird and Dovecot's login processes do not like to be root.
        root = os.geteuid() == 0
        self.user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        self.processes, self.servers = [], []
        self.ports = os.environ.get("TEST_PORTS", "23000 23999")
        self.home = self.folder("home")
        self.own(self.root)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def folder(self, *names):
        path = self.path(*names)
        os.makedirs(path, exist_ok=True)
        return path

    def own(self, path):
        """Give a file, or a tree, to the user that everything runs as."""
        if os.geteuid() != 0:
            return
        names = [path]
        for top, folders, files in os.walk(path):
            names += [os.path.join(top, name) for name in folders + files]
        for name in names:
            os.chown(name, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def copy(self, source, target):
        shutil.copytree(source, target, symlinks=True)
        self.own(target)
        return target

    def free_port(self):
        low, high = map(int, self.ports.split())
        for port in random.sample(range(low, high + 1), 50):
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise RuntimeError("no free port")

    def _command(self, argv):
        if os.geteuid() != 0:
            return argv
        ids = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}"]
        return ["setpriv", *ids, "--clear-groups", *argv]

    def _environment(self, extra):
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        env.update(HOME=self.home, TMPDIR=self.folder("home"), TZ="UTC")
        ours = ("ASAN_", "UBSAN_")
        env.update({k: v for k, v in os.environ.items() if k.startswith(ours)})
        env.update(extra)
        return env

    def start(self, argv, log, **extra):
        with open(log, "ab") as out:
            process = subprocess.Popen(
                self._command(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=self._environment(extra), cwd=self.home, start_new_session=True)
        self.processes.append(process)
        return process

    def begin(self, argv, **extra):
        """As run(), without waiting for its end."""
        process = subprocess.Popen(
            self._command(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self._environment(extra), cwd=self.home,
            start_new_session=True)
        self.processes.append(process)
        return process

    def run(self, argv, timeout=40, **extra):
        return subprocess.run(
            self._command(argv), stdin=subprocess.DEVNULL, capture_output=True,
            env=self._environment(extra), cwd=self.home, timeout=timeout)

    def stop(self, process, grace=10):
        """End a process and its group; True when it went by itself."""
        def group(number):
            try:
                os.killpg(process.pid, number)
                return True
            except ProcessLookupError:
                return False

        try:
            process.wait(grace)
            went = True
        except subprocess.TimeoutExpired:
            went = False
        group(signal.SIGTERM)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        deadline = time.monotonic() + 3
        while group(0) and time.monotonic() < deadline:
            time.sleep(0.05)
        group(signal.SIGKILL)
        process.wait()
        self.processes.remove(process)
        return went

    def close(self, keep):
        for process in list(self.processes):
            self.stop(process, grace=0)
        for server in self.servers:
            server.stop()
        if not keep:
            shutil.rmtree(self.root, ignore_errors=True)
