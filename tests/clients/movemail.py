"""movemail of GNU mailutils: X-UIDL in the mailbox that it fetches into."""

from trial import Client


class Movemail(Client):
    name = program = "movemail"
    packages = ("mailutils",)

    def setup(self, home, account):
        self.home, self.account = home, account
        self.write("Mail/.keep", "")

    def fetch(self):
        a = self.account
        self.run(["movemail", "--no-config", "--preserve", "--uidl",
                  f"pop://{a.user}:{a.password}@{a.host}:{a.port};notls",
                  self.home + "/Mail/inbox"])

    def stores(self):
        return [self.home + "/Mail/inbox"]

    def options(self, kind, old, new):
        # The mailbox does not say that it is movemail's, nor whose it is, nor whether
        # the user says --preserve.
        return ["--client", self.name, "--account", f"{old.user}@{old.host}",
                "--allow-deletes"]
