/*
 * A side as it is read: all messages of it one behind the other, in chunks, with a
 * SHA-256 over the whole. A store of a million records is planned in a second this way;
 * stepping through a million rows takes as long by itself.
 *
 * One message: UIDL NUL size:8 partner:4 copies:4 flags:2 evidence:1 firm:1 unmatched:1
 * 0:3, numbers little-endian, partner 0xffffffff if it has none. A chunk holds whole
 * messages. The rows beside it (old_list, old_pair …) are for people and their SQL; what
 * is read is this, and nothing that was changed since the match is believed.
 */
#include "map/map_db.h"

#include "base/buf.h"

#define CHUNK ((size_t)65536)
#define FIXED ((size_t)24)

/* --- writing ---------------------------------------------------------------------- */

struct packing {
	struct map *map;
	enum side side;
	sqlite3_stmt *insert;
	struct hash hash;
	struct buf bytes;
};

static void
put_number(unsigned char *to, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)(n >> 8 * i);
}

static int
flush(struct packing *p, struct err *e)
{
	if (p->bytes.len == 0)
		return 0;
	hash_add(&p->hash, buf_text(&p->bytes));
	sqlite3_bind_int(p->insert, 1, (int)p->side);
	sqlite3_bind_blob(p->insert, 2, p->bytes.at, (int)p->bytes.len, SQLITE_STATIC);
	int r = sql_run(&p->map->sql, p->insert, e);
	buf_clear(&p->bytes);
	return r;
}

static int
pack(void *arg, const struct map_message *m, struct err *e)
{
	struct packing *p = arg;
	unsigned char fixed[FIXED] = {0};

	put_number(fixed, m->size, 8);
	put_number(fixed + 8, m->partner, 4);
	put_number(fixed + 12, m->copies, 4);
	put_number(fixed + 16, m->flags, 2);
	fixed[18] = m->evidence;
	fixed[19] = m->firm;
	fixed[20] = m->unmatched;
	buf_add(&p->bytes, m->uidl);
	buf_byte(&p->bytes, '\0');
	buf_add(&p->bytes, (struct text){(const char *)fixed, sizeof(fixed)});
	return p->bytes.len >= CHUNK ? flush(p, e) : 0;
}

int
map_pack_side(struct map *m, enum side side, struct digest *digest, struct err *e)
{
	struct packing p = {.map = m, .side = side};
	int r;

	if (sql_exec(&m->sql, e, "DELETE FROM packed WHERE side = %d", (int)side) == -1 ||
		sql_prepare(&m->sql, &p.insert, e,
			"INSERT INTO packed (side, bytes) VALUES (?, ?)") == -1)
		return -1;
	buf_init(&p.bytes, (size_t)1 << 30);
	hash_begin(&p.hash);
	r = map_read_rows(m, side, pack, &p, e);
	if (r == 0)
		r = flush(&p, e);
	*digest = hash_end(&p.hash);
	hash_release(&p.hash);
	buf_release(&p.bytes);
	sqlite3_finalize(p.insert);
	return r;
}

/* --- reading ---------------------------------------------------------------------- */

struct packed {
	struct map *map;
	enum side side;
	sqlite3_stmt *chunks, *words;
	bool words_row;		  /* the next description is at hand */
	uint64_t count, partners; /* messages on this side and on the other */
	struct hash hash;
};

static uint64_t
take_number(const unsigned char *from, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = bytes; i-- > 0;)
		n = n << 8 | from[i];
	return n;
}

static int
take_words(struct packed *r, struct map_message *m, struct err *e)
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

static bool
take_fixed(const struct packed *p, const char *at, struct map_message *m)
{
	unsigned char fixed[FIXED];

	memcpy(fixed, at, sizeof(fixed));
	m->size = take_number(fixed, 8);
	m->partner = (uint32_t)take_number(fixed + 8, 4);
	m->copies = (uint32_t)take_number(fixed + 12, 4);
	m->flags = (uint16_t)take_number(fixed + 16, 2);
	m->evidence = fixed[18];
	m->firm = fixed[19];
	m->unmatched = fixed[20];
	return m->partner == MATCH_NONE
		       ? m->evidence == EVIDENCE_NONE
		       : m->partner < p->partners && m->evidence < EVIDENCE_KINDS;
}

static int
read_chunk(struct packed *p, struct text chunk, size_t *index, map_sink sink, void *arg,
	struct err *e)
{
	struct cursor c = {chunk, 0};

	while (c.off < chunk.len) {
		struct map_message m = MAP_MESSAGE_NONE;

		m.index = (*index)++;
		if (!take_until(&c, '\0', &m.uidl) || chunk.len - c.off < FIXED ||
			!take_fixed(p, chunk.at + c.off, &m))
			return map_damaged(p->map, "an entry makes no sense", e);
		c.off += FIXED;
		if (take_words(p, &m, e) == -1 ||
			(sink != NULL && sink(arg, &m, e) == -1))
			return -1;
	}
	return 0;
}

static int
read_chunks(struct packed *p, map_sink sink, void *arg, struct err *e)
{
	size_t index = 0;
	bool row;
	int r;

	while ((r = sql_step(&p->map->sql, p->chunks, &row, e)) == 0 && row) {
		struct text chunk = sql_text(p->chunks, 0);

		hash_add(&p->hash, chunk);
		if (read_chunk(p, chunk, &index, sink, arg, e) == -1)
			return -1;
	}
	if (r == 0 && index != p->count)
		return map_damaged(p->map, "its list is not whole", e);
	return r;
}

static int
packed_open(struct packed *p, struct digest *was, struct err *e)
{
	struct sql *s = &p->map->sql;
	sqlite3_stmt *st;
	bool row;

	/* An unfinished map has no digest, and nothing to prove anything by. */
	if (sql_prepare(s, &st, e,
		    "SELECT count, digest, (SELECT count FROM side WHERE "
		    "side = %d) FROM side WHERE side = %d",
		    p->side == SIDE_OLD ? SIDE_NEW : SIDE_OLD, (int)p->side) == -1)
		return -1;
	int r = sql_step(s, st, &row, e);
	struct text digest = r == 0 && row ? sql_text(st, 1) : (struct text){"", 0};
	if (r == 0 && digest.len != sizeof(was->byte))
		r = map_damaged(p->map, "match has not finished it", e);
	if (r == 0) {
		memcpy(was->byte, digest.at, sizeof(was->byte));
		p->count = (uint64_t)sqlite3_column_int64(st, 0);
		p->partners = (uint64_t)sqlite3_column_int64(st, 2);
	}
	sqlite3_finalize(st);
	if (r == -1 ||
		sql_prepare(s, &p->chunks, e,
			"SELECT bytes FROM packed WHERE side = %d ORDER BY n",
			(int)p->side) == -1 ||
		sql_prepare(s, &p->words, e,
			"SELECT i, date, sender, subject FROM %s_words ORDER BY i",
			map_side_names[p->side]) == -1)
		return -1;
	return sql_step(s, p->words, &p->words_row, e);
}

int
map_each(struct map *m, enum side side, map_sink sink, void *arg, struct err *e)
{
	struct packed p = {.map = m, .side = side};
	struct digest was, is;
	int r = packed_open(&p, &was, e);

	if (r == 0) {
		hash_begin(&p.hash);
		r = read_chunks(&p, sink, arg, e);
		is = hash_end(&p.hash);
		if (r == 0 && !digest_equal(&is, &was))
			r = map_damaged(
				m, "it is not as match left it; run match again", e);
	}
	hash_release(&p.hash);
	sqlite3_finalize(p.chunks);
	sqlite3_finalize(p.words);
	return r;
}
