#include "work/folded.h"

#include <stdlib.h>

#include "map/sql.h"
#include "model/wal.h"

/* One that is finished has zeros there (journal_mode PERSIST), or is empty or gone. */
#define JOURNAL_MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

static char *
beside(struct arena *a, const char *path, const char *what)
{
	return arena_print(a, "%s%s", path, what);
}

static int
check_journal(struct arena *a, const char *path, struct err *e)
{
	const char *journal = beside(a, path, "-journal");
	struct source s;
	struct os_stat st;

	if (os_stat(journal, &st, NULL) < 0 || st.size == 0)
		return 0;
	if (source_read(&s, journal, e) < 0)
		return -1;
	bool hot = text_starts(s.bytes, JOURNAL_MAGIC);
	source_release(&s);
	if (!hot)
		return 0;
	return err_set(e, ERR_DATA, "format",
		"%s: beside it is a journal (-journal) of a change that was broken off; "
		"start the client once, which takes that back, and quit it",
		path);
}

static bool
has_wal(struct arena *a, const char *path, struct os_stat *st)
{
	return os_stat(beside(a, path, "-wal"), st, NULL) == 0 && st->size > 0;
}

int
folded_pending(const char *path, bool *pending, struct err *e)
{
	struct arena a = {0};
	struct os_stat st;
	struct err ignored;
	int rc = check_journal(&a, path, e != NULL ? e : &ignored);

	*pending = rc < 0 || has_wal(&a, path, &st);
	arena_free(&a);
	return e != NULL ? rc : 0;
}

static bool
same_stat(const struct os_stat *a, const struct os_stat *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime == b->mtime;
}

static int
put_in(struct source *s, const struct source *wal, struct err *e)
{
	struct buf b;

	buf_init(&b, SOURCE_MAX);
	if (wal_fold(s->bytes, wal->bytes, s->path, &b, e) < 0) {
		buf_release(&b);
		return -1;
	}
	free(s->memory);
	s->memory = b.at;
	s->bytes = buf_text(&b);
	s->digest = digest_of(s->bytes);
	return 0;
}

int
folded_read(struct source *s, struct err *e)
{
	struct arena a = {0};
	struct source wal = {0};
	struct os_stat now, was;
	int rc = check_journal(&a, s->path, e);

	if (rc == 0 && has_wal(&a, s->path, &was)) {
		const char *path = beside(&a, s->path, "-wal");
		rc = source_read(&wal, path, e);
		/* What the client has moved meanwhile would be in neither. */
		if (rc == 0 &&
			(os_stat(s->path, &now, NULL) < 0 || !same_stat(&now, &s->stat) ||
				os_stat(path, &now, NULL) < 0 || !same_stat(&now, &was)))
			rc = 1;
		if (rc == 0)
			rc = put_in(s, &wal, e);
		source_release(&wal);
	}
	arena_free(&a);
	return rc;
}

static int
checkpoint(const char *path, struct err *e)
{
	int64_t busy = 0, tables;
	struct sql s;
	int rc;

	if (sql_open(&s, path, "database", SQL_WRITE, 0, e) < 0)
		return -1;
	rc = sql_exec(&s, e, "PRAGMA synchronous = FULL");
	/* It looks at the log when it is read, not before. */
	if (rc == 0)
		rc = sql_number(&s, "SELECT count(*) FROM sqlite_schema", &tables, e);
	/* Its answer is whether somebody was in the way. */
	if (rc == 0)
		rc = sql_number(&s, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, e);
	if (rc == 0 && busy != 0)
		rc = err_set(e, ERR_BUSY, "client-running",
			"%s: a program has it open; quit the client first", path);
	sql_close(&s);
	return rc;
}

int
folded_settle(const char *path, struct err *e)
{
	bool pending;

	if (folded_pending(path, &pending, e) < 0)
		return -1;
	if (!pending)
		return 0;
	if (checkpoint(path, e) < 0 || folded_pending(path, &pending, e) < 0)
		return -1;
	return pending ? err_set(e, ERR_BUSY, "locked",
				 "%s: what stands in its -wal could not be moved into it",
				 path)
		       : 1;
}
