"""Clients with windows: a screen that nobody sees, one for the whole run."""

import os
import random
import shutil
import time


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds} seconds for {what}")
        time.sleep(0.05)


class Windowed:
    """To be named before trial.Client."""

    @classmethod
    def missing(cls):
        return super().missing() or (
            None if shutil.which("Xvfb") else "Xvfb is not installed (apt-get install xvfb)")

    def display(self):
        """The screen's name; it ends with the run."""
        if not hasattr(self.box, "screen"):
            while True:
                number = random.randrange(200, 60000)
                socket = f"/tmp/.X11-unix/X{number}"
                if not os.path.exists(socket):
                    break
            server = self.box.start(
                ["Xvfb", f":{number}", "-nolisten", "tcp", "-screen", "0", "1024x768x24"],
                self.box.path("xvfb.log"))
            wait_for(lambda: os.path.exists(socket) or server.poll() is not None, "Xvfb")
            if server.poll() is not None:
                raise RuntimeError("Xvfb does not start (xvfb.log)")
            self.box.screen = f":{number}"
        return self.box.screen

    def environment(self):
        # No accessibility bus, no settings of a desktop.
        return {"DISPLAY": self.display(), "NO_AT_BRIDGE": "1", "GTK_A11Y": "none",
                "GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local"}

    def session(self, argv, over, leave):
        """Start the client, wait until it is over with what argv says, and let it end by
        its own command."""
        env = {"HOME": self.home, **self.environment()}
        process = self.box.start(argv, self.box.path("clients.log"), **env)
        try:
            wait_for(lambda: over() or process.poll() is not None, f"{argv[0]} to fetch")
            if process.poll() is None:
                self.run(leave, **self.environment())
            wait_for(lambda: process.poll() is not None, f"{argv[0]} to end", 30)
        finally:
            self.box.stop(process, grace=0)
        if process.returncode:
            raise RuntimeError(f"{argv[0]} ended with {process.returncode} (clients.log)")
