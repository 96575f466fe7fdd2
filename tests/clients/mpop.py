"""mpop: ~/.mpop_uidls/USER_at_HOST.  Mail goes to a Maildir."""

from trial import Client


class Mpop(Client):
    name = program = "mpop"
    packages = ("mpop",)
    quick = True

    def setup(self, home, account):
        self.home = home
        for part in ("cur", "new", "tmp"):
            self.write(f"Mail/{part}/.keep", "")
        self.write(".mpoprc", f"""
account lab
host {account.host}
port {account.port}
user {account.user}
password {account.password}
auth user
tls off
keep on
delivery maildir {home}/Mail
""")

    def fetch(self):
        self.run(["mpop", "-q", "lab"])
