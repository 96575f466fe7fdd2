"""Sylpheed: ~/.sylpheed-2.0/uidl/HOST-USER.  Driven as Claws Mail is."""

import claws
from trial import Client

ACCOUNT = claws.ACCOUNT.replace("#mh/Mailbox/", "").replace(
    "config_version=4\n", "password={0.password}\n")
SETTINGS = "[Common]\nreceive_dialog_mode=2\nno_receive_error_panel=1\n"


class Sylpheed(claws.Family, Client):
    name = program = "sylpheed"
    packages = ("sylpheed", "xvfb")
    folder, accountrc = ".sylpheed-2.0", ACCOUNT
    files = {"folderlist.xml": claws.FOLDERS, "sylpheedrc": SETTINGS}
