/*
 * A message cache that follows its store (Evolution's). A file's content says whose message
 * it is. The order of the phases is proved by tests/crash.sh.
 */
#include <criterion/criterion.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_moves.h"
#include "base/os_file.h"
#include "model/camel.h"
#include "work/companions.h"
#include "work/dates.h"
#include "work/undo.h"

#define BASE  ".local/share/evolution/mail/abc"
#define STORE BASE "/uid-cache"
/* UIDLs that no counter makes. */
#define A(n) "00000001aaaa000" #n
#define B(n) "00000002bbbb000" #n

static char dir[64];
static struct arena arena;
static struct journal *journal;
static struct err e;

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
put(const char *name, const char *bytes)
{
	char *path = in(name);

	*strrchr(path, '/') = '\0';
	cr_assert_eq(os_make_folders(path, &e), 0, "%s", e.message);
	FILE *f = fopen(in(name), "w");
	cr_assert_not_null(f, "%s", name);
	cr_assert_geq(fputs(bytes, f), 0);
	fclose(f);
}

/* The content; "" if there is no such file. */
static char *
get(const char *name)
{
	struct os_stat st;
	char *bytes;
	size_t len;

	if (!os_exists(in(name)))
		return "";
	cr_assert_eq(
		os_read(in(name), 1 << 20, &bytes, &len, &st, &e), 0, "%s", e.message);
	char *kept = arena_string(&arena, (struct text){bytes, len});
	free(bytes);
	return kept;
}

static char *
name_in(const char *folder, struct text uidl)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	camel_cache_name(uidl, &b);
	char *name = arena_print(&arena, "%s/%.*s", folder, TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	return name;
}

static char *
cached(const char *uidl)
{
	return name_in(BASE "/cache", text_of(uidl));
}

static void
put_cached(const char *uidl, const char *message)
{
	put(cached(uidl), message);
}

static char *
tombstone(const char *uidl)
{
	char name[TOMBSTONE_LEN + 1];
	struct map_info info;
	struct map *m;

	cr_assert_eq(map_open(in("map"), &m, &e), 0, "%s", e.message);
	cr_assert_eq(map_info(m, &arena, &info, &e), 0);
	map_close(m);
	plan_tombstone(info.id, text_of(uidl), name);
	return arena_string(&arena, text_of(name));
}

static void
assert_cached(const char *uidl, const char *message)
{
	cr_expect_str_eq(get(cached(uidl)), message, "%s is \"%s\", want \"%s\"", uidl,
		get(cached(uidl)), message);
}

/* Names in the cache, all its folders. */
static size_t
count_cached(void)
{
	char **subs, **names;
	size_t n, nsubs, all = 0;

	cr_assert_eq(os_list(&arena, in(BASE "/cache"), &subs, &nsubs, &e), 0);
	for (size_t i = 0; i < nsubs; i++)
		if (os_list(&arena,
			    arena_print(&arena, "%s/%s", in(BASE "/cache"), subs[i]),
			    &names, &n, &e) == 0)
			all += n;
	return all;
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/reuidl-cache-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	put("state/x", "");
	cr_assert_eq(journal_open(in("state"), &journal, &e), 0, "%s", e.message);
}

static void
end(void)
{
	journal_close(journal);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(&arena);
}

TestSuite(cache, .init = begin, .fini = end);

static char new_scheme[8];
/* What companions_prepare() must refuse with; NULL: it must not. */
static const char *refusal;

/* Applies the pairs (CSV lines) as `apply` does; `left` (may be NULL) is called when all is
 * set aside and the store is still the old one. */
static void
apply(const char *store, const char *pairs, void (*between)(void), struct companions *c)
{
	struct map_side sides[2] = {{.host = (char[]){"old.example"},
					    .user = (char[]){"ann"},
					    .scheme = (char[]){""}},
		{.host = (char[]){"new.example"},
			.user = (char[]){"ann"},
			.scheme = new_scheme}};
	struct plan_options o = {.now = os_now(), .before_first_contact = true};
	struct companions_options co = {.no_mail = true};
	struct settings settings = {.known = true,
		.leave_on_server = true,
		.host = text_of("old.example"),
		.user = text_of("ann")};
	struct target t;
	struct store s;
	struct plan p;
	struct map *m;
	struct buf out;

	put("pairs.csv", arena_print(&arena, "old_uidl,new_uidl,evidence\n%s", pairs));
	unlink(in("map"));
	cr_assert_eq(map_import_csv(in("pairs.csv"), in("map"), sides, o.now, &e), 0,
		"%s", e.message);
	cr_assert_eq(map_open(in("map"), &m, &e), 0, "%s", e.message);
	cr_assert_eq(target_open(&t, in(store), NULL, true, in("state"), &e), 0, "%s",
		e.message);
	cr_assert_eq(store_read(&s, t.format, &t.source, &e), 0);
	cr_assert_eq(plan_make(&p, &s, &settings, m, journal, &o, &e), 0);
	cr_assert_eq(p.state, PLAN_READY, "%s", p.refusal.message);
	buf_init(&out, 1 << 20);
	cr_assert_eq(store_write(&s, p.edits, p.nedits, &out, &e), 0);
	cr_assert_eq(companions_plan(c, &t, &settings, &p, &s, m, &co, &e), 0, "%s",
		e.message);
	struct journal_file record = {.run = journal_new_run(&arena)};
	int rc = companions_prepare(c, journal, &t, record.run, &e);
	cr_assert_eq(rc, refusal != NULL ? -1 : 0, "%s", e.message);
	if (refusal != NULL)
		cr_expect_not_null(strstr(e.message, refusal), "%s", e.message);
	if (between != NULL)
		between();
	if (refusal == NULL) {
		cr_assert_eq(target_replace(&t, buf_text(&out), journal, &record, &e), 0,
			"%s", e.message);
		cr_assert_eq(companions_finish(c, journal, &e), 0, "%s", e.message);
	}
	buf_release(&out);
	plan_release(&p);
	store_release(&s);
	target_close(&t);
	map_close(m);
}

static struct undo_result
undo(void)
{
	struct journal_file *files;
	struct undo_result r = {0};
	size_t n;

	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		if (files[i].undoes == 0 && files[i].state == JOURNAL_DONE) {
			cr_assert_eq(undo_file(journal, &files[i], false, NULL, &r, &e),
				0, "%s", e.message);
			return r;
		}
	cr_assert_fail("there is nothing to undo");
	return r;
}

Test(cache, files_follow_their_records)
{
	struct companions c;

	put(STORE, A(1) "\n" A(2) "\n" A(3) "\n");
	put_cached(A(1), "one");
	put_cached(A(2), "two");
	put_cached(A(4), "four, of no record");
	apply(STORE, A(1) "," B(2) ",import\n" A(2) "," B(1) ",import\n" A(3) ",,\n",
		NULL, &c);
	cr_expect_eq(c.cache.follow, 2);
	cr_expect_eq(c.cache.aside, 0);
	companions_release(&c);
	assert_cached(B(2), "one");
	assert_cached(B(1), "two");
	assert_cached(A(4), "four, of no record");
	cr_expect_eq(count_cached(), 3);
	struct undo_result r = undo();
	cr_expect_eq(r.cache_back, 2);
	cr_expect_eq(r.cache_left, 0);
	assert_cached(A(1), "one");
	assert_cached(A(2), "two");
	cr_expect_eq(count_cached(), 3);
}

/* Old 1, 2, 3 are new 2, 1 and none; 3, 4, 5 there are messages that nobody has read. */
Test(cache, no_file_is_taken_for_a_new_message)
{
	struct companions c;

	put(STORE, "1\n2\n3\n");
	put_cached("1", "one");
	put_cached("2", "two");
	put_cached("3", "three, which is gone");
	put_cached("4", "four, of no record");
	put_cached("77", "of long ago");
	put_cached(A(5), "five, of no record, where the new server has another");
	apply(STORE, "1,2,import\n2,1,import\n3,,\n,3,\n,4,\n,5,\n," A(5) ",\n", NULL,
		&c);
	cr_expect_eq(c.cache.follow, 2);
	cr_expect_eq(c.cache.aside, 4);
	companions_release(&c);
	assert_cached("2", "one");
	assert_cached("1", "two");
	assert_cached("3", "");
	assert_cached("4", "");
	assert_cached("77", "");
	assert_cached(A(5), "");
	assert_cached(tombstone("3"), "three, which is gone");
	assert_cached(tombstone("4"), "four, of no record");
	assert_cached(tombstone("77"), "of long ago");
	undo();
	assert_cached("1", "one");
	assert_cached("2", "two");
	assert_cached("3", "three, which is gone");
	assert_cached("4", "four, of no record");
	assert_cached("77", "of long ago");
	cr_expect_eq(count_cached(), 6);
}

/* The same message under the same UIDL stays; one that only the new list has, of a client
 * that has been there, is set aside with its record. */
Test(cache, what_is_proved_stays)
{
	struct companions c;

	put(STORE, A(1) "\n" A(2) "\n");
	put_cached(A(1), "one");
	put_cached(A(2), "two");
	put_cached("reuidl-0123456789abcdef0123456789abcdef", "of an earlier run");
	apply(STORE, A(1) "," A(1) ",import\n" A(2) "," B(2) ",import\n", NULL, &c);
	companions_release(&c);
	assert_cached(A(1), "one");
	assert_cached(B(2), "two");
	assert_cached("reuidl-0123456789abcdef0123456789abcdef", "of an earlier run");
	cr_expect_eq(count_cached(), 3);
}

static void
look_between(void)
{
	assert_cached("1", "");
	assert_cached("2", "");
	assert_cached(tombstone("1"), "one");
	/* The client has died, and somebody has put this there. */
	put_cached("2", "another one");
}

Test(cache, no_file_is_replaced)
{
	struct companions c;

	put(STORE, "1\n");
	put_cached("1", "one");
	apply(STORE, "1,2,import\n", look_between, &c);
	cr_expect_eq(c.cache.follow, 0);
	cr_expect_eq(c.cache.lost, 1);
	companions_release(&c);
	assert_cached("2", "another one");
	assert_cached(tombstone("1"), "one");
	/* And back from where it was left; the other one bears a counter's name. */
	struct undo_result r = undo();
	cr_expect_eq(r.cache_back, 1);
	assert_cached("1", "one");
	assert_cached("2", "");
	cr_expect_eq(count_cached(), 2);
}

/* --- straight ---------------------------------------------------------------------- */

/* Of these, how many were moved before the store was replaced. */
static const char *watched[4];
static size_t nmoved;

static void
count_moved(void)
{
	nmoved = 0;
	for (size_t i = 0; watched[i] != NULL; i++)
		nmoved += os_exists(in(cached(tombstone(watched[i]))));
}

/* The only name that is nobody else's on either server, before and after. */
Test(cache, what_no_server_gives_again_goes_straight)
{
	static const struct {
		const char *what, *from, *to, *more;
		size_t moved;
	} row[] = {
		{"both names are its own", A(1), B(1), "", 0},
		{"its name is a new message's", A(1), B(1), "," A(1) ",\n", 1},
		{"its new name is an old message's", A(1), B(1), B(1) ",,\n", 1},
		{"a counter gives its new name", A(1), "7", "", 1},
		{"a counter gave its name", "7", B(1), "", 1},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct companions c;

		put(STORE, arena_print(&arena, "%s\n", row[i].from));
		put_cached(row[i].from, "one");
		watched[0] = row[i].from;
		apply(STORE,
			arena_print(&arena, "%s,%s,import\n%s", row[i].from, row[i].to,
				row[i].more),
			count_moved, &c);
		cr_expect_eq(nmoved, row[i].moved, "%s: %zu", row[i].what, nmoved);
		cr_expect_eq(c.cache.follow, 1, "%s", row[i].what);
		companions_release(&c);
		assert_cached(row[i].to, "one");
		cr_expect_eq(count_cached(), 1, "%s", row[i].what);
		cr_expect_eq(undo().cache_back, 1, "%s", row[i].what);
		assert_cached(row[i].from, "one");
		cr_expect_eq(count_cached(), 1, "%s", row[i].what);
		unlink(in(cached(row[i].from)));
	}
}

/* Another client's list: the server may have any UIDL besides. */
Test(cache, beside_a_store_nothing_is_sure)
{
	struct companions c;

	put(STORE, A(1) "\n");
	put_cached(A(1), "one");
	put_cached(A(3), "of no record");
	watched[0] = A(1);
	watched[1] = A(3);
	snprintf(new_scheme, sizeof(new_scheme), "store");
	apply(STORE, A(1) "," B(1) ",import\n", count_moved, &c);
	cr_expect_eq(nmoved, 2);
	companions_release(&c);
	assert_cached(B(1), "one");
	assert_cached(tombstone(A(3)), "of no record");
}

/* A file of that name, of whatever message: it gives way, and then all goes well. */
Test(cache, a_name_that_is_taken_is_waited_for)
{
	struct companions c;

	put(STORE, A(1) "\n" A(2) "\n");
	put_cached(A(1), "one");
	put_cached(A(2), "two");
	put_cached(B(1), "nobody knows whose");
	watched[0] = A(1);
	watched[1] = A(2);
	apply(STORE, A(1) "," B(1) ",import\n" A(2) "," B(2) ",import\n", count_moved,
		&c);
	cr_expect_eq(nmoved, 1);
	cr_expect_eq(c.cache.follow, 2);
	cr_expect_eq(c.cache.aside, 1);
	companions_release(&c);
	assert_cached(B(1), "one");
	assert_cached(B(2), "two");
	assert_cached(tombstone(B(1)), "nobody knows whose");
	undo();
	assert_cached(A(1), "one");
	assert_cached(A(2), "two");
	assert_cached(B(1), "nobody knows whose");
}

static void
take_name(void)
{
	assert_cached(A(1), "one");
	put_cached(B(1), "another one");
}

Test(cache, no_file_is_replaced_straight)
{
	struct companions c;

	put(STORE, A(1) "\n");
	put_cached(A(1), "one");
	apply(STORE, A(1) "," B(1) ",import\n", take_name, &c);
	cr_expect_eq(c.cache.follow, 0);
	cr_expect_eq(c.cache.lost, 1);
	companions_release(&c);
	assert_cached(B(1), "another one");
	assert_cached(A(1), "one");
	struct undo_result r = undo();
	cr_expect_eq(r.cache_back, 1);
	cr_expect_eq(r.cache_left, 0);
	assert_cached(A(1), "one");
	assert_cached(B(1), "another one");
}

/* What the client has fetched since is no more what was moved. */
Test(cache, undo_moves_only_what_was_moved)
{
	struct companions c;

	put(STORE, "1\n2\n3\n");
	put_cached("1", "one");
	put_cached("2", "two");
	put_cached("3", "three");
	apply(STORE, "1,2,import\n2,1,import\n3,4,import\n", NULL, &c);
	companions_release(&c);
	unlink(in(cached("2")));
	put_cached("2", "one, fetched again");
	unlink(in(cached("4")));
	struct undo_result r = undo();
	cr_expect_eq(r.cache_back, 1);
	cr_expect_eq(r.cache_left, 2);
	assert_cached("1", "");
	assert_cached("2", "two");
	assert_cached("3", "");
	cr_expect_eq(count_cached(), 2);
}

Test(cache, names_of_others_and_links_are_left_alone)
{
	struct companions c;

	put(STORE, "1\n2\n");
	put_cached("1", "one");
	put("away/2", "two, elsewhere");
	/* 2 belongs into 2e, 1 into the same; 12 into 06. */
	put(BASE "/cache/06/1", "not where camel puts it");
	put(BASE "/cache/06/12~", "a copy of somebody's");
	put(BASE "/cache/00/%31", "not how camel spells it");
	cr_assert_eq(symlink(in("away"), in(BASE "/cache/2f")), 0);
	put("away/2x", "");
	apply(STORE, "1,2,import\n2,1,import\n,12,\n", NULL, &c);
	cr_expect_eq(c.cache.follow, 1);
	cr_expect_eq(c.cache.aside, 0);
	companions_release(&c);
	assert_cached("2", "one");
	cr_expect_str_eq(get(BASE "/cache/06/1"), "not where camel puts it");
	cr_expect_str_eq(get(BASE "/cache/00/%31"), "not how camel spells it");
	cr_expect_str_eq(get("away/2"), "two, elsewhere");
}

/* Until 3.1 it is not beside the store where the account has a mechanism. */
Test(cache, two_folders)
{
	static const char old[] = ".evolution/mail/pop/ann_auth=+APOP@old.example";
	static const char other[] = ".evolution/mail/pop/ann@old.example/cache";
	struct companions c;

	put(arena_print(&arena, "%s/uid-cache", old), A(1) "\n" A(2) "\n");
	char *beside = arena_print(&arena, "%s/cache", old);
	put(name_in(beside, text_of(A(1))), "one");
	put(name_in(other, text_of(A(1))), "one, too");
	put(name_in(other, text_of(A(2))), "two");
	apply(arena_print(&arena, "%s/uid-cache", old),
		A(1) "," B(1) ",import\n" A(2) "," B(2) ",import\n", NULL, &c);
	cr_expect_eq(c.cache.follow, 3);
	companions_release(&c);
	cr_expect_str_eq(get(name_in(beside, text_of(B(1)))), "one");
	cr_expect_str_eq(get(name_in(other, text_of(B(1)))), "one, too");
	cr_expect_str_eq(get(name_in(other, text_of(B(2)))), "two");
	undo();
	cr_expect_str_eq(get(name_in(beside, text_of(A(1)))), "one");
	cr_expect_str_eq(get(name_in(other, text_of(A(1)))), "one, too");
}

Test(cache, odd_names_and_folders_that_are_not_there)
{
	static const char odd[] = "<%a@b*'1>$#,V=x\\y\"z;";
	struct companions c;

	put(STORE, arena_print(&arena, "%s\n", odd));
	put_cached(odd, "odd");
	put("pairs", "");
	apply(STORE, "\"<%a@b*'1>$#,V=x\\y\"\"z;\",\"1/(V),?\",import\n", NULL, &c);
	cr_expect_eq(c.cache.follow, 1);
	companions_release(&c);
	cr_expect_str_eq(get(BASE "/cache/27/1%2f%28V%29,%3f"), "odd");
	struct stat st;
	cr_assert_eq(stat(in(BASE "/cache/27"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700);
	undo();
	cr_expect_str_eq(
		get(BASE "/cache/0c/%3c%25a@b%2a%271%3e$%23,V=x%5cy%22z;"), "odd");
}

/* No cache, no row in the journal. */
Test(cache, none)
{
	struct companions c;

	put(STORE, A(1) "\n");
	apply(STORE, A(1) "," B(1) ",import\n", NULL, &c);
	cr_expect_eq(c.cache.set.row, 0);
	companions_release(&c);
	undo();
}

/* From the files that the client takes it from. */
Test(cache, dates)
{
	static const char date[] = "Date: Thu, 19 Nov 2026 14:26:53 +0000\n";
	struct settings set = {.known = true, .by_message_date = true};
	struct target t;
	struct store s;

	char x[9000];

	put(STORE, "1\n2\n3\n4\n5\n6\n7\n8\n");
	put_cached("1", arena_print(&arena, "#From: a\n%s\nbody", date));
	put_cached("2", arena_print(&arena, "*From: a\n%s\nbody", date));
	put_cached("3", "#From: a\n\nbody");
	put_cached("4", arena_print(&arena, "%sFrom: a\n\nbody", date));
	/* Across the end of what is read first; before it, and once more behind it. */
	memset(x, 'x', sizeof(x));
	put_cached("6", arena_print(&arena, "#X: %.8160s\n%s\nbody", x, date));
	put_cached("7", arena_print(&arena, "#%sX: %.9000s\n%s\nbody", date, x, date));
	put_cached("8", arena_print(&arena, "#%sX: %.9000s\n\nbody", date, x));
	cr_assert_eq(target_open(&t, in(STORE), NULL, false, in("state"), &e), 0);
	cr_assert_eq(store_read(&s, t.format, &t.source, &e), 0);
	dates_read(&s, &t, &set);
	cr_expect_null(s.dates);
	set.delete_after_days = 7;
	dates_read(&s, &t, &set);
	/* An incomplete file is fetched again. */
	static const uint32_t want[] = {
		1795098413, 0, 0, 1795098413, 0, 1795098413, 0, 1795098413};
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		cr_expect_eq(s.dates[i], want[i], "%zu: %u", i + 1, s.dates[i]);
	store_release(&s);
	target_close(&t);
}

/* Known before the store is replaced, of every folder that is to get a file: else the
 * cache would be half moved, and the next run could not do it either. */
Test(cache, a_folder_that_takes_no_names_is_known_at_once)
{
	static const char *const to[] = {B(1), "7"};
	static const char name[] = BASE "/cache/%s";

	for (size_t i = 0; i < 2; i++) {
		struct companions c;
		char sub[3] = "";
		char *path = cached(to[i]);

		memcpy(sub, strrchr(path, '/') - 2, 2);
		put(STORE, A(1) "\n" A(2) "\n");
		put_cached(A(1), "one");
		put_cached(A(2), "two");
		rmdir(in(arena_print(&arena, name, sub)));
		put(arena_print(&arena, name, sub), "no folder");
		refusal = arena_print(&arena,
			"/%s: cannot give a file another name there: Not a directory; "
			"nothing was changed",
			path + strlen(path) - strlen(to[i]) - 3);
		apply(STORE, arena_print(&arena, A(1) ",%s,import\n" A(2) ",,\n", to[i]),
			NULL, &c);
		companions_release(&c);
		assert_cached(A(1), "one");
		assert_cached(A(2), "two");
		cr_expect_str_eq(get(STORE), A(1) "\n" A(2) "\n");
	}
}

/* --- the moves themselves ---------------------------------------------------------- */

Test(cache, moves_follow_no_link_and_leave_the_folder_never)
{
	static const char *const outside[] = {"2f/2", "../away/2", "2e/../../away/2",
		"2e/..", "2", "/2", "2e/", "/etc/passwd"};
	struct os_stat st;
	struct os_moves *m;

	put("c/2e/1", "one");
	put("away/2", "two");
	cr_assert_eq(symlink(in("away"), in("c/2f")), 0);
	cr_assert_eq(symlink(in("away/2"), in("c/2e/link")), 0);
	cr_assert_eq(os_moves_open(&m, in("c"), &e), 0, "%s", e.message);
	cr_expect_eq(os_moves_stat(m, "2e/1", &st), 0);
	cr_expect_eq(os_moves_stat(m, "2e/link", &st), -1);
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
		cr_expect_eq(os_moves_stat(m, outside[i], &st), -1, "%s", outside[i]);
		cr_expect_eq(
			os_moves_move(m, "2e/1", outside[i], &e), -1, "%s", outside[i]);
		cr_expect_eq(
			os_moves_move(m, outside[i], "2e/9", &e), -1, "%s", outside[i]);
	}
	cr_expect_str_eq(get("c/2e/1"), "one");
	cr_expect_str_eq(get("away/2"), "two");
	os_moves_close(m);
}

/* Where a file system has no other way, a move that died has left both names. */
Test(cache, a_move_that_died_between_two_names)
{
	struct os_moves *m;

	put("c/2e/1", "one");
	put("c/06/3", "three");
	cr_assert_eq(link(in("c/2e/1"), in("c/06/2")), 0);
	cr_assert_eq(os_moves_open(&m, in("c"), &e), 0, "%s", e.message);
	cr_expect_eq(os_moves_move(m, "2e/1", "06/2", &e), 0, "%s", e.message);
	cr_expect_not(os_exists(in("c/2e/1")));
	cr_expect_str_eq(get("c/06/2"), "one");
	cr_expect_eq(os_moves_move(m, "06/2", "06/3", &e), 1);
	cr_expect_str_eq(get("c/06/3"), "three");
	os_moves_close(m);
}

/* Each file into another folder, half of which are not there yet. */
static void
move_among(int folders)
{
	struct os_moves *m;
	struct os_stat st;

	for (int i = 0; i < folders; i++)
		put(arena_print(&arena, "d/%02x/%d", i, i), arena_print(&arena, "%d", i));
	cr_assert_eq(os_moves_open(&m, in("d"), &e), 0, "%s", e.message);
	for (int i = 0; i < folders; i++) {
		char *from = arena_print(&arena, "%02x/%d", i, i);
		char *to =
			arena_print(&arena, "%02x/n%d", (i * 7 + 3) % (folders * 2), i);
		cr_assert_eq(os_moves_stat(m, from, &st), 0, "%s", from);
		cr_assert_eq(os_moves_move(m, from, to, &e), 0, "%s", e.message);
		cr_assert_eq(os_moves_stat(m, from, &st), -1, "%s", from);
	}
	cr_expect_eq(os_moves_sync(m, &e), 0, "%s", e.message);
	os_moves_close(m);
	for (int i = 0; i < folders; i++)
		cr_expect_str_eq(get(arena_print(&arena, "d/%02x/n%d",
					 (i * 7 + 3) % (folders * 2), i)),
			arena_print(&arena, "%d", i));
}

Test(cache, moves_among_more_folders_than_are_kept_open)
{
	move_among(200);
}

Test(cache, moves_among_more_folders_than_may_be_open)
{
	struct rlimit few;
	int fd[64], n = 0;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &few), 0);
	few.rlim_cur = 64;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (n < 64 && (fd[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	cr_assert_geq(n, 4);
	for (int i = 0; i < 4; i++)
		close(fd[--n]);
	move_among(40);
	for (int i = 0; i < 4; i++)
		cr_expect_geq(
			open("/dev/null", O_RDONLY | O_CLOEXEC), 0, "one is left open");
}
