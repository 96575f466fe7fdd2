"""fdm: the file named by `cache` in ~/.fdm.conf.  Mail goes to a Maildir.

fdm takes its home from the list of users, not from HOME, and nobody has none: so paths are
whole, and it is told where its configuration is.
"""

from trial import Client


class Fdm(Client):
    name = program = "fdm"
    packages = ("fdm",)
    quick = True

    def setup(self, home, account):
        self.home = home
        self.write(".fdm/.keep", "")
        self.write(".fdm.conf", f"""
set lock-file "{home}/.fdm.lock"
$folder = "{home}"
action "keep" maildir "${{folder}}/Mail"
account "lab" pop3 server "{account.host}" port {account.port}
    user "{account.user}" pass "{account.password}"
    new-only cache "${{folder}}/.fdm/pop3.cache" keep
match all action "keep"
""")

    def fetch(self):
        self.run(["fdm", "-f", f"{self.home}/.fdm.conf", "fetch"])
