/* Writing a map while match goes on: lists, and evidence as it arrives. */
#include "map/map_db.h"

#include "base/buf.h"
#include "base/os.h"

#define CACHE_SECONDS  (24 * 60 * 60)
#define COMMIT_SECONDS 1.0

/* What evidence says of the body; all else is of the header. */
#define BODY_BITS   (MESSAGE_BODY | MESSAGE_NO_BODY)
#define HEADER_BITS (0xffff & ~BODY_BITS)

int
map_begin(struct map *m, struct err *e)
{
	if (m->open)
		return 0;
	if (sql_exec(&m->sql, e, "BEGIN IMMEDIATE") == -1)
		return -1;
	m->open = true;
	m->opened = os_seconds();
	return 0;
}

int
map_commit(struct map *m, struct err *e)
{
	if (!m->open)
		return 0;
	if (sql_exec(&m->sql, e, "COMMIT") == -1)
		return -1;
	m->open = false;
	return 0;
}

static int
commit_if_due(struct map *m, struct err *e)
{
	return os_seconds() - m->opened < COMMIT_SECONDS ? 0 : map_commit(m, e);
}

/* Is what we have of that side still of the same messages? matching.md, The wire. */
int
map_cache_usable(struct map *m, enum side side, const struct listing *l, bool *usable,
	struct err *e)
{
	char query[64];
	sqlite3_stmt *st;
	int64_t since;
	bool row = true, same = true;
	*usable = false;
	sqlite3_snprintf(sizeof(query), query, "SELECT since FROM side WHERE side = %d",
		(int)side);
	if (sql_number(&m->sql, query, &since, e) == -1)
		return -1;
	int64_t age = os_now() - since;
	if (since <= 0 || age < 0 || age > CACHE_SECONDS)
		return 0;
	if (sql_prepare(&m->sql, &st, e, "SELECT uidl, size FROM %s_list ORDER BY i",
		    map_side_names[side]) == -1)
		return -1;
	int r = 0;
	size_t i = 0;
	for (; same; i++) {
		if ((r = sql_step(&m->sql, st, &row, e)) == -1 || !row)
			break;
		same = i < l->n && text_equal(sql_text(st, 0), message_uidl(&l->at[i])) &&
		       (uint64_t)sqlite3_column_int64(st, 1) == l->at[i].size;
	}
	sqlite3_finalize(st);
	for (size_t k = 0; same && k < l->n; k++)
		same = !uidl_is_plain(message_uidl(&l->at[k]));
	*usable = same && i > 0;
	return r;
}

void
list_hash_begin(struct list_hash *h)
{
	*h = (struct list_hash){0};
	hash_begin(&h->hash);
	buf_init(&h->bytes, (size_t)1 << 20); /* quicker by the block */
}

void
list_hash_add(struct list_hash *h, struct text uidl, uint64_t size)
{
	/* The NUL and 8 bytes of size, so that no list reads like another. */
	char tail[9] = {0};

	if (h->bytes.len > 32768) {
		hash_add(&h->hash, buf_text(&h->bytes));
		buf_clear(&h->bytes);
	}
	for (int k = 0; k < 8; k++)
		tail[1 + k] = (char)(size >> 8 * k);
	buf_add(&h->bytes, uidl);
	buf_add(&h->bytes, (struct text){tail, sizeof(tail)});
}

struct digest
list_hash_end(struct list_hash *h)
{
	hash_add(&h->hash, buf_text(&h->bytes));
	buf_release(&h->bytes);
	struct digest digest = hash_end(&h->hash);
	hash_release(&h->hash);
	return digest;
}

/* The list, its digest, and whether a UIDL in it is plain. */
static int
insert_list(struct map *m, enum side side, const struct listing *l, struct digest *digest,
	bool *plain, struct err *e)
{
	sqlite3_stmt *st;
	struct list_hash hash;
	int r = 0;
	if (sql_prepare(&m->sql, &st, e, "INSERT INTO %s_list VALUES (?, ?, ?, ?)",
		    map_side_names[side]) == -1)
		return -1;
	*plain = false;
	list_hash_begin(&hash);
	for (size_t i = 0; i < l->n && r == 0; i++) {
		const struct message *one = &l->at[i];
		struct text uidl = message_uidl(one);
		if (!*plain && uidl_is_plain(uidl))
			*plain = true;
		sql_bind_next(st, 1, i);
		sql_bind_text(st, 2, uidl);
		sqlite3_bind_int64(st, 3, (int64_t)one->size);
		sqlite3_bind_int(st, 4, one->flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL));
		r = sql_run(&m->sql, st, e);
		list_hash_add(&hash, uidl, one->size);
	}
	*digest = list_hash_end(&hash);
	sqlite3_finalize(st);
	return r;
}

static int
update_side(struct map *m, enum side side, const struct listing *l, bool keep,
	const struct digest *digest, bool plain, struct err *e)
{
	sqlite3_stmt *st;
	if (sql_prepare(&m->sql, &st, e,
		    "UPDATE side SET count = ?1, whole = ?2, plain = ?3, list = ?4, "
		    "since = CASE WHEN ?5 THEN since ELSE ?6 END WHERE side = ?7") == -1)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)l->n);
	sqlite3_bind_int(st, 2, l->whole);
	sqlite3_bind_int(st, 3, plain);
	sql_bind_digest(st, 4, digest);
	sqlite3_bind_int(st, 5, keep);
	sqlite3_bind_int64(st, 6, os_now());
	sqlite3_bind_int(st, 7, (int)side);
	int r = sql_run(&m->sql, st, e);
	sqlite3_finalize(st);
	return r;
}

static bool
take_digest(sqlite3_stmt *st, int column, struct digest *d)
{
	struct text t = sql_text(st, column);
	if (t.len != sizeof(d->byte))
		return false;
	memcpy(d->byte, t.at, sizeof(d->byte));
	return true;
}

bool
map_take_evidence(sqlite3_stmt *st, struct evidence *ev)
{
	*ev = (struct evidence){
		.flags = (uint16_t)sqlite3_column_int(st, 1),
		.header_octets = (uint32_t)sqlite3_column_int64(st, 2),
		.message_id = (uint64_t)sqlite3_column_int64(st, 3),
	};
	if (!take_digest(st, 4, &ev->strict) || !take_digest(st, 5, &ev->loose) ||
		!take_digest(st, 6, &ev->id) || !take_digest(st, 7, &ev->damaged))
		return false;
	return !(ev->flags & MESSAGE_BODY) || take_digest(st, 8, &ev->body);
}

/* Equal UIDLs may have changed places, and what failed is tried again. */
static int
forget_doubtful(struct map *m, const char *side, struct err *e)
{
	return sql_exec(&m->sql, e,
		"DELETE FROM %s_evidence WHERE flags & %d = 0 OR i IN "
		"(SELECT i FROM %s_list WHERE flags & %d);"
		"DELETE FROM %s_evidence WHERE i NOT IN (SELECT i FROM %s_list);"
		"UPDATE %s_evidence SET flags = flags & ~%d WHERE flags & %d",
		side, MESSAGE_HEADER, side, MESSAGE_TWICE, side, side, side,
		MESSAGE_NO_BODY | MESSAGE_NO_HEADER, MESSAGE_NO_BODY | MESSAGE_NO_HEADER);
}

static int
learn_cached(struct map *m, enum side side, struct listing *l, struct err *e)
{
	sqlite3_stmt *st;
	bool row = true;
	const char *name = map_side_names[side];
	if (forget_doubtful(m, name, e) == -1 ||
		sql_prepare(&m->sql, &st, e, "SELECT * FROM %s_evidence ORDER BY i",
			name) == -1)
		return -1;
	int r = 0;
	while ((r = sql_step(&m->sql, st, &row, e)) == 0 && row) {
		struct evidence ev;
		int64_t i = sqlite3_column_int64(st, 0);
		if (i < 0 || (uint64_t)i >= l->n || !map_take_evidence(st, &ev)) {
			r = map_damaged(m, "evidence makes no sense; delete it", e);
			break;
		}
		message_learn(&l->at[i], &ev);
	}
	sqlite3_finalize(st);
	return r;
}

int
map_list(struct map *m, enum side side, struct listing *l, bool fresh, struct err *e)
{
	const char *name = map_side_names[side];
	struct digest digest;
	bool keep = false, plain;
	if (map_begin(m, e) == -1 ||
		(!fresh && map_cache_usable(m, side, l, &keep, e) == -1) ||
		sql_exec(&m->sql, e,
			"UPDATE map SET matched = 0; DELETE FROM old_pair; "
			"DELETE FROM new_pair; DELETE FROM packed; DELETE FROM %s_list",
			name) == -1)
		return -1;
	if (!keep && sql_exec(&m->sql, e, "DELETE FROM %s_evidence; DELETE FROM %s_words",
			     name, name) == -1)
		return -1;
	if (insert_list(m, side, l, &digest, &plain, e) == -1 ||
		(keep && learn_cached(m, side, l, e) == -1) ||
		update_side(m, side, l, keep, &digest, plain, e) == -1)
		return -1;
	return map_commit(m, e);
}

/* A header read again replaces what was known of the header, a body that of the body. */
static int
prepare_evidence(struct map *m, enum side side, struct err *e)
{
	return sql_prepare(&m->sql, &m->evidence[side], e,
		"INSERT INTO %s_evidence VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) "
		"ON CONFLICT (i) DO UPDATE SET "
		"flags = ?2 | (flags & ~(?10 * %d) & ~(?11 * %d)), "
		"header_octets = iif(?10, ?3, header_octets), "
		"message_id = iif(?10, ?4, message_id), "
		"strict = iif(?10, ?5, strict), loose = iif(?10, ?6, loose), "
		"id = iif(?10, ?7, id), damaged = iif(?10, ?8, damaged), "
		"body = iif(?11, ?9, body)",
		map_side_names[side], HEADER_BITS, BODY_BITS);
}

int
map_evidence(struct map *m, enum side side, size_t index, const struct evidence *ev,
	struct err *e)
{
	if (m->evidence[side] == NULL && prepare_evidence(m, side, e) == -1)
		return -1;
	if (map_begin(m, e) == -1)
		return -1;
	sqlite3_stmt *st = m->evidence[side];
	bool header = ev->flags & MESSAGE_HEADER, body = ev->flags & MESSAGE_BODY;
	sqlite3_bind_int64(st, 1, (int64_t)index);
	sqlite3_bind_int(st, 2, ev->flags);
	sqlite3_bind_int64(st, 3, ev->header_octets);
	sqlite3_bind_int64(st, 4, (int64_t)ev->message_id);
	sql_bind_digest(st, 5, header ? &ev->strict : NULL);
	sql_bind_digest(st, 6, header ? &ev->loose : NULL);
	sql_bind_digest(st, 7, header ? &ev->id : NULL);
	sql_bind_digest(st, 8, header ? &ev->damaged : NULL);
	sql_bind_digest(st, 9, body ? &ev->body : NULL);
	sqlite3_bind_int(st, 10, (ev->flags & HEADER_BITS) != 0);
	sqlite3_bind_int(st, 11, (ev->flags & BODY_BITS) != 0);
	return sql_run(&m->sql, st, e) == -1 ? -1 : commit_if_due(m, e);
}

int
map_describe(struct map *m, enum side side, size_t index, const struct text values[3],
	struct err *e)
{
	if (m->describe[side] == NULL &&
		sql_prepare(&m->sql, &m->describe[side], e,
			"INSERT OR REPLACE INTO %s_words VALUES (?, ?, ?, ?)",
			map_side_names[side]) == -1)
		return -1;
	if (map_begin(m, e) == -1)
		return -1;
	sqlite3_bind_int64(m->describe[side], 1, (int64_t)index);
	for (int i = 0; i < 3; i++)
		sql_bind_text(m->describe[side], i + 2, values[i]);
	return sql_run(&m->sql, m->describe[side], e) == -1 ? -1 : commit_if_due(m, e);
}
