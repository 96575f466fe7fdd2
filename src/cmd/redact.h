/*
 * --redact: what a run says, without whose it is, so that it can be sent to somebody who is
 * to help. Users, hosts, UIDLs, subjects, addresses and paths become user-1, host-1, uidl-1
 * …: the same thing is the same token all through a run.
 *
 * Two nets, one over the other. Everything that the run comes to know is told here
 * (redact_know.h), and is found again in any text on its way out; and what only looks like
 * an address, a host or a path in such a text goes as well. Where a thing is shown as such,
 * redact_token() is shown instead: a UIDL "7" could not be found again among numbers.
 * Redacting too much is no fault.
 *
 * All that gets out passes through console.c, report.c, or the hook of base/json.h. Each
 * function does nothing useful with r == NULL but may be called so: nothing is redacted.
 */
#ifndef CMD_REDACT_H
#define CMD_REDACT_H

#include "base/buf.h"

enum redact_kind {
	REDACT_USER,
	REDACT_HOST,
	REDACT_UIDL,
	REDACT_NAME, /* of a profile, of an account, as people call it */
	REDACT_PATH,
	REDACT_SUBJECT,
	REDACT_ADDRESS,
	REDACT_TEXT, /* somebody else's words */
	REDACT_KINDS,
};

struct redact;

struct redact *redact_new(void);
void redact_free(struct redact *r);

/* What stands for it, known from now on; lives as long as `r`. */
const char *redact_token(struct redact *r, enum redact_kind kind, struct text t);
/* "USER@HOST": both. */
void redact_who(struct redact *r, struct text who);

/* What may be shown of a text, appended to `out`. `error`: a sentence that may quote what a
 * server or a file says. */
void redact_text(struct redact *r, struct text in, bool error, struct buf *out);
/* A value by itself: a UIDL known as such is found even if it is a mere number. */
void redact_value(struct redact *r, struct text in, bool error, struct buf *out);

/* Private to redact*.c: what stands for a name that the text begins with, the longest one,
 * and how long that is; for a word that is a UIDL. NULL: nothing. */
const char *redact_find_name(const struct redact *r, struct text rest, size_t *len);
const char *redact_find_uidl(const struct redact *r, struct text word);
/* A letter, a digit, '_' or a part of a character beyond ASCII. */
bool redact_is_word(char c);

#endif
