/*
 * The Date of a message, as RFC 5322 writes it:
 *
 *     Thu, 19 Nov 2026 14:26:53 +0000 (comment)
 *
 * Only what all clients take for the same time: four digits of a year, a zone in digits or
 * GMT. Older or broken forms are not read.
 */
#ifndef MODEL_DATE_H
#define MODEL_DATE_H

#include "base/text.h"

/* The value of a header line; seconds since 1970. */
bool date_read(struct text value, int64_t *seconds);
/* Of the Date line of a message, whose first bytes these are. False if its header does not
 * end in them, or has no Date, or several. */
bool date_of_message(struct text bytes, int64_t *seconds);

#endif
