/*
 * What every output must satisfy before it may reach a disk, whatever the format says.
 *
 * The output is read again by the format's own reader. The second reading keeps no
 * records: each is compared, as it is added, with the record of the same index in the
 * store that was written, its edit applied; so a million records cost nothing twice.
 * Places come from the second reading, never from what the writer believes it wrote.
 */
#ifndef MODEL_VERIFY_H
#define MODEL_VERIFY_H

#include "model/edit_table.h"

/* The state of a comparison in progress. */
struct store_check {
	const struct store *was;
	const struct edit_table *table;
	size_t naccounts, nrecords; /* seen so far */
	size_t next;		    /* edit_table_next() */
	size_t was_end, now_end;    /* bytes of input and output compared so far */
	bool failed;		    /* store_add_account() cannot say so itself */
	struct err err;
};

/* Called by store_add_account() and store_add_record() while store.check is set. */
void verify_account(const struct store *now, const struct account *a);
int verify_record(const struct store *now, const struct record *r, struct err *e);
/* Called by store_add_record(): with account_in_records, the record begins with the bytes
 * that make its account. */
int store_check_prefix(const struct store *s, const struct record *r, struct err *e);

/* All checks; ERR_INTERNAL, naming the first record or account that is not right. */
int verify_output(const struct store *was, const struct edit_table *table,
	struct text output, struct err *e);

#endif
