"""getmail 6: oldmail-SERVER-PORT-USER.  Mail goes to a Maildir."""

from trial import Client


class Getmail(Client):
    name = program = "getmail"
    packages = ("getmail6",)
    quick = True

    def setup(self, home, account):
        self.home = home
        for part in ("cur", "new", "tmp"):
            self.write(f"Mail/{part}/.keep", "")
        self.write(".getmail/getmailrc", f"""
[retriever]
type = SimplePOP3Retriever
server = {account.host}
port = {account.port}
username = {account.user}
password = {account.password}

[destination]
type = Maildir
path = {home}/Mail/

[options]
read_all = false
delete = false
""")

    def fetch(self):
        # getmail 6.18 begins to wait for the child that delivers a message after it has started
        # it; one that has ended before that is waited for a minute, in vain (forkchild() in
        # baseclasses.py). On one processor the parent goes on first.
        self.run(["taskset", "-c", "0", "getmail"])

    def options(self, kind, old, new):
        # The settings name the old server still, and the port is in the store's name.
        return ["--client-port", str(new.port)]
