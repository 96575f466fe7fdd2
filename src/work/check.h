/*
 * What a client would do with each message of a server at its next check, by its own
 * record and settings. Nothing is matched and nothing is changed.
 */
#ifndef WORK_CHECK_H
#define WORK_CHECK_H

#include "model/format.h"
#include "model/message.h"

enum verdict { VERDICT_DOWNLOAD, VERDICT_KEEP, VERDICT_DELETE };

/* One verdict for each message of the list, malloc'ed. `account`: index of the one that
 * is asked for; a merged store counts as a whole. */
uint8_t *check_store(const struct store *s, const struct settings *settings,
	size_t account, const struct listing *l, int64_t now);
/* Would the client delete this record's message at its next check? Unknown settings
 * answer for `d` records only. */
bool check_deletes(const struct store *s, size_t record, const struct settings *settings,
	int64_t now);

#endif
