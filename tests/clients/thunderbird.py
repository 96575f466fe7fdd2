"""The real Thunderbird, headless, as a POP3 client that is told what to do.

A profile is made with a prefs.js for one POP3 account that leaves its mail on the server;
a session starts the client on it, stores the password where the client looks for it, gets
mail the way the button does, and quits.  Between sessions the account can be pointed at
another server as Account Settings does it: host name and port change, the folder stays.
"""

import os
import re
import shutil
import time

from marionette import Marionette

BINARY = shutil.which("thunderbird")
PLAIN, STARTTLS = 0, 2  # mail.server.*.socketType

QUIET = {
    "app.update.enabled": False,
    "app.update.auto": False,
    "app.donation.eoy.version.viewed": 999,
    "browser.safebrowsing.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "mail.biff.play_sound": False,
    "mail.biff.show_alert": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.ui-rdf.version": 99,
    "mailnews.database.global.indexer.enabled": False,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page.url": "about:blank",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}

ACCOUNT = {
    "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server2",
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.account.account2.server": "server2",
    "mail.account.lastKey": 2,
    "mail.identity.id1.fullName": "Lab",
    "mail.identity.id1.useremail": "lab@example.org",
    "mail.identity.id1.valid": True,
    "mail.server.server1.type": "pop3",
    "mail.server.server1.name": "lab",
    "mail.server.server1.userName": "lab",
    "mail.server.server1.authMethod": 3,
    "mail.server.server1.socketType": 0,
    "mail.server.server1.leave_on_server": True,
    "mail.server.server1.check_new_mail": False,
    "mail.server.server1.login_at_startup": False,
    "mail.server.server1.download_on_biff": False,
    "mail.server.server2.type": "none",
    "mail.server.server2.hostname": "Local Folders",
    "mail.server.server2.userName": "nobody",
    "mail.server.server2.name": "Local Folders",
}

# In the scripts "server1" stands for the account's server, whichever that is, and
# rootMsgFolder is where its mail goes: elsewhere, if the account is deferred.

# One check, as the Get Messages button makes it; what the URL ended with is the result.
GET_MAIL = """
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.getIncomingServer("server1");
    const inbox = server.rootMsgFolder.getFolderWithFlags(0x1000);
    return await new Promise(resolve => {
        const listener = {
            QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
            OnStartRunningUrl() {},
            OnStopRunningUrl(url, status) { resolve(status); },
        };
        MailServices.pop3.GetNewMail(null, listener, inbox, server);
    });
"""

SET_PASSWORD = """
    const [host, user, password] = args;
    const origin = "mailbox://" + host;
    const all = await Services.logins.getAllLogins();
    if (all.some(l => l.origin == origin && l.username == user)) return;
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"]
        .createInstance(Ci.nsILoginInfo);
    login.init(origin, null, origin, user, password, "", "");
    await Services.logins.addLoginAsync(login);
"""

FOLDERS = """
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const names = [];
    for (const server of MailServices.accounts.allServers) {
        for (const folder of server.rootFolder.descendants) {
            names.push(server.key + "/" + folder.name);
        }
    }
    return names.sort();
"""

MESSAGES = """
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.getIncomingServer("server1");
    const inbox = server.rootMsgFolder.getFolderWithFlags(0x1000);
    return [...inbox.msgDatabase.enumerateMessages()].map(m => m.messageId);
"""

# The Inbox's index, made anew first if it does not fit the file (the call fails then, and
# the listener hears of the end).
INDEX = """
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.getIncomingServer("server1");
    const inbox = server.rootMsgFolder.getFolderWithFlags(0x1000)
        .QueryInterface(Ci.nsIMsgLocalMailFolder);
    await new Promise(resolve => {
        try {
            inbox.getDatabaseWithReparse({
                QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
                OnStartRunningUrl() {},
                OnStopRunningUrl() { resolve(); },
            }, null);
            resolve();
        } catch (e) {}
    });
    const index = inbox.msgDatabase;
"""

# A property that is in the index only: one that is made anew has it no more.
MARK = INDEX + """
    for (const m of index.enumerateMessages()) {
        m.setStringProperty("labmark", "1");
    }
    index.commit(Ci.nsMsgDBCommitType.kLargeCommit);
"""

MARKED = INDEX + """
    return [...index.enumerateMessages()]
        .filter(m => m.getStringProperty("labmark") == "1").length;
"""

# As Shift+Delete does it.
DELETE = """
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.getIncomingServer("server1");
    const inbox = server.rootMsgFolder.getFolderWithFlags(0x1000);
    const { setTimeout } = ChromeUtils.importESModule(
        "resource://gre/modules/Timer.sys.mjs");
    const gone = [...inbox.msgDatabase.enumerateMessages()]
        .filter(m => args[0].includes(m.messageId));
    inbox.deleteMessages(gone, null, true, false, null, false);
    await new Promise(resolve => setTimeout(resolve, 500));
    return gone.length;
"""

# A certificate that nobody signed: the client asks, and remembers.  So is it told here.
TRUST = """
    const [host, port, base64] = args;
    const db = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
    const cert = db.constructX509FromBase64(base64);
    Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService)
        .rememberValidityOverride(host, port, {}, cert, true);
"""


# As the account manager makes an account: what it does not set has the client's defaults,
# and the folder is named after the host.  The client writes its settings when it quits.
NEW_ACCOUNT = """
    const [host, user, port] = args;
    const { MailServices } = ChromeUtils.importESModule(
        "resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.createIncomingServer(user, host, "pop3");
    server.port = port;
    server.socketType = 0;
    server.authMethod = 3;
    server.doBiff = false;
    server.loginAtStartUp = false;
    server.valid = true;
    const account = MailServices.accounts.createAccount();
    account.incomingServer = server;
    server.localPath;
    return [account.key, server.key];
"""


class Profile:
    def __init__(self, box, path, folder):
        self.box = box
        self.path = path
        self.user = "lab"
        self.user_js = {}  # preferences that a session's user.js sets, and so decides
        self.server = "server1"  # which account's a session is about
        self.mail_folder = None  # where its mail goes, if that is another account's
        # Named after the first host; the client keeps the folder when the host changes.
        self.folder = folder

    @property
    def mail(self):
        return os.path.join(self.path, "Mail", self.folder)

    @property
    def popstate(self):
        return os.path.join(self.mail, "popstate.dat")

    @property
    def inbox(self):
        return os.path.join(self.path, "Mail", self.mail_folder or self.folder, "Inbox")

    @classmethod
    def create(cls, box, path, host, port):
        os.makedirs(path)
        profile = cls(box, path, host)
        prefs = {**QUIET, **ACCOUNT}
        with open(os.path.join(path, "prefs.js"), "w", encoding="utf-8") as out:
            for name, value in prefs.items():
                out.write(_pref(name, value))
        profile.set_server(host, port)
        box.own(path)
        return profile

    def copy(self, path):
        """As a user does who carries a profile to another folder: as it is."""
        copy = Profile(self.box, self.box.copy(self.path, path), self.folder)
        copy.host, copy.port = self.host, self.port
        copy.mail_folder = self.mail_folder
        return copy

    def account(self, server, host, port):
        """Another account of the profile, as the one that sessions are about."""
        other = Profile(self.box, self.path, host)
        other.server, other.host, other.port = server, host, port
        return other

    def set_prefs(self, **values):
        """mail.server.serverN.* while the client does not run."""
        path = os.path.join(self.path, "prefs.js")
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        for name, value in values.items():
            full = f"mail.server.{self.server}." + name
            lines = [l for l in lines if not l.startswith(f'user_pref("{full}",')]
            lines.append(_pref(full, value))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)

    def set_server(self, host, port, socket_type=PLAIN):
        self.host, self.port = host, port
        self.set_prefs(hostname=host, port=port, socketType=socket_type)

    def files(self):
        """What is in the profile: {name: (mode, owner)}."""
        found = {}
        for top, folders, files in os.walk(self.path):
            for path in (os.path.join(top, name) for name in folders + files):
                entry = os.lstat(path)
                name = os.path.relpath(path, self.path)
                found[name] = (oct(entry.st_mode), entry.st_uid)
        return found

    def state(self):
        return _read(self.popstate)

    def entries(self):
        """[(status, uidl, time)] of popstate.dat, in the file's order."""
        lines = re.split(rb"\r?\n", self.state())
        start = next(i for i, l in enumerate(lines) if l.startswith(b"*")) + 1
        return [tuple(l.decode().split(" ")) for l in lines[start:] if l]

    def mail_files(self):
        """The Inbox: one file of all letters, or a folder with a file for each."""
        if not os.path.isdir(self.inbox):
            return [self.inbox]
        cur = os.path.join(self.inbox, "cur")
        return [os.path.join(cur, name) for name in sorted(os.listdir(cur))]

    def mailbox(self):
        """{file: its bytes}"""
        return {path: _read(path) for path in self.mail_files()}

    def mail_times(self):
        return {path: int(os.stat(path).st_mtime) for path in self.mail_files()}


class Session:
    """A running client.  As a context manager: it has quit when the block is left."""

    def __init__(self, profile, password):
        self.profile, self.box = profile, profile.box
        port = self.box.free_port()
        with open(os.path.join(profile.path, "user.js"), "w", encoding="utf-8") as out:
            out.write(_pref("marionette.port", port))
            for name, value in profile.user_js.items():
                out.write(_pref(name, value))
        log = self.box.path("thunderbird.log")
        self.process = self.box.start(
            [BINARY, "--headless", "--no-remote", "--marionette",
             "--remote-allow-system-access", "--profile", profile.path],
            log, MOZ_HEADLESS="1", MOZ_CRASHREPORTER_DISABLE="1")
        try:
            self.driver = Marionette(port, 90, lambda: self.process.poll() is None)
            self._wait_for_accounts()
            self.script(SET_PASSWORD, profile.host, profile.user, password)
        except BaseException:
            self.box.stop(self.process, grace=0)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.driver.quit()
        self.box.stop(self.process)

    def _wait_for_accounts(self):
        """Marionette answers before the client's own window has set the accounts up."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.driver.script(
                    "const w = Services.wm.getMostRecentWindow('mail:3pane');"
                    "return !!w && w.document.readyState == 'complete';"):
                return
            time.sleep(0.1)
        raise RuntimeError("the client's window did not appear")

    def script(self, text, *args, **how):
        text = text.replace('"server1"', f'"{self.profile.server}"')
        return self.driver.script(text, *args, **how)

    def get_mail(self):
        status = self.script(GET_MAIL, timeout=60)
        if status != 0:
            raise RuntimeError(f"get mail ended with {status:#x}")

    def folders(self):
        return self.script(FOLDERS)

    def messages(self):
        return self.script(MESSAGES)

    def mark(self):
        """Leave a mark on each message in the Inbox that only its index has."""
        self.script(MARK)

    def marked(self):
        return self.script(MARKED)

    def delete(self, idents):
        """Delete letters locally, for good; how many there were."""
        return self.script(DELETE, idents)

    def new_account(self, host, user, port):
        """Make another POP3 account; its key and its server's."""
        return self.script(NEW_ACCOUNT, host, user, port)

    def trust(self, certificate):
        """A certificate, base64 DER, of the server the account is set to."""
        self.script(TRUST, self.profile.host, self.profile.port, certificate)


def _pref(name, value):
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = str(value)
    else:
        text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'user_pref("{name}", {text});\n'


def _read(path):
    with open(path, "rb") as file:
        return file.read()
