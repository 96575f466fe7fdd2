#include "map/journal_db.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os_file.h"

/* "rUIJ" */
#define JOURNAL_APPLICATION 0x7255494a
/* For the other reuidl's transaction: some rows and a few fsyncs. */
#define JOURNAL_WAIT_MS 5000
/* As many tombstones as a store of SOURCE_MAX has room for. */
#define PENDING_MAX ((size_t)2 << 30)

static const char schema[] =
	"CREATE TABLE file ( row INTEGER PRIMARY KEY, run TEXT NOT NULL, path TEXT NOT "
	"NULL, temporary TEXT NOT NULL, map_id TEXT NOT NULL, format TEXT NOT NULL, "
	"account TEXT NOT NULL, old_copy TEXT NOT NULL, new_copy TEXT NOT NULL, "
	"old_digest BLOB NOT NULL, new_digest BLOB NOT NULL, time INTEGER NOT NULL, "
	"undoes INTEGER NOT NULL, state INTEGER NOT NULL, renamed INTEGER NOT NULL, "
	"tombstones INTEGER NOT NULL, becomes TEXT NOT NULL DEFAULT '', copies INTEGER "
	"NOT NULL DEFAULT 0);CREATE INDEX file_path ON file (path);CREATE "
	"TABLE tombstone ( tombstone TEXT PRIMARY KEY, old_uidl TEXT NOT NULL) WITHOUT "
	"ROWID;";

char *
journal_state_dir(struct arena *a, const char *option, uint32_t owner)
{
	const char *xdg = os_env("XDG_STATE_HOME");

	if (option != NULL)
		return arena_string(a, text_of(option));
	/* The specification: a path that is not absolute is to be ignored. */
	if (owner == os_user() && xdg != NULL && xdg[0] == '/')
		return arena_print(a, "%s/reuidl", xdg);
	char *home = os_owners_home(a, owner);
	return home != NULL ? arena_print(a, "%s/.local/state/reuidl", home) : NULL;
}

char *
journal_new_run(struct arena *a)
{
	uint32_t random;

	os_random(&random, sizeof(random));
	return arena_print(a, "%08x%08x", (unsigned)os_now(), (unsigned)random);
}

char *
journal_lock_path(struct arena *a, const char *state_dir, uint64_t device, uint64_t inode,
	struct err *e)
{
	char *folder = arena_print(a, "%s/locks", state_dir);

	if (os_make_private_folders(folder, e) < 0)
		return NULL;
	return arena_print(a, "%s/%llx-%llx", folder, (unsigned long long)device,
		(unsigned long long)inode);
}

/* SQLite would make it with the umask's mode and as the user who runs. A file that is
 * there must not be opened here: closing it would drop SQLite's own locks. */
static int
make_file(const char *path, struct err *e)
{
	int fd;

	if (os_exists(path))
		return 0;
	if (os_open_new(path, &fd, e) < 0)
		return os_exists(path) ? 0 : -1;
	return os_close(fd, path, e);
}

/* Schema 1 knew no store that changes its name. */
static const char schema_2[] =
	"ALTER TABLE file ADD COLUMN becomes TEXT NOT NULL DEFAULT '';ALTER TABLE file "
	"ADD COLUMN copies INTEGER NOT NULL DEFAULT 0";

static int
make_schema(struct journal *j, struct err *e)
{
	int64_t version;

	if (sql_exec(&j->sql, e, "BEGIN IMMEDIATE") < 0)
		return -1;
	/* Another process may have been faster. */
	if (sql_number(&j->sql, "PRAGMA user_version", &version, e) < 0)
		return -1;
	if (version < JOURNAL_SCHEMA &&
		(sql_exec(&j->sql, e, "%s", version == 0 ? schema : schema_2) < 0 ||
			sql_exec(&j->sql, e,
				"PRAGMA application_id = %d; PRAGMA user_version = %d",
				JOURNAL_APPLICATION, JOURNAL_SCHEMA) < 0))
		return -1;
	return sql_exec(&j->sql, e, "COMMIT");
}

static int
check_schema(struct journal *j, struct err *e)
{
	int64_t application, version, tables;

	if (sql_number(&j->sql, "PRAGMA application_id", &application, e) < 0 ||
		sql_number(&j->sql, "PRAGMA user_version", &version, e) < 0 ||
		sql_number(&j->sql, "SELECT count(*) FROM sqlite_master", &tables, e) < 0)
		return -1;
	if (application == 0 && version == 0 && tables == 0)
		return make_schema(j, e);
	if (application != JOURNAL_APPLICATION)
		return err_set(e, ERR_DATA, "format",
			"%s: this is not a journal of reuidl", j->sql.path);
	if (version > JOURNAL_SCHEMA)
		return err_set(e, ERR_DATA, "format",
			"%s: a newer reuidl made this journal (schema %lld, this one "
			"knows %d); use that one",
			j->sql.path, (long long)version, JOURNAL_SCHEMA);
	if (version == 1)
		return make_schema(j, e);
	if (version != JOURNAL_SCHEMA)
		return err_set(e, ERR_DATA, "format",
			"%s: this journal is damaged (schema %lld)", j->sql.path,
			(long long)version);
	return 0;
}

int
journal_open(const char *state_dir, struct journal **out, struct err *e)
{
	struct journal *j = must_alloc(sizeof(*j));

	*j = (struct journal){0};
	*out = NULL;
	buf_init(&j->pending, PENDING_MAX);
	if (os_make_private_folders(state_dir, e) < 0 ||
		(j->folder = os_resolve(&j->arena, state_dir, e)) == NULL) {
		journal_close(j);
		return -1;
	}
	char *path = arena_print(&j->arena, "%s/journal.db", j->folder);
	/* EXTRA is FULL and the folder's sync after each commit: without it a power cut
	 * could bring back the rollback file, and with it the time before "prepared". */
	if (make_file(path, e) < 0 ||
		sql_open(&j->sql, path, "journal", SQL_WRITE, JOURNAL_WAIT_MS, e) < 0 ||
		sql_exec(&j->sql, e, "PRAGMA synchronous = EXTRA") < 0 ||
		check_schema(j, e) < 0) {
		journal_close(j);
		return -1;
	}
	*out = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	sqlite3_finalize(j->add_patch);
	sql_close(&j->sql);
	buf_release(&j->pending);
	arena_free(&j->arena);
	free(j);
}

const char *
journal_folder(const struct journal *j)
{
	return j->folder;
}

/* Where a file is after its run. */
#define EFFECTIVE_PATH "CASE becomes WHEN '' THEN path ELSE becomes END"

int
journal_applied(struct journal *j, const char *path, const char *map_id, bool *applied,
	struct err *e)
{
	sqlite3_stmt *st;

	if (sql_prepare(&j->sql, &st, e,
		    "SELECT 1 FROM file WHERE " EFFECTIVE_PATH " = ? AND map_id = ? AND"
		    " state IN (%d, %d) AND undoes = 0",
		    JOURNAL_DONE, JOURNAL_FORGOTTEN) < 0)
		return -1;
	sql_bind_text(st, 1, text_of(path));
	sql_bind_text(st, 2, text_of(map_id));
	int rc = sql_step(&j->sql, st, applied, e);
	sqlite3_finalize(st);
	return rc;
}

char *
journal_follow(struct journal *j, const char *path, struct arena *a, struct err *e)
{
	char *found = NULL;
	sqlite3_stmt *st;
	bool row;

	if (sql_prepare(&j->sql, &st, e,
		    "SELECT becomes FROM file WHERE path = ? AND becomes <> '' AND"
		    " copies = 0 AND state IN (%d, %d) ORDER BY row DESC LIMIT 1",
		    JOURNAL_DONE, JOURNAL_FORGOTTEN) < 0)
		return NULL;
	sql_bind_text(st, 1, text_of(path));
	if (sql_step(&j->sql, st, &row, e) == 0 && row)
		found = arena_string(a, sql_text(st, 0));
	sqlite3_finalize(st);
	return found;
}

int
journal_add_tombstone(
	struct journal *j, struct text tombstone, struct text old_uidl, struct err *e)
{
	size_t len[2] = {tombstone.len, old_uidl.len};

	buf_add(&j->pending, (struct text){(const char *)len, sizeof(len)});
	buf_add(&j->pending, tombstone);
	buf_add(&j->pending, old_uidl);
	return !j->pending.full
		       ? 0
		       : err_set(e, ERR_INTERNAL, "", "too many tombstones for one run");
}

int
journal_tombstone(struct journal *j, struct text tombstone, struct arena *a,
	struct text *old_uidl, struct err *e)
{
	sqlite3_stmt *st;
	bool row;

	*old_uidl = (struct text){"", 0};
	if (sql_prepare(&j->sql, &st, e,
		    "SELECT old_uidl FROM tombstone WHERE tombstone = ?") < 0)
		return -1;
	sql_bind_text(st, 1, tombstone);
	int rc = sql_step(&j->sql, st, &row, e);
	if (rc == 0 && row)
		*old_uidl = arena_text(a, sql_text(st, 0));
	sqlite3_finalize(st);
	return rc;
}

static int
insert_tombstones(struct journal *j, struct err *e)
{
	struct text all = buf_text(&j->pending);
	sqlite3_stmt *st;
	int rc = 0;

	if (all.len == 0)
		return 0;
	if (sql_prepare(
		    &j->sql, &st, e, "INSERT OR IGNORE INTO tombstone VALUES (?, ?)") < 0)
		return -1;
	for (size_t at = 0; rc == 0 && at < all.len;) {
		size_t len[2];
		memcpy(len, all.at + at, sizeof(len));
		at += sizeof(len);
		sql_bind_text(st, 1, (struct text){all.at + at, len[0]});
		sql_bind_text(st, 2, (struct text){all.at + at + len[0], len[1]});
		at += len[0] + len[1];
		rc = sql_run(&j->sql, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Copies are kept by their place in the state folder, which may move. */
static struct text
below_folder(const struct journal *j, const char *path)
{
	size_t n = strlen(j->folder);

	if (strncmp(path, j->folder, n) == 0 && path[n] == '/')
		return text_of(path + n + 1);
	return text_of(path);
}

static int
insert_file(struct journal *j, const struct journal_file *f, struct err *e)
{
	sqlite3_stmt *st;

	if (sql_prepare(&j->sql, &st, e,
		    "INSERT INTO file (run, path, temporary, map_id, format, account, "
		    "old_copy, new_copy, old_digest, new_digest, time, undoes, state, "
		    "renamed, tombstones, becomes, copies) VALUES "
		    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)") < 0)
		return -1;
	sql_bind_text(st, 1, text_of(f->run));
	sql_bind_text(st, 2, text_of(f->path));
	sql_bind_text(st, 3, text_of(f->temporary));
	sql_bind_text(st, 4, text_of(f->map_id != NULL ? f->map_id : ""));
	sql_bind_text(st, 5, text_of(f->format != NULL ? f->format : ""));
	sql_bind_text(st, 6, text_of(f->account != NULL ? f->account : ""));
	sql_bind_text(st, 7, below_folder(j, f->old_copy));
	sql_bind_text(st, 8, below_folder(j, f->new_copy));
	sql_bind_digest(st, 9, &f->old_digest);
	sql_bind_digest(st, 10, &f->new_digest);
	sqlite3_bind_int64(st, 11, f->time);
	sqlite3_bind_int64(st, 12, f->undoes);
	sqlite3_bind_int64(st, 13, JOURNAL_PREPARED);
	sqlite3_bind_int64(st, 14, (int64_t)f->renamed);
	sqlite3_bind_int64(st, 15, (int64_t)f->tombstones);
	sql_bind_text(st, 16, text_of(f->becomes != NULL ? f->becomes : ""));
	sqlite3_bind_int64(st, 17, f->copies);
	int rc = sql_run(&j->sql, st, e);
	sqlite3_finalize(st);
	return rc;
}

/* After a failed COMMIT SQLite may or may not be in the transaction still. */
static int
commit_or_not(struct journal *j, int rc, struct err *e)
{
	if (rc == 0)
		rc = sql_exec(&j->sql, e, "COMMIT");
	if (rc < 0 && sqlite3_get_autocommit(j->sql.db) == 0)
		sqlite3_exec(j->sql.db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
journal_prepare(struct journal *j, struct journal_file *f, struct err *e)
{
	if (sql_exec(&j->sql, e, "BEGIN IMMEDIATE") < 0)
		return -1;
	int rc = insert_tombstones(j, e);
	if (rc == 0)
		rc = insert_file(j, f, e);
	int64_t row = sqlite3_last_insert_rowid(j->sql.db);
	if (commit_or_not(j, rc, e) < 0)
		return -1;
	f->row = row;
	f->state = JOURNAL_PREPARED;
	buf_clear(&j->pending);
	return 0;
}

int
journal_finish(struct journal *j, const struct journal_file *f, enum journal_state state,
	struct err *e)
{
	/* Only a file that is done can be undone, only a prepared one done. */
	int before = state == JOURNAL_UNDONE ? JOURNAL_DONE : JOURNAL_PREPARED;

	if (sql_exec(&j->sql, e, "BEGIN IMMEDIATE") < 0)
		return -1;
	int rc = sql_exec(&j->sql, e,
		"UPDATE file SET state = %d WHERE row = %lld AND state = %d", state,
		(long long)f->row, before);
	if (rc == 0 && f->undoes != 0 && state == JOURNAL_DONE)
		rc = sql_exec(&j->sql, e,
			"UPDATE file SET state = %d WHERE row = %lld AND state = %d",
			JOURNAL_UNDONE, (long long)f->undoes, JOURNAL_DONE);
	return commit_or_not(j, rc, e);
}
