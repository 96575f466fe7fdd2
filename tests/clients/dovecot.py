"""A Dovecot of our own: one mailbox, its UIDs and UIDVALIDITY as the test wants them."""

import os
import poplib
import re
import shutil
import time

BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")

CONFIG = """
base_dir = {root}/run
state_dir = {root}/run
instance_name = {name}
log_path = {root}/log
protocols = pop3
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{root}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
pop3_uidl_format = {uidl}
pop3_logout_format = top=%t retr=%r del=%d of=%m
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password=lab
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


class Dovecot:
    """messages: [(uid, bytes)] in the order of their UIDs."""

    def __init__(self, box, name, messages, validity, uidl="%08Xu%08Xv", certificate=None):
        self.box, self.name = box, name
        self.root = box.folder(name)
        self.port = box.free_port()
        self.seen = 0
        self._write_mail(messages, validity)
        self._write_config(uidl, certificate)
        box.own(self.root)
        self.process = box.start(
            [BINARY, "-F", "-c", os.path.join(self.root, "conf")], os.path.join(self.root, "out"))
        self._wait()

    def _write_mail(self, messages, validity):
        mail = os.path.join(self.root, "mail")
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(mail, part))
        os.makedirs(os.path.join(self.root, "run"), exist_ok=True)
        last = max((uid for uid, _ in messages), default=0)
        lines = [f"3 V{validity} N{last + 1} G{validity:032x}\n"]
        for uid, body in messages:
            # The name says nothing of the message, so that nothing can be guessed from it.
            name = f"{1700000000 + validity % 1000 + uid}.M{uid}P{validity % 30000}.{self.name}"
            with open(os.path.join(mail, "cur", name + ":2,S"), "wb") as out:
                out.write(body)
            lines.append(f"{uid} :{name}\n")
        with open(os.path.join(mail, "dovecot-uidlist"), "w", encoding="ascii") as out:
            out.writelines(lines)

    def _write_config(self, uidl, certificate):
        user = self.box.user
        import grp
        tls = ""
        if certificate:
            tls = f"ssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}\n"
        with open(os.path.join(self.root, "conf"), "w", encoding="ascii") as out:
            out.write(CONFIG.format(
                root=self.root, name=f"reuidl-{self.port}", user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name, uid=user.pw_uid, gid=user.pw_gid,
                uidl=uidl, port=self.port, ssl="yes" if certificate else "no",
                certificate=tls))

    def _wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.uidls()
                self.sessions()
                return
            except (OSError, poplib.error_proto):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name}: Dovecot did not start: {self.root}/log")
                time.sleep(0.1)

    def uidls(self):
        """What the server lists now, in its order."""
        pop = poplib.POP3("127.0.0.1", self.port, timeout=10)
        try:
            pop.user("lab")
            pop.pass_("lab")
            return [line.split(b" ", 1)[1].decode() for line in pop.uidl()[1]]
        finally:
            pop.quit()

    def sessions(self, wanted=1):
        """What Dovecot counted of each session since it was last asked: a list of
        {top, retr, del, of}.  A line is only there when the session has ended."""
        deadline = time.monotonic() + 5
        while True:
            with open(os.path.join(self.root, "log"), "rb") as log:
                found = re.findall(rb"top=(\d+) retr=(\d+) del=(\d+) of=(\d+)", log.read())
            if len(found) - self.seen >= wanted or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        news, self.seen = found[self.seen:], len(found)
        return [dict(zip(("top", "retr", "del", "of"), map(int, f))) for f in news]

    def stop(self):
        self.box.stop(self.process, grace=0)
