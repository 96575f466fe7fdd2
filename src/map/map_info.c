/* What a map says of itself and of its two sides. */
#include "map/map_db.h"

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
		    "SELECT host, user, port, scheme, count, whole, plain, path, rule "
		    "FROM side "
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
				.path = arena_string(a, sql_text(st, 7)),
				.rule = arena_string(a, sql_text(st, 8)),
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
