#!/usr/bin/env python3
"""login_cases.py [PATH-OF-REUIDL]: every way to log in and to get there, on a real Dovecot:
the mechanisms, OAuth2 tokens that Dovecot checks at an endpoint, a client's certificate,
proxies. Dovecot's log says which mechanism was used. Ends with "N passed, N failed"; exit 77
where there is no Dovecot."""

import base64
import http.server
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "servers", "dovecot.sh")
TOKEN = "ya29.a-token_of/the+test=="
GONE = "an-old-token"


class Endpoint(http.server.BaseHTTPRequestHandler):
    """RFC 7662: whose token is it?"""

    def do_GET(self):
        token = self.path.partition("access_token=")[2]
        good = http.server.urllib.parse.unquote(token) == TOKEN
        answer = json.dumps({"active": True, "email": "lab"} if good else {"active": False})
        self.send_response(200 if good else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class Tap(socketserver.ThreadingTCPServer):
    """Passes everything on to a port, and keeps what the client has said."""
    daemon_threads = allow_reuse_address = True

    def __init__(self, port):
        tap = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                there = socket.create_connection(("127.0.0.1", port))

                def back():
                    while data := there.recv(65536):
                        self.request.sendall(data)
                    self.request.shutdown(socket.SHUT_WR)
                threading.Thread(target=back, daemon=True).start()
                while data := self.request.recv(65536):
                    tap.said.append(data)
                    there.sendall(data)
                there.shutdown(socket.SHUT_WR)

        self.said = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Lab:
    def __init__(self, reuidl):
        self.reuidl, self.wrong, self.servers, self.proxies = reuidl, [], [], []
        self.folder = tempfile.mkdtemp(prefix="reuidl-login-")
        mail = os.path.join(self.folder, "mail")
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(mail, name))
        for n in range(3):
            with open(os.path.join(mail, "cur", f"170000000{n}.m{n}.lab:2,S"), "w") as f:
                f.write(f"From: a@example.org\nMessage-ID: <{n}@login>\nDate: Mon, 02 Nov "
                        f"2026 10:00:0{n} +0000\nSubject: {n}\n\ntext {n}\n")
        self.mail = mail
        self.endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        threading.Thread(target=self.endpoint.serve_forever, daemon=True).start()

    def start(self, *options):
        """A Dovecot on the mail; what its script prints, as a dict."""
        out = subprocess.run([SERVER, "start", "--maildir", self.mail, "--set",
                              "auth_verbose = yes", *options], stdout=subprocess.PIPE)
        if out.returncode:
            raise SystemExit(out.returncode)
        said = dict(line.split("=", 1) for line in out.stdout.decode().split())
        self.servers.append(said["folder"])
        return said

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def match(self, old, new, name):
        """reuidl match; its exit code and what it said."""
        files = [self.write("password", "labpass\n"), os.path.join(self.folder, name + ".map")]
        run = subprocess.run(
            [self.reuidl, "match", "--no-input", "--map", files[1], "--new-password-file",
             files[0], "--state", os.path.join(self.folder, "state"), *old, *new],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=60)
        return run.returncode, run.stdout.decode()

    def check(self, name, ok, what=""):
        print(f"{'passed' if ok else 'FAILED'} {name}", flush=True)
        if not ok:
            self.wrong.append(name)
            print("       " + what.strip().replace("\n", "\n       "))

    def close(self):
        for p in self.proxies:
            p.kill()
            p.wait()
        for folder in self.servers:
            subprocess.run([SERVER, "stop", folder])
        self.endpoint.shutdown()
        shutil.rmtree(self.folder)


def methods(server):
    """The mechanism of each login so far, by the server's own log."""
    with open(server["log"]) as f:
        return re.findall(r"Login: user=<lab>, method=([\w-]+)", f.read())


def mechanisms(lab):
    oauth = lab.write("oauth2.conf", f"""
tokeninfo_url = http://127.0.0.1:{lab.endpoint.server_port}/tokeninfo?access_token=
introspection_mode = auth
username_attribute = email
active_attribute = active
active_value = true
""")
    os.chmod(lab.folder, 0o755)
    os.chmod(oauth, 0o644)
    every = [word for line in ("passdb {", "driver = oauth2", "mechanisms = xoauth2 oauthbearer",
                               f"args = {oauth}", "}") for word in ("--set", line)]
    s = lab.start("--auth", "plain login cram-md5 apop xoauth2 oauthbearer", *every)
    password = ["--old-password-file", lab.write("password", "labpass\n")]
    token = ["--old-token-command", f"printf %s '{TOKEN}'"]
    new = ["--new", f"pop3://lab@localhost:{s['port']}", "--new-cafile", s["ca"],
           "--new-auth", "user"]
    tap = Tap(int(s["port"]))

    def login(name, want, *options, url=f"pop3://lab@localhost:{s['port']}", tls=True):
        before = len(methods(s))
        tap.said.clear()
        old = ["--old", url, *(["--old-cafile", s["ca"]] if tls else ["--old-tls", "off"]), *options]
        code, said = lab.match(old, new, name.replace(" ", "-"))
        used = sorted(methods(s)[before:])
        lab.check(name, code == 0 and used == sorted([want, "PLAIN"]),
                  f"exit {code}, by {used}: {said}")

    for mech in ("plain", "login", "cram-md5", "xoauth2", "oauthbearer"):
        secret = token if "o" in mech and "auth" in mech else password
        login(mech, mech.upper(), "--old-auth", mech, *secret)
    # USER and PASS are PLAIN in Dovecot's log.
    login("user", "PLAIN", "--old-auth", "user", *password)
    login("a token alone", "OAUTHBEARER", *token)
    login("a token in a password file", "XOAUTH2", "--old-auth", "xoauth2", "--old-password-file",
          lab.write("token", TOKEN + "\n"))
    clear = {"url": f"pop3://lab@localhost:{tap.port}", "tls": False}
    login("cram-md5 without TLS", "CRAM-MD5", "--old-auth", "cram-md5", *password, **clear)
    said = b"".join(tap.said)
    lab.check("the password was not on the wire",
              b"labpass" not in said and base64.b64encode(b"\0lab\0labpass") not in said, str(said))
    login("by default what the server surely takes", "PLAIN", *password, **clear)
    login("apop", "APOP", "--old-auth", "apop", *password, **clear)
    # Office 365 wants the token in a line of its own.
    login("xoauth2 on the wire", "XOAUTH2", "--old-auth", "xoauth2", *token, **clear)
    answer = base64.b64encode(f"user=lab\1auth=Bearer {TOKEN}\1\1".encode())
    lab.check("the token has a line of its own",
              b"AUTH XOAUTH2\r\n" in tap.said and answer + b"\r\n" in tap.said, str(tap.said))
    for mech in ("xoauth2", "oauthbearer"):
        code, said = lab.match(
            ["--old", f"pop3://lab@localhost:{s['port']}", "--old-cafile", s["ca"], "--old-auth",
             mech, "--old-token-command", f"echo {GONE}"], new, "gone-" + mech)
        lab.check(f"a refused token, {mech}", code == 77 and '"status"' in said and
                  mech.upper() in said and GONE not in said, f"exit {code}: {said}")
    for mech in ("ntlm", "gssapi"):
        code, said = lab.match(["--old", f"pop3://lab@localhost:{s['port']}", "--old-auth", mech],
                               new, mech)
        lab.check(f"{mech} is refused in words", code == 64 and f"--old-auth={mech}" in said and
                  "xoauth2" in said, f"exit {code}: {said}")
    # Dovecot has NTLM only with a Windows domain: another one that is not spoken here.
    s = lab.start("--auth", "scram-sha-256")
    code, said = lab.match(["--old", f"pop3://lab@localhost:{s['port']}", "--old-cafile", s["ca"],
                            *password], new, "ntlm-only")
    lab.check("a server that offers nothing that is spoken here", code == 77 and
              "All that it offers" in said, f"exit {code}: {said}")


def certificates(lab):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, stderr=subprocess.DEVNULL)

    def path(name):
        return os.path.join(lab.folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "30", "-subj", "/CN=clients", "-keyout", path("cca.key"), "-out", path("cca.pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=lab", "-keyout", path("lab.key"), "-out", path("lab.csr"))
    openssl("x509", "-req", "-in", path("lab.csr"), "-CA", path("cca.pem"), "-CAkey", path("cca.key"),
            "-set_serial", "7", "-days", "30", "-out", path("lab.pem"))
    os.chmod(path("cca.pem"), 0o644)
    s = lab.start("--set", f"ssl_ca = <{path('cca.pem')}", "--set", "ssl_verify_client_cert = yes",
                  "--set", "auth_ssl_require_client_cert = yes", "--set", "ssl_require_crl = no")
    with open(path("lab.pem"), "a") as both, open(path("lab.key")) as key:
        both.write(key.read())
    secret = ["--old-password-file", lab.write("password", "labpass\n")]
    url = f"pop3://lab@localhost:{s['port']}"
    new = ["--new", url, "--new-cafile", s["ca"], "--new-cert", path("lab.pem")]
    old = ["--old", url, "--old-cafile", s["ca"], *secret]
    code, said = lab.match([*old, "--old-cert", path("lab.pem"), "--old-key", path("lab.key")], new,
                           "cert")
    lab.check("a client's certificate", code == 0, f"exit {code}: {said}")
    code, said = lab.match(old, new, "no-cert")
    lab.check("without it the server refuses", code == 77, f"exit {code}: {said}")
    code, said = lab.match([*old, "--old-cert", path("nothing.pem")], new, "bad-cert")
    lab.check("one that is not there is named", code == 64 and path("nothing.pem") in said,
              f"exit {code}: {said}")


def proxies(lab):
    s = lab.start()
    secret = ["--old-password-file", lab.write("password", "labpass\n"), "--old-cafile", s["ca"]]
    new = ["--new", f"pop3://lab@localhost:{s['port']}", "--new-cafile", s["ca"]]

    def free():
        with socket.socket() as x:
            x.bind(("127.0.0.1", 0))
            return x.getsockname()[1]

    def listens(port):
        for _ in range(100):
            with socket.socket() as x:
                if x.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)

    def through(name, proxy, url, want=0):
        code, said = lab.match(["--old", url, "--old-proxy", proxy, *secret], new, name.replace(" ", "-"))
        lab.check(name, code == want, f"exit {code}: {said}")

    def run(port, *command):
        lab.proxies.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        listens(port)

    stls, tls = f"pop3://lab@localhost:{s['port']}", f"pop3s://lab@localhost:{s['pop3s_port']}"
    if shutil.which("microsocks"):
        port, closed = free(), free()
        run(port, "microsocks", "-i", "127.0.0.1", "-p", str(port))
        run(closed, "microsocks", "-i", "127.0.0.1", "-p", str(closed), "-u", "who", "-P", "goes there")
        through("SOCKS5, STLS", f"socks5h://127.0.0.1:{port}", stls)
        through("SOCKS5, TLS", f"socks5h://127.0.0.1:{port}", tls)
        through("SOCKS5 with a password", f"socks5h://who:goes%20there@127.0.0.1:{closed}", tls)
        through("SOCKS5 with a wrong password", f"socks5h://who:else@127.0.0.1:{closed}", tls, 69)
    if shutil.which("tinyproxy"):
        port = free()
        conf = lab.write("tinyproxy.conf", f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n"
                         "LogLevel Critical\n")
        run(port, "tinyproxy", "-d", "-c", conf)
        through("HTTP CONNECT, STLS", f"http://127.0.0.1:{port}", stls)
        through("HTTP CONNECT, TLS", f"http://127.0.0.1:{port}", tls)
    through("no proxy there", f"socks5h://127.0.0.1:{free()}", tls, 69)


def main():
    reuidl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../build/reuidl"))
    lab = Lab(reuidl)
    passed = 0
    try:
        count, check = [0], lab.check

        def counted(*args):
            count[0] += 1
            check(*args)
        lab.check = counted
        for group in (mechanisms, certificates, proxies):
            group(lab)
        passed = count[0] - len(lab.wrong)
    finally:
        lab.close()
    print(f"{passed} passed, {len(lab.wrong)} failed")
    return 1 if lab.wrong or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
