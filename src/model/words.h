/*
 * Encoded words (RFC 2047), for people: "=?utf-8?Q?Bj=C3=B6rn?=" is "Björn".
 *
 * For showing only, never for matching. The result is UTF-8 as far as the sender told the
 * truth; control bytes may come out of it, so escape it before it is printed. What is no
 * encoded word, or one of a charset that is not known, stays as it is.
 */
#ifndef MODEL_WORDS_H
#define MODEL_WORDS_H

#include "base/buf.h"

/* Appends the value of a header field, its encoded words decoded. */
void words_decode(struct text value, struct buf *to);

/* words_decode() and text_escape() in one: what may be shown to a person. */
char *words_show(struct text value, char *out, size_t size);

#endif
