/*
 * The capture's file: what is written is read back, and by the sqlite3 shell, which also
 * does the damage.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "map/capture.h"

static char folder[] = "/tmp/capture-test-XXXXXX";
static char path[128];
static struct err e;

static void
run(const char *fmt, const char *a, const char *b)
{
	char command[1024];
	snprintf(command, sizeof(command), fmt, a, b);
	FILE *p = popen(command, "r");
	cr_assert_not_null(p);
	cr_assert_eq(pclose(p), 0, "%s", command);
}

static void
sql(const char *statement)
{
	run("sqlite3 '%s' \"%s\"", path, statement);
}

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/old.capture", folder);
}

static void
leave(void)
{
	run("rm -rf %s%s", folder, "");
}

TestSuite(capture, .init = enter, .fini = leave, .timeout = 30);

static char host[] = "old.example", user[] = "ann", scheme[] = "pop3s", other[] = "bob";
static const struct map_side side = {
	.host = host, .user = user, .scheme = scheme, .port = 995};

static const char *const uidls[] = {
	"1000.aaaaaaaaaa", "1000.bbbbbbbbbb", "1000.cccccccccc", "1000.dddddddddd"};

static void
fill(struct listing *l, size_t n)
{
	*l = (struct listing){.whole = true};
	for (size_t i = 0; i < n; i++)
		listing_add(l, text_of(uidls[i]), 1000 + i);
	listing_mark(l);
}

/* Evidence in which every digest is all `seed`. */
static struct evidence
seeded(int seed, bool body)
{
	struct evidence ev = {
		.flags = MESSAGE_HEADER | MESSAGE_HAS_ID, .header_octets = 321};
	memset(&ev.strict, seed, sizeof(ev.strict));
	memset(&ev.loose, seed, sizeof(ev.loose));
	memset(&ev.id, seed, sizeof(ev.id));
	memset(&ev.damaged, seed, sizeof(ev.damaged));
	if (body) {
		ev.flags |= MESSAGE_BODY;
		memset(&ev.body, seed + 100, sizeof(ev.body));
	}
	return ev;
}

/* A capture of the first n messages: 0 with a body, 1 without, of the others nothing. */
static void
make(size_t n, bool finish)
{
	const struct text words[3] = {text_of("Mon"), text_of("ann"), text_of("hello")};
	struct evidence a = seeded(1, true), b = seeded(2, false);
	struct listing l;
	struct map *m;

	fill(&l, n);
	cr_assert_eq(capture_create(path, &side, &m, &e), 0, "%s", e.message);
	cr_assert_eq(map_list(m, SIDE_OLD, &l, false, &e), 0, "%s", e.message);
	cr_assert_eq(map_evidence(m, SIDE_OLD, 0, &a, &e), 0);
	cr_assert_eq(map_evidence(m, SIDE_OLD, 1, &b, &e), 0);
	cr_assert_eq(map_describe(m, SIDE_OLD, 1, words, &e), 0);
	if (finish)
		cr_assert_eq(capture_finish(m, 77, &e), 0, "%s", e.message);
	map_close(m);
	listing_release(&l);
}

/* All of it is read; -1 and `e` as soon as something is wrong. */
static int
read_all(size_t *rows)
{
	struct listing l = {.whole = true};
	struct evidence ev;
	struct map *m;
	size_t i;
	bool row = true;
	int r;

	*rows = 0;
	if (capture_open(path, &m, &e) == -1)
		return -1;
	r = capture_list(m, &l, &e);
	if (r == 0)
		r = capture_rewind(m, false, &e);
	while (r == 0 && row)
		if ((r = capture_next_evidence(m, &i, &ev, &row, &e)) == 0 && row)
			++*rows;
	listing_release(&l);
	map_close(m);
	return r;
}

Test(capture, gives_back_what_was_kept)
{
	struct listing l = {.whole = true};
	struct capture_info info;
	struct evidence ev, a = seeded(1, true);
	struct text words[3];
	struct arena arena = {0};
	struct os_stat st;
	struct map *m;
	size_t i;
	bool row;

	make(4, true);
	cr_assert_eq(os_stat(path, &st, &e), 0);
	cr_assert_eq(st.mode & 0777, 0600);
	cr_assert_eq(capture_open(path, &m, &e), 0, "%s", e.message);
	cr_assert_eq(capture_info(m, &arena, &info, &e), 0, "%s", e.message);
	cr_assert_str_eq(info.side.host, "old.example");
	cr_assert_str_eq(info.side.user, "ann");
	cr_assert_eq(info.side.port, 995);
	cr_assert(info.side.whole && info.side.count == 4 && info.finished == 77);
	cr_assert(info.headers == 2 && info.bodies == 1 && info.words == 1);
	cr_assert_leq(os_now() - info.since, 30);
	cr_assert_eq(capture_list(m, &l, &e), 0, "%s", e.message);
	cr_assert(l.n == 4 && l.at[3].size == 1003 && !strcmp(l.at[2].uidl, uidls[2]));
	cr_assert_eq(capture_rewind(m, false, &e), 0);
	cr_assert_eq(capture_next_evidence(m, &i, &ev, &row, &e), 0);
	cr_assert(
		row && i == 0 && digest_equal(&ev.body, &a.body) && ev.flags == a.flags);
	cr_assert_eq(capture_next_evidence(m, &i, &ev, &row, &e), 0);
	cr_assert(row && i == 1 && !(ev.flags & MESSAGE_BODY));
	cr_assert_eq(capture_next_evidence(m, &i, &ev, &row, &e), 0, "%s", e.message);
	cr_assert(!row);
	cr_assert_eq(capture_rewind(m, true, &e), 0);
	cr_assert_eq(capture_next_words(m, &i, words, &row, &e), 0);
	cr_assert(row && i == 1 && text_equal(words[2], text_of("hello")));
	map_close(m);
	listing_release(&l);
	arena_free(&arena);
}

Test(capture, an_interrupted_one_is_read_as_it_is)
{
	size_t rows;

	make(4, false);
	cr_assert_eq(read_all(&rows), 0, "%s", e.message);
	cr_assert_eq(rows, 2);
}

Test(capture, and_a_map_are_never_taken_for_each_other)
{
	struct map *m;

	make(4, true);
	cr_assert_eq(map_open(path, &m, &e), -1);
	cr_assert_eq(e.kind, ERR_DATA);
	cr_assert_not_null(strstr(e.message, "is a capture, not a map"), "%s", e.message);
	cr_assert_eq(map_create(path, (struct map_side[2]){side, side}, &m, &e), -1);
	cr_assert_eq(e.kind, ERR_DATA);
	unlink(path);
	cr_assert_eq(map_create(path, (struct map_side[2]){side, side}, &m, &e), 0);
	map_close(m);
	cr_assert_eq(capture_open(path, &m, &e), -1);
	cr_assert_not_null(strstr(e.message, "is a map, not a capture"), "%s", e.message);
	cr_assert_eq(capture_create(path, &side, &m, &e), -1);
	cr_assert_eq(e.kind, ERR_DATA);
}

Test(capture, of_another_mailbox_is_not_gone_on_with)
{
	struct map_side wrong = side;
	struct map *m;

	make(4, true);
	wrong.user = other;
	cr_assert_eq(capture_create(path, &wrong, &m, &e), -1);
	cr_assert_eq(e.kind, ERR_GUARD);
	cr_assert_str_eq(e.reason, "account");
	cr_assert_not_null(strstr(e.message, "is of pop3s://ann@old.example:995, not of "
					     "pop3s://bob@old.example:995"),
		"%s", e.message);
}

Test(capture, a_changed_list_is_damage)
{
	size_t rows;

	make(4, true);
	sql("UPDATE old_list SET uidl = '1000.aaaaaaaaab' WHERE i = 0");
	cr_assert_eq(read_all(&rows), -1);
	cr_assert_eq(e.kind, ERR_DATA);
	cr_assert_not_null(strstr(e.message, "this capture is damaged"), "%s", e.message);
}

Test(capture, changed_evidence_is_damage)
{
	static const char *const changes[] = {
		"UPDATE old_evidence SET strict = zeroblob(32) WHERE i = 0",
		"UPDATE old_evidence SET flags = flags | 8 WHERE i = 1",
		"UPDATE old_evidence SET header_octets = 322 WHERE i = 1",
		"DELETE FROM old_evidence WHERE i = 1",
		"UPDATE old_evidence SET i = 2 WHERE i = 1",
	};
	size_t rows;

	for (size_t k = 0; k < sizeof(changes) / sizeof(changes[0]); k++) {
		make(4, true);
		sql(changes[k]);
		cr_assert_eq(read_all(&rows), -1, "%s", changes[k]);
		cr_assert_eq(e.kind, ERR_DATA);
		cr_assert_not_null(
			strstr(e.message, "not as it was captured"), "%s", e.message);
		unlink(path);
	}
}

static bool
goes_on(const struct listing *l)
{
	struct map *m;
	bool is;

	cr_assert_eq(capture_create(path, &side, &m, &e), 0, "%s", e.message);
	cr_assert_eq(capture_goes_on(m, l, &is, &e), 0, "%s", e.message);
	map_close(m);
	return is;
}

Test(capture, goes_on_only_with_the_same_list_and_more)
{
	struct listing l;

	make(3, true);
	fill(&l, 4);
	cr_assert(goes_on(&l));
	listing_release(&l);
	fill(&l, 2);
	cr_assert_not(goes_on(&l));
	listing_release(&l);
	fill(&l, 4);
	l.at[1].size++;
	cr_assert_not(goes_on(&l));
	listing_release(&l);
	fill(&l, 4);
	sql("UPDATE side SET since = since - 86401 WHERE side = 0");
	cr_assert_not(goes_on(&l));
	listing_release(&l);
}

Test(capture, one_that_was_killed_before_the_list_says_so)
{
	struct map *m;
	size_t rows;

	cr_assert_eq(capture_create(path, &side, &m, &e), 0);
	map_close(m);
	cr_assert_eq(read_all(&rows), -1);
	cr_assert_eq(e.kind, ERR_DATA);
	cr_assert_not_null(
		strstr(e.message, "before the server had listed"), "%s", e.message);
}
