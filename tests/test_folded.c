/* A log that appears between reading a database and replacing it. */
#include "work/folded.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "work/replace.h"

static void
put(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f != NULL && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

static void
in_new_folder(char dir[32])
{
	struct source fixture;
	struct err e;

	cr_assert(source_read(&fixture, "fixtures/apple_coredata/wal", &e) == 0);
	snprintf(dir, 32, "/tmp/folded.XXXXXX");
	cr_assert(mkdtemp(dir) != NULL && chdir(dir) == 0);
	put("db", fixture.bytes.at, fixture.bytes.len);
	source_release(&fixture);
}

static void
remove_folder(const char *dir)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert(system(command) == 0);
}

Test(folded, a_log_that_comes_later)
{
	static const char *const names[] = {"db-wal", "db-journal"};
	struct journal *j;
	char dir[32];
	struct err e;

	in_new_folder(dir);
	cr_assert(journal_open("state", &j, &e) == 0, "%s", e.message);
	for (size_t i = 0; i < 2; i++) {
		struct journal_file record = {.map_id = (char[]){"00"}, .renamed = 1};
		struct target t;
		cr_assert(target_open(&t, "db", "apple_coredata", true, "state", &e) == 0,
			"%s", e.message);
		put(names[i], "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
		cr_assert(target_replace(&t, text_of("new"), j, &record, &e) < 0);
		cr_assert_str_eq(e.reason, "changed-since-read");
		cr_assert(text_ends(text_of(e.message), "nothing was changed"));
		target_close(&t);
		unlink(names[i]);
	}
	journal_close(j);
	remove_folder(dir);
}

Test(folded, pending)
{
	bool pending;
	char dir[32];
	struct err e;

	in_new_folder(dir);
	cr_assert(folded_pending("db", &pending, &e) == 0 && !pending);
	put("db-wal", "", 0);
	put("db-shm", "x", 1);
	put("db-journal", "\0\0\0\0\0\0\0\0\0", 9);
	cr_assert(folded_pending("db", &pending, &e) == 0 && !pending);
	cr_assert_eq(folded_settle("db", &e), 0);
	put("db-wal", "x", 1);
	cr_assert(folded_pending("db", &pending, &e) == 0 && pending);
	/* No log, whatever it is: SQLite takes it away. */
	cr_assert_eq(folded_settle("db", &e), 1, "%s", e.message);
	cr_assert(folded_pending("db", &pending, &e) == 0 && !pending);
	remove_folder(dir);
}

Test(folded, somebody_has_it_open)
{
	char dir[32];
	sqlite3 *db;
	struct err e;

	in_new_folder(dir);
	cr_assert(sqlite3_open("db", &db) == SQLITE_OK);
	cr_assert(
		sqlite3_exec(db,
			"PRAGMA wal_autocheckpoint = 0; DELETE FROM ZSEENMESSAGE; BEGIN; "
			"SELECT count(*) FROM ZSEENMESSAGE",
			NULL, NULL, NULL) == SQLITE_OK);
	cr_assert_eq(folded_settle("db", &e), -1);
	cr_assert_eq(e.kind, ERR_BUSY);
	cr_assert_str_eq(e.message, "db: a program has it open; quit the client first");
	sqlite3_close(db);
	remove_folder(dir);
}

/* Moved by the client while it is read, it would be in neither. */
Test(folded, changes_while_it_is_read)
{
	struct source s;
	char dir[32];
	sqlite3 *db;
	struct err e;

	in_new_folder(dir);
	cr_assert(sqlite3_open("db", &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db,
			  "PRAGMA wal_autocheckpoint = 0; DELETE FROM ZSEENMESSAGE", NULL,
			  NULL, NULL) == SQLITE_OK);
	cr_assert(source_read(&s, "db", &e) == 0);
	s.stat.mtime--;
	cr_assert_eq(folded_read(&s, &e), 1);
	s.stat.mtime++;
	struct digest was = s.digest;
	cr_assert_eq(folded_read(&s, &e), 0, "%s", e.message);
	cr_assert(!digest_equal(&s.digest, &was));
	source_release(&s);
	sqlite3_close(db);
	remove_folder(dir);
}
