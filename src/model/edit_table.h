/*
 * The edits of a store, sorted out. Whoever writes or verifies goes through the records
 * in their order and asks for the edit of each, so none of a million needs a place in a
 * table by record.
 */
#ifndef MODEL_EDIT_TABLE_H
#define MODEL_EDIT_TABLE_H

#include "model/store.h"

struct edit_table {
	/* Those of records first, by index, then by what; as they were given, or `sorted`. */
	const struct edit *edits;
	struct edit *sorted; /* ours */
	size_t nrecords;     /* edits of records */
	size_t n;	     /* edits that change something */
	/* By account, NULL: none that changes something. */
	const struct edit **of_host, **of_user;
};

/* Refuses (ERR_INTERNAL, reason "edit") what is not in the store or not in its file, and
 * two edits of one value. The edits and the store must outlive the table. */
int edit_table_make(struct edit_table *t, const struct store *s, const struct edit *edits,
	size_t n, struct err *e);
void edit_table_release(struct edit_table *t);

/* The edit of a record's UIDL or server, which is `now`; NULL if there is none, or it
 * changes nothing. `*at` is where the caller is, at first 0: the next call must be for a
 * later value. */
const struct edit *edit_table_next(const struct edit_table *t, size_t *at, size_t record,
	enum edit_what what, struct text now);

/* ERR_INTERNAL, naming the value; returns -1. */
int edit_refuse(
	const struct store *s, const struct edit *edit, const char *why, struct err *e);

#endif
