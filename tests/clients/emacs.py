"""Emacs: ~/.pop3-uidl, written by pop3.el as Gnus and Rmail call it (mail-source)."""

from trial import Client


class Emacs(Client):
    name = program = "emacs"
    packages = ("emacs-nox",)

    def setup(self, home, account):
        self.home = home
        self.write("Mail/.keep", "")
        self.write("fetch.el", f"""
(require 'mail-source)
(require 'nsm)
; Nobody is there to accept a connection without TLS.
(defun nsm-query (&rest _) t)
(setq mail-source-directory "~/Mail/"
      mail-source-crash-box "~/crash-box"
      mail-source-delete-incoming t)
(defun deliver (file _source)
  (with-temp-buffer
    (insert-file-contents-literally file)
    (let ((coding-system-for-write 'binary))
      (write-region nil nil "~/Mail/inbox" t)))
  (delete-file file)
  1)
(let ((debug-on-error t))
  (mail-source-fetch
   '(pop :server "{account.host}" :port {account.port} :user "{account.user}"
         :password "{account.password}" :stream network :leave t)
   #'deliver))
""")

    def fetch(self):
        self.run(["emacs", "--batch", "-Q", "-l", self.home + "/fetch.el"])

    def options(self, kind, old, new):
        # Whether mail is left there for good, only the user's Lisp knows.
        return ["--allow-deletes"]
