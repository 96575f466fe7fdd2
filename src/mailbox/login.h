/*
 * What a POP3 server can do, and how we say who we are.
 */
#ifndef MAILBOX_LOGIN_H
#define MAILBOX_LOGIN_H

#include "mailbox/mailbox.h"
#include "mailbox/sasl.h"
#include "mailbox/wire.h"

struct capabilities {
	bool known; /* CAPA was understood */
	bool pipelining, top, uidl, user, utf8;
	bool sasl;	  /* it lists mechanisms */
	unsigned offered; /* of them: sasl_bit() */
};

/* One line of CAPA's reply. */
void login_capability(struct capabilities *c, struct text line);
/* RFC 1939 section 7: the timestamp in the greeting, with its angle brackets; len 0: the
 * server has no APOP. */
struct text login_timestamp(struct text greeting);
/* A -ERR that is worth waiting for: the mailbox is locked, the server is busy. */
bool login_is_busy(struct text reply);

/* The server's words, fit for a message: at most `most` bytes, and nothing of them if the
 * password or the token is among them (some servers say the whole command again). */
struct text login_words(struct text words, size_t most, const struct mailbox_options *o);

/* Each says one command and marks it secret; -1 if it cannot be said. */
int login_say_user(struct wire *w, const struct mailbox_options *o, struct err *e);
int login_say_pass(struct wire *w, const struct mailbox_options *o, struct err *e);
int login_say_apop(struct wire *w, struct text timestamp, const struct mailbox_options *o,
	struct err *e);
/* AUTH MECHANISM; of PLAIN with its answer in the same line if that is not too long. The
 * answers to what the server says then are sasl_say()'s. */
int login_say_auth(struct wire *w, const struct sasl *s, const struct mailbox_options *o,
	struct err *e);

#endif
