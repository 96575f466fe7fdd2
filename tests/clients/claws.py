"""Claws Mail: ~/.claws-mail/uidl/HOST-USER.  It fetches, and is told to quit."""

import os

import display
from trial import Client

ACCOUNT = """[Account: 1]
account_name=lab
is_default=1
name=Lab
address=lab@example.org
protocol=0
receive_server={0.host}
user_id={0.user}
set_popport=1
pop_port={0.port}
remove_mail=0
message_leave_time=0
message_leave_hour=0
inbox=#mh/Mailbox/inbox
local_inbox=#mh/Mailbox/inbox
receive_at_get_all=1
filter_on_receive=0
enable_size_limit=0
ssl_pop=0
config_version=4
"""
PASSWORD = "[config_version:4]\n\n[account:1]\nrecv {0.password}\n"
FOLDERS = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
  <folder type="mh" name="Mailbox" path="Mail" collapsed="0">
    <folderitem type="normal">
      <folderitem type="inbox" name="inbox" path="inbox"/>
      <folderitem type="outbox" name="sent" path="sent"/>
      <folderitem type="draft" name="draft" path="draft"/>
      <folderitem type="queue" name="queue" path="queue"/>
      <folderitem type="trash" name="trash" path="trash"/>
    </folderitem>
  </folder>
</folderlist>
"""
SETTINGS = "[Common]\nreceive_dialog_mode=2\nno_receive_error_panel=1\nwork_offline=0\n"




class Family(display.Windowed):
    """Also of Sylpheed."""

    def setup(self, home, account):
        first = self.home is None
        self.home, self.account = home, account
        self.write(f"{self.folder}/accountrc", self.accountrc.format(account))
        if not first:
            return
        for name in ("inbox", "sent", "draft", "queue", "trash"):
            self.write(f"Mail/{name}/.keep", "")
        for name, text in self.files.items():
            self.write(f"{self.folder}/{name}", text.format(account))

    def stamp(self):
        """Of the record, which each session writes anew, last of all."""
        name = f"{self.folder}/uidl/{self.account.host}-{self.account.user}"
        try:
            found = os.stat(os.path.join(self.home, name))
            return found.st_ino, found.st_mtime_ns
        except FileNotFoundError:
            return None

    def fetch(self):
        before = self.stamp()
        self.session([self.program, "--receive-all"], lambda: self.stamp() != before,
                     [self.program, "--exit"])


class Claws(Family, Client):
    name, program = "claws", "claws-mail"
    packages = ("claws-mail", "xvfb")
    folder, accountrc = ".claws-mail", ACCOUNT
    files = {"folderlist.xml": FOLDERS, "clawsrc": SETTINGS, "passwordstorerc": PASSWORD}
