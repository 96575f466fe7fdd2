#!/usr/bin/env python3
"""make_profile.py FOLDER HOST PORT USER PASSWORD-FILE: what Thunderbird has in FOLDER
(a .thunderbird) once it has fetched all mail of that POP3 server and left it there.

Prints the path of popstate.dat. The UIDLs are asked of the server, in clear: loopback
only. prefs.js names HOST, USER and "leave messages on server"; popstate.dat is what
Thunderbird 153 writes, to the byte; the Inbox holds the first five messages."""

import email.utils
import os
import poplib
import sys


def main():
    folder, host, port, user, password_file = sys.argv[1:]
    with open(password_file) as f:
        password = f.read().rstrip("\n")
    box = poplib.POP3(host, int(port))
    box.user(user)
    box.pass_(password)
    uidls = [line.split(b" ", 1)[1].decode() for line in box.uidl()[1]]
    inbox, times = [], []
    for n in range(1, len(uidls) + 1):
        lines = box.top(n, 0)[1]
        when = 1735689600 + n * 937
        for line in lines:
            if line.lower().startswith(b"date:"):
                parsed = email.utils.parsedate_to_datetime(line[5:].decode().strip())
                when = int(parsed.timestamp()) + 60
        times.append(when)
        if n <= 5:
            text = b"\n".join(b">" + l if l.startswith(b"From ") else l for l in box.retr(n)[1])
            stamp = email.utils.formatdate(when).replace(",", "").encode()
            inbox.append(b"From - " + stamp + b"\nX-Account-Key: account1\nX-UIDL: " +
                         uidls[n - 1].encode() + b"\nX-Mozilla-Status: 0000\n"
                         b"X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: " + b" " * 80 + b"\n" +
                         text + b"\n\n")
    box.quit()

    profile = os.path.join(folder, "k3x9wq2a.default-release")
    mail = os.path.join(profile, "Mail", host)
    os.makedirs(mail)
    with open(os.path.join(folder, "profiles.ini"), "w") as f:
        f.write("[Profile0]\nName=default-release\nIsRelative=1\n"
                "Path=k3x9wq2a.default-release\nDefault=1\n\n[General]\n"
                "StartWithLastProfile=1\nVersion=2\n")
    server = "mail.server.server1."
    prefs = [("mail.account.account1.server", '"server1"'),
             ("mail.accountmanager.accounts", '"account1"'),
             (server + "type", '"pop3"'), (server + "name", '"%s on %s"' % (user, host)),
             (server + "hostname", '"%s"' % host), (server + "port", port),
             (server + "userName", '"%s"' % user), (server + "socketType", "2"),
             (server + "directory-rel", '"[ProfD]Mail/%s"' % host),
             (server + "leave_on_server", "true"),
             (server + "delete_mail_left_on_server", "false"),
             (server + "delete_by_age_from_server", "false"),
             (server + "storeContractID", '"@mozilla.org/msgstore/berkeleystore;1"')]
    with open(os.path.join(profile, "prefs.js"), "w") as f:
        f.write("// Mozilla User Preferences\n\n")
        f.writelines('user_pref("%s", %s);\n' % pair for pair in prefs)
    with open(os.path.join(mail, "Inbox"), "wb") as f:
        f.write(b"".join(inbox))
    state = os.path.join(mail, "popstate.dat")
    with open(state, "w") as f:  # no newline at the end: the client leaves it out, too
        f.write("# POP3 State File\n# This is a generated file!  Do not edit.\n\n*%s %s\n"
                % (host, user))
        f.write("\n".join("k %s %d" % pair for pair in zip(uidls, times)))
    print(state)


main()
