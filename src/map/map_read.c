/*
 * The rows of a side, list and pairs stepped side by side by index, as match has written
 * them: what map_packed.c packs.
 */
#include "map/map_db.h"

struct reader {
	struct map *map;
	enum side side;
	sqlite3_stmt *list, *pair;
	int64_t partners; /* messages on the other side */
};

static void
reader_release(struct reader *r)
{
	sqlite3_finalize(r->list);
	sqlite3_finalize(r->pair);
}

static int
reader_open(struct reader *r, struct err *e)
{
	struct sql *s = &r->map->sql;
	const char *side = map_side_names[r->side];
	char count[64];
	sqlite3_snprintf(sizeof(count), count, "SELECT count FROM side WHERE side = %d",
		r->side == SIDE_OLD ? SIDE_NEW : SIDE_OLD);
	if (sql_number(s, count, &r->partners, e) == -1)
		return -1;
	if (sql_prepare(s, &r->list, e,
		    "SELECT i, uidl, size, flags FROM %s_list ORDER BY i", side) == -1 ||
		sql_prepare(s, &r->pair, e,
			"SELECT i, partner, evidence, firm, unmatched, copies "
			"FROM %s_pair ORDER BY i",
			side) == -1)
		return -1;
	return 0;
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
reader_next(struct reader *r, struct map_message *m, bool *row, struct err *e)
{
	bool pair = false;
	if (sql_step(&r->map->sql, r->list, row, e) == -1 ||
		sql_step(&r->map->sql, r->pair, &pair, e) == -1)
		return -1;
	if (pair != *row)
		return map_damaged(r->map, "its lists and its pairs differ in length", e);
	if (*row && (!take_list(r, m) || !take_pair(r, m)))
		return map_damaged(r->map, "an entry makes no sense", e);
	return 0;
}

int
map_read_rows(struct map *map, enum side side, map_sink sink, void *arg, struct err *e)
{
	struct reader r = {.map = map, .side = side};
	bool row = true;
	int result = reader_open(&r, e);
	for (size_t i = 0; result == 0; i++) {
		struct map_message m = MAP_MESSAGE_NONE;
		m.index = i;
		result = reader_next(&r, &m, &row, e);
		if (result == -1 || !row)
			break;
		result = sink(arg, &m, e);
	}
	reader_release(&r);
	return result;
}

int
map_each_evidence(
	struct map *m, enum side side, map_evidence_sink sink, void *arg, struct err *e)
{
	const char *name = map_side_names[side];
	sqlite3_stmt *st;
	bool row;
	int r;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT e.i, e.flags | l.flags, header_octets, message_id, strict, "
		    "loose, id, damaged, body, l.uidl "
		    "FROM %s_evidence e JOIN %s_list l ON l.i = e.i ORDER BY e.i",
		    name, name) == -1)
		return -1;
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row) {
		struct evidence ev = {.flags = (uint16_t)sqlite3_column_int(st, 1)};
		/* No header, no digests. */
		if (ev.flags & MESSAGE_HEADER && !map_take_evidence(st, &ev)) {
			r = map_damaged(m, "evidence makes no sense", e);
			break;
		}
		if ((r = sink(arg, sql_text(st, 9), &ev, e)) == -1)
			break;
	}
	sqlite3_finalize(st);
	return r;
}
