/*
 * The lines of an mbox that are not a message's own.
 *
 *     From ann@example.org Mon Nov  2 10:00:00 2026
 *     X-UIDL: 2f"!ab~"!!8Kc"!GpN!!
 *
 * A message begins with a "From " line at the start of the file or behind an empty line.
 * Servers do not take every such line for one: there must be a date in it (Dovecot's
 * mbox_from_parse(), qpopper's isfromline()).
 */
#ifndef MODEL_MBOXLINE_H
#define MODEL_MBOXLINE_H

#include "base/text.h"

bool mbox_is_from(struct text line);
/* The value of a header of that name, "X-UIDL", without blanks at its ends; false: the line
 * is no such header. */
bool mbox_header(struct text line, const char *name, struct text *value);
/* UW and Dovecot keep data of the folder in a message of that Subject, the first one. */
bool mbox_is_internal(struct text subject);

#endif
