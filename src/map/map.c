/*
 * A map's file: what is in it, and whether a file is one.
 *
 * map, kind, side      one row; one a kind of evidence; one a side
 * old_list, new_list   the mailbox as listed, i counts from 0
 * old_pair, new_pair   what match decided, one row a message
 * old_evidence, …      digests, as they arrived
 * old_words, …         Date, From, Subject of messages that people want to see
 *
 * The lists are lean, so that reading a million messages reads only what is wanted.
 */
#include "map/map_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/os.h"

#define BUSY_MS 2000
/* Damage in a bigger file is found as it is read: map_each() proves what it gave. */
#define CHECK_MAX ((uint64_t)16 << 20)

const char *const map_side_names[2] = {"old", "new"};

#define LIST "(i INTEGER PRIMARY KEY, uidl TEXT, size INTEGER, flags INTEGER)"
#define PAIR                                                                             \
	"(i INTEGER PRIMARY KEY, partner INTEGER, evidence INTEGER, firm INTEGER, "      \
	"unmatched INTEGER, copies INTEGER)"
#define PROOF                                                                            \
	"(i INTEGER PRIMARY KEY, flags INTEGER, header_octets INTEGER, "                 \
	"message_id INTEGER, strict BLOB, loose BLOB, id BLOB, damaged BLOB, body BLOB)"
#define WORDS "(i INTEGER PRIMARY KEY, date TEXT, sender TEXT, subject TEXT)"

/* A file whose schema is not this, word for word, is not ours to trust. */
static const char *const tables[] = {
	"CREATE TABLE map (id TEXT, created INTEGER, matched INTEGER, "
	"lengths_comparable INTEGER, pairs INTEGER, ambiguous INTEGER, lists BLOB)",
	"CREATE TABLE kind (kind INTEGER PRIMARY KEY, name TEXT, pairs INTEGER)",
	"CREATE TABLE side (side INTEGER PRIMARY KEY, name TEXT, scheme TEXT, host TEXT, "
	"user TEXT, port INTEGER, count INTEGER, whole INTEGER, plain INTEGER, "
	"since INTEGER, list BLOB, digest BLOB)",
	"CREATE TABLE old_list " LIST,
	"CREATE TABLE new_list " LIST,
	"CREATE TABLE old_pair " PAIR,
	"CREATE TABLE new_pair " PAIR,
	"CREATE TABLE old_evidence " PROOF,
	"CREATE TABLE new_evidence " PROOF,
	"CREATE TABLE old_words " WORDS,
	"CREATE TABLE new_words " WORDS,
};

#define NTABLES (sizeof(tables) / sizeof(tables[0]))

int
map_damaged(struct map *m, const char *what, struct err *e)
{
	return err_set(
		e, ERR_DATA, "format", "%s: this map is damaged (%s)", m->sql.path, what);
}

/* What the first 100 bytes say, read without SQLite. */
struct header {
	uint64_t size;	  /* of the file */
	uint64_t claimed; /* by its header; 0: says nothing */
	bool hot;	  /* a journal that must be rolled back lies beside it */
};

static uint32_t
big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

/* A finished transaction leaves no journal, or one that begins with a zero. */
static bool
journal_is_hot(const char *path)
{
	char *name = sqlite3_mprintf("%s-journal", path);
	FILE *f = fopen(name, "rb");
	sqlite3_free(name);
	if (f == NULL)
		return false;
	int first = fgetc(f);
	fclose(f);
	return first != EOF && first != 0;
}

static int
header_judge(struct header *h, const char *path, const unsigned char *at, size_t n,
	struct err *e)
{
	static const char magic[16] = "SQLite format 3";
	if (n == 0)
		return err_set(e, ERR_DATA, "format",
			"%s: is an empty file, not a map (if match was interrupted, run "
			"it again)",
			path);
	if (memcmp(at, magic, n < sizeof(magic) ? n : sizeof(magic)) != 0)
		return err_set(e, ERR_DATA, "format",
			"%s: is not a map: it is not a SQLite database", path);
	if (n < 100)
		return err_set(e, ERR_DATA, "format",
			"%s: this map is cut off after %zu bytes", path, n);
	if (big_endian(at + 68) != MAP_APPLICATION)
		return err_set(e, ERR_DATA, "format",
			"%s: is a SQLite database, but not a reuidl map", path);
	uint32_t schema = big_endian(at + 60);
	if (schema > MAP_SCHEMA)
		return err_set(e, ERR_DATA, "format",
			"%s: was written by a newer reuidl (schema %u, this one reads "
			"%d)",
			path, schema, MAP_SCHEMA);
	if (at[18] != 1 || at[19] != 1)
		return err_set(e, ERR_DATA, "format",
			"%s: another program changed this map's journal mode; put it "
			"back "
			"with: sqlite3 FILE 'PRAGMA journal_mode=DELETE'",
			path);
	uint32_t page = (uint32_t)at[16] << 8 | at[17];
	/* 1 stands for 65536; the count holds if both counters are equal. */
	if (memcmp(at + 24, at + 92, 4) == 0)
		h->claimed = (uint64_t)(page == 1 ? 65536 : page) * big_endian(at + 28);
	return 0;
}

static int
header_read(struct header *h, const char *path, struct err *e)
{
	struct os_stat st;
	*h = (struct header){0};
	if (os_stat(path, &st, NULL) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_set(
				e, ERR_NO_STORE, "", "%s: there is no such map", path);
		return err_io(e, path, "look at the map");
	}
	if (st.folder)
		return err_set(e, ERR_DATA, "format", "%s: is a folder, not a map", path);
	if (!st.regular)
		return err_set(e, ERR_DATA, "format",
			"%s: is not a regular file, so not a map", path);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return err_io(e, path, "open the map");
	unsigned char bytes[100];
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	bool failed = ferror(f) != 0;
	fclose(f);
	if (failed)
		return err_io(e, path, "read the map");
	h->size = st.size;
	h->hot = journal_is_hot(path);
	return header_judge(h, path, bytes, n, e);
}

static int
cut_off(const char *path, uint64_t size, uint64_t claimed, struct err *e)
{
	return err_set(e, ERR_DATA, "format",
		"%s: this map is cut off: %llu of its %llu bytes are there", path,
		(unsigned long long)size, (unsigned long long)claimed);
}

static bool
schema_has(const char *type, struct text statement)
{
	if (strcmp(type, "table") != 0)
		return false;
	for (size_t i = 0; i < NTABLES; i++)
		if (text_equal(statement, text_of(tables[i])))
			return true;
	return false;
}

static int
check_schema(struct map *m, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	size_t n = 0;
	int r = -1;
	if (sql_prepare(&m->sql, &st, e, "SELECT type, name, sql FROM sqlite_schema") ==
		-1)
		return -1;
	for (;;) {
		if (sql_step(&m->sql, st, &row, e) == -1)
			goto out;
		if (!row)
			break;
		const char *type = (const char *)sqlite3_column_text(st, 0);
		const char *name = (const char *)sqlite3_column_text(st, 1);
		if (type == NULL || name == NULL || !schema_has(type, sql_text(st, 2))) {
			err_set(e, ERR_DATA, "format",
				"%s: is a reuidl map into which somebody else has put "
				"the "
				"%s \"%s\"; not read",
				m->sql.path, type != NULL ? type : "?",
				name != NULL ? name : "?");
			goto out;
		}
		n++;
	}
	r = n == NTABLES ? 0 : map_damaged(m, "a table is missing", e);
out:
	sqlite3_finalize(st);
	return r;
}

static int
check_damage(struct map *m, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	if (sql_prepare(&m->sql, &st, e, "PRAGMA quick_check(1)") == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	if (r == 0 && row && !text_equal(sql_text(st, 0), text_of("ok"))) {
		const char *says = (const char *)sqlite3_column_text(st, 0);
		r = map_damaged(m, says != NULL ? says : "?", e);
	}
	sqlite3_finalize(st);
	return r;
}

static int
check_pages(struct map *m, struct err *e)
{
	int64_t pages, page;
	struct os_stat st;
	if (sql_number(&m->sql, "PRAGMA page_count", &pages, e) == -1 ||
		sql_number(&m->sql, "PRAGMA page_size", &page, e) == -1 ||
		os_stat(m->sql.path, &st, e) == -1)
		return -1;
	uint64_t claimed = (uint64_t)pages * (uint64_t)page;
	if (st.size < claimed)
		return cut_off(m->sql.path, st.size, claimed, e);
	return claimed > CHECK_MAX ? 0 : check_damage(m, e);
}

/* Reading takes the first lock, so a file in the making by another process says so. */
static int
check_all(struct map *m, const struct header *h, struct err *e)
{
	if (check_schema(m, e) == 0)
		return check_pages(m, e);
	/* SQLite calls it malformed; we know better why. */
	if (e->kind == ERR_DATA && !h->hot && h->size < h->claimed)
		return cut_off(m->sql.path, h->size, h->claimed, e);
	return -1;
}

/* Open a file that is there, and prove that it is ours and whole. */
static int
open_checked(const char *path, bool writing, struct map **out, struct err *e)
{
	struct header h;
	if (header_read(&h, path, e) == -1)
		return -1;
	struct map *m = must_alloc(sizeof(*m));
	/* What a killed match left half written can only be rolled back by writing. */
	enum sql_how how = writing || h.hot ? SQL_WRITE : SQL_READ;
	if (sql_open(&m->sql, path, "map", how, BUSY_MS, e) == -1) {
		free(m);
		return -1;
	}
	if (check_all(m, &h, e) == -1) {
		map_close(m);
		return -1;
	}
	*out = m;
	return 0;
}

int
map_open(const char *path, struct map **out, struct err *e)
{
	struct map *m;
	int64_t rows, matched;
	if (open_checked(path, false, &m, e) == -1)
		return -1;
	int r = sql_number(&m->sql, "SELECT count(*) FROM map", &rows, e);
	if (r == 0)
		r = sql_number(&m->sql, "SELECT matched FROM map", &matched, e);
	if (r == 0 && rows != 1)
		r = map_damaged(m, "it says nothing of itself", e);
	if (r == 0 && matched <= 0)
		r = err_set(e, ERR_DATA, "format",
			"%s: match was interrupted before this map was complete; run it "
			"again",
			path);
	if (r == -1) {
		map_close(m);
		return -1;
	}
	*out = m;
	return 0;
}

void
map_close(struct map *m)
{
	if (m == NULL)
		return;
	/* Evidence that has arrived is kept, whatever made the match end here. */
	struct err ignored;
	if (m->open)
		map_commit(m, &ignored);
	for (size_t i = 0; i < 2; i++) {
		sqlite3_finalize(m->evidence[i]);
		sqlite3_finalize(m->describe[i]);
	}
	sql_close(&m->sql);
	free(m);
}

/* Close without keeping what is not committed. */
static void
map_abandon(struct map *m)
{
	struct err ignored;
	if (m->open)
		sql_exec(&m->sql, &ignored, "ROLLBACK");
	m->open = false;
	map_close(m);
}

/* The lock is held until map_close(): two matches must not write one map. A killed one
 * leaves a journal that the next reader rolls back. */
static int
prepare_writing(struct map *m, struct err *e)
{
	m->writing = true;
	return sql_exec(&m->sql, e,
		"PRAGMA locking_mode = EXCLUSIVE;"
		"PRAGMA journal_mode = DELETE;"
		"PRAGMA synchronous = NORMAL;"
		"PRAGMA cache_size = -8000;"
		"PRAGMA temp_store = MEMORY");
}

static void
random_id(char id[33])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16];
	os_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < 16; i++) {
		id[2 * i] = digits[bytes[i] >> 4];
		id[2 * i + 1] = digits[bytes[i] & 15];
	}
	id[32] = '\0';
}

static int
insert_identity(struct map *m, struct err *e)
{
	sqlite3_stmt *st;
	char id[33];
	random_id(id);
	if (sql_prepare(&m->sql, &st, e,
		    "INSERT INTO map VALUES (?, ?, 0, 0, 0, 0, NULL)") == -1)
		return -1;
	sql_bind_text(st, 1, (struct text){id, 32});
	sqlite3_bind_int64(st, 2, os_now());
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	return r;
}

static int
insert_side(struct map *m, enum side side, const struct map_side *s, struct err *e)
{
	sqlite3_stmt *st;
	if (sql_prepare(&m->sql, &st, e,
		    "INSERT INTO side VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, NULL, "
		    "NULL)") == -1)
		return -1;
	sqlite3_bind_int(st, 1, (int)side);
	sql_bind_text(st, 2, text_of(map_side_names[side]));
	sql_bind_text(st, 3, text_of(s->scheme));
	sql_bind_text(st, 4, text_of(s->host));
	sql_bind_text(st, 5, text_of(s->user));
	sqlite3_bind_int(st, 6, s->port);
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	return r;
}

static int
make_tables(struct map *m, const struct map_side sides[2], struct err *e)
{
	int64_t had;
	if (prepare_writing(m, e) == -1 || map_begin(m, e) == -1 ||
		sql_number(&m->sql, "SELECT count(*) FROM sqlite_schema", &had, e) == -1)
		return -1;
	if (had != 0)
		return sql_fail(&m->sql, SQLITE_BUSY, e); /* somebody was faster */
	if (sql_exec(&m->sql, e, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		    MAP_APPLICATION, MAP_SCHEMA) == -1)
		return -1;
	for (size_t i = 0; i < NTABLES; i++)
		if (sql_exec(&m->sql, e, "%s", tables[i]) == -1)
			return -1;
	for (int k = 0; k < EVIDENCE_KINDS; k++)
		if (sql_exec(&m->sql, e, "INSERT INTO kind VALUES (%d, '%s', 0)", k,
			    evidence_names[k]) == -1)
			return -1;
	if (insert_identity(m, e) == -1 || insert_side(m, SIDE_OLD, &sides[0], e) == -1 ||
		insert_side(m, SIDE_NEW, &sides[1], e) == -1)
		return -1;
	return map_commit(m, e);
}

/* The file is there and empty. */
static int
fill_file(
	const char *path, const struct map_side sides[2], struct map **out, struct err *e)
{
	struct map *m = must_alloc(sizeof(*m));
	if (sql_open(&m->sql, path, "map", SQL_WRITE, BUSY_MS, e) == -1) {
		free(m);
		return -1;
	}
	if (make_tables(m, sides, e) == -1) {
		map_abandon(m);
		return -1;
	}
	*out = m;
	return 0;
}

int
map_exists(const char *path, struct err *e)
{
	return err_set(
		e, ERR_USAGE, "", "%s: is there already, and is not overwritten", path);
}

int
map_make(
	const char *path, const struct map_side sides[2], struct map **out, struct err *e)
{
	if (os_create(path, e) == -1)
		return errno == EEXIST ? map_exists(path, e) : -1;
	if (fill_file(path, sides, out, e) == -1) {
		if (e->kind != ERR_BUSY)
			remove(path);
		return -1;
	}
	return 0;
}

static void
print_side(const struct map_side *s, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s@%s:%u", s->scheme, s->scheme[0] != '\0' ? "://" : "",
		s->user, s->host, (unsigned)s->port);
}

/* Host names fold case; user names may mean different mailboxes if they differ in it. */
static bool
side_equal(const struct map_side *a, const struct map_side *b)
{
	return text_equal_nocase(text_of(a->host), text_of(b->host)) &&
	       strcmp(a->user, b->user) == 0 && a->port == b->port &&
	       strcmp(a->scheme, b->scheme) == 0;
}

static int
check_sides(struct map *m, const struct map_side sides[2], struct err *e)
{
	struct arena a = {0};
	struct map_info info;
	int r = map_info(m, &a, &info, e);
	if (r == 0 && (!side_equal(&info.side[0], &sides[0]) ||
			      !side_equal(&info.side[1], &sides[1]))) {
		char is[2][160], want[2][160];
		for (size_t i = 0; i < 2; i++) {
			print_side(&info.side[i], is[i], sizeof(is[i]));
			print_side(&sides[i], want[i], sizeof(want[i]));
		}
		r = err_set(e, ERR_GUARD, "account",
			"%s: this map is for the move from %s to %s, not from %s to %s; "
			"give each move a map of its own",
			m->sql.path, is[0], is[1], want[0], want[1]);
	}
	arena_free(&a);
	return r;
}

int
map_create(
	const char *path, const struct map_side sides[2], struct map **out, struct err *e)
{
	struct os_stat st;
	if (os_stat(path, &st, NULL) == -1) {
		if (errno == ENOENT)
			return map_make(path, sides, out, e);
		return err_io(e, path, "look at the map");
	}
	/* What is left of a match that was killed before its first commit. */
	if (st.regular && st.size == 0)
		return fill_file(path, sides, out, e);
	struct map *m;
	if (open_checked(path, true, &m, e) == -1)
		return -1;
	if (prepare_writing(m, e) == -1 || check_sides(m, sides, e) == -1) {
		map_close(m);
		return -1;
	}
	*out = m;
	return 0;
}

static int
info_map(struct map *m, struct map_info *info, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT id, matched, lengths_comparable, pairs, ambiguous FROM "
		    "map") == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	struct text id = row ? sql_text(st, 0) : (struct text){"", 0};
	if (r == 0 && (id.len != 32 || memchr(id.at, '\0', 32) != NULL))
		r = map_damaged(m, "it has no id", e);
	if (r == 0) {
		memcpy(info->id, id.at, 32);
		info->matched = sqlite3_column_int64(st, 1);
		info->lengths_comparable = sqlite3_column_int(st, 2) != 0;
		info->pairs = (uint64_t)sqlite3_column_int64(st, 3);
		info->ambiguous = (uint64_t)sqlite3_column_int64(st, 4);
	}
	sqlite3_finalize(st);
	return r;
}

static int
info_sides(struct map *m, struct arena *a, struct map_info *info, struct err *e)
{
	sqlite3_stmt *st;
	bool row = false;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT host, user, port, scheme, count, whole, plain FROM side "
		    "ORDER BY side") == -1)
		return -1;
	for (size_t i = 0; i < 2 && r == 0; i++) {
		r = sql_step(&m->sql, st, &row, e);
		if (r == 0 && !row)
			r = map_damaged(m, "a side is missing", e);
		if (r == 0 && sqlite3_column_int(st, 6) != 0)
			info->plain = true;
		if (r == 0)
			info->side[i] = (struct map_side){
				.host = arena_string(a, sql_text(st, 0)),
				.user = arena_string(a, sql_text(st, 1)),
				.port = (uint16_t)sqlite3_column_int(st, 2),
				.scheme = arena_string(a, sql_text(st, 3)),
				.count = (uint64_t)sqlite3_column_int64(st, 4),
				.whole = sqlite3_column_int(st, 5) != 0,
			};
	}
	sqlite3_finalize(st);
	return r;
}

static int
info_kinds(struct map *m, struct map_info *info, struct err *e)
{
	sqlite3_stmt *st;
	bool row = true;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e, "SELECT kind, pairs FROM kind") == -1)
		return -1;
	while (r == 0 && row) {
		r = sql_step(&m->sql, st, &row, e);
		if (r == -1 || !row)
			break;
		int64_t kind = sqlite3_column_int64(st, 0);
		if (kind < 0 || kind >= EVIDENCE_KINDS)
			r = map_damaged(m, "an unknown kind of evidence", e);
		else
			info->by_kind[kind] = (uint64_t)sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	return r;
}

int
map_info(struct map *m, struct arena *a, struct map_info *info, struct err *e)
{
	*info = (struct map_info){.path = arena_string(a, text_of(m->sql.path))};
	if (info_map(m, info, e) == -1 || info_sides(m, a, info, e) == -1)
		return -1;
	return info_kinds(m, info, e);
}
