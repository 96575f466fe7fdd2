/*
 * Taking back. An unchanged file gets its backup; one that the client has changed since
 * gets the inverse edits on the records that still hold what we wrote, under the same
 * checks as any write, and the rest stays and is counted.
 */
#ifndef WORK_UNDO_H
#define WORK_UNDO_H

#include "work/replace.h"

struct undo_result {
	bool whole;      /* the very bytes of before */
	size_t taken_back, left; /* edits, when not whole */
	size_t forgotten; /* --from-backup: records of today's file that it has not */
};

int undo_file(struct journal *j, const struct journal_file *f, bool from_backup,
	struct undo_result *r, struct err *e);

#endif
