/*
 * What KMail before and since Akonadi have in common: two lists of one length, of the
 * UIDLs that were fetched and of when, in a file of KConfig's.
 *
 *     seenUidList=000000016b02f1c3,000000026b02f1c3
 *     seenUidTimeList=1795355075,1795355075
 *
 * A third one, downloadLater, changes nothing: what is in it and not in the first is new
 * to KMail all the same (popaccount.cpp asks what to do with each such message, with the
 * same answer offered; pop3resource.cpp does not look at it). So it stays as it is.
 */
#ifndef MODEL_KMAIL_H
#define MODEL_KMAIL_H

#include "model/format.h"

/* Adds the records, all of one account. The lists stand in `group`. With lists of unequal
 * length it is not known what time is whose: *paired is false, no record has one. */
int kmail_read_seen(struct store *s, const char *group, uint32_t account, bool *paired,
	struct err *e);
/* format->spell, of a UIDL. */
int kmail_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e);

/* How long mail stays on the server; negative or 0: no limit. */
struct kmail_leave {
	bool leave;
	int32_t days, count, size;
};

/* Into the members of *out that say it. Which messages KMail deletes to keep within a
 * number or a size cannot be said: then it could be any. */
void kmail_leaves(const struct kmail_leave *l, struct settings *out);

#endif
