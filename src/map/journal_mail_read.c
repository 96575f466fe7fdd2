/* What is in a set: its files, and the patches of each. */
#include <stdlib.h>

#include "map/journal_db.h"
#include "map/journal_mail.h"

int
journal_mail_files(struct journal *j, struct arena *a, const struct journal_mail *set,
	struct journal_mail_file **files, size_t *n, struct err *e)
{
	struct journal_mail_file *found = NULL;
	size_t cap = 0;
	sqlite3_stmt *st;
	bool row;
	int rc;

	*n = 0;
	*files = NULL;
	if (sql_prepare(&j->sql, &st, e,
		    "SELECT row, path, size, mtime, single FROM mail_file"
		    " WHERE mail_set = %lld ORDER BY row",
		    (long long)set->row) < 0)
		return -1;
	while ((rc = sql_step(&j->sql, st, &row, e)) == 0 && row) {
		found = array_grow(found, &cap, *n + 1, sizeof(*found));
		found[(*n)++] = (struct journal_mail_file){
			.row = sqlite3_column_int64(st, 0),
			.path = arena_string(a, sql_text(st, 1)),
			.size = (uint64_t)sqlite3_column_int64(st, 2),
			.mtime = sqlite3_column_int64(st, 3),
			.single = sqlite3_column_int(st, 4) != 0,
		};
	}
	sqlite3_finalize(st);
	if (*n > 0) {
		*files = arena_alloc(a, *n * sizeof(**files));
		memcpy(*files, found, *n * sizeof(**files));
	}
	free(found);
	return rc;
}

static struct text
blob(sqlite3_stmt *st, int column)
{
	const void *at = sqlite3_column_blob(st, column);
	size_t len = (size_t)sqlite3_column_bytes(st, column);

	return (struct text){at != NULL ? at : "", at != NULL ? len : 0};
}

int
journal_mail_each(struct journal *j, const struct journal_mail_file *f,
	journal_patch_sink sink, void *arg, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	int rc;

	if (sql_prepare(&j->sql, &st, e,
		    "SELECT row, off, head, was, via, becomes FROM mail_patch"
		    " WHERE mail_file = %lld ORDER BY row",
		    (long long)f->row) < 0)
		return -1;
	while ((rc = sql_step(&j->sql, st, &row, e)) == 0 && row) {
		struct journal_patch p = {
			.row = sqlite3_column_int64(st, 0),
			.off = (uint64_t)sqlite3_column_int64(st, 1),
			.head = blob(st, 2),
			.from = blob(st, 3),
			.via = blob(st, 4),
			.to = blob(st, 5),
		};
		if ((rc = sink(arg, &p, e)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}
