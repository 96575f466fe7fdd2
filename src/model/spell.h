/*
 * For format->spell of clients that cannot quote: what has no spelling is refused.
 */
#ifndef MODEL_SPELL_H
#define MODEL_SPELL_H

#include "model/store.h"

/* "UIDL", "host", "user name": what an edit is of, for people. */
const char *spell_word(enum edit_what what);
/* The value as it is into `out`; or, if it is `bad`, ERR_DATA "PATH: "…" cannot be written
 * there as a WORD: CLIENT has no way to quote it", and -1. */
int spell_plain(const struct store *s, struct text value, bool bad, const char *word,
	const char *client, struct buf *out, struct err *e);

#endif
