/*
 * Taking back. An unchanged file gets its backup; one that the client has changed since
 * gets the inverse edits on the records that still hold what we wrote, under the same
 * checks as any write, and the rest stays and is counted.
 */
#ifndef WORK_UNDO_H
#define WORK_UNDO_H

#include "base/watch.h"
#include "work/replace.h"

struct undo_result {
	bool whole;		 /* the very bytes of before */
	bool removed;		 /* there was no file before, and there is none now */
	size_t taken_back, left; /* edits, when not whole */
	size_t forgotten; /* --from-backup: records of today's file that it has not */
	size_t mail_back; /* messages whose UIDL in the local mail is the old one again */
	size_t mail_left; /* those that could not be */
	size_t cache_back, cache_left; /* likewise files of the message cache */
	bool unreadable; /* --from-backup: today's file could not be read to count them */
};

/* A file that a run has made (journal_file.copies) is removed; one that the client has
 * written since only with `from_backup`, else ERR_GUARD, "in-use".
 *
 * `f` is one that is done (undone already: ERR_GUARD, "undone"; an undo: ERR_USAGE). The
 * undo has a row of its own in the journal, so even it has a backup. A file that is
 * as before already, or has nothing of ours left, is only marked. A store that is gone
 * is ERR_NO_STORE, and the sentence names the backup; a damaged backup is ERR_DATA. */
int undo_file(struct journal *j, const struct journal_file *f, bool from_backup,
	const struct watch *watch, struct undo_result *r, struct err *e);

#endif
