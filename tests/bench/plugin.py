"""Dovecot's own way, to measure it: the plugin pop3-migration, as its documentation sets it
up for a migration. It matches one server's IMAP (imapc) with its POP3 (pop3c), and
`doveadm fetch "uid pop3.uidl"` makes it do so for each message."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import time

CONFIGURATION = """
base_dir = %(d)s/run
state_dir = %(d)s/run
log_path = %(d)s/log
protocols =
default_internal_user = %(me)s
default_internal_group = %(group)s
default_login_user = %(me)s
first_valid_uid = 1
mail_uid = %(me)s
mail_gid = %(group)s
mail_home = %(d)s/home
mail_location = imapc:%(d)s/home/imapc
mail_prefetch_count = 20
mail_fsync = never
ssl = no
auth_mechanisms = plain
imapc_host = 127.0.0.1
imapc_port = %(imap)s
imapc_user = %(user)s
imapc_password = %(password)s
imapc_features = rfc822.size fetch-headers
pop3c_host = 127.0.0.1
pop3c_port = %(pop3)s
pop3c_user = %(user)s
pop3c_password = %(password)s
namespace inbox {
  inbox = yes
  prefix =
  separator = /
}
namespace pop3 {
  prefix = POP3-MIGRATION-NS/
  location = pop3c:%(d)s/home/pop3c
  inbox = no
  list = no
  hidden = yes
  separator = /
}
mail_plugins = pop3_migration
plugin {
  pop3_migration_mailbox = POP3-MIGRATION-NS/INBOX
}
passdb {
  driver = static
  args = nopassword=y
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service dns-client {
  chroot =
}
"""


def match(user, password, imap, pop3):
    """Seconds, and by IMAP UID the UIDL that the plugin says."""
    me = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    with tempfile.TemporaryDirectory(prefix="rp.", dir="/tmp") as d:

        with open(d + "/dovecot.conf", "w") as f:
            f.write(CONFIGURATION % {"d": d, "me": me.pw_name, "group": grp.getgrgid(me.pw_gid).gr_name,
                                     "imap": imap, "pop3": pop3, "user": user, "password": password})
        for folder in (d + "/run", d + "/home"):
            os.mkdir(folder)
        if os.getuid() == 0:
            for folder in (d, d + "/run", d + "/home"):
                shutil.chown(folder, me.pw_uid, me.pw_gid)
        as_them = {"user": me.pw_uid, "group": me.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        env = {"PATH": os.environ["PATH"] + ":/usr/sbin", "USER": user, "HOME": d + "/home"}
        # pop3c looks its host up by a service of the master process.
        master = subprocess.Popen(["dovecot", "-F", "-c", d + "/dovecot.conf"], env=env, cwd=d,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, **as_them)
        try:
            while not os.path.exists(d + "/run/dns-client"):
                if master.poll() is not None:
                    raise RuntimeError("Dovecot does not start")
                time.sleep(0.02)
            start = time.monotonic()
            p = subprocess.run(["doveadm", "-c", d + "/dovecot.conf", "fetch", "uid pop3.uidl",
                                "mailbox", "INBOX"], env=env, cwd=d, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **as_them)
            seconds = time.monotonic() - start
        finally:
            master.terminate()
            master.wait()
    if p.returncode != 0:
        raise RuntimeError("doveadm: exit %d: %s" % (p.returncode, p.stderr[-500:]))
    uidls, uid = {}, None
    for line in p.stdout.split("\n"):
        key, _, value = line.partition(": ")
        if key == "uid":
            uid = int(value)
        elif key == "pop3.uidl":
            uidls[uid] = value
    return seconds, uidls
