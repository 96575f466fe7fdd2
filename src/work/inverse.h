/*
 * What a journalled run made of what, by reading its two copies with the format: they
 * have the same records in the same order, as a store is renamed in place. From it the
 * edits that take the run back in a file that the client has rewritten since.
 */
#ifndef WORK_INVERSE_H
#define WORK_INVERSE_H

#include "work/replace.h"

struct inverse {
	struct source old_source, new_source;
	struct store old, new;
	uint32_t *slot; /* records of `new` by UIDL: index + 1 */
	size_t mask;
	size_t nedits; /* what the run changed: UIDLs, hosts, users */
};

/* ERR_DATA if a copy is not what was written. */
int inverse_make(struct inverse *v, const struct journal_file *f, struct err *e);
void inverse_release(struct inverse *v);
/* The edits, malloc'ed for the caller to free. Left out: what the client has changed or
 * forgotten, and what would put a UIDL twice into the file. */
void inverse_edits(const struct inverse *v, const struct store *today,
	struct edit **edits, size_t *n);
/* Records of today's file that the old one does not have under either name. */
size_t inverse_forgets(const struct inverse *v, const struct store *today);

/* Reads a copy and compares it with the journal's digest. */
int inverse_copy(
	struct source *to, const char *path, const struct digest *want, struct err *e);

#endif
