"""fetchmail: ~/.fetchids.  Mail goes to a program that writes each letter to a file."""

from trial import Client


class Fetchmail(Client):
    name = program = "fetchmail"
    packages = ("fetchmail",)
    quick = True

    def setup(self, home, account):
        self.home = home
        self.write("deliver", '#!/bin/sh\ncat >"$(mktemp "$HOME/Mail/XXXXXXXX")"\n', 0o700)
        self.write("Mail/.keep", "")
        self.write(".fetchmailrc", f"""
poll {account.host} proto pop3 port {account.port} uidl
  user "{account.user}" password "{account.password}" keep sslproto ""
  mda "{home}/deliver"
""")

    def fetch(self):
        # 1: there was no new mail.
        self.run(["fetchmail", "--nosyslog"], good=(0, 1))
