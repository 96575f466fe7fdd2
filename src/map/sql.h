/*
 * The little of SQLite that the map and the journal use, with errors as sentences.
 *
 * What SQLite says becomes "PATH: … (database says: …)" of the right kind: locked is
 * ERR_BUSY, a full disk or a read-only folder ERR_IO, damage ERR_DATA.
 */
#ifndef MAP_SQL_H
#define MAP_SQL_H

#include <sqlite3.h>

#include "base/digest.h"
#include "base/err.h"

struct sql {
	sqlite3 *db;
	char *path;	  /* what sentences name; owned */
	const char *what; /* "map", "journal" */
};

enum sql_how {
	SQL_READ,  /* never makes nor changes a file */
	SQL_WRITE, /* the file must be there; see os_create() */
};

/* Waits up to timeout_ms for another process each time. Functions and tables in the
 * file's own schema are not trusted, its triggers do not run. */
int sql_open(struct sql *s, const char *path, const char *what, enum sql_how how,
	int timeout_ms, struct err *e);
void sql_close(struct sql *s);

/* Statements in sqlite3_mprintf()'s spelling; never put a stranger's bytes in there. */
__attribute__((format(printf, 3, 4))) int
sql_exec(struct sql *s, struct err *e, const char *fmt, ...);
__attribute__((format(printf, 4, 5))) int
sql_prepare(struct sql *s, sqlite3_stmt **out, struct err *e, const char *fmt, ...);
/* The first column of the first row. */
int sql_number(struct sql *s, const char *query, int64_t *number, struct err *e);

/* Next row; sets *row false at the end. */
int sql_step(struct sql *s, sqlite3_stmt *st, bool *row, struct err *e);
/* Run a statement that gives no rows, and make it ready for the next time. */
int sql_run(struct sql *s, sqlite3_stmt *st, struct err *e);
/* Writes the sentence for the result code and returns -1. */
int sql_fail(struct sql *s, int code, struct err *e);

/* Bound bytes must live until sql_run(). */
void sql_bind_text(sqlite3_stmt *st, int at, struct text t);
void sql_bind_digest(sqlite3_stmt *st, int at, const struct digest *d); /* NULL: null */
/* The key of the n-th row put into an empty table, from 0. After the first, SQLite counts
 * on by itself, and is quicker so: it need not look whether the key is there. */
void sql_bind_next(sqlite3_stmt *st, int at, size_t n);
/* Valid until the next step. */
struct text sql_text(sqlite3_stmt *st, int column);

#endif
