#include <criterion/criterion.h>

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "map/journal.h"

static char dir[64];
static struct err e;
static struct arena arena;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/reuidl-journal-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void
end(void)
{
	arena_free(&arena);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(journal, .init = begin, .fini = end, .timeout = 30);

static char *
in(const char *name)
{
	return arena_print(&arena, "%s/%s", dir, name);
}

static struct journal *
open_at(const char *path)
{
	struct journal *j;

	cr_assert_eq(journal_open(path, &j, &e), 0, "%s", e.message);
	return j;
}

static struct stat
stat_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st;
}

static void
put_file(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* SQL by another hand than ours. */
static void
sql_by_hand(const char *path, const char *statement)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static struct journal_file
a_file(const char *path, const char *map_id)
{
	return (struct journal_file){
		.run = journal_new_run(&arena),
		.path = arena_string(&arena, text_of(path)),
		.temporary = in(".reuidl-1.tmp"),
		.map_id = arena_string(&arena, text_of(map_id)),
		.format = in("f"),
		.account = in("a"),
		.renamed = 3,
	};
}

static struct journal_file
prepare(struct journal *j, const char *path, const char *map_id, int64_t undoes)
{
	struct journal_file f = a_file(path, map_id);

	f.undoes = undoes;
	cr_assert_eq(journal_keep(j, &arena, &f, text_of("old"), text_of("new"), &e), 0,
		"%s", e.message);
	cr_assert_eq(journal_prepare(j, &f, &e), 0, "%s", e.message);
	return f;
}

static bool
applied(struct journal *j, const char *path, const char *map_id)
{
	bool yes;

	cr_assert_eq(journal_applied(j, path, map_id, &yes, &e), 0, "%s", e.message);
	return yes;
}

Test(journal, is_for_its_owner_alone)
{
	umask(0);
	struct journal *j = open_at(in("a/b/state"));
	prepare(j, "/store", "m", 0);
	cr_assert_eq(stat_of(in("a")).st_mode & 07777, 0700);
	cr_assert_eq(stat_of(in("a/b/state")).st_mode & 07777, 0700);
	cr_assert_eq(stat_of(in("a/b/state/journal.db")).st_mode & 07777, 0600);
	cr_assert_eq(stat_of(in("a/b/state/runs")).st_mode & 07777, 0700);
	journal_close(j);
}

Test(journal, of_root_belongs_to_the_owner_of_the_home)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	cr_assert_eq(mkdir(in("home"), 0755), 0);
	cr_assert_eq(chown(in("home"), 4321, 1234), 0);
	struct journal *j = open_at(in("home/.local/state/reuidl"));
	struct journal_file f = prepare(j, "/store", "m", 0);
	char *lock = journal_lock_path(&arena, journal_folder(j), 1, 2, &e);
	const char *made[] = {in("home/.local"), in("home/.local/state/reuidl"),
		in("home/.local/state/reuidl/journal.db"), f.old_copy, f.new_copy,
		in("home/.local/state/reuidl/runs"),
		in("home/.local/state/reuidl/locks")};
	cr_assert_not_null(lock);
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		cr_assert_eq(stat_of(made[i]).st_uid, 4321, "%s", made[i]);
		cr_assert_eq(stat_of(made[i]).st_gid, 1234, "%s", made[i]);
	}
	journal_close(j);
}

Test(journal, state_dir_is_the_option_then_xdg_then_home)
{
	setenv("XDG_STATE_HOME", "/xdg", 1);
	setenv("HOME", "/home/me", 1);
	cr_assert_str_eq(journal_state_dir(&arena, "/given", 77), "/given");
	cr_assert_str_eq(journal_state_dir(&arena, NULL, geteuid()), "/xdg/reuidl");
	setenv("XDG_STATE_HOME", "not/absolute", 1);
	cr_assert_str_eq(journal_state_dir(&arena, NULL, geteuid()),
		"/home/me/.local/state/reuidl");
	unsetenv("XDG_STATE_HOME");
	cr_assert_str_eq(journal_state_dir(&arena, NULL, geteuid()),
		"/home/me/.local/state/reuidl");
}

/* Our XDG_STATE_HOME says nothing about another user's. */
Test(journal, state_dir_of_another_user_is_in_that_home)
{
	setenv("XDG_STATE_HOME", "/xdg", 1);
	cr_assert_str_eq(journal_state_dir(&arena, NULL, geteuid() == 1 ? 2 : 1),
		geteuid() == 1 ? "/bin/.local/state/reuidl"
			       : "/usr/sbin/.local/state/reuidl");
	cr_assert_null(journal_state_dir(&arena, NULL, 3999999999U));
}

Test(journal, applied_is_done_and_not_undone)
{
	struct journal *j = open_at(in("state"));

	struct journal_file f = prepare(j, "/store", "m1", 0);
	cr_assert_not(applied(j, "/store", "m1"), "prepared is not applied");
	cr_assert_eq(journal_finish(j, &f, JOURNAL_DONE, &e), 0);
	cr_assert(applied(j, "/store", "m1"));
	cr_assert_not(applied(j, "/store", "m2"));
	cr_assert_not(applied(j, "/other", "m1"));

	struct journal_file u = prepare(j, "/store", "", f.row);
	cr_assert(applied(j, "/store", "m1"), "a prepared undo has not happened");
	cr_assert_eq(journal_finish(j, &u, JOURNAL_DONE, &e), 0);
	cr_assert_not(applied(j, "/store", "m1"), "undone");

	f = prepare(j, "/store", "m3", 0);
	cr_assert_eq(journal_finish(j, &f, JOURNAL_ROLLED_BACK, &e), 0);
	cr_assert_eq(journal_finish(j, &f, JOURNAL_DONE, &e), 0, "does nothing");
	cr_assert_not(applied(j, "/store", "m3"));
	journal_close(j);
}

Test(journal, lists_files_newest_first)
{
	struct journal *j = open_at(in("state"));
	struct journal_file *files;
	size_t n;

	struct journal_file f = prepare(j, "/one", "m1", 0);
	cr_assert_eq(journal_finish(j, &f, JOURNAL_DONE, &e), 0);
	prepare(j, "/two", "m2", 0);
	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 2);
	cr_assert_str_eq(files[0].path, "/two");
	cr_assert_eq(files[0].state, JOURNAL_PREPARED);
	cr_assert_str_eq(files[1].path, "/one");
	cr_assert_eq(files[1].state, JOURNAL_DONE);
	cr_assert_str_eq(files[1].run, f.run);
	cr_assert_str_eq(files[1].map_id, "m1");
	cr_assert_str_eq(files[1].old_copy, f.old_copy);
	cr_assert(digest_equal(&files[1].new_digest, &f.new_digest));
	cr_assert_eq(files[1].renamed, 3);
	cr_assert_eq(files[1].time, f.time);
	cr_assert_eq(journal_files(j, &arena, true, &files, &n, &e), 0);
	cr_assert_eq(n, 1);
	cr_assert_str_eq(files[0].path, "/two");
	journal_close(j);
}

Test(journal, copies_are_the_bytes)
{
	struct journal *j = open_at(in("state"));
	struct journal_file f = a_file("/store", "m"), g;
	char *bytes;
	size_t len;
	struct os_stat st;

	cr_assert_eq(journal_keep(j, &arena, &f, (struct text){"a\0b", 3},
			     (struct text){"", 0}, &e),
		0, "%s", e.message);
	cr_assert_eq(os_read(f.old_copy, 10, &bytes, &len, &st, &e), 0);
	cr_assert_eq(len, 3);
	cr_assert_eq(memcmp(bytes, "a\0b", 3), 0);
	cr_assert_eq(st.mode, 0600);
	free(bytes);
	cr_assert_eq(stat_of(f.new_copy).st_size, 0);
	/* A second file of the run has copies of its own. */
	g = f;
	cr_assert_eq(journal_keep(j, &arena, &g, text_of("x"), text_of("y"), &e), 0);
	cr_assert_str_neq(g.old_copy, f.old_copy);
	journal_drop(j, &g);
	cr_assert_not(os_exists(g.old_copy));
	cr_assert_not(os_exists(g.new_copy));
	cr_assert(os_exists(f.old_copy));
	journal_drop(j, &f);
	cr_assert_not(os_exists(in(arena_print(&arena, "state/runs/%s", f.run))));
	journal_close(j);
}

Test(journal, copies_follow_a_moved_state_folder)
{
	struct journal *j = open_at(in("state"));
	struct journal_file *files;
	size_t n;

	prepare(j, "/store", "m", 0);
	journal_close(j);
	cr_assert_eq(rename(in("state"), in("moved")), 0);
	j = open_at(in("moved"));
	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 1);
	cr_assert(os_exists(files[0].old_copy), "%s", files[0].old_copy);
	journal_close(j);
}

Test(journal, relative_state_folder_gives_absolute_copies)
{
	cr_assert_eq(chdir(dir), 0);
	struct journal *j = open_at("state");
	struct journal_file f = prepare(j, "/store", "m", 0);
	cr_assert_eq(f.old_copy[0], '/');
	journal_close(j);
}

Test(journal, tombstones_come_with_the_next_prepare)
{
	struct journal *j = open_at(in("state"));
	struct text old;

	cr_assert_eq(journal_add_tombstone(j, text_of("reuidl-1"), text_of("17"), &e), 0);
	cr_assert_eq(journal_add_tombstone(
			     j, text_of("reuidl-2"), (struct text){"a\xff\0b", 4}, &e),
		0);
	cr_assert_eq(journal_tombstone(j, text_of("reuidl-1"), &arena, &old, &e), 0);
	cr_assert_eq(old.len, 0, "not before it is prepared");
	prepare(j, "/store", "m", 0);
	journal_close(j);
	j = open_at(in("state"));
	cr_assert_eq(journal_tombstone(j, text_of("reuidl-1"), &arena, &old, &e), 0);
	cr_assert(text_equal(old, text_of("17")));
	cr_assert_eq(journal_tombstone(j, text_of("reuidl-2"), &arena, &old, &e), 0);
	cr_assert(text_equal(old, (struct text){"a\xff\0b", 4}));
	cr_assert_eq(journal_tombstone(j, text_of("reuidl-3"), &arena, &old, &e), 0);
	cr_assert_eq(old.len, 0);
	journal_close(j);
}

Test(journal, forgets_what_is_old_and_finished)
{
	struct journal *j = open_at(in("state"));
	struct journal_file *files;
	struct text old;
	size_t n;

	struct journal_file done = prepare(j, "/a", "m", 0);
	cr_assert_eq(journal_finish(j, &done, JOURNAL_DONE, &e), 0);
	cr_assert_eq(journal_add_tombstone(j, text_of("reuidl-1"), text_of("1"), &e), 0);
	struct journal_file open = prepare(j, "/b", "m", 0);
	/* What a crash before "prepared" leaves. */
	cr_assert_eq(mkdir(in("state/runs/0000000100000000"), 0700), 0);
	put_file(in("state/runs/0000000100000000/1.old"), "x", 1);
	/* It may be another process's that is about to be prepared. */
	char *young = in(arena_print(&arena, "state/runs/%s", journal_new_run(&arena)));
	cr_assert_eq(mkdir(young, 0700), 0);

	cr_assert_eq(journal_forget(j, done.time - 60, &n, &e), 0, "%s", e.message);
	cr_assert_eq(n, 0, "all younger");
	cr_assert(os_exists(done.old_copy));
	cr_assert_not(os_exists(in("state/runs/0000000100000000")));
	cr_assert(os_exists(young));

	cr_assert_eq(journal_forget(j, done.time + 60, &n, &e), 0, "%s", e.message);
	cr_assert_eq(n, 1);
	cr_assert_not(os_exists(done.old_copy));
	cr_assert_not(os_exists(done.new_copy));
	cr_assert(os_exists(open.old_copy));
	/* Newest first; the old one has no copies any more, but its map stays applied. */
	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 2);
	cr_assert_str_eq(files[0].path, "/b");
	cr_assert_eq(files[1].state, JOURNAL_FORGOTTEN);
	bool applied = false;
	cr_assert_eq(journal_applied(j, "/a", "m", &applied, &e), 0);
	cr_assert(applied);
	cr_assert_eq(journal_forget(j, done.time + 60, &n, &e), 0, "%s", e.message);
	cr_assert_eq(n, 0, "nothing is forgotten twice");
	cr_assert_eq(journal_tombstone(j, text_of("reuidl-1"), &arena, &old, &e), 0);
	cr_assert(text_equal(old, text_of("1")));
	journal_close(j);
}

static void
refused(const char *path, enum err_kind kind, const char *words)
{
	struct journal *j;

	cr_assert_eq(journal_open(path, &j, &e), -1);
	cr_assert_null(j);
	cr_assert_eq(e.kind, kind, "%s", e.message);
	cr_assert_not_null(strstr(e.message, words), "%s", e.message);
}

Test(journal, of_a_newer_schema_is_refused_in_words)
{
	journal_close(open_at(in("state")));
	sql_by_hand(in("state/journal.db"), "PRAGMA user_version = 3");
	refused(in("state"), ERR_DATA, "a newer reuidl made this journal (schema 3");
}

Test(journal, somebody_elses_database_is_refused_in_words)
{
	cr_assert_eq(mkdir(in("state"), 0700), 0);
	sql_by_hand(in("state/journal.db"), "CREATE TABLE a (b)");
	refused(in("state"), ERR_DATA, "not a journal of reuidl");
}

Test(journal, that_is_no_database_is_refused_in_words)
{
	char junk[4096];

	memset(junk, 'x', sizeof(junk));
	cr_assert_eq(mkdir(in("state"), 0700), 0);
	put_file(in("state/journal.db"), junk, sizeof(junk));
	refused(in("state"), ERR_DATA, "journal is damaged");
}

Test(journal, cut_short_is_refused_in_words)
{
	struct journal *j = open_at(in("state"));
	struct journal_file *files;
	size_t n;

	prepare(j, "/store", "m", 0);
	journal_close(j);
	cr_assert_eq(truncate(in("state/journal.db"), 4096), 0);
	if (journal_open(in("state"), &j, &e) == 0) {
		cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), -1);
		journal_close(j);
	}
	cr_assert_eq(e.kind, ERR_DATA, "%s", e.message);
	cr_assert_not_null(strstr(e.message, "damaged"), "%s", e.message);
}

Test(journal, in_a_folder_that_cannot_be_made_is_an_io_error)
{
	put_file(in("state"), "", 0);
	refused(in("state/below"), ERR_IO, "state/below");
}

/* Another process in the middle of its transaction: waited for, then ERR_BUSY. */
Test(journal, busy_is_try_later)
{
	struct journal *j = open_at(in("state"));
	struct journal_file f = a_file("/store", "m");
	int ready[2];

	cr_assert_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		/* A test that fails must not leave it behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sqlite3 *db;
		if (sqlite3_open(in("state/journal.db"), &db) == SQLITE_OK &&
			sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) ==
				SQLITE_OK &&
			write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	char c;
	cr_assert_eq(read(ready[0], &c, 1), 1);
	cr_assert_eq(journal_keep(j, &arena, &f, text_of("a"), text_of("b"), &e), 0);
	cr_assert_eq(journal_prepare(j, &f, &e), -1);
	cr_assert_eq(e.kind, ERR_BUSY, "%s", e.message);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_assert_eq(journal_prepare(j, &f, &e), 0, "%s", e.message);
	journal_close(j);
}
