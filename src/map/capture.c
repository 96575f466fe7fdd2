#include "map/capture.h"

#include "map/map_db.h"

const struct map_form map_form_capture = {
	.what = "capture",
	.maker = "capture",
	.use = "match and migrate take it as --old capture:FILE",
	.application = 0x72434150, /* "rCAP" */
};

#define EVIDENCE_ROWS "SELECT * FROM old_evidence ORDER BY i"

/* --- writing ---------------------------------------------------------------------- */

int
capture_create(
	const char *path, const struct map_side *side, struct map **out, struct err *e)
{
	char none[] = "";
	struct map_side sides[2] = {*side, {.host = none, .user = none, .scheme = none}};

	return map_create_form(&map_form_capture, path, sides, out, e);
}

int
capture_goes_on(struct map *m, const struct listing *l, bool *goes_on, struct err *e)
{
	return map_cache_usable(m, SIDE_OLD, l, goes_on, e);
}

int
capture_described(struct map *m, uint8_t *words, size_t n, struct err *e)
{
	struct text values[3];
	size_t i;
	bool row;
	int r;

	memset(words, 0, n);
	if ((r = capture_rewind(m, true, e)) == -1)
		return -1;
	while ((r = capture_next_words(m, &i, values, &row, e)) == 0 && row)
		if (i < n)
			words[i] = 1;
	return r;
}

static void
put_number(char *to, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		to[i] = (char)(n >> 8 * i);
}

/* A row of evidence, so that no row reads like another; a digest that is not there is
 * nothing, and the flags say which are. */
static void
hash_row(struct hash *h, sqlite3_stmt *st)
{
	char numbers[4][8];

	for (int i = 0; i < 4; i++)
		put_number(numbers[i], (uint64_t)sqlite3_column_int64(st, i));
	hash_add(h, (struct text){numbers[0], sizeof(numbers)});
	for (int i = 4; i < 9; i++) {
		struct text t = sql_text(st, i);
		char len = (char)t.len;

		hash_add(h, (struct text){&len, 1});
		hash_add(h, t);
	}
}

static int
evidence_digest(struct map *m, struct digest *d, struct err *e)
{
	struct hash hash = {0};
	sqlite3_stmt *st;
	bool row;
	int r;

	if (sql_prepare(&m->sql, &st, e, EVIDENCE_ROWS) == -1)
		return -1;
	hash_begin(&hash);
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row)
		hash_row(&hash, st);
	*d = hash_end(&hash);
	hash_release(&hash);
	sqlite3_finalize(st);
	return r;
}

static int
write_digest(struct map *m, const struct digest *d, int64_t now, struct err *e)
{
	sqlite3_stmt *st;

	if (sql_prepare(&m->sql, &st, e, "UPDATE side SET digest = ? WHERE side = %d",
		    SIDE_OLD) == -1)
		return -1;
	sql_bind_digest(st, 1, d);
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	if (r == -1)
		return -1;
	return sql_exec(&m->sql, e, "UPDATE map SET matched = %lld", (long long)now);
}

/* The commit before lets the pragma act, which it does not inside a transaction. */
int
capture_finish(struct map *m, int64_t now, struct err *e)
{
	struct digest digest;

	if (map_commit(m, e) == -1 ||
		sql_exec(&m->sql, e, "PRAGMA synchronous = FULL") == -1 ||
		map_begin(m, e) == -1 || evidence_digest(m, &digest, e) == -1 ||
		write_digest(m, &digest, now, e) == -1)
		return -1;
	return map_commit(m, e);
}

/* --- reading ---------------------------------------------------------------------- */

int
capture_open(const char *path, struct map **out, struct err *e)
{
	struct map *m;
	int64_t rows;

	if (map_open_checked(&map_form_capture, path, false, &m, e) == -1)
		return -1;
	/* The lock that the first SELECT takes is kept: list and evidence are of one run. */
	int r = sql_exec(&m->sql, e, "BEGIN");
	if (r == 0)
		r = sql_number(&m->sql, "SELECT count(*) FROM map", &rows, e);
	if (r == 0 && rows != 1)
		r = map_damaged(m, "it says nothing of itself", e);
	if (r == -1) {
		map_close(m);
		return -1;
	}
	*out = m;
	return 0;
}

static int
count_rows(struct map *m, struct capture_info *info, struct err *e)
{
	sqlite3_stmt *st;
	bool row;

	if (sql_prepare(&m->sql, &st, e,
		    "SELECT count(*), total(flags & %d <> 0), total(flags & %d <> 0), "
		    "(SELECT count(*) FROM old_words), "
		    "(SELECT since FROM side WHERE side = 0) FROM old_evidence",
		    MESSAGE_HEADER, MESSAGE_BODY) == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	if (r == 0 && row) {
		info->headers = (uint64_t)sqlite3_column_int64(st, 1);
		info->bodies = (uint64_t)sqlite3_column_int64(st, 2);
		info->words = (uint64_t)sqlite3_column_int64(st, 3);
		info->since = sqlite3_column_int64(st, 4);
	}
	sqlite3_finalize(st);
	return r;
}

int
capture_info(struct map *m, struct arena *a, struct capture_info *info, struct err *e)
{
	struct map_info map;

	*info = (struct capture_info){0};
	if (map_info(m, a, &map, e) == -1)
		return -1;
	info->side = map.side[SIDE_OLD];
	info->finished = map.matched;
	return count_rows(m, info, e);
}

static int
check_list(struct map *m, const struct digest *is, const struct listing *l, struct err *e)
{
	sqlite3_stmt *st;
	bool row;

	if (sql_prepare(&m->sql, &st, e, "SELECT list, count FROM side WHERE side = %d",
		    SIDE_OLD) == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	struct text was = r == 0 && row ? sql_text(st, 0) : (struct text){"", 0};
	if (r == 0 && was.len == 0 && l->n == 0)
		r = err_set(e, ERR_DATA, "format",
			"%s: this capture was interrupted before the server had listed its "
			"messages",
			m->sql.path);
	else if (r == 0 && (was.len != sizeof(is->byte) ||
				   memcmp(was.at, is->byte, sizeof(is->byte)) != 0 ||
				   (uint64_t)sqlite3_column_int64(st, 1) != l->n))
		r = map_damaged(m, "its list is not as the server gave it", e);
	sqlite3_finalize(st);
	return r;
}

int
capture_list(struct map *m, struct listing *l, struct err *e)
{
	struct list_hash hash;
	sqlite3_stmt *st;
	bool row;
	int r;

	if (sql_prepare(&m->sql, &st, e, "SELECT uidl, size FROM old_list ORDER BY i") ==
		-1)
		return -1;
	list_hash_begin(&hash);
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row) {
		struct text uidl = sql_text(st, 0);
		uint64_t size = (uint64_t)sqlite3_column_int64(st, 1);

		list_hash_add(&hash, uidl, size);
		listing_add(l, uidl, size);
	}
	sqlite3_finalize(st);
	struct digest is = list_hash_end(&hash);
	if (r == 0)
		r = check_list(m, &is, l, e);
	listing_mark(l);
	return r;
}

int
capture_rewind(struct map *m, bool words, struct err *e)
{
	sqlite3_finalize(m->rows);
	m->rows = NULL;
	hash_begin(&m->rows_hash);
	return sql_prepare(&m->sql, &m->rows, e, "%s",
		words ? "SELECT i, date, sender, subject FROM old_words ORDER BY i"
		      : EVIDENCE_ROWS);
}

/* Only a finished capture has a digest; of another the rows are what they are. */
static int
check_evidence(struct map *m, struct err *e)
{
	struct digest is = hash_end(&m->rows_hash);
	sqlite3_stmt *st;
	bool row;

	hash_begin(&m->rows_hash);
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT digest, matched FROM side, map WHERE side = %d",
		    SIDE_OLD) == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	if (r == 0 && row && sqlite3_column_int64(st, 1) > 0) {
		struct text was = sql_text(st, 0);
		if (was.len != sizeof(is.byte) ||
			memcmp(was.at, is.byte, sizeof(is.byte)) != 0)
			r = map_damaged(m, "its evidence is not as it was captured", e);
	}
	sqlite3_finalize(st);
	return r;
}

static int
next_row(struct map *m, size_t *index, bool *row, struct err *e)
{
	if (sql_step(&m->sql, m->rows, row, e) == -1)
		return -1;
	int64_t i = *row ? sqlite3_column_int64(m->rows, 0) : 0;
	if (i < 0)
		return map_damaged(m, "an entry makes no sense", e);
	*index = (size_t)i;
	return 0;
}

int
capture_next_evidence(
	struct map *m, size_t *index, struct evidence *ev, bool *row, struct err *e)
{
	if (next_row(m, index, row, e) == -1)
		return -1;
	if (!*row)
		return check_evidence(m, e);
	hash_row(&m->rows_hash, m->rows);
	*ev = (struct evidence){.flags = (uint16_t)sqlite3_column_int(m->rows, 1)};
	/* No header, no digests. */
	if (ev->flags & MESSAGE_HEADER && !map_take_evidence(m->rows, ev))
		return map_damaged(m, "evidence makes no sense", e);
	return 0;
}

int
capture_next_words(
	struct map *m, size_t *index, struct text values[3], bool *row, struct err *e)
{
	if (next_row(m, index, row, e) == -1)
		return -1;
	for (int i = 0; *row && i < 3; i++)
		values[i] = sql_text(m->rows, i + 1);
	return 0;
}
