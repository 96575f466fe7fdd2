"""Evolution: uid-cache, and the message cache beside it.  The whole program, in a display of
its own (Xvfb) and with a keyring of its own."""

import os
import shutil

from trial import Client

UID = "0123456789abcdef0123456789abcdef01234567"
DATA = ".local/share/evolution/mail"
SESSION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evolution.session")

SOURCE = """[Data Source]
DisplayName=lab
Enabled=true
Parent=

[Mail Account]
BackendName=pop
IdentityUid=lab-identity
NeedsInitialSetup=false

[Authentication]
Host={host}
Method=none
Port={port}
ProxyUid=system-proxy
RememberPassword=true
User={user}
IsExternal=false

[Security]
Method=none

[Refresh]
Enabled=false

[Pop Backend]
AutoFetch={auto_fetch}
DeleteAfterDays={days}
KeepOnServer=true
"""
IDENTITY = """[Data Source]
DisplayName=lab
Enabled=true
Parent={uid}

[Mail Identity]
Address=lab@example.org
Name=Lab

[Mail Submission]
SentFolder=folder://local/Sent
TransportUid=lab-transport
"""
TRANSPORT = """[Data Source]
DisplayName=lab
Enabled=true
Parent={uid}

[Mail Transport]
BackendName=sendmail
"""
# GSETTINGS_BACKEND=keyfile
SETTINGS = """[org/gnome/evolution/mail]
send-recv-on-start=true
send-recv-all-on-start=true
junk-check-incoming=false
prompt-check-if-default-mailer=false
show-startup-wizard=false

[org/gnome/evolution-data-server]
migrated=true
"""


class Evolution(Client):
    """As it is set up by itself: AutoFetch fetches the next ten after each new letter,
    whatever uid-cache says, if they are not in the message cache."""

    name = program = "evolution"
    packages = ("evolution", "xvfb", "dbus-daemon", "gnome-keyring", "libsecret-tools")
    mail = DATA + "/local"
    grows = f"{DATA}/{UID}/cache"
    auto_fetch, days = "true", 0

    @classmethod
    def missing(cls):
        programs = ("evolution", "Xvfb", "dbus-run-session", "gnome-keyring-daemon",
                    "secret-tool")
        if all(map(shutil.which, programs)):
            return None
        return f"Evolution is not installed (apt-get install {' '.join(cls.packages)})"

    def setup(self, home, account):
        self.home, self.account = home, account
        sources = ".config/evolution/sources/"
        self.write(f"{sources}{UID}.source", SOURCE.format(
            host=account.host, port=account.port, user=account.user,
            auto_fetch=self.auto_fetch, days=self.days))
        self.write(sources + "lab-identity.source", IDENTITY.format(uid=UID))
        self.write(sources + "lab-transport.source", TRANSPORT.format(uid=UID))
        self.write(".config/glib-2.0/settings/keyfile", SETTINGS)
        self.box.folder(home, "run")
        os.chmod(os.path.join(home, "run"), 0o700)
        with open(SESSION, encoding="utf-8") as script:
            self.write("session", script.read(), 0o700)

    def fetch(self):
        self.run(["dbus-run-session", "--", os.path.join(self.home, "session"),
                  str(self.account.port), UID, self.account.password], timeout=400,
                 GSETTINGS_BACKEND="keyfile", XDG_RUNTIME_DIR=os.path.join(self.home, "run"),
                 GTK_USE_PORTAL="0", NO_AT_BRIDGE="1", LIBGL_ALWAYS_SOFTWARE="1",
                 WEBKIT_DISABLE_COMPOSITING_MODE="1")


class EvolutionByDays(Evolution):
    """DeleteAfterDays: it fetches each message that is not in its cache, for its Date."""

    name = "evolution-days"
    auto_fetch, days = "false", 365
