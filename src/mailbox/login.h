/*
 * What a POP3 server can do, and how we say who we are.
 */
#ifndef MAILBOX_LOGIN_H
#define MAILBOX_LOGIN_H

#include "mailbox/mailbox.h"
#include "mailbox/wire.h"

struct capabilities {
	bool known; /* CAPA was understood */
	bool pipelining, top, uidl, user, sasl_plain;
};

/* One line of CAPA's reply. */
void login_capability(struct capabilities *c, struct text line);
bool login_by_plain(const struct capabilities *c, const struct mailbox_options *o);
/* A -ERR that is worth waiting for: the mailbox is locked, the server is busy. */
bool login_is_busy(struct text reply);

/* The server's words, fit for a message: at most `most` bytes, and nothing of them if the
 * password is among them (some servers say the whole command again). */
struct text login_words(struct text words, size_t most, const struct mailbox_options *o);

/* Each says one command and marks it secret; -1 if it cannot be said. */
int login_say_user(struct wire *w, const struct mailbox_options *o, struct err *e);
int login_say_pass(struct wire *w, const struct mailbox_options *o, struct err *e);
/* AUTH PLAIN, with its answer in the same line if that is not too long; *two_steps says
 * that login_say_answer() must follow. */
int login_say_auth(
	struct wire *w, const struct mailbox_options *o, bool *two_steps, struct err *e);
int login_say_answer(struct wire *w, const struct mailbox_options *o, struct err *e);

#endif
