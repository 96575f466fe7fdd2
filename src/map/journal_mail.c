#include "map/journal_mail.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "map/journal_db.h"

/* Other processes wait for five seconds (journal.c). */
#define COMMIT_SECONDS 0.5

enum { SET_OPEN, SET_SETTLED };

/* Journals of before have no such tables. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS mail_set ( row INTEGER PRIMARY KEY, run TEXT NOT "
	"NULL, path TEXT NOT NULL, format TEXT NOT NULL, key TEXT NOT NULL, undoes "
	"INTEGER NOT NULL, state INTEGER NOT NULL);CREATE TABLE IF NOT EXISTS "
	"mail_file ( row INTEGER PRIMARY KEY, mail_set INTEGER NOT NULL, path TEXT NOT "
	"NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, single INTEGER NOT "
	"NULL);CREATE INDEX IF NOT EXISTS mail_file_set ON mail_file (mail_set);CREATE "
	"TABLE IF NOT EXISTS mail_patch ( row INTEGER PRIMARY KEY, mail_file INTEGER "
	"NOT NULL, off INTEGER NOT NULL, head BLOB NOT NULL, was BLOB NOT NULL, via "
	"BLOB NOT NULL, becomes BLOB NOT NULL);CREATE INDEX IF NOT EXISTS "
	"mail_patch_file ON mail_patch (mail_file);";

static int
has_tables(struct journal *j, bool *has, struct err *e)
{
	int64_t n;

	if (sql_number(&j->sql,
		    "SELECT count(*) FROM sqlite_master WHERE name = 'mail_patch_file'",
		    &n, e) < 0)
		return -1;
	*has = n > 0;
	return 0;
}

int
journal_mail_tables(struct journal *j, struct err *e)
{
	bool has;

	if (has_tables(j, &has, e) < 0)
		return -1;
	return has ? 0 : sql_exec(&j->sql, e, "%s", schema);
}

int
journal_mail_forget(struct journal *j, struct err *e)
{
	return sql_exec(&j->sql, e,
		"DELETE FROM mail_set WHERE state = %d AND run NOT IN (SELECT run FROM "
		"file WHERE state <> %d);DELETE FROM mail_file WHERE mail_set NOT IN "
		"(SELECT row FROM mail_set);DELETE FROM mail_patch WHERE mail_file NOT "
		"IN (SELECT row FROM mail_file)",
		SET_SETTLED, JOURNAL_FORGOTTEN);
}

static int
roll_back(struct journal *j)
{
	if (sqlite3_get_autocommit(j->sql.db) == 0)
		sqlite3_exec(j->sql.db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static int
begin(struct journal *j, struct err *e)
{
	if (sqlite3_get_autocommit(j->sql.db) == 0)
		return 0;
	j->mail_since = os_seconds();
	return sql_exec(&j->sql, e, "BEGIN IMMEDIATE");
}

int
journal_mail_commit(struct journal *j, struct err *e)
{
	if (sqlite3_get_autocommit(j->sql.db) != 0)
		return 0;
	return sql_exec(&j->sql, e, "COMMIT") < 0 ? roll_back(j) : 0;
}

int
journal_mail_beat(struct journal *j, struct err *e)
{
	bool open = sqlite3_get_autocommit(j->sql.db) == 0;

	return open && os_seconds() - j->mail_since > COMMIT_SECONDS
		       ? journal_mail_commit(j, e)
		       : 0;
}

int
journal_mail_begin(struct journal *j, struct journal_mail *set, struct err *e)
{
	sqlite3_stmt *st;

	if (begin(j, e) < 0)
		return -1;
	if (sql_exec(&j->sql, e, "%s", schema) < 0 ||
		sql_prepare(&j->sql, &st, e,
			"INSERT INTO mail_set (run, path, format, key, undoes, state)"
			" VALUES (?,?,?,?,?,%d)",
			SET_OPEN) < 0)
		return roll_back(j);
	sql_bind_text(st, 1, text_of(set->run));
	sql_bind_text(st, 2, text_of(set->path));
	sql_bind_text(st, 3, text_of(set->format));
	sql_bind_text(st, 4, text_of(set->key));
	sqlite3_bind_int64(st, 5, set->undoes);
	int rc = sql_run(&j->sql, st, e);
	sqlite3_finalize(st);
	set->row = sqlite3_last_insert_rowid(j->sql.db);
	return rc < 0 ? roll_back(j) : 0;
}

static int
add_file(struct journal *j, const struct journal_mail *set, struct journal_mail_file *f,
	struct err *e)
{
	sqlite3_stmt *st;

	if (sql_prepare(&j->sql, &st, e,
		    "INSERT INTO mail_file (mail_set, path, size, mtime, single)"
		    " VALUES (?,?,?,?,?)") < 0)
		return -1;
	sqlite3_bind_int64(st, 1, set->row);
	sql_bind_text(st, 2, text_of(f->path));
	sqlite3_bind_int64(st, 3, (int64_t)f->size);
	sqlite3_bind_int64(st, 4, f->mtime);
	sqlite3_bind_int(st, 5, f->single);
	int rc = sql_run(&j->sql, st, e);
	sqlite3_finalize(st);
	f->row = sqlite3_last_insert_rowid(j->sql.db);
	return rc;
}

static void
bind_blob(sqlite3_stmt *st, int at, struct text t)
{
	sqlite3_bind_blob64(st, at, t.len > 0 ? t.at : "", t.len, SQLITE_STATIC);
}

static int
add_patch(struct journal *j, const struct journal_mail_file *f,
	const struct journal_patch *p, struct err *e)
{
	sqlite3_stmt *st;

	if (j->add_patch == NULL &&
		sql_prepare(&j->sql, &j->add_patch, e,
			"INSERT INTO mail_patch (mail_file, off, head, was, via, becomes)"
			" VALUES (?,?,?,?,?,?)") < 0)
		return -1;
	st = j->add_patch;
	sqlite3_bind_int64(st, 1, f->row);
	sqlite3_bind_int64(st, 2, (int64_t)p->off);
	bind_blob(st, 3, p->head);
	bind_blob(st, 4, p->from);
	bind_blob(st, 5, p->via);
	bind_blob(st, 6, p->to);
	return sql_run(&j->sql, st, e);
}

int
journal_mail_add(struct journal *j, const struct journal_mail *set,
	struct journal_mail_file *f, const struct journal_patch *p, struct err *e)
{
	if (begin(j, e) < 0)
		return -1;
	if ((f->row == 0 && add_file(j, set, f, e) < 0) || add_patch(j, f, p, e) < 0)
		return roll_back(j);
	return journal_mail_beat(j, e);
}

static void
take_set(sqlite3_stmt *st, struct arena *a, struct journal_mail *set)
{
	*set = (struct journal_mail){
		.row = sqlite3_column_int64(st, 0),
		.run = arena_string(a, sql_text(st, 1)),
		.path = arena_string(a, sql_text(st, 2)),
		.format = arena_string(a, sql_text(st, 3)),
		.key = arena_string(a, sql_text(st, 4)),
		.undoes = sqlite3_column_int64(st, 5),
	};
}

#define SET_COLUMNS "SELECT row, run, path, format, key, undoes FROM mail_set "

int
journal_mail_open(struct journal *j, struct arena *a, struct journal_mail **sets,
	size_t *n, struct err *e)
{
	struct journal_mail *found = NULL;
	size_t cap = 0;
	sqlite3_stmt *st;
	bool row;
	int rc;

	*n = 0;
	*sets = NULL;
	if (has_tables(j, &row, e) < 0)
		return -1;
	if (!row)
		return 0;
	if (sql_prepare(&j->sql, &st, e, SET_COLUMNS "WHERE state = %d ORDER BY row DESC",
		    SET_OPEN) < 0)
		return -1;
	while ((rc = sql_step(&j->sql, st, &row, e)) == 0 && row) {
		found = array_grow(found, &cap, *n + 1, sizeof(*found));
		take_set(st, a, &found[(*n)++]);
	}
	sqlite3_finalize(st);
	if (*n > 0) {
		*sets = arena_alloc(a, *n * sizeof(**sets));
		memcpy(*sets, found, *n * sizeof(**sets));
	}
	free(found);
	return rc;
}

int
journal_mail_of(struct journal *j, struct arena *a, const struct journal_file *f,
	bool cache, struct journal_mail *set, bool *found, struct err *e)
{
	sqlite3_stmt *st;

	if (has_tables(j, found, e) < 0)
		return -1;
	if (!*found)
		return 0;
	if (sql_prepare(&j->sql, &st, e,
		    SET_COLUMNS "WHERE run = ? AND path = ? AND undoes = 0 AND state = %d"
				" AND (key = '') = %d",
		    SET_SETTLED, cache) < 0)
		return -1;
	sql_bind_text(st, 1, text_of(f->run));
	sql_bind_text(st, 2, text_of(f->path));
	int rc = sql_step(&j->sql, st, found, e);
	if (rc == 0 && *found)
		take_set(st, a, set);
	sqlite3_finalize(st);
	return rc;
}

/* An undo is done when the file that it takes back says so; an apply when its own does. */
int
journal_mail_goal(struct journal *j, const struct journal_mail *set,
	enum journal_goal *goal, struct err *e)
{
	sqlite3_stmt *st;
	bool row;

	*goal = GOAL_BACK;
	if (sql_prepare(&j->sql, &st, e,
		    "SELECT state FROM file WHERE path = ?1 AND CASE ?2 WHEN 0"
		    " THEN run = ?3 AND undoes = 0 ELSE row = ?2 OR undoes = ?2 END") < 0)
		return -1;
	sql_bind_text(st, 1, text_of(set->path));
	sqlite3_bind_int64(st, 2, set->undoes);
	sql_bind_text(st, 3, text_of(set->run));
	int rc;
	while ((rc = sql_step(&j->sql, st, &row, e)) == 0 && row) {
		int state = sqlite3_column_int(st, 0);
		if (state == JOURNAL_PREPARED)
			*goal = GOAL_UNKNOWN;
		else if (*goal != GOAL_UNKNOWN &&
			 (state == JOURNAL_UNDONE ||
				 (state == JOURNAL_DONE && set->undoes == 0)))
			*goal = GOAL_FORWARD;
	}
	sqlite3_finalize(st);
	return rc;
}

int
journal_mail_renew(struct journal *j, const struct journal_mail_file *f,
	const struct journal_patch *p, size_t n, struct err *e)
{
	if (begin(j, e) < 0)
		return -1;
	int rc = sql_exec(&j->sql, e,
		"UPDATE mail_file SET size = %lld, mtime = %lld WHERE row = %lld",
		(long long)f->size, (long long)f->mtime, (long long)f->row);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_patch(j, f, &p[i], e);
	return rc < 0 ? roll_back(j) : journal_mail_commit(j, e);
}

static int
forget_set(struct journal *j, long long set, struct err *e)
{
	return sql_exec(&j->sql, e,
		"DELETE FROM mail_patch WHERE mail_file IN"
		" (SELECT row FROM mail_file WHERE mail_set = %lld);"
		"DELETE FROM mail_file WHERE mail_set = %lld;"
		"DELETE FROM mail_set WHERE row = %lld",
		set, set, set);
}

int
journal_mail_settle(struct journal *j, const struct journal_mail *set,
	enum journal_goal goal, struct err *e)
{
	char applied[320];
	int64_t row = 0;
	int rc;

	/* The set that an undo has taken back goes with it. */
	snprintf(applied, sizeof(applied),
		"SELECT ifnull(max(s.row), 0) FROM mail_set s, file f WHERE f.row = %lld"
		" AND s.run = f.run AND s.path = f.path AND s.undoes = 0"
		" AND (s.key = '') = %d",
		(long long)set->undoes, set->key[0] == '\0');
	if (begin(j, e) < 0)
		return -1;
	rc = sql_number(&j->sql, applied, &row, e);
	if (rc == 0 && set->undoes != 0 && goal == GOAL_FORWARD && row != 0)
		rc = forget_set(j, row, e);
	if (rc == 0 && (set->undoes != 0 || goal == GOAL_BACK))
		rc = forget_set(j, set->row, e);
	else if (rc == 0)
		rc = sql_exec(&j->sql, e,
			"UPDATE mail_set SET state = %d WHERE row = %lld", SET_SETTLED,
			(long long)set->row);
	return rc < 0 ? roll_back(j) : journal_mail_commit(j, e);
}
