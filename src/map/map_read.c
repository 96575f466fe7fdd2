/*
 * Reading a map: three tables are stepped side by side, by index, so that a million
 * messages cost three passes and no memory.
 */
#include "map/map_db.h"

#include "base/buf.h"

struct reader {
	struct map *map;
	enum side side;
	sqlite3_stmt *list, *pair, *words;
	bool words_row; /* the next description is at hand */
	bool finished;
	int64_t partners; /* messages on the other side */
	struct hash hash;
	struct buf bytes; /* not yet in the hash: it is quicker by the block */
};

static void
reader_release(struct reader *r)
{
	sqlite3_finalize(r->list);
	sqlite3_finalize(r->pair);
	sqlite3_finalize(r->words);
	hash_release(&r->hash);
	buf_release(&r->bytes);
}

static int
reader_open(struct reader *r, struct err *e)
{
	struct sql *s = &r->map->sql;
	const char *side = map_side_names[r->side];
	char count[64];
	int64_t matched;
	sqlite3_snprintf(sizeof(count), count, "SELECT count FROM side WHERE side = %d",
		r->side == SIDE_OLD ? SIDE_NEW : SIDE_OLD);
	if (sql_number(s, "SELECT matched FROM map", &matched, e) == -1 ||
		sql_number(s, count, &r->partners, e) == -1)
		return -1;
	r->finished = matched > 0;
	if (sql_prepare(s, &r->list, e,
		    "SELECT i, uidl, size, flags FROM %s_list ORDER BY i", side) == -1 ||
		sql_prepare(s, &r->pair, e,
			"SELECT i, partner, evidence, firm, unmatched, copies "
			"FROM %s_pair ORDER BY i",
			side) == -1 ||
		sql_prepare(s, &r->words, e,
			"SELECT i, date, sender, subject FROM %s_words ORDER BY i",
			side) == -1)
		return -1;
	return sql_step(s, r->words, &r->words_row, e);
}

static bool
take_list(struct reader *r, struct map_message *m)
{
	int64_t size = sqlite3_column_int64(r->list, 2);
	int64_t flags = sqlite3_column_int64(r->list, 3);
	m->uidl = sql_text(r->list, 1);
	m->size = (uint64_t)size;
	m->flags = (uint16_t)flags;
	return sqlite3_column_int64(r->list, 0) == (int64_t)m->index && size >= 0 &&
	       flags >= 0 && flags <= UINT16_MAX &&
	       memchr(m->uidl.at, '\0', m->uidl.len) == NULL;
}

static bool
take_pair(struct reader *r, struct map_message *m)
{
	bool paired = sqlite3_column_type(r->pair, 1) != SQLITE_NULL;
	int64_t partner = sqlite3_column_int64(r->pair, 1);
	int64_t evidence = sqlite3_column_int64(r->pair, 2);
	int64_t unmatched = sqlite3_column_int64(r->pair, 4);
	int64_t copies = sqlite3_column_int64(r->pair, 5);
	if (paired)
		m->partner = (uint32_t)partner;
	m->evidence = (uint8_t)evidence;
	m->firm = sqlite3_column_int(r->pair, 3) != 0;
	m->unmatched = (uint8_t)unmatched;
	m->copies = (uint32_t)copies;
	return sqlite3_column_int64(r->pair, 0) == (int64_t)m->index &&
	       (!paired || (partner >= 0 && partner < r->partners)) && evidence >= 0 &&
	       (paired ? evidence < EVIDENCE_KINDS : evidence == EVIDENCE_NONE) &&
	       unmatched >= 0 && unmatched <= UNMATCHED_UIDL && copies >= 0 &&
	       copies <= UINT32_MAX;
}

static int
take_words(struct reader *r, struct map_message *m, struct err *e)
{
	while (r->words_row && sqlite3_column_int64(r->words, 0) < (int64_t)m->index)
		if (sql_step(&r->map->sql, r->words, &r->words_row, e) == -1)
			return -1;
	if (!r->words_row || sqlite3_column_int64(r->words, 0) != (int64_t)m->index)
		return 0;
	m->date = sql_text(r->words, 1);
	m->from = sql_text(r->words, 2);
	m->subject = sql_text(r->words, 3);
	return 0;
}

static void
put_number(unsigned char *to, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)(n >> 8 * i);
}

/* All that decides about a message, for the proof that nothing was changed since. */
static void
reader_prove(struct reader *r, const struct map_message *m)
{
	unsigned char fixed[24] = {0};
	put_number(fixed, m->size, 8);
	put_number(fixed + 8, m->partner, 4);
	put_number(fixed + 12, m->copies, 4);
	put_number(fixed + 16, m->flags, 2);
	fixed[18] = m->evidence;
	fixed[19] = m->firm;
	fixed[20] = m->unmatched;
	if (r->bytes.len > 32768) {
		hash_add(&r->hash, buf_text(&r->bytes));
		buf_clear(&r->bytes);
	}
	buf_add(&r->bytes, m->uidl);
	buf_byte(&r->bytes, '\0');
	buf_add(&r->bytes, (struct text){(const char *)fixed, sizeof(fixed)});
}

static int
reader_next(struct reader *r, struct map_message *m, bool *row, struct err *e)
{
	bool pair = false;
	if (sql_step(&r->map->sql, r->list, row, e) == -1)
		return -1;
	if (r->finished && sql_step(&r->map->sql, r->pair, &pair, e) == -1)
		return -1;
	if (r->finished && pair != *row)
		return map_damaged(r->map, "its lists and its pairs differ in length", e);
	if (!*row)
		return 0;
	if (!take_list(r, m) || (pair && !take_pair(r, m)))
		return map_damaged(r->map, "an entry makes no sense", e);
	reader_prove(r, m);
	return take_words(r, m, e);
}

int
map_read_side(struct map *map, enum side side, map_sink sink, void *arg,
	struct digest *digest, struct err *e)
{
	struct reader r = {.map = map, .side = side};
	bool row = true;
	int result = reader_open(&r, e);
	buf_init(&r.bytes, (size_t)1 << 30);
	hash_begin(&r.hash);
	for (size_t i = 0; result == 0; i++) {
		struct map_message m = {
			.index = i,
			.uidl = {"", 0},
			.date = {"", 0},
			.from = {"", 0},
			.subject = {"", 0},
			.partner = MATCH_NONE,
			.evidence = EVIDENCE_NONE,
		};
		result = reader_next(&r, &m, &row, e);
		if (result == -1 || !row)
			break;
		if (sink != NULL)
			result = sink(arg, &m, e);
	}
	hash_add(&r.hash, buf_text(&r.bytes));
	*digest = hash_end(&r.hash);
	reader_release(&r);
	return result;
}

/* Was it complete, the digest of that time; else nothing can be proved. */
static int
check_digest(struct map *m, enum side side, const struct digest *is, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT side.digest FROM side, map WHERE side.side = %d AND "
		    "map.matched > 0",
		    (int)side) == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	if (r == 0 && row) {
		struct text was = sql_text(st, 0);
		if (was.len != sizeof(is->byte) ||
			memcmp(was.at, is->byte, sizeof(is->byte)) != 0)
			r = map_damaged(
				m, "it is not as match left it; run match again", e);
	}
	sqlite3_finalize(st);
	return r;
}

int
map_each(struct map *m, enum side side, map_sink sink, void *arg, struct err *e)
{
	struct digest digest;
	if (map_read_side(m, side, sink, arg, &digest, e) == -1)
		return -1;
	return check_digest(m, side, &digest, e);
}
