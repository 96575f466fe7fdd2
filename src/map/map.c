/*
 * A map's file: what is in it, and whether a file is one.
 *
 * map, kind, side      one row; one a kind of evidence; one a side
 * old_list, new_list   the mailbox as listed, i counts from 0
 * old_pair, new_pair   what match decided, one row a message
 * packed               both of these as they are read (map_packed.c)
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

const char *const map_side_names[2] = {"old", "new"};

const struct map_form map_form_map = {
	.what = "map",
	.maker = "match",
	.use = "diff, apply and migrate take it with --map",
	.application = 0x72554944, /* "rUID" */
};

int
map_damaged(struct map *m, const char *what, struct err *e)
{
	return err_set(e, ERR_DATA, "format", "%s: this %s is damaged (%s)", m->sql.path,
		m->form->what, what);
}

int
map_open_checked(const struct map_form *form, const char *path, bool writing,
	struct map **out, struct err *e)
{
	struct map_header h;
	if (map_header_read(&h, form, path, e) == -1)
		return -1;
	struct map *m = must_alloc(sizeof(*m));
	m->form = form;
	/* What a killed match left half written can only be rolled back by writing. */
	enum sql_how how = writing || h.hot ? SQL_WRITE : SQL_READ;
	if (sql_open(&m->sql, path, form->what, how, BUSY_MS, e) == -1) {
		free(m);
		return -1;
	}
	/* Lists are read once, from end to end: there is nothing to keep pages for. */
	if (map_check(m, &h, e) == -1 ||
		(!writing && sql_exec(&m->sql, e, "PRAGMA cache_size = -256") == -1)) {
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
	if (map_open_checked(&map_form_map, path, false, &m, e) == -1)
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
	sqlite3_finalize(m->rows);
	hash_release(&m->rows_hash);
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

void
map_random_id(char id[33])
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
	map_random_id(id);
	if (sql_prepare(&m->sql, &st, e,
		    "INSERT INTO map VALUES (?, ?, 0, 0, 0, 0, NULL)") == -1)
		return -1;
	sql_bind_text(st, 1, (struct text){id, 32});
	sqlite3_bind_int64(st, 2, os_now());
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	return r;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static int
insert_side(struct map *m, enum side side, const struct map_side *s, struct err *e)
{
	sqlite3_stmt *st;
	if (sql_prepare(&m->sql, &st, e,
		    "INSERT INTO side VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, NULL, "
		    "NULL, ?, ?)") == -1)
		return -1;
	sqlite3_bind_int(st, 1, (int)side);
	sql_bind_text(st, 2, text_of(map_side_names[side]));
	sql_bind_text(st, 3, text_of(s->scheme));
	sql_bind_text(st, 4, text_of(s->host));
	sql_bind_text(st, 5, text_of(s->user));
	sqlite3_bind_int(st, 6, s->port);
	sql_bind_text(st, 7, text_of(or_empty(s->path)));
	sql_bind_text(st, 8, text_of(or_empty(s->rule)));
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
		    (int)m->form->application, MAP_SCHEMA) == -1)
		return -1;
	for (size_t i = 0; i < MAP_TABLES; i++)
		if (sql_exec(&m->sql, e, "%s", map_tables[i]) == -1)
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
fill_file(const struct map_form *form, const char *path, const struct map_side sides[2],
	struct map **out, struct err *e)
{
	struct map *m = must_alloc(sizeof(*m));
	m->form = form;
	if (sql_open(&m->sql, path, form->what, SQL_WRITE, BUSY_MS, e) == -1) {
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
map_make(const struct map_form *form, const char *path, const struct map_side sides[2],
	struct map **out, struct err *e)
{
	if (os_create(path, e) == -1)
		return errno == EEXIST ? map_exists(path, e) : -1;
	if (fill_file(form, path, sides, out, e) == -1) {
		if (e->kind != ERR_BUSY)
			remove(path);
		return -1;
	}
	return 0;
}

static void
print_side(const struct map_side *s, char *out, size_t size)
{
	char port[8] = "";

	if (s->port != 0)
		snprintf(port, sizeof(port), ":%u", (unsigned)s->port);
	bool path = or_empty(s->path)[0] != '\0';
	snprintf(out, size, "%s%s%s@%s%s%s%s", s->scheme,
		s->scheme[0] != '\0' ? "://" : "", s->user, s->host, port,
		path ? " in " : "", path ? s->path : "");
}

/* Host names fold case; user names may mean different mailboxes if they differ in it. */
static bool
side_equal(const struct map_side *a, const struct map_side *b)
{
	return text_equal_nocase(text_of(a->host), text_of(b->host)) &&
	       strcmp(a->user, b->user) == 0 && a->port == b->port &&
	       strcmp(a->scheme, b->scheme) == 0 &&
	       strcmp(or_empty(a->path), or_empty(b->path)) == 0;
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
		if (m->form != &map_form_map)
			r = err_set(e, ERR_GUARD, "account",
				"%s: this %s is of %s, not of %s; give each mailbox a file "
				"of its own",
				m->sql.path, m->form->what, is[0], want[0]);
		else
			r = err_set(e, ERR_GUARD, "account",
				"%s: this map is for the move from %s to %s, not from %s "
				"to %s; give each move a map of its own",
				m->sql.path, is[0], is[1], want[0], want[1]);
	}
	arena_free(&a);
	return r;
}

/* Another match may have been told another rule. */
static int
keep_rules(struct map *m, const struct map_side sides[2], struct err *e)
{
	sqlite3_stmt *st;
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		if (sql_prepare(&m->sql, &st, e,
			    "UPDATE side SET rule = ? WHERE side = ? AND rule <> ?") ==
			-1)
			return -1;
		sql_bind_text(st, 1, text_of(or_empty(sides[i].rule)));
		sqlite3_bind_int(st, 2, i);
		sql_bind_text(st, 3, text_of(or_empty(sides[i].rule)));
		r = sql_run(&m->sql, st, e);
		sqlite3_finalize(st);
	}
	return r;
}

int
map_create_form(const struct map_form *form, const char *path,
	const struct map_side sides[2], struct map **out, struct err *e)
{
	struct os_stat st;
	if (os_stat(path, &st, NULL) == -1) {
		if (errno == ENOENT)
			return map_make(form, path, sides, out, e);
		return err_io(e, path, "look at the file");
	}
	/* What is left of a match that was killed before its first commit. */
	if (st.regular && st.size == 0)
		return fill_file(form, path, sides, out, e);
	struct map *m;
	if (map_open_checked(form, path, true, &m, e) == -1)
		return -1;
	if (prepare_writing(m, e) == -1 || check_sides(m, sides, e) == -1 ||
		keep_rules(m, sides, e) == -1) {
		map_close(m);
		return -1;
	}
	*out = m;
	return 0;
}

int
map_create(
	const char *path, const struct map_side sides[2], struct map **out, struct err *e)
{
	return map_create_form(&map_form_map, path, sides, out, e);
}
