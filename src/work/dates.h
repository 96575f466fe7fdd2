/*
 * A client that deletes by each message's own date (settings->by_message_date) takes it
 * from its message cache, and so do we.
 */
#ifndef WORK_DATES_H
#define WORK_DATES_H

#include "work/replace.h"

/* Fills store->dates, if the settings make it matter. What cannot be read is unknown. */
void dates_read(struct store *s, const struct target *t, const struct settings *settings);

#endif
