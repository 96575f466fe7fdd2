#include "map/sql.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"

/* A name that SQLite would take for something else than a file. */
static char *
sql_file_name(const char *path)
{
	bool odd = path[0] == ':' || strncmp(path, "file:", 5) == 0;
	return sqlite3_mprintf("%s%s", odd ? "./" : "", path);
}

/* A file may come from anybody: its schema must not be able to do anything. */
static void
sql_distrust(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
}

int
sql_open(struct sql *s, const char *path, const char *what, enum sql_how how,
	int timeout_ms, struct err *e)
{
	*s = (struct sql){.what = what, .path = must_string(text_of(path))};
	int flags = how == SQL_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	char *name = sql_file_name(path);
	int code = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	sqlite3_free(name);
	if (code != SQLITE_OK) {
		sql_fail(s, code, e);
		sql_close(s);
		return -1;
	}
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, timeout_ms);
	sql_distrust(s->db);
	return 0;
}

void
sql_close(struct sql *s)
{
	sqlite3_close(s->db);
	free(s->path);
	*s = (struct sql){0};
}

int
sql_fail(struct sql *s, int code, struct err *e)
{
	const char *says = s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_BUSY, "busy",
			"%s: another reuidl is writing this %s; try again when it has "
			"finished",
			s->path, s->what);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
		return err_set(e, ERR_DATA, "format",
			"%s: this %s is damaged (database says: %s)", s->path, s->what,
			says);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_NOLFS:
		return err_set(e, ERR_IO, "io",
			"%s: cannot read or write this %s (database says: %s)", s->path,
			s->what, says);
	default:
		return err_set(e, ERR_INTERNAL, "", "%s: %s (database says: %s)", s->path,
			s->what, says);
	}
}

int
sql_exec(struct sql *s, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	int code =
		text == NULL ? SQLITE_NOMEM : sqlite3_exec(s->db, text, NULL, NULL, NULL);
	sqlite3_free(text);
	return code == SQLITE_OK ? 0 : sql_fail(s, code, e);
}

int
sql_prepare(struct sql *s, sqlite3_stmt **out, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	*out = NULL;
	int code = text == NULL ? SQLITE_NOMEM
				: sqlite3_prepare_v3(s->db, text, -1,
					  SQLITE_PREPARE_PERSISTENT, out, NULL);
	sqlite3_free(text);
	return code == SQLITE_OK ? 0 : sql_fail(s, code, e);
}

int
sql_number(struct sql *s, const char *query, int64_t *number, struct err *e)
{
	sqlite3_stmt *st;
	bool row = false;
	if (sql_prepare(s, &st, e, "%s", query) == -1)
		return -1;
	int r = sql_step(s, st, &row, e);
	*number = row ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return r;
}

int
sql_step(struct sql *s, sqlite3_stmt *st, bool *row, struct err *e)
{
	int code = sqlite3_step(st);
	*row = code == SQLITE_ROW;
	return *row || code == SQLITE_DONE ? 0 : sql_fail(s, code, e);
}

int
sql_run(struct sql *s, sqlite3_stmt *st, struct err *e)
{
	int code = sqlite3_step(st);
	int r = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : sql_fail(s, code, e);
	sqlite3_reset(st);
	return r;
}

void
sql_bind_text(sqlite3_stmt *st, int at, struct text t)
{
	sqlite3_bind_text64(st, at, t.at, t.len, SQLITE_STATIC, SQLITE_UTF8);
}

void
sql_bind_digest(sqlite3_stmt *st, int at, const struct digest *d)
{
	if (d == NULL)
		sqlite3_bind_null(st, at);
	else
		sqlite3_bind_blob(st, at, d->byte, sizeof(d->byte), SQLITE_STATIC);
}

void
sql_bind_next(sqlite3_stmt *st, int at, size_t n)
{
	if (n == 0)
		sqlite3_bind_int64(st, at, 0);
	else
		sqlite3_bind_null(st, at);
}

struct text
sql_text(sqlite3_stmt *st, int column)
{
	/* The blob first: asking for a text would convert other types in place. */
	const char *at = sqlite3_column_blob(st, column);
	int len = sqlite3_column_bytes(st, column);
	return (struct text){at != NULL ? at : "", at != NULL ? (size_t)len : 0};
}
