/*
 * A client's SQLite database as bytes: opened in memory, changed there, and given back
 * as bytes. SQLite opens no file here, and makes none.
 *
 * The file is a stranger's. Its schema's functions are not trusted, its triggers and
 * views do not run; a virtual table is refused, and so is a trigger on the table that is
 * to be changed. SQLite's own integrity check must have nothing to say. What all this
 * may cost is bounded by the size of the file.
 *
 * A header that says WAL (bytes 18 and 19 are 2) says 1 in memory, where there is no
 * -wal, and 2 again in the bytes that come back. What stands in a -wal must be in the
 * bytes already (work/folded.h).
 */
#ifndef MODEL_DBIMAGE_H
#define MODEL_DBIMAGE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "model/source.h"

struct dbimage {
	sqlite3 *db;
	const struct source *source;
	char versions[2]; /* bytes 18 and 19 of the file */
	uint64_t work;	  /* what is left to do, see dbimage.c */
	struct buf *out;  /* where it lies, if it is to be edited */
};

/* What a table must have, by PRAGMA table_xinfo. */
struct dbimage_column {
	const char *name;
	const char *type; /* as declared, letters fold; NULL: any */
	bool key;	  /* it is the whole primary key */
	bool optional;
};

/* The column whose texts are edited, and by which key. */
struct dbimage_place {
	const char *table, *key, *column;
};

/* An edit: the row with this key gets this text. */
struct dbimage_edit {
	int64_t key;
	struct text to;
};

bool dbimage_is(struct text bytes);
/* To read. dbimage_close() also after an error. */
int dbimage_open(struct dbimage *d, const struct source *src, struct err *e);
/* The same bytes again: they have been found whole, which takes as long as reading them. */
int dbimage_open_again(struct dbimage *d, const struct source *src, struct err *e);
/* Likewise, for dbimage_edit() of texts of `more` bytes in all, and in `out`, which is
 * empty and has no other use until dbimage_bytes(). If anything fails, the image is good
 * for nothing. */
int dbimage_open_to_edit(struct dbimage *d, const struct source *src, size_t more,
	struct buf *out, struct err *e);
void dbimage_close(struct dbimage *d);

/* The table is one, nothing runs when it is changed, and it has the columns (the last
 * one's name is NULL). `has` (may be NULL) is told of each whether it is there. */
int dbimage_check_table(struct dbimage *d, const char *table,
	const struct dbimage_column *columns, bool *has, struct err *e);

/* One statement, and its rows: dbimage_step() is 1 for a row, 0 at the end, or -1. */
int
dbimage_prepare(struct dbimage *d, sqlite3_stmt **st, const char *query, struct err *e);
int dbimage_step(struct dbimage *d, sqlite3_stmt *st, struct err *e);
/* Valid until the next step. */
struct text dbimage_text(sqlite3_stmt *st, int column);

/* All edits, which ascend by their keys, in one transaction. Each row first gets a value that no other can have, and
 * then its new text: a permutation is no special case under a unique index. */
int dbimage_edit(struct dbimage *d, const struct dbimage_place *place,
	const struct dbimage_edit *edits, size_t n, struct err *e);
/* Closes it: the bytes of the file as it is now are in its `out`. */
int dbimage_bytes(struct dbimage *d, struct err *e);
/* The schema, and of each table the digest of its rows, each with all its columns, in an
 * order of their own, but for the texts at `place`. */
int dbimage_dump(struct dbimage *d, const struct dbimage_place *place, struct buf *out,
	struct err *e);

/* ERR_DATA "PATH: table TABLE, row KEY: …"; returns -1. */
__attribute__((format(printf, 5, 6))) int dbimage_refuse(struct err *e,
	const struct dbimage *d, const char *table, int64_t key, const char *fmt, ...);

#endif
