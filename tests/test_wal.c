/* A log folded in memory must give the very bytes that SQLite's own checkpoint gives. */
#include "model/wal.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/source.h"

struct scene {
	char dir[32], live[64], live_wal[64], copy[64], copy_wal[64];
	sqlite3 *db;
	struct source database, wal;
};

static void
sql(sqlite3 *db, const char *statements)
{
	char *says = NULL;

	cr_assert(sqlite3_exec(db, statements, NULL, NULL, &says) == SQLITE_OK, "%s: %s",
		statements, says);
}

static void
put(const char *path, struct text bytes)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f != NULL && fwrite(bytes.at, 1, bytes.len, f) == bytes.len);
	cr_assert(fclose(f) == 0);
}

static void
get(struct source *s, const char *path)
{
	struct err e;

	cr_assert(source_read(s, path, &e) == 0, "%s", e.message);
}

/* `before` is in the database, `after` in its log alone. */
static void
begin(struct scene *s, const char *before, const char *after)
{
	*s = (struct scene){.db = NULL};
	snprintf(s->dir, sizeof(s->dir), "/tmp/wal.XXXXXX");
	cr_assert(mkdtemp(s->dir) != NULL);
	snprintf(s->live, sizeof(s->live), "%s/live", s->dir);
	snprintf(s->live_wal, sizeof(s->live_wal), "%s/live-wal", s->dir);
	snprintf(s->copy, sizeof(s->copy), "%s/copy", s->dir);
	snprintf(s->copy_wal, sizeof(s->copy_wal), "%s/copy-wal", s->dir);
	cr_assert(sqlite3_open(s->live, &s->db) == SQLITE_OK);
	sql(s->db, "PRAGMA page_size = 512; PRAGMA journal_mode = WAL;"
		   "PRAGMA wal_autocheckpoint = 0;");
	sql(s->db, before);
	sql(s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	sql(s->db, after);
	get(&s->database, s->live);
	get(&s->wal, s->live_wal);
}

static void
end(struct scene *s)
{
	char command[64];

	sqlite3_close(s->db);
	source_release(&s->database);
	source_release(&s->wal);
	snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	cr_assert(system(command) == 0);
}

/* What SQLite makes of the two, against what wal_fold() makes of them. */
static void
same_as_sqlite(struct scene *s, struct text wal, bool changes, const char *what)
{
	struct source by_sqlite;
	struct buf b;
	sqlite3 *db;
	struct err e = {0};

	put(s->copy, s->database.bytes);
	put(s->copy_wal, wal);
	cr_assert(sqlite3_open(s->copy, &db) == SQLITE_OK);
	sql(db, "SELECT count(*) FROM sqlite_schema; PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(db);
	get(&by_sqlite, s->copy);
	buf_init(&b, 1 << 24);
	cr_assert(wal_fold(s->database.bytes, wal, "db", &b, &e) == 0, "%s: %s", what,
		e.message);
	cr_assert(text_equal(buf_text(&b), by_sqlite.bytes), "%s: other bytes", what);
	cr_assert_eq(changes, !text_equal(buf_text(&b), s->database.bytes), "%s", what);
	buf_release(&b);
	source_release(&by_sqlite);
}

#define TABLE "CREATE TABLE T (A INTEGER PRIMARY KEY, B);"
#define ROWS(n)                                                                          \
	"WITH RECURSIVE C(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM C WHERE I < " #n   \
	") INSERT INTO T (B) SELECT 'row ' || I || hex(randomblob(20)) FROM C;"

Test(wal, grows_shrinks_and_stays)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{TABLE ROWS(5), "UPDATE T SET B = 'x' WHERE A = 3;"},
		{TABLE ROWS(5), ROWS(100) "UPDATE T SET B = 'y';"},
		{TABLE ROWS(300), "DELETE FROM T WHERE A > 5; VACUUM;"},
		{TABLE ROWS(300), "DELETE FROM T; VACUUM;" ROWS(100)},
		/* An empty database has a header by then, and its tables in the log. */
		{"PRAGMA user_version = 1;", TABLE ROWS(20)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene s;
		begin(&s, cases[i].before, cases[i].after);
		same_as_sqlite(&s, s.wal.bytes, true, cases[i].after);
		end(&s);
	}
}

/* What was never committed, and what is torn, is not there. */
Test(wal, tails)
{
	struct scene s;

	begin(&s, TABLE ROWS(5), "UPDATE T SET B = 'x' WHERE A = 3;" ROWS(40));
	size_t frame = 24 + 512, frames = (s.wal.bytes.len - 32) / frame;
	cr_assert_gt(frames, 4);
	for (size_t n = 0; n <= frames; n++) {
		struct text cut = {s.wal.bytes.at, 32 + n * frame};
		/* The first statement is one page, and what it commits. */
		same_as_sqlite(&s, cut, n > 0, "whole frames");
		cut.len += n < frames ? frame - 1 : 0;
		same_as_sqlite(&s, cut, n > 0, "and a part of one");
	}
	for (size_t off = 0; off < s.wal.bytes.len; off += off < 64 ? 1 : 97) {
		char *bytes = must_alloc(s.wal.bytes.len);
		memcpy(bytes, s.wal.bytes.at, s.wal.bytes.len);
		bytes[off] ^= 0x40;
		/* The number of checkpoints (12) is for people, but in the sum. */
		same_as_sqlite(&s, (struct text){bytes, s.wal.bytes.len},
			off >= 32 + frame, "a wrong bit");
		free(bytes);
	}
	same_as_sqlite(&s, (struct text){"", 0}, false, "empty");
	same_as_sqlite(&s, (struct text){s.wal.bytes.at, 31}, false, "half a header");
	end(&s);
}

/* A log that was begun anew has old frames behind its end. */
Test(wal, begun_anew)
{
	struct scene s;

	begin(&s, TABLE ROWS(100), "UPDATE T SET B = 'x';");
	sql(s.db, "PRAGMA wal_checkpoint(RESTART); UPDATE T SET B = 'z' WHERE A = 1;");
	source_release(&s.database);
	source_release(&s.wal);
	get(&s.database, s.live);
	get(&s.wal, s.live_wal);
	cr_assert_gt(s.wal.bytes.len, 32 + 4 * (24 + 512));
	same_as_sqlite(&s, s.wal.bytes, true, "begun anew");
	end(&s);
}

Test(wal, another_database)
{
	struct scene s;
	struct buf b;
	struct err e = {0};

	begin(&s, TABLE ROWS(5), ROWS(100));
	buf_init(&b, 1 << 24);
	/* Not whole pages. */
	struct text part = {s.database.bytes.at, 600};
	cr_assert(wal_fold(part, s.wal.bytes, "db", &b, &e) < 0);
	cr_assert_str_eq(e.message, "db-wal: it does not belong to this database");
	/* SQLite throws it away. */
	cr_assert(wal_fold((struct text){"", 0}, s.wal.bytes, "db", &b, &e) == 0);
	cr_assert_eq(b.len, 0);
	buf_release(&b);
	end(&s);
}
