/*
 * SASL mechanisms (RFC 4422), for POP3 (RFC 5034) and IMAP alike: which one is used, and
 * what the client answers. A mechanism is a row of a table.
 *
 * NTLM and GSSAPI are not spoken: they need a library that knows the domain, and every
 * server that has them for mail has passwords under TLS or OAuth2 as well.
 */
#ifndef MAILBOX_SASL_H
#define MAILBOX_SASL_H

#include "mailbox/mailbox.h"
#include "mailbox/wire.h"

struct sasl {
	const char *name;   /* as servers list it: "CRAM-MD5" */
	const char *option; /* as --auth says it: "cram-md5" */
	bool token;	    /* says options.token; the others options.password */
	/* The n-th answer, from 0, to the server's challenge, both without base64. */
	int (*answer)(const struct mailbox_options *o, unsigned n, struct text challenge,
		struct buf *out, struct err *e);
};

extern const struct sasl sasl_table[]; /* name NULL ends it; the dearest first */

/* A bit for each row, to remember what a server offers; 0: not in the table. */
unsigned sasl_bit(struct text name);
/* By --auth; NULL: there is none of that name. */
const struct sasl *sasl_of_option(const char *option);
/* What to use of the mechanisms offered; NULL: nothing fits. */
const struct sasl *sasl_choose(unsigned offered, const struct mailbox_options *o);

/* Can options.auth be said, and options.authzid with it? ERR_USAGE, in words. */
int sasl_check(const struct mailbox_options *o, struct err *e);

/* "BEFORE" and the n-th answer in base64, as one line, which is wiped once it is sent.
 * `challenge` is in base64. */
int sasl_say(const struct sasl *s, struct wire *w, const char *before, unsigned n,
	struct text challenge, const struct mailbox_options *o, struct err *e);
/* A challenge in clear, for a person: OAuth2 servers say there why they refuse. */
void sasl_show(struct text challenge, char *out, size_t size);

#endif
