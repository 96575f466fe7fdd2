"""A small Marionette client: what is needed to drive a real Thunderbird.

The protocol: TCP, each packet "<length>:<JSON>".  The server greets first.  A command is
[0, id, name, parameters], its answer [1, id, error or null, result].
"""

import json
import socket
import time


class MarionetteError(Exception):
    pass


class Marionette:
    def __init__(self, port, timeout=60, alive=lambda: True):
        self.buffer = b""
        self.last_id = 0
        self.sock = self._connect(port, time.monotonic() + timeout, alive)
        self.sock.settimeout(timeout)
        self._read_packet()  # the greeting
        self.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.call("Marionette:SetContext", {"value": "chrome"})

    @staticmethod
    def _connect(port, deadline, alive):
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=5)
            except OSError as err:
                if not alive():
                    raise MarionetteError("the client ended before it could be driven")
                if time.monotonic() > deadline:
                    raise MarionetteError(f"port {port}: {err}") from err
                time.sleep(0.1)

    def _read_some(self):
        data = self.sock.recv(65536)
        if not data:
            raise MarionetteError("the client closed the connection")
        self.buffer += data

    def _read_packet(self):
        while b":" not in self.buffer:
            self._read_some()
        head, self.buffer = self.buffer.split(b":", 1)
        length = int(head)
        while len(self.buffer) < length:
            self._read_some()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return json.loads(body)

    def call(self, name, params=None):
        self.last_id += 1
        body = json.dumps([0, self.last_id, name, params or {}]).encode()
        self.sock.sendall(b"%d:%s" % (len(body), body))
        while True:
            kind, ident, error, result = self._read_packet()
            if kind == 1 and ident == self.last_id:
                break
        if error:
            raise MarionetteError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    def script(self, body, *args, timeout=30):
        """Run the body of an async function in the client's own context; its value is
        the result.  The sandbox "system" is the one with chrome rights."""
        self.sock.settimeout(timeout + 10)
        code = (
            "const done = arguments[arguments.length - 1];"
            "const args = Array.from(arguments).slice(0, -1);"
            "(async (...args) => {" + body + "})(...args)"
            ".then(v => done({ok: v === undefined ? null : v}),"
            " e => done({error: String(e) + ' ' + (e && e.stack || '')}));"
        )
        self.call("WebDriver:SetTimeouts", {"script": timeout * 1000})
        result = self.call(
            "WebDriver:ExecuteAsyncScript",
            {"script": code, "args": list(args),
             "sandbox": "system", "newSandbox": False},
        )["value"]
        if "error" in result:
            raise MarionetteError(result["error"])
        return result["ok"]

    def quit(self):
        try:
            self.call("Marionette:Quit", {"flags": ["eForceQuit"]})
        except (MarionetteError, OSError):
            pass  # it may close before it answers
        self.sock.close()
