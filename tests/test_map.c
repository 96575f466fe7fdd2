/*
 * The map's file: what is written is read back by the sqlite3 shell, an independent
 * program, which also makes the broken files.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "map/map.h"

static char folder[] = "/tmp/map-test-XXXXXX";
static char path[128], other[128];
static struct err e;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/move.map", folder);
	snprintf(other, sizeof(other), "%s/pairs.csv", folder);
}

static void
leave(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	FILE *p = popen(command, "r");
	if (p != NULL)
		pclose(p);
}

TestSuite(map, .init = enter, .fini = leave, .timeout = 30);

/* The answer of the sqlite3 shell, rows joined by '\n'. */
static const char *
ask(const char *file, const char *sql)
{
	static char answer[4096];
	char command[2048];
	snprintf(command, sizeof(command), "sqlite3 '%s' \"%s\" 2>&1", file, sql);
	FILE *p = popen(command, "r");
	cr_assert_not_null(p);
	size_t n = fread(answer, 1, sizeof(answer) - 1, p);
	pclose(p);
	while (n > 0 && answer[n - 1] == '\n')
		n--;
	answer[n] = '\0';
	return answer;
}

static void
put(const char *file, const char *bytes, size_t n)
{
	FILE *f = fopen(file, "wb");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static const char *
content(const char *file)
{
	static char bytes[65536];
	FILE *f = fopen(file, "rb");
	cr_assert_not_null(f);
	size_t n = fread(bytes, 1, sizeof(bytes) - 1, f);
	bytes[n] = '\0';
	fclose(f);
	return bytes;
}

static size_t
files_in_folder(void)
{
	struct arena a = {0};
	char **names;
	size_t n;
	cr_assert_eq(os_list(&a, folder, &names, &n, &e), 0);
	arena_free(&a);
	return n;
}

static const struct map_side two_sides[2] = {
	{.host = "old.example", .user = "ann", .port = 995, .scheme = "pop3s"},
	{.host = "new.example", .user = "ann@example", .port = 110, .scheme = "pop3"},
};

static const char *const old_uidls[] = {
	"1000.aaaaaaaaaa", "1000.bbbbbbbbbb", "1000.cccccccccc", "1000.dddddddddd", NULL};
static const char *const new_uidls[] = {"2000.cccccccccc", "2000.aaaaaaaaaa",
	"2000.bbbbbbbbbb", "2000.eeeeeeeeee", "2000.ffffffffff", NULL};

static void
fill(struct listing *l, const char *const *uidls)
{
	*l = (struct listing){.whole = true};
	for (size_t i = 0; uidls[i] != NULL; i++)
		listing_add(l, text_of(uidls[i]), 1000 + i);
	listing_mark(l);
}

/* Evidence in which every digest is all `seed`. */
static struct evidence
seeded(int seed, bool body)
{
	struct evidence ev = {.flags = MESSAGE_HEADER | MESSAGE_HAS_ID,
		.header_octets = 321,
		.message_id = UINT64_MAX - (uint64_t)seed};
	memset(&ev.strict, seed, sizeof(ev.strict));
	memset(&ev.loose, seed, sizeof(ev.loose));
	memset(&ev.id, seed, sizeof(ev.id));
	memset(&ev.damaged, seed, sizeof(ev.damaged));
	memset(&ev.body, seed, sizeof(ev.body));
	if (body)
		ev.flags |= MESSAGE_BODY;
	return ev;
}

static void
give(struct map *m, enum side side, size_t i, const struct evidence *ev)
{
	cr_assert_eq(map_evidence(m, side, i, ev, &e), 0, "%s", e.message);
}

static struct map *
begin(void)
{
	struct map *m;
	cr_assert_eq(map_create(path, two_sides, &m, &e), 0, "%s", e.message);
	return m;
}

static void
list(struct map *m, enum side side, const char *const *uidls, bool fresh)
{
	struct listing l;
	fill(&l, uidls);
	cr_assert_eq(map_list(m, side, &l, fresh, &e), 0, "%s", e.message);
	listing_release(&l);
}

#define NOLD 4
#define NNEW 5

struct plan {
	uint32_t partner[NOLD];
	uint8_t evidence[NOLD], firm[NOLD], unmatched[NOLD];
	uint32_t copies[NOLD], new_copies[NNEW];
	struct match match;
};

/* Nothing is paired. */
static void
no_pairs(struct plan *p)
{
	*p = (struct plan){0};
	for (size_t i = 0; i < NOLD; i++) {
		p->partner[i] = MATCH_NONE;
		p->evidence[i] = EVIDENCE_NONE;
		p->unmatched[i] = UNMATCHED_GONE;
	}
	p->match = (struct match){.nold = NOLD,
		.nnew = NNEW,
		.partner = p->partner,
		.evidence = p->evidence,
		.firm = p->firm,
		.unmatched = p->unmatched,
		.copies = p->copies,
		.new_copies = p->new_copies};
}

static void
pair(struct plan *p, size_t old, uint32_t new, enum evidence_kind kind)
{
	p->partner[old] = new;
	p->evidence[old] = (uint8_t)kind;
	p->unmatched[old] = UNMATCHED_NOT;
	p->match.pairs++;
	p->match.by_kind[kind]++;
}

static void
finish(struct map *m, struct plan *p)
{
	cr_assert_eq(map_pairs(m, &p->match, 1700000000, &e), 0, "%s", e.message);
}

/* Old 0..2 are new 1, 2, 0 (strict, loose, id), old 3 is gone, new 3 and 4 are new. */
static void
make_map(void)
{
	struct map *m = begin();
	struct plan p;
	list(m, SIDE_OLD, old_uidls, false);
	list(m, SIDE_NEW, new_uidls, false);
	for (int i = 0; i < 3; i++) {
		struct evidence ev = seeded(10 + i, true);
		give(m, SIDE_OLD, (size_t)i, &ev);
		give(m, SIDE_NEW, (size_t)(i + 1) % 3, &ev);
	}
	const struct text words[3] = {
		text_of("Mon, 1 Jan"), text_of("Bob"), text_of("Gr\xc3\xbc\xc3\x9f")};
	cr_assert_eq(map_describe(m, SIDE_OLD, 3, words, &e), 0);
	no_pairs(&p);
	pair(&p, 0, 1, EVIDENCE_STRICT);
	pair(&p, 1, 2, EVIDENCE_LOOSE);
	pair(&p, 2, 0, EVIDENCE_ID);
	p.firm[0] = 1;
	p.match.lengths_comparable = true;
	p.match.ambiguous = 7;
	finish(m, &p);
	map_close(m);
}

static void
refused(const char *file, enum err_kind kind, const char *words)
{
	struct map *m;
	cr_assert_eq(map_open(file, &m, &e), -1, "opened; wanted \"%s\"", words);
	cr_assert_eq(e.kind, kind, "kind %d: %s", e.kind, e.message);
	cr_assert_not_null(strstr(e.message, words), "%s", e.message);
	cr_assert_eq(strncmp(e.message, file, strlen(file)), 0, "%s", e.message);
}

Test(map, what_is_written_is_what_the_shell_reads)
{
	make_map();
	cr_expect_str_eq(
		ask(path, "PRAGMA application_id; PRAGMA user_version"), "1918191940\n2");
	cr_expect_str_eq(
		ask(path, "PRAGMA integrity_check; PRAGMA journal_mode"), "ok\ndelete");
	cr_expect_str_eq(
		ask(path, "SELECT length(id), matched, pairs, ambiguous FROM map"),
		"32|1700000000|3|7");
	cr_expect_str_eq(
		ask(path,
			"SELECT name, scheme, host, user, port, count, whole FROM side"),
		"old|pop3s|old.example|ann|995|4|1\n"
		"new|pop3|new.example|ann@example|110|5|1");
	cr_expect_str_eq(ask(path, "SELECT o.uidl, o.size, n.uidl, p.evidence, p.firm "
				   "FROM old_pair p JOIN old_list o USING (i) "
				   "LEFT JOIN new_list n ON n.i = p.partner"),
		"1000.aaaaaaaaaa|1000|2000.aaaaaaaaaa|0|1\n"
		"1000.bbbbbbbbbb|1001|2000.bbbbbbbbbb|1|0\n"
		"1000.cccccccccc|1002|2000.cccccccccc|2|0\n"
		"1000.dddddddddd|1003||255|0");
	cr_expect_str_eq(
		ask(path, "SELECT name FROM kind WHERE pairs > 0"), "strict\nloose\nid");
	cr_expect_str_eq(ask(path, "SELECT i, hex(strict) FROM old_evidence WHERE i = 1"),
		"1|0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B");
	cr_expect_eq(files_in_folder(), 1, "a journal was left behind");
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

/* What map_each() gives, a line a message. */
static int
describe(void *arg, const struct map_message *m, struct err *unused)
{
	char *out = arg, line[512];
	(void)unused;
	snprintf(line, sizeof(line), "%zu %.*s %llu %d %d %u %u %u %u|%.*s|%.*s|%.*s\n",
		m->index, TEXT_ARG(m->uidl), (unsigned long long)m->size, m->flags,
		m->partner == MATCH_NONE ? -1 : (int)m->partner, m->evidence, m->firm,
		m->unmatched, m->copies, TEXT_ARG(m->date), TEXT_ARG(m->from),
		TEXT_ARG(m->subject));
	strncat(out, line, 4000 - strlen(out));
	return 0;
}

Test(map, each_gives_both_sides_in_order_with_partners)
{
	struct map *m;
	char out[4096] = "";
	make_map();
	cr_assert_eq(map_open(path, &m, &e), 0, "%s", e.message);
	cr_assert_eq(map_each(m, SIDE_OLD, describe, out, &e), 0, "%s", e.message);
	cr_expect_str_eq(out, "0 1000.aaaaaaaaaa 1000 0 1 0 1 0 0|||\n"
			      "1 1000.bbbbbbbbbb 1001 0 2 1 0 0 0|||\n"
			      "2 1000.cccccccccc 1002 0 0 2 0 0 0|||\n"
			      "3 1000.dddddddddd 1003 0 -1 255 0 1 0"
			      "|Mon, 1 Jan|Bob|Gr\xc3\xbc\xc3\x9f\n");
	out[0] = '\0';
	cr_assert_eq(map_each(m, SIDE_NEW, describe, out, &e), 0, "%s", e.message);
	cr_expect_str_eq(out, "0 2000.cccccccccc 1000 0 2 2 0 0 0|||\n"
			      "1 2000.aaaaaaaaaa 1001 0 0 0 1 0 0|||\n"
			      "2 2000.bbbbbbbbbb 1002 0 1 1 0 0 0|||\n"
			      "3 2000.eeeeeeeeee 1003 0 -1 255 0 0 0|||\n"
			      "4 2000.ffffffffff 1004 0 -1 255 0 0 0|||\n");
	map_close(m);
}

Test(map, info_says_which_move_and_what_was_found)
{
	struct map *m;
	struct arena a = {0};
	struct map_info info;
	make_map();
	cr_assert_eq(map_open(path, &m, &e), 0, "%s", e.message);
	cr_assert_eq(map_info(m, &a, &info, &e), 0, "%s", e.message);
	cr_expect_eq(strspn(info.id, "0123456789abcdef"), 32);
	cr_expect_eq(info.matched, 1700000000);
	cr_expect_not(info.plain);
	cr_expect(info.lengths_comparable);
	cr_expect_str_eq(info.side[SIDE_NEW].user, "ann@example");
	cr_expect_str_eq(info.side[SIDE_OLD].scheme, "pop3s");
	cr_expect_eq(info.side[SIDE_OLD].port, 995);
	cr_expect_eq(info.side[SIDE_NEW].count, 5);
	cr_expect(info.side[SIDE_NEW].whole);
	cr_expect_eq(info.pairs, 3);
	cr_expect_eq(info.ambiguous, 7);
	cr_expect_eq(info.by_kind[EVIDENCE_ID], 1);
	cr_expect_str_eq(info.path, path);
	arena_free(&a);
	map_close(m);
}

Test(map, plain_uidls_on_either_side_are_told)
{
	static const char *const counters[] = {"1", "2", "3", "4", "5", NULL};
	struct map *m = begin();
	struct arena a = {0};
	struct map_info info;
	struct plan p;
	list(m, SIDE_OLD, old_uidls, false);
	list(m, SIDE_NEW, counters, false);
	no_pairs(&p);
	finish(m, &p);
	cr_assert_eq(map_info(m, &a, &info, &e), 0);
	cr_expect(info.plain);
	arena_free(&a);
	map_close(m);
}

/* --- what is not a map --- */

Test(map, not_there)
{
	refused(path, ERR_NO_STORE, "there is no such map");
	cr_expect_eq(files_in_folder(), 0);
}

Test(map, folder_and_fifo_and_empty_file)
{
	refused(folder, ERR_DATA, "is a folder, not a map");
	cr_assert_eq(mkfifo(path, 0600), 0);
	refused(path, ERR_DATA, "is not a regular file");
	put(other, "", 0);
	refused(other, ERR_DATA, "is an empty file");
}

Test(map, not_sqlite)
{
	put(path, "old_uidl,new_uidl\n1,2\n", 22);
	refused(path, ERR_DATA, "it is not a SQLite database");
	put(path, "SQLite format 3", 16);
	refused(path, ERR_DATA, "cut off after 16 bytes");
}

Test(map, somebody_elses_database)
{
	ask(path, "CREATE TABLE t (a)");
	refused(path, ERR_DATA, "is a SQLite database, but not a reuidl map");
	struct map *m;
	cr_expect_eq(
		map_create(path, two_sides, &m, &e), -1, "match would write into it");
	cr_expect_str_eq(ask(path, ".tables"), "t");
}

Test(map, another_schema)
{
	make_map();
	ask(path, "PRAGMA user_version = 3");
	refused(path, ERR_DATA,
		"was written by a newer reuidl (schema 3, this one reads 2)");
	ask(path, "PRAGMA user_version = 1");
	refused(path, ERR_DATA,
		"was written by an older reuidl (schema 1, this one reads 2); run match "
		"again, with another file");
}

Test(map, triggers_views_and_strange_tables)
{
	make_map();
	ask(path, "CREATE TRIGGER bad AFTER UPDATE ON map BEGIN DELETE FROM side; END");
	refused(path, ERR_DATA, "the trigger \"bad\"");
	ask(path, "DROP TRIGGER bad; CREATE VIEW worse AS SELECT 1");
	refused(path, ERR_DATA, "the view \"worse\"");
	ask(path, "DROP VIEW worse; DROP TABLE old_words");
	refused(path, ERR_DATA, "a table is missing");
	ask(path, "CREATE VIEW old_words AS SELECT i, uidl, uidl, uidl FROM old_list");
	refused(path, ERR_DATA, "the view \"old_words\"");
}

Test(map, cut_off_anywhere)
{
	struct stat st;
	make_map();
	cr_assert_eq(stat(path, &st), 0);
	for (off_t n = st.st_size - 1; n > 100; n -= 1234) {
		cr_assert_eq(truncate(path, n), 0);
		refused(path, ERR_DATA, "is cut off");
		cr_assert_eq(files_in_folder(), 1);
	}
}

Test(map, damaged_page)
{
	make_map();
	FILE *f = fopen(path, "r+b");
	fseek(f, 4096 * 3, SEEK_SET);
	for (int i = 0; i < 4096; i++)
		putc(0xa5, f);
	fclose(f);
	refused(path, ERR_DATA, "is damaged");
}

/* By hand, from the head of map_packed.c. */
Test(map, packed_is_one_message_behind_the_other)
{
	make_map();
	cr_expect_str_eq(
		ask(path, "SELECT substr(hex(bytes), 1, 160) FROM packed WHERE side = 0"),
		"313030302E61616161616161616161"
		"00"
		"E803000000000000"
		"01000000"
		"00000000"
		"0000"
		"00"
		"01"
		"00"
		"000000"
		"313030302E62626262626262626262"
		"00"
		"E903000000000000"
		"02000000"
		"00000000"
		"0000"
		"01"
		"00"
		"00"
		"000000");
}

/* A changed byte that SQLite cannot see would be a wrong rename. */
Test(map, changed_since_match)
{
	static const char *const changes[] = {
		/* a UIDL; a partner; one that is not there; evidence; firm; copies */
		"UPDATE packed SET bytes = CAST(x'39' || substr(bytes, 2) AS BLOB)",
		"UPDATE packed SET bytes = CAST(substr(bytes, 1, 24) || x'03' || "
		"substr(bytes, 26) AS BLOB) WHERE side = 0",
		"UPDATE packed SET bytes = CAST(substr(bytes, 1, 24) || x'63' || "
		"substr(bytes, 26) AS BLOB) WHERE side = 0",
		"UPDATE packed SET bytes = CAST(substr(bytes, 1, 34) || x'C8' || "
		"substr(bytes, 36) AS BLOB) WHERE side = 0",
		"UPDATE packed SET bytes = CAST(substr(bytes, 1, 35) || x'00' || "
		"substr(bytes, 37) AS BLOB) WHERE side = 0",
		"UPDATE packed SET bytes = CAST(substr(bytes, 1, 28) || x'01' || "
		"substr(bytes, 30) AS BLOB) WHERE side = 0",
		/* the last message; a part of it; all; the other side's */
		"UPDATE packed SET bytes = substr(bytes, 1, length(bytes) - 40)",
		"UPDATE packed SET bytes = substr(bytes, 1, length(bytes) - 10)",
		"DELETE FROM packed WHERE side = 1",
		"UPDATE packed SET side = 1 - side",
		"UPDATE side SET digest = NULL",
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct map *m;
		make_map();
		cr_assert_str_eq(ask(path, changes[i]), "");
		cr_assert_eq(map_open(path, &m, &e), 0, "%s", e.message);
		bool whole = map_each(m, SIDE_OLD, NULL, NULL, &e) == 0 &&
			     map_each(m, SIDE_NEW, NULL, NULL, &e) == 0;
		cr_expect_not(whole, "not seen: %s", changes[i]);
		cr_expect_eq(e.kind, ERR_DATA);
		map_close(m);
		remove(path);
	}
}

Test(map, interrupted_match)
{
	struct map *m = begin();
	list(m, SIDE_OLD, old_uidls, false);
	map_close(m);
	refused(path, ERR_DATA, "match was interrupted");
	remove(path);
	make_map();
	m = begin();
	list(m, SIDE_NEW, new_uidls, false);
	map_close(m);
	refused(path, ERR_DATA, "match was interrupted");
}

Test(map, write_ahead_log_is_refused)
{
	make_map();
	ask(path, "PRAGMA journal_mode = WAL");
	refused(path, ERR_DATA, "journal mode");
	cr_expect_eq(files_in_folder(), 1);
}

Test(map, reading_changes_nothing)
{
	struct stat before, after;
	struct map *m;
	struct digest is, was;
	make_map();
	cr_assert_eq(stat(path, &before), 0);
	was = digest_of((struct text){content(path), (size_t)before.st_size});
	cr_assert_eq(map_open(path, &m, &e), 0);
	cr_assert_eq(map_each(m, SIDE_OLD, NULL, NULL, &e), 0);
	cr_expect_eq(files_in_folder(), 1);
	map_close(m);
	cr_assert_eq(stat(path, &after), 0);
	is = digest_of((struct text){content(path), (size_t)after.st_size});
	cr_expect(digest_equal(&is, &was));
	cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

/* A writer that was killed leaves half a transaction, and the journal that undoes it. */
Test(map, a_hot_journal_is_rolled_back_by_the_reader)
{
	static const char script[] =
		"PRAGMA cache_size = 1; BEGIN;\n"
		"UPDATE old_list SET uidl = 'x'; UPDATE new_list SET uidl = 'x';\n"
		"UPDATE old_pair SET partner = 1; DELETE FROM old_evidence;\n"
		"UPDATE new_pair SET partner = 1; UPDATE side SET count = 1;\n"
		"UPDATE map SET matched = 1;\n"
		".system kill -9 $PPID\n";
	char command[512];
	struct map *m;
	make_map();
	put(other, script, sizeof(script) - 1);
	snprintf(command, sizeof(command), "sh -c \"sqlite3 '%s' < '%s'\" 2>/dev/null",
		path, other);
	FILE *p = popen(command, "r");
	cr_assert_not_null(p);
	pclose(p);
	cr_assert_eq(files_in_folder(), 3, "no journal: the test tests nothing");
	cr_assert_eq(map_open(path, &m, &e), 0, "%s", e.message);
	cr_expect_eq(map_each(m, SIDE_OLD, NULL, NULL, &e), 0, "%s", e.message);
	cr_expect_eq(map_each(m, SIDE_NEW, NULL, NULL, &e), 0, "%s", e.message);
	map_close(m);
	cr_expect_eq(files_in_folder(), 2);
}

/* --- resuming --- */

/* Lists and evidence for old 0 to 2, then the process is killed. */
static void
killed_match(void)
{
	pid_t child = fork();
	if (child == 0) {
		struct map *m = begin();
		list(m, SIDE_OLD, old_uidls, false);
		for (int i = 0; i < 3; i++) {
			struct evidence ev = seeded(10 + i, i == 1);
			give(m, SIDE_OLD, (size_t)i, &ev);
		}
		map_close(m);
		m = begin();
		struct listing l;
		fill(&l, old_uidls);
		map_list(m, SIDE_OLD, &l, false, &e);
		struct evidence late = seeded(77, false);
		map_evidence(m, SIDE_OLD, 3, &late, &e); /* not yet committed */
		kill(getpid(), SIGKILL);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status));
}

static int
learnt(const char *const *uidls, bool fresh)
{
	struct map *m = begin();
	struct listing l;
	int bits = 0;
	fill(&l, uidls);
	cr_assert_eq(map_list(m, SIDE_OLD, &l, fresh, &e), 0, "%s", e.message);
	for (size_t i = 0; i < l.n; i++)
		if (l.at[i].flags & MESSAGE_HEADER)
			bits |= 1 << i;
	if (bits & 2) {
		cr_expect_eq(l.at[1].strict[15], 11);
		cr_expect_eq(l.at[1].body[0], 11);
		cr_expect_eq(l.at[1].header_octets, 321);
		cr_expect_eq(l.at[1].message_id, UINT64_MAX - 11);
		cr_expect(l.at[1].flags & MESSAGE_BODY);
		cr_expect_not(l.at[0].flags & MESSAGE_BODY);
	}
	listing_release(&l);
	map_close(m);
	return bits;
}

Test(map, resumes_what_a_killed_match_has_learnt)
{
	killed_match();
	cr_expect_eq(learnt(old_uidls, false), 7);
	static const char *const longer[] = {"1000.aaaaaaaaaa", "1000.bbbbbbbbbb",
		"1000.cccccccccc", "1000.dddddddddd", "1000.eeeeeeeeee", NULL};
	cr_expect_eq(learnt(longer, false), 7, "the earlier list is a prefix");
	cr_expect_eq(learnt(old_uidls, false), 0, "today's list is shorter");
	cr_expect_str_eq(ask(path, "SELECT count(*) FROM old_evidence"), "0");
}

Test(map, fresh_forgets)
{
	killed_match();
	cr_expect_eq(learnt(old_uidls, true), 0);
	cr_expect_eq(learnt(old_uidls, false), 0, "and for good");
}

Test(map, forgets_when_a_uidl_differs)
{
	static const char *const differ[] = {"1000.aaaaaaaaaa", "1000.bbbbbbbbbb",
		"1000.cccccccccc", "1000.xxxxxxxxxx", NULL};
	killed_match();
	cr_expect_eq(learnt(differ, false), 0);
}

Test(map, forgets_when_a_size_differs)
{
	killed_match();
	ask(path, "UPDATE old_list SET size = 5 WHERE i = 2");
	cr_expect_eq(learnt(old_uidls, false), 0);
}

Test(map, forgets_when_a_plain_uidl_is_in_the_list)
{
	static const char *const plain[] = {"1000.aaaaaaaaaa", "1000.bbbbbbbbbb",
		"1000.cccccccccc", "1000.dddddddddd", "17", NULL};
	killed_match();
	cr_expect_eq(learnt(plain, false), 0);
}

Test(map, forgets_after_a_day_or_when_the_clock_went_back)
{
	killed_match();
	ask(path, "UPDATE side SET since = since - 86300");
	cr_expect_eq(learnt(old_uidls, false), 7, "not yet");
	ask(path, "UPDATE side SET since = since - 200");
	cr_expect_eq(learnt(old_uidls, false), 0);
	remove(path);
	killed_match();
	ask(path, "UPDATE side SET since = since + 1000");
	cr_expect_eq(learnt(old_uidls, false), 0);
}

Test(map, does_not_trust_evidence_of_a_uidl_that_stands_twice)
{
	static const char *const twice[] = {"1000.aaaaaaaaaa", "1000.bbbbbbbbbb",
		"1000.cccccccccc", "1000.dddddddddd", "1000.bbbbbbbbbb", NULL};
	killed_match();
	cr_expect_eq(learnt(twice, false), 5);
}

Test(map, a_body_joins_the_header_that_came_before)
{
	struct map *m = begin();
	list(m, SIDE_OLD, old_uidls, false);
	struct evidence header = seeded(1, false), body = seeded(2, true);
	body.flags = MESSAGE_BODY;
	give(m, SIDE_OLD, 0, &header);
	give(m, SIDE_OLD, 0, &body);
	map_close(m);
	cr_expect_str_eq(
		ask(path, "SELECT flags, header_octets, substr(hex(strict), 1, 4), "
			  "substr(hex(body), 1, 4) FROM old_evidence"),
		"7|321|0101|0202");
}

/* --- whole digests --- */

static void
compare(enum evidence_kind kind, const struct evidence *old, const struct evidence *new,
	bool stays)
{
	struct map *m = begin();
	struct plan p;
	list(m, SIDE_OLD, old_uidls, true);
	list(m, SIDE_NEW, new_uidls, true);
	give(m, SIDE_OLD, 2, old);
	give(m, SIDE_NEW, 4, new);
	no_pairs(&p);
	pair(&p, 2, 4, kind);
	p.firm[2] = 1;
	finish(m, &p);
	cr_expect_eq(p.match.pairs, stays ? 1 : 0, "kind %d", kind);
	cr_expect_eq(p.match.by_kind[kind], stays ? 1 : 0);
	cr_expect_eq(p.partner[2], stays ? 4 : MATCH_NONE);
	cr_expect_eq(p.unmatched[2], stays ? UNMATCHED_NOT : UNMATCHED_DIFFERENT);
	cr_expect_eq(p.firm[2], stays ? 1 : 0);
	map_close(m);
	char want[16] = "|255";
	if (stays)
		snprintf(want, sizeof(want), "2|%d", (int)kind);
	cr_expect_str_eq(
		ask(path, "SELECT partner, evidence FROM new_pair WHERE i = 4"), want);
	cr_expect_str_eq(
		ask(path, "SELECT count(partner) FROM old_pair"), stays ? "1" : "0");
}

/* Equal but for the last byte of one digest, which match does not hold in memory. */
Test(map, a_pair_needs_the_whole_digest_its_evidence_rests_on)
{
	const struct evidence ev = seeded(9, true);
	for (int kind = EVIDENCE_STRICT; kind <= EVIDENCE_ORDER; kind++) {
		struct evidence strict = ev, loose = ev, id = ev, damaged = ev, body = ev;
		strict.strict.byte[31] ^= 1;
		loose.loose.byte[31] ^= 1;
		id.id.byte[31] ^= 1;
		damaged.damaged.byte[31] ^= 1;
		body.body.byte[31] ^= 1;
		compare((enum evidence_kind)kind, &ev, &ev, true);
		compare((enum evidence_kind)kind, &ev, &strict, kind != EVIDENCE_STRICT);
		compare((enum evidence_kind)kind, &ev, &loose,
			kind != EVIDENCE_LOOSE && kind != EVIDENCE_ORDER);
		compare((enum evidence_kind)kind, &ev, &id, kind != EVIDENCE_ID);
		compare((enum evidence_kind)kind, &ev, &damaged,
			kind != EVIDENCE_DAMAGED);
		compare((enum evidence_kind)kind, &ev, &body, false);
	}
}

Test(map, a_pair_without_its_digests_is_dropped)
{
	const struct evidence header = seeded(9, false);
	struct evidence nothing = {.flags = MESSAGE_NO_HEADER};
	compare(EVIDENCE_STRICT, &header, &header, true);
	compare(EVIDENCE_LOOSE, &header, &header, true);
	compare(EVIDENCE_ID, &header, &header, false);
	compare(EVIDENCE_DAMAGED, &header, &header, false);
	compare(EVIDENCE_ORDER, &header, &header, false);
	compare(EVIDENCE_STRICT, &header, &nothing, false);
	compare(EVIDENCE_SIZE, &nothing, &nothing, true);
}

/* Two pairs, equal within each, called copies of each other. */
Test(map, true_copies_are_equal_across_the_class)
{
	for (int same = 0; same < 2; same++) {
		struct map *m = begin();
		struct plan p;
		list(m, SIDE_OLD, old_uidls, true);
		list(m, SIDE_NEW, new_uidls, true);
		for (size_t i = 0; i < 2; i++) {
			struct evidence ev = seeded(3, true);
			ev.loose.byte[20] = (uint8_t)(same ? 0 : i);
			give(m, SIDE_OLD, i, &ev);
			give(m, SIDE_NEW, i, &ev);
			give(m, SIDE_NEW, 2, &ev);
		}
		no_pairs(&p);
		pair(&p, 0, 0, EVIDENCE_ORDER);
		pair(&p, 1, 1, EVIDENCE_ORDER);
		p.copies[0] = p.copies[1] = 1;
		p.new_copies[0] = p.new_copies[1] = p.new_copies[2] = 1;
		finish(m, &p);
		cr_expect_eq(p.match.pairs, same ? 2 : 0);
		cr_expect_eq(p.copies[1], (uint32_t)same);
		cr_expect_eq(p.new_copies[2], (uint32_t)same);
		map_close(m);
		cr_expect_str_eq(
			ask(path, "SELECT sum(copies) FROM new_pair"), same ? "3" : "0");
	}
}

Test(map, one_new_message_has_one_partner)
{
	struct map *m = begin();
	struct plan p;
	list(m, SIDE_OLD, old_uidls, false);
	list(m, SIDE_NEW, new_uidls, false);
	no_pairs(&p);
	pair(&p, 0, 1, EVIDENCE_SIZE);
	pair(&p, 2, 1, EVIDENCE_SIZE);
	cr_expect_eq(map_pairs(m, &p.match, 1700000000, &e), -1);
	cr_expect_eq(e.kind, ERR_INTERNAL);
	map_close(m);
	refused(path, ERR_DATA, "match was interrupted");
}

/* --- which move --- */

static void
other_move(struct map_side sides[2], bool agrees)
{
	struct map *m;
	int r = map_create(path, sides, &m, &e);
	cr_expect_eq(r, agrees ? 0 : -1);
	if (r == 0) {
		map_close(m);
		return;
	}
	cr_expect_eq(e.kind, ERR_GUARD);
	cr_expect_str_eq(e.reason, "account");
	cr_expect_not_null(
		strstr(e.message, "pop3s://ann@old.example:995"), "%s", e.message);
	cr_expect_not_null(strstr(e.message, sides[0].user), "%s", e.message);
}

Test(map, a_map_belongs_to_one_move)
{
	struct map_side sides[2] = {two_sides[0], two_sides[1]};
	char before[64];
	make_map();
	snprintf(before, sizeof(before), "%s", ask(path, "SELECT id FROM map"));
	sides[0].host = "OLD.Example";
	other_move(sides, true);
	sides[0].user = "Ann";
	other_move(sides, false);
	sides[0] = two_sides[0];
	sides[0].port = 110;
	other_move(sides, false);
	sides[0] = two_sides[0];
	sides[1].scheme = "imap";
	other_move(sides, false);
	sides[1] = two_sides[1];
	sides[1].host = "third.example";
	other_move(sides, false);
	cr_expect_str_eq(ask(path, "SELECT id FROM map"), before);
	struct map *m;
	cr_expect_eq(map_open(path, &m, &e), 0, "still complete: %s", e.message);
	map_close(m);
}

/* One that was applied can be applied again once something has come since. */
Test(map, other_lists_make_it_another_map)
{
	char before[64];
	make_map();
	snprintf(before, sizeof(before), "%s", ask(path, "SELECT id FROM map"));
	make_map();
	cr_expect_str_eq(ask(path, "SELECT id FROM map"), before);
	ask(path, "UPDATE map SET lists = x'00'");
	make_map();
	cr_expect_neq(strcmp(ask(path, "SELECT id FROM map"), before), 0);
}

Test(map, two_matches_do_not_write_one_map)
{
	struct map *m = begin();
	list(m, SIDE_OLD, old_uidls, false);
	pid_t child = fork();
	if (child == 0) {
		struct map *again;
		int r = map_create(path, two_sides, &again, &e);
		_exit(r == -1 && e.kind == ERR_BUSY ? 0 : 1);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(WEXITSTATUS(status), 0);
	map_close(m);
}

Test(map, cannot_be_made_where_there_is_no_folder)
{
	struct map *m;
	snprintf(path, sizeof(path), "%s/none/move.map", folder);
	cr_expect_eq(map_create(path, two_sides, &m, &e), -1);
	cr_expect_eq(e.kind, ERR_IO);
	cr_expect_not_null(strstr(e.message, path));
}

Test(map, full_disk_is_told_in_words)
{
	pid_t child = fork();
	if (child == 0) {
		struct map *m;
		char many[32];
		struct listing l = {.whole = true};
		signal(SIGXFSZ, SIG_IGN);
		struct rlimit limit = {200000, 200000};
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; i < 50000; i++) {
			snprintf(many, sizeof(many), "1234567890.%d", i);
			listing_add(&l, text_of(many), 1);
		}
		int r = map_create(path, two_sides, &m, &e);
		if (r == 0)
			r = map_list(m, SIDE_OLD, &l, false, &e);
		bool said =
			r == -1 && e.kind == ERR_IO && strstr(e.message, path) != NULL;
		_exit(said ? 0 : 1);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(WEXITSTATUS(status), 0);
}
