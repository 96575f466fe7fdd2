/* Stores whose own name says whose they are: another name in the same step, and back. */
#include <criterion/criterion.h>

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"
#include "work/undo.h"

#define OLD  "# POP3 State File\n\n*localhost lab\nk aaaaaaaaaaaa 1700000001\n"
#define NEW  "# POP3 State File\n\n*localhost lab\nk cccccccccccc 1700000001\n"
#define LATE NEW "k ffffffffffff 1700000009\n"
#define BACK                                                                             \
	"# POP3 State File\n\n*localhost lab\nk aaaaaaaaaaaa 1700000001\nk "             \
	"ffffffffffff 1700000009\n"

static char dir[64];
static struct err e;
static struct arena arena;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static char *
in(const char *name)
{
	return arena_print(&arena, "%s/%s", dir, name);
}

static void
put_file(const char *path, const char *bytes)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	cr_assert_geq(fputs(bytes, f), 0);
	fclose(f);
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/reuidl-rename-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(mkdir(in("p"), 0755), 0);
	put_file(in("p/popstate.dat"), OLD);
	cr_assert_eq(chmod(in("p/popstate.dat"), 0640), 0);
}

static void
end(void)
{
	arena_free(&arena);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(rename, .init = begin, .fini = end, .timeout = 30);

static void
holds(const char *path, const char *bytes)
{
	char *have;
	size_t len;
	struct os_stat st;

	cr_assert_eq(os_read(path, 1 << 20, &have, &len, &st, &e), 0, "%s", e.message);
	cr_assert(text_equal((struct text){have, len}, text_of(bytes)), "%s: %.*s", path,
		(int)len, have);
	free(have);
}

static size_t
names_in_folder(void)
{
	char **names;
	size_t n;

	cr_assert_eq(os_list(&arena, in("p"), &names, &n, &e), 0, "%s", e.message);
	return n;
}

static struct journal *
open_journal(void)
{
	struct journal *j;

	cr_assert_eq(journal_open(in("state"), &j, &e), 0, "%s", e.message);
	cr_assert_eq(replace_recover(j, NULL, NULL, &e), 0, "%s", e.message);
	return j;
}

static int
move(const char *from, const char *to, bool copies)
{
	struct journal_file record = {
		.map_id = in("map"), .becomes = in(to), .copies = copies};
	struct journal *j = open_journal();
	struct target t;
	int rc = target_open(&t, in(from), "thunderbird", true, in("state"), &e);

	if (rc == 0) {
		rc = target_replace(&t, text_of(NEW), j, &record, &e);
		target_close(&t);
	}
	journal_close(j);
	return rc;
}

static int
undo_last(struct undo_result *r)
{
	struct journal *j = open_journal();
	struct journal_file *files;
	size_t n, i = 0;

	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0);
	while (i < n && (files[i].state != JOURNAL_DONE || files[i].undoes != 0))
		i++;
	cr_assert_lt(i, n);
	int rc = undo_file(j, &files[i], false, NULL, r, &e);
	journal_close(j);
	return rc;
}

Test(rename, the_new_name_has_the_new_bytes_and_the_old_one_is_gone)
{
	struct undo_result r;
	struct os_stat st;

	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), 0, "%s", e.message);
	holds(in("p/moved.dat"), NEW);
	cr_assert_eq(names_in_folder(), 1);
	cr_assert_eq(os_stat(in("p/moved.dat"), &st, &e), 0);
	cr_assert_eq(st.mode, 0640);
	cr_assert_eq(st.links, 1);
	cr_assert_eq(undo_last(&r), 0, "%s", e.message);
	cr_assert(r.whole);
	holds(in("p/popstate.dat"), OLD);
	cr_assert_eq(names_in_folder(), 1);
}

Test(rename, a_name_that_is_taken_is_never_overwritten)
{
	put_file(in("p/moved.dat"), LATE);
	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), -1);
	cr_assert_str_eq(e.reason, "new-name-exists");
	cr_assert_eq(e.kind, ERR_GUARD);
	cr_assert_str_eq(e.message,
		arena_print(&arena,
			"%s: there is such a file already, so the record in %s cannot get "
			"that name: the client has been at that server; nothing was "
			"changed",
			in("p/moved.dat"), in("p/popstate.dat")));
	holds(in("p/popstate.dat"), OLD);
	holds(in("p/moved.dat"), LATE);
	cr_assert_eq(names_in_folder(), 2);
}

Test(rename, what_the_client_has_written_since_stays_under_the_old_name)
{
	struct undo_result r;

	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), 0, "%s", e.message);
	put_file(in("p/moved.dat"), LATE);
	cr_assert_eq(undo_last(&r), 0, "%s", e.message);
	cr_assert(!r.whole);
	cr_assert_eq(r.taken_back, 1);
	holds(in("p/popstate.dat"), BACK);
	cr_assert_eq(names_in_folder(), 1);
}

Test(rename, undo_does_not_overwrite_a_store_that_came_under_the_old_name)
{
	struct undo_result r;

	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), 0, "%s", e.message);
	put_file(in("p/popstate.dat"), LATE);
	cr_assert_eq(undo_last(&r), -1);
	cr_assert_str_eq(e.reason, "new-name-exists");
	holds(in("p/popstate.dat"), LATE);
	holds(in("p/moved.dat"), NEW);
}

Test(rename, a_copy_leaves_the_old_one)
{
	cr_assert_eq(mkdir(in("q"), 0755), 0);
	cr_assert_eq(move("p/popstate.dat", "q/popstate.dat", true), 0, "%s", e.message);
	holds(in("p/popstate.dat"), OLD);
	holds(in("q/popstate.dat"), NEW);
	cr_assert_eq(names_in_folder(), 1);
}

Test(rename, the_journal_follows_the_store)
{
	struct journal *j;
	bool applied;

	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), 0, "%s", e.message);
	j = open_journal();
	cr_assert_str_eq(
		journal_follow(j, in("p/popstate.dat"), &arena, &e), in("p/moved.dat"));
	cr_assert_null(journal_follow(j, in("p/moved.dat"), &arena, &e));
	cr_assert_eq(journal_applied(j, in("p/moved.dat"), in("map"), &applied, &e), 0);
	cr_assert(applied);
	cr_assert_eq(
		journal_applied(j, in("p/popstate.dat"), in("map"), &applied, &e), 0);
	cr_assert(!applied);
	journal_close(j);
}

/* As reuidl 0.1 made it: without the two columns. */
Test(rename, a_journal_of_before_is_gone_on_with)
{
	sqlite3 *db;
	struct undo_result r;

	put_file(in("p/other.dat"), OLD);
	cr_assert_eq(move("p/popstate.dat", "p/moved.dat", false), 0, "%s", e.message);
	cr_assert_eq(sqlite3_open(in("state/journal.db"), &db), SQLITE_OK);
	cr_assert_eq(
		sqlite3_exec(db,
			"DELETE FROM file; ALTER TABLE file DROP COLUMN becomes; "
			"ALTER TABLE file DROP COLUMN copies; PRAGMA user_version = 1",
			NULL, NULL, NULL),
		SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	cr_assert_eq(move("p/other.dat", "p/again.dat", false), 0, "%s", e.message);
	cr_assert_eq(undo_last(&r), 0, "%s", e.message);
	holds(in("p/other.dat"), OLD);
}
