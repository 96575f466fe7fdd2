#include <criterion/criterion.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "work/undo.h"

#define HEAD "# POP3 State File\n# This is a generated file!  Do not edit.\n\n"
#define OLD                                                                              \
	HEAD "*old.example lab\nk aaaaaaaaaaaa 1700000001\nk bbbbbbbbbbbb 1700000002\n"  \
	     "k cccccccccccc 1700000003\nk zzzzzzzzzzzz 1700000004"
/* a and b renamed, c to a tombstone, z stays. */
#define NEW                                                                              \
	HEAD "*new.example lab\nk AAAAAAAAAAAA 1700000001\nk BBBBBBBBBBBB 1700000002\n"  \
	     "k reuidl-00000000000000000000000000000000 1700000003\n"                    \
	     "k zzzzzzzzzzzz 1700000004"

static char dir[64];
static struct err e;
static struct arena arena;
static struct journal *journal;

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

static char *
store(void)
{
	return in("popstate.dat");
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
	snprintf(dir, sizeof(dir), "/tmp/reuidl-undo-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	put_file(store(), OLD);
	cr_assert_eq(chmod(store(), 0640), 0);
	cr_assert_eq(journal_open(in("state"), &journal, &e), 0, "%s", e.message);
}

static void
end(void)
{
	journal_close(journal);
	arena_free(&arena);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(undo, .init = begin, .fini = end, .timeout = 30);

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

/* The file as the journal knows it. */
static struct journal_file
file_of_row(int64_t row)
{
	struct journal_file *files;
	size_t n;

	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0, "%s",
		e.message);
	size_t i = 0;
	while (i < n && files[i].row != row)
		i++;
	cr_assert_lt(i, n, "row %lld is not in the journal", (long long)row);
	return files[i];
}

static struct journal_file
apply(const char *bytes)
{
	struct journal_file record = {.map_id = in("m")};
	struct target t;

	cr_assert_eq(target_open(&t, store(), "thunderbird", true, in("state"), &e), 0,
		"%s", e.message);
	cr_assert_eq(target_replace(&t, text_of(bytes), journal, &record, &e), 0, "%s",
		e.message);
	target_close(&t);
	return file_of_row(record.row);
}

static bool
is_applied(void)
{
	bool applied;

	cr_assert_eq(journal_applied(journal, store(), in("m"), &applied, &e), 0);
	return applied;
}

static struct undo_result
undone(const struct journal_file *f, bool from_backup)
{
	struct undo_result r;

	cr_assert_eq(
		undo_file(journal, f, from_backup, NULL, &r, &e), 0, "%s", e.message);
	cr_assert_eq(file_of_row(f->row).state, JOURNAL_UNDONE);
	cr_assert_not(is_applied());
	return r;
}

static void
refused(const struct journal_file *f, bool from_backup, enum err_kind kind,
	const char *words)
{
	struct undo_result r;

	cr_assert_eq(undo_file(journal, f, from_backup, NULL, &r, &e), -1);
	cr_assert_eq(e.kind, kind, "%s", e.message);
	cr_assert_not_null(strstr(e.message, words), "%s", e.message);
}

Test(undo, unchanged_file_gets_the_very_bytes)
{
	struct journal_file f = apply(NEW);
	struct stat st;

	cr_assert(is_applied());
	struct undo_result r = undone(&f, false);
	cr_assert(r.whole);
	holds(store(), OLD);
	cr_assert_eq(stat(store(), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0640);
}

Test(undo, has_a_row_and_a_backup_of_its_own)
{
	struct journal_file f = apply(NEW), *files;
	size_t n;

	undone(&f, false);
	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 2);
	cr_assert_eq(files[0].undoes, f.row);
	cr_assert_eq(files[0].state, JOURNAL_DONE);
	cr_assert_str_eq(files[0].map_id, "");
	holds(files[0].old_copy, NEW);
}

Test(undo, keeps_todays_mode)
{
	struct journal_file f = apply(NEW);
	struct stat st;

	cr_assert_eq(chmod(store(), 0600), 0);
	undone(&f, false);
	cr_assert_eq(stat(store(), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
}

Test(undo, twice_is_refused)
{
	struct journal_file f = apply(NEW);

	undone(&f, false);
	f = file_of_row(f.row);
	refused(&f, false, ERR_GUARD, "has been taken back already");
	holds(store(), OLD);
}

Test(undo, of_an_undo_is_refused)
{
	struct journal_file f = apply(NEW), *files;
	size_t n;

	undone(&f, false);
	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	refused(&files[0], false, ERR_USAGE, "is an undo itself");
}

Test(undo, and_apply_again)
{
	struct journal_file f = apply(NEW);

	undone(&f, false);
	f = apply(NEW);
	cr_assert(is_applied());
	holds(store(), NEW);
	undone(&f, false);
	holds(store(), OLD);
}

/* The user has put the backup back by hand. */
Test(undo, of_a_file_that_is_as_before_only_marks_it)
{
	struct journal_file f = apply(NEW), *files;
	size_t n;

	put_file(store(), OLD);
	struct undo_result r = undone(&f, false);
	cr_assert(r.whole);
	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 1);
}

/* The client's next check: another order, B gone from the server, one new message. */
Test(undo, changed_file_gets_the_inverse_edits)
{
	struct journal_file f = apply(NEW);

	put_file(store(), HEAD "*new.example lab\nk NNNNNNNNNNNN 1700000009\n"
			       "k reuidl-00000000000000000000000000000000 1700000003\n"
			       "d AAAAAAAAAAAA 1700000001\n"
			       "k zzzzzzzzzzzz 1700000004\n");
	struct undo_result r = undone(&f, false);
	cr_assert_not(r.whole);
	cr_assert_eq(r.taken_back, 3, "a, c and the host: %zu", r.taken_back);
	cr_assert_eq(r.left, 1, "b: %zu", r.left);
	holds(store(), HEAD "*old.example lab\nk NNNNNNNNNNNN 1700000009\n"
			    "k cccccccccccc 1700000003\n"
			    "d aaaaaaaaaaaa 1700000001\n"
			    "k zzzzzzzzzzzz 1700000004\n");
}

/* The old UIDL is back in the file already: two records of one UIDL are never made. */
Test(undo, leaves_what_another_record_has)
{
	struct journal_file f = apply(NEW);

	put_file(store(), HEAD
		"*new.example lab\nk AAAAAAAAAAAA 1700000001\nk aaaaaaaaaaaa 1700000009\n"
		"k BBBBBBBBBBBB 1700000002\n");
	struct undo_result r = undone(&f, false);
	cr_assert_eq(r.taken_back, 2, "%zu", r.taken_back);
	cr_assert_eq(r.left, 2, "%zu", r.left);
	holds(store(), HEAD
		"*old.example lab\nk AAAAAAAAAAAA 1700000001\nk aaaaaaaaaaaa 1700000009\n"
		"k bbbbbbbbbbbb 1700000002\n");
}

/* Counters: a permutation of the same UIDLs, and the client has added one. */
Test(undo, gives_a_permutation_back_whole)
{
	put_file(store(), HEAD "*h u\nk 1 11\nk 2 12\nk 3 13\nk 4 14\n");
	struct journal_file f = apply(HEAD "*h u\nk 2 11\nk 3 12\nk 1 13\nk 4 14\n");

	put_file(store(), HEAD "*h u\nk 2 11\nk 3 12\nk 1 13\nk 4 14\nk 5 15\n");
	struct undo_result r = undone(&f, false);
	cr_assert_eq(r.taken_back, 3);
	cr_assert_eq(r.left, 0);
	holds(store(), HEAD "*h u\nk 1 11\nk 2 12\nk 3 13\nk 4 14\nk 5 15\n");
}

/* 1->2, 2->3, 3->9, and the client has a new 1: then 2 must stay, then 3, then 9. */
Test(undo, leaves_a_chain_whose_end_is_held)
{
	put_file(store(), HEAD "*h u\nk 1 11\nk 2 12\nk 3 13\nk 4 14\n");
	struct journal_file f = apply(HEAD "*h u\nk 2 11\nk 3 12\nk 9 13\nk 8 14\n");

	put_file(store(), HEAD "*h u\nk 9 13\nk 3 12\nk 2 11\nk 8 14\nk 1 15\n");
	struct undo_result r = undone(&f, false);
	cr_assert_eq(r.taken_back, 1);
	cr_assert_eq(r.left, 3);
	holds(store(), HEAD "*h u\nk 9 13\nk 3 12\nk 2 11\nk 4 14\nk 1 15\n");
}

Test(undo, with_nothing_of_ours_left_only_marks_it)
{
	struct journal_file f = apply(NEW), *files;
	size_t n;

	put_file(store(), HEAD "*third.example lab\nk QQQQQQQQQQQQ 1700000009\n");
	struct undo_result r = undone(&f, false);
	cr_assert_not(r.whole);
	cr_assert_eq(r.taken_back, 0);
	cr_assert_eq(r.left, 4);
	holds(store(), HEAD "*third.example lab\nk QQQQQQQQQQQQ 1700000009\n");
	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 1);
}

Test(undo, from_backup_restores_and_says_what_is_forgotten)
{
	struct journal_file f = apply(NEW);

	/* Forgotten: N and M. A is a; z was there. */
	put_file(store(), HEAD
		"*new.example lab\nk NNNNNNNNNNNN 1700000009\nk AAAAAAAAAAAA 1700000001\n"
		"k MMMMMMMMMMMM 1700000010\nk zzzzzzzzzzzz 1700000004\n");
	struct undo_result r = undone(&f, true);
	cr_assert(r.whole);
	cr_assert_eq(r.forgotten, 2, "%zu", r.forgotten);
	cr_assert_not(r.unreadable);
	holds(store(), OLD);
}

Test(undo, from_backup_of_a_file_that_cannot_be_read_any_more)
{
	struct journal_file f = apply(NEW);

	put_file(store(), "<html>\n");
	refused(&f, false, ERR_DATA, "popstate.dat");
	struct undo_result r = undone(&f, true);
	cr_assert(r.whole);
	cr_assert(r.unreadable);
	holds(store(), OLD);
}

Test(undo, damaged_backup_is_refused_in_words)
{
	struct journal_file f = apply(NEW);

	put_file(f.old_copy, OLD "x");
	refused(&f, false, ERR_DATA, "this backup is damaged");
	cr_assert_not_null(strstr(e.message, "1.old"), "%s", e.message);
	refused(&f, true, ERR_DATA, "this backup is damaged");
	holds(store(), NEW);
	cr_assert(is_applied());
}

Test(undo, damaged_copy_of_the_new_file_refuses_the_inverse_edits)
{
	struct journal_file f = apply(NEW);

	put_file(f.new_copy, "");
	put_file(store(), NEW "\nk NNNNNNNNNNNN 1700000009\n");
	refused(&f, false, ERR_DATA, "this backup is damaged");
	holds(store(), NEW "\nk NNNNNNNNNNNN 1700000009\n");
}

Test(undo, backup_that_is_gone_is_refused_in_words)
{
	struct journal_file f = apply(NEW);

	cr_assert_eq(unlink(f.old_copy), 0);
	refused(&f, false, ERR_NO_STORE, "1.old: cannot open");
	holds(store(), NEW);
}

Test(undo, store_that_is_gone_names_the_backup)
{
	struct journal_file f = apply(NEW);

	cr_assert_eq(unlink(store()), 0);
	refused(&f, false, ERR_NO_STORE, f.old_copy);
	refused(&f, true, ERR_NO_STORE, f.old_copy);
}

/* Died between the undo's rename and its "done": the next run finishes both rows. */
Test(undo, that_died_is_finished_with_what_it_undoes)
{
	struct journal_file f = apply(NEW);
	struct journal_file u = {
		.run = journal_new_run(&arena),
		.path = f.path,
		.temporary = in(".reuidl-0123456789abcdef.tmp"),
		.format = f.format,
		.undoes = f.row,
		.old_digest = digest_of(text_of(NEW)),
	};

	cr_assert_eq(
		journal_keep(journal, &arena, &u, text_of(NEW), text_of(OLD), &e), 0);
	cr_assert_eq(journal_prepare(journal, &u, &e), 0);
	put_file(store(), OLD);
	cr_assert(is_applied());
	cr_assert_eq(replace_recover(journal, NULL, NULL, &e), 0, "%s", e.message);
	cr_assert_eq(file_of_row(u.row).state, JOURNAL_DONE);
	cr_assert_eq(file_of_row(f.row).state, JOURNAL_UNDONE);
	cr_assert_not(is_applied());
}

/* Two blocks: what the client has added to the other account is not ours. */
Test(undo, does_not_touch_another_accounts_record)
{
	static const char path[] = "SeaMonkey";

	cr_assert_eq(mkdir(in(path), 0700), 0);
	put_file(in("SeaMonkey/popstate.dat"), HEAD "*h u\nk 1 11\n*g v\nk 7 12\n");
	struct journal_file record = {.map_id = in("m")};
	struct target t;
	struct store s;
	struct undo_result r;

	cr_assert_eq(target_open(&t, in("SeaMonkey/popstate.dat"), "thunderbird", true,
			     in("state"), &e),
		0, "%s", e.message);
	cr_assert_eq(store_read(&s, t.format, &t.source, &e), 0, "%s", e.message);
	bool merged = s.merged;
	store_release(&s);
	cr_assert_eq(target_replace(&t, text_of(HEAD "*h u\nk 2 11\n*g v\nk 7 12\n"),
			     journal, &record, &e),
		0, "%s", e.message);
	struct journal_file f = file_of_row(record.row);
	target_close(&t);
	cr_assert_not(merged);
	put_file(in("SeaMonkey/popstate.dat"),
		HEAD "*h u\nk 2 11\n*g v\nk 7 12\nk 2 13\n");
	cr_assert_eq(undo_file(journal, &f, false, NULL, &r, &e), 0, "%s", e.message);
	cr_assert_eq(r.taken_back, 1);
	holds(in("SeaMonkey/popstate.dat"), HEAD "*h u\nk 1 11\n*g v\nk 7 12\nk 2 13\n");
}
