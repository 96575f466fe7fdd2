/*
 * The end of a match: the pairs are written, the whole digests behind each are compared
 * (in memory match has 16 bytes of each), and the map is declared complete.
 */
#include "map/map_db.h"

#include <stdlib.h>

/* Where both bodies are known they are equal, whatever the pair rests on. A digest that
 * is missing is NULL, and proves nothing. */
#define BODIES "(a.body IS NULL OR b.body IS NULL OR a.body = b.body)"

struct row {
	size_t index;
	uint32_t partner;
	uint8_t evidence, firm, unmatched;
	uint32_t copies;
};

static int
insert_row(struct map *m, sqlite3_stmt *st, const struct row *row, struct err *e)
{
	sql_bind_next(st, 1, row->index);
	if (row->partner == MATCH_NONE)
		sqlite3_bind_null(st, 2);
	else
		sqlite3_bind_int64(st, 2, row->partner);
	sqlite3_bind_int(
		st, 3, row->partner == MATCH_NONE ? EVIDENCE_NONE : row->evidence);
	sqlite3_bind_int(st, 4, row->firm);
	sqlite3_bind_int(st, 5, row->unmatched);
	sqlite3_bind_int64(st, 6, row->copies);
	return sql_run(&m->sql, st, e);
}

static int
write_old(struct map *m, const struct match *match, struct err *e)
{
	sqlite3_stmt *st;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e, "INSERT INTO old_pair VALUES (?,?,?,?,?,?)") ==
		-1)
		return -1;
	for (size_t i = 0; i < match->nold && r == 0; i++) {
		struct row row = {i, match->partner[i], match->evidence[i],
			match->firm[i], match->unmatched[i], match->copies[i]};
		r = insert_row(m, st, &row, e);
	}
	sqlite3_finalize(st);
	return r;
}

/* By new index the old one; a new message has one partner only. */
static uint32_t *
invert(const struct match *match, struct err *e)
{
	uint32_t *of = must_alloc(match->nnew * sizeof(*of));
	for (size_t i = 0; i < match->nnew; i++)
		of[i] = MATCH_NONE;
	for (size_t i = 0; i < match->nold; i++) {
		uint32_t to = match->partner[i];
		if (to == MATCH_NONE)
			continue;
		if (to >= match->nnew || of[to] != MATCH_NONE ||
			match->evidence[i] >= EVIDENCE_KINDS) {
			err_set(e, ERR_INTERNAL, "",
				"old message %zu has an impossible partner %u", i, to);
			free(of);
			return NULL;
		}
		of[to] = (uint32_t)i;
	}
	return of;
}

static int
write_new(struct map *m, const struct match *match, struct err *e)
{
	sqlite3_stmt *st;
	int r = 0;
	uint32_t *of = invert(match, e);
	if (of == NULL)
		return -1;
	if (sql_prepare(&m->sql, &st, e, "INSERT INTO new_pair VALUES (?,?,?,?,?,?)") ==
		-1)
		r = -1;
	for (size_t i = 0; i < match->nnew && r == 0; i++) {
		struct row row = {
			.index = i, .partner = of[i], .copies = match->new_copies[i]};
		if (of[i] != MATCH_NONE) {
			row.evidence = match->evidence[of[i]];
			row.firm = match->firm[of[i]];
		}
		r = insert_row(m, st, &row, e);
	}
	sqlite3_finalize(st);
	free(of);
	return r;
}

static int
write_pairs(struct map *m, const struct match *match, struct err *e)
{
	if (sql_exec(&m->sql, e, "DELETE FROM old_pair; DELETE FROM new_pair") == -1 ||
		write_old(m, match, e) == -1)
		return -1;
	return write_new(m, match, e);
}

static void
drop_pair(struct match *match, size_t i)
{
	match->new_copies[match->partner[i]] = 0;
	match->pairs--;
	match->by_kind[match->evidence[i]]--;
	match->partner[i] = MATCH_NONE;
	match->evidence[i] = EVIDENCE_NONE;
	match->firm[i] = 0;
	match->unmatched[i] = UNMATCHED_DIFFERENT;
	match->copies[i] = 0;
}

static int
drop_different(struct map *m, struct match *match, size_t *dropped, struct err *e)
{
	sqlite3_stmt *st;
	bool row = true;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT p.i FROM old_pair p LEFT JOIN old_evidence a ON a.i = p.i "
		    "LEFT JOIN new_evidence b ON b.i = p.partner "
		    "WHERE p.partner IS NOT NULL AND p.evidence <= %d "
		    "AND coalesce(CASE p.evidence "
		    "WHEN %d THEN a.strict = b.strict AND " BODIES
		    "WHEN %d THEN a.loose = b.loose AND " BODIES
		    "WHEN %d THEN a.id = b.id AND a.body = b.body "
		    "WHEN %d THEN a.damaged = b.damaged AND a.body = b.body "
		    "WHEN %d THEN a.loose = b.loose AND a.body = b.body END, 0) = 0",
		    EVIDENCE_ORDER, EVIDENCE_STRICT, EVIDENCE_LOOSE, EVIDENCE_ID,
		    EVIDENCE_DAMAGED, EVIDENCE_ORDER) == -1)
		return -1;
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row) {
		drop_pair(match, (size_t)sqlite3_column_int64(st, 0));
		++*dropped;
	}
	sqlite3_finalize(st);
	return r;
}

static void
drop_class(struct match *match, uint32_t class)
{
	for (size_t i = 0; i < match->nold; i++) {
		if (match->copies[i] != class)
			continue;
		match->copies[i] = 0;
		if (match->partner[i] != MATCH_NONE &&
			match->evidence[i] == EVIDENCE_ORDER)
			drop_pair(match, i);
	}
	for (size_t i = 0; i < match->nnew; i++)
		if (match->new_copies[i] == class)
			match->new_copies[i] = 0;
}

/* Members of a class may change partners later, so all of them must be equal. */
static int
drop_false_copies(struct map *m, struct match *match, size_t *dropped, struct err *e)
{
	sqlite3_stmt *st;
	bool row = true;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e,
		    "SELECT copies FROM ("
		    "SELECT p.copies, e.loose, e.body FROM old_pair p "
		    "LEFT JOIN old_evidence e ON e.i = p.i WHERE p.copies > 0 UNION ALL "
		    "SELECT p.copies, e.loose, e.body FROM new_pair p "
		    "LEFT JOIN new_evidence e ON e.i = p.i WHERE p.copies > 0) "
		    "GROUP BY copies HAVING count(loose) < count(*) OR "
		    "count(body) < count(*) OR min(loose) <> max(loose) OR "
		    "min(body) <> max(body)") == -1)
		return -1;
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row) {
		drop_class(match, (uint32_t)sqlite3_column_int64(st, 0));
		++*dropped;
	}
	sqlite3_finalize(st);
	return r;
}

static int
write_counts(struct map *m, const struct match *match, int64_t now,
	const struct digest *lists, struct err *e)
{
	sqlite3_stmt *st;
	char id[33];
	/* Other lists make it another map: one that was applied can be applied anew, with
	 * what has come since. */
	map_random_id(id);
	if (sql_prepare(&m->sql, &st, e,
		    "UPDATE map SET matched = ?1, lengths_comparable = ?2, pairs = ?3, "
		    "ambiguous = ?4, lists = ?5, "
		    "id = CASE WHEN lists IS NULL OR lists = ?5 THEN id ELSE ?6 END") ==
		-1)
		return -1;
	sqlite3_bind_int64(st, 1, now);
	sqlite3_bind_int(st, 2, match->lengths_comparable);
	sqlite3_bind_int64(st, 3, (int64_t)match->pairs);
	sqlite3_bind_int64(st, 4, (int64_t)match->ambiguous);
	sql_bind_digest(st, 5, lists);
	sql_bind_text(st, 6, (struct text){id, 32});
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	for (int k = 0; k < EVIDENCE_KINDS && r == 0; k++)
		r = sql_exec(&m->sql, e, "UPDATE kind SET pairs = %lld WHERE kind = %d",
			(long long)match->by_kind[k], k);
	return r;
}

static int
lists_digest(struct map *m, struct digest *d, struct err *e)
{
	sqlite3_stmt *st;
	bool row = true;
	struct hash hash = {0};
	int r = 0;
	if (sql_prepare(&m->sql, &st, e, "SELECT list FROM side ORDER BY side") == -1)
		return -1;
	hash_begin(&hash);
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row)
		hash_add(&hash, sql_text(st, 0));
	*d = hash_end(&hash);
	hash_release(&hash);
	sqlite3_finalize(st);
	return r;
}

static int
write_proof(struct map *m, enum side side, struct err *e)
{
	struct digest digest;
	sqlite3_stmt *st;
	if (map_pack_side(m, side, &digest, e) == -1 ||
		sql_prepare(&m->sql, &st, e, "UPDATE side SET digest = ? WHERE side = %d",
			(int)side) == -1)
		return -1;
	sql_bind_digest(st, 1, &digest);
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	return r;
}

static int
check_lengths(struct map *m, const struct match *match, struct err *e)
{
	int64_t nold, nnew;
	if (sql_number(&m->sql, "SELECT count FROM side WHERE side = 0", &nold, e) ==
			-1 ||
		sql_number(&m->sql, "SELECT count FROM side WHERE side = 1", &nnew, e) ==
			-1)
		return -1;
	if ((uint64_t)nold == match->nold && (uint64_t)nnew == match->nnew)
		return 0;
	return err_set(e, ERR_INTERNAL, "",
		"%s: the match is not of the lists in this map", m->sql.path);
}

/* The commit before lets the pragma act, which it does not inside a transaction. */
static int
finish(struct map *m, struct match *match, int64_t now, struct err *e)
{
	struct digest lists;
	size_t dropped = 0;
	if (map_commit(m, e) == -1 ||
		sql_exec(&m->sql, e, "PRAGMA synchronous = FULL") == -1 ||
		map_begin(m, e) == -1 || check_lengths(m, match, e) == -1 ||
		write_pairs(m, match, e) == -1 ||
		drop_different(m, match, &dropped, e) == -1 ||
		drop_false_copies(m, match, &dropped, e) == -1)
		return -1;
	if (dropped > 0 && write_pairs(m, match, e) == -1)
		return -1;
	if (lists_digest(m, &lists, e) == -1 ||
		write_counts(m, match, now, &lists, e) == -1 ||
		write_proof(m, SIDE_OLD, e) == -1 || write_proof(m, SIDE_NEW, e) == -1)
		return -1;
	return map_commit(m, e);
}

int
map_pairs(struct map *m, struct match *match, int64_t now, struct err *e)
{
	if (finish(m, match, now, e) == 0)
		return 0;
	/* Never a map that says it is complete and is not. */
	struct err ignored;
	if (m->open)
		sql_exec(&m->sql, &ignored, "ROLLBACK");
	m->open = false;
	return -1;
}
