/*
 * Where each record stands in the map's two lists. The lists stream by; only the new
 * UIDLs are kept, because they are what is written.
 */
#include "work/plan_state.h"

#include <stdlib.h>

/* UIDLs over this size are no server's, and would not fit into 32-bit places. */
#define TEXTS_MAX ((size_t)3 << 30)

/* What the client compares; valid until the next call. */
static struct text
key_of(struct planning *ps, struct text uidl)
{
	if (ps->store->format->key == NULL)
		return uidl;
	buf_clear(&ps->key);
	ps->store->format->key(uidl, &ps->key);
	return buf_text(&ps->key);
}

static struct text
record_key(const struct planning *ps, uint32_t record)
{
	return ps->keys != NULL ? ps->keys[record]
	                        : record_uidl(&ps->store->records[record]);
}

/* A walk over the records with one key. */
struct walk {
	struct text key;
	size_t at;
	uint8_t tag;
};

static struct walk
walk_begin(const struct planning *ps, struct text key)
{
	uint32_t hash = text_hash(key);

	return (struct walk){key, hash & (ps->table_size - 1), (uint8_t)(hash >> 24)};
}

/* The next one, MATCH_NONE at the end. */
static uint32_t
walk_next(const struct planning *ps, struct walk *w)
{
	while (ps->table[w->at] != 0) {
		uint32_t record = ps->table[w->at] - 1;
		bool may = ps->tags[w->at] == w->tag;

		w->at = (w->at + 1) & (ps->table_size - 1);
		if (may && text_equal(record_key(ps, record), w->key))
			return record;
	}
	return MATCH_NONE;
}

/* Counters are given by every server: a tombstone of another move stands for another
 * message, although its UIDL is in this old list too. */
static bool
stands_behind(const struct planning *ps, struct text tombstone, struct text uidl)
{
	char name[TOMBSTONE_LEN + 1];

	if (!uidl_is_plain(uidl))
		return uidl.len > 0;
	for (size_t i = 0; i < ps->nmap_ids; i++) {
		if (i > 0 && strcmp(ps->map_ids[i], ps->map_ids[i - 1]) == 0)
			continue;
		plan_tombstone(ps->map_ids[i], uidl, name);
		if (text_equal(tombstone, text_of(name)))
			return true;
	}
	return false;
}

static int
make_keys(struct planning *ps, struct journal *j, struct err *e)
{
	const struct store *s = ps->store;
	struct arena *a = &ps->plan->arena;
	bool any = s->format->key != NULL;

	for (size_t i = 0; i < s->nrecords; i++)
		if ((ps->seats[i].flags & SEAT_SEEN) &&
			plan_is_tombstone(record_uidl(&s->records[i]))) {
			ps->seats[i].flags |= SEAT_TOMBSTONE;
			any = true;
		}
	if (!any)
		return 0;
	ps->keys = must_alloc(s->nrecords * sizeof(*ps->keys));
	for (size_t i = 0; i < s->nrecords; i++) {
		struct text uidl = record_uidl(&s->records[i]);

		if ((ps->seats[i].flags & SEAT_TOMBSTONE) && j != NULL) {
			struct text behind = {NULL, 0};
			if (journal_tombstone(j, uidl, a, &behind, e) < 0)
				return -1;
			if (stands_behind(ps, uidl, behind))
				uidl = behind;
		}
		ps->keys[i] = uidl;
		if (s->format->key != NULL)
			ps->keys[i] = arena_text(a, key_of(ps, uidl));
	}
	return 0;
}

/* Of two records with one key: does the earlier one count? The client heeds the last
 * one; but a tombstone is not what it says to the client, and what stands under another
 * account may only forbid a deletion. */
static bool
first_counts(const struct planning *ps, uint32_t first, uint32_t last)
{
	const struct record *r = ps->store->records;
	uint8_t a = ps->seats[first].flags, b = ps->seats[last].flags;

	if ((a ^ b) & SEAT_TOMBSTONE)
		return b & SEAT_TOMBSTONE;
	if (!(a & SEAT_MINE) || b & SEAT_MINE)
		return false;
	return r[first].state != RECORD_DELETE || r[last].state == RECORD_DELETE;
}

static void
shadow(struct planning *ps, uint32_t record, uint32_t by)
{
	ps->seats[record].flags |= SEAT_SHADOWED;
	ps->seats[record].partner = by;
}

/* Each key stands in the table once. */
static void
make_table(struct planning *ps)
{
	size_t n = ps->store->nrecords;

	ps->table_size = 16;
	while (ps->table_size < n + n / 2)
		ps->table_size *= 2;
	ps->table = must_alloc(ps->table_size * sizeof(*ps->table));
	ps->tags = must_alloc(ps->table_size);
	for (uint32_t i = 0; i < n; i++) {
		if (!(ps->seats[i].flags & SEAT_SEEN))
			continue;
		struct walk w = walk_begin(ps, record_key(ps, i));
		uint32_t other = walk_next(ps, &w);
		if (other != MATCH_NONE && first_counts(ps, other, i)) {
			shadow(ps, i, other);
			continue;
		}
		if (other != MATCH_NONE) {
			shadow(ps, other, i);
			w.at = (w.at - 1) & (ps->table_size - 1);
		}
		ps->table[w.at] = i + 1;
		ps->tags[w.at] = w.tag;
	}
}

/* Shadowed records have the places of the one that counts, and no partner of their own
 * (but the same message under the same UIDL stays what it is). */
static void
place_shadowed(struct planning *ps)
{
	struct seat *seats = ps->seats;

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		uint32_t by = (uint32_t)i;
		while (seats[by].flags & SEAT_SHADOWED) {
			uint32_t next = seats[by].partner;
			if (seats[next].flags & SEAT_SHADOWED)
				seats[by].partner = seats[next].partner;
			by = next;
		}
		if (seats[i].flags & SEAT_SHADOWED)
			seats[i].partner = by;
	}
	for (size_t i = 0; i < ps->store->nrecords; i++) {
		struct seat *seat = &seats[i];
		if (!(seat->flags & SEAT_SHADOWED))
			continue;
		const struct seat *by = &seats[seat->partner];
		bool same = false;
		seat->flags |= by->flags & SEAT_OLD;
		if (!(seat->flags & SEAT_TOMBSTONE)) {
			seat->in_new = by->in_new;
			same = by->in_new != MATCH_NONE && by->partner == by->in_new;
		}
		if (same) {
			seat->flags |= by->flags & SEAT_FIRM;
			seat->evidence = by->evidence;
		}
		seat->partner = same ? by->partner : MATCH_NONE;
	}
}

static void
note_lookalike(struct planning *ps, struct text uidl)
{
	if (!plan_is_tombstone(uidl))
		return;
	ps->lookalikes = array_grow(ps->lookalikes, &ps->lookalikes_cap, ps->nlookalikes + 1,
		sizeof(*ps->lookalikes));
	ps->lookalikes[ps->nlookalikes++] = arena_text(&ps->plan->arena, uidl);
}

static int
see_new(void *arg, const struct map_message *m, struct err *e)
{
	struct planning *ps = arg;
	size_t bytes;
	uint32_t record;

	if (ps->nnew + 2 > ps->new_cap) {
		bytes = ps->new_cap;
		ps->at = array_grow(ps->at, &bytes, ps->nnew + 2, sizeof(*ps->at));
		bytes = ps->new_cap;
		ps->usable = array_grow(ps->usable, &bytes, ps->nnew + 2, 1);
		ps->new_cap = bytes;
	}
	ps->at[0] = 0;
	buf_add(&ps->texts, m->uidl);
	if (ps->texts.full)
		return err_set(e, ERR_DATA, "format", "the map's new list is too long to use");
	ps->at[ps->nnew + 1] = (uint32_t)ps->texts.len;
	ps->usable[ps->nnew] = !(m->flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL));
	ps->plain[SIDE_NEW] |= uidl_is_plain(m->uidl);
	note_lookalike(ps, m->uidl);

	struct walk w = walk_begin(ps, key_of(ps, m->uidl));
	record = walk_next(ps, &w);
	if (record != MATCH_NONE && !(ps->seats[record].flags & SEAT_TOMBSTONE))
		ps->seats[record].in_new = (uint32_t)ps->nnew;
	ps->nnew++;
	return 0;
}

static void
seat_old(struct seat *seat, const struct map_message *m, uint32_t partner)
{
	bool twice = seat->flags & SEAT_OLD;

	seat->flags |= SEAT_OLD;
	/* Two old messages with one key: nobody knows which the record is. */
	seat->partner = twice ? MATCH_NONE : partner;
	seat->copies = twice ? 0 : m->copies;
	seat->evidence = m->evidence;
	seat->unmatched = m->unmatched;
	if (m->firm && !twice)
		seat->flags |= SEAT_FIRM;
}

static int
see_old(void *arg, const struct map_message *m, struct err *e)
{
	struct planning *ps = arg;
	struct walk w = walk_begin(ps, key_of(ps, m->uidl));
	uint32_t record = walk_next(ps, &w), partner = m->partner;

	(void)e;
	note_lookalike(ps, m->uidl);
	ps->plain[SIDE_OLD] |= uidl_is_plain(m->uidl);
	if (partner != MATCH_NONE && (partner >= ps->nnew || !ps->usable[partner]))
		partner = MATCH_NONE;
	if (record != MATCH_NONE) {
		seat_old(&ps->seats[record], m, partner);
	} else if (m->copies != 0) {
		ps->loose = array_grow(
			ps->loose, &ps->loose_cap, ps->nloose + 1, sizeof(*ps->loose));
		ps->loose[ps->nloose++] =
			(struct loose_copy){.copies = m->copies, .partner = partner};
	}
	return 0;
}

struct keyed {
	struct text key;
	uint32_t index;
};

static int
by_key(const void *a, const void *b)
{
	return text_compare(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* Two new messages that the client cannot tell apart get no partner. */
static void
drop_equal_keys(struct planning *ps)
{
	struct arena a = {0};
	struct keyed *all;

	if (ps->store->format->key == NULL || ps->nnew == 0)
		return;
	all = must_alloc(ps->nnew * sizeof(*all));
	for (uint32_t i = 0; i < ps->nnew; i++)
		all[i] = (struct keyed){arena_text(&a, key_of(ps, plan_new_uidl(ps, i))), i};
	qsort(all, ps->nnew, sizeof(*all), by_key);
	for (size_t i = 1; i < ps->nnew; i++)
		if (text_equal(all[i - 1].key, all[i].key))
			ps->usable[all[i - 1].index] = ps->usable[all[i].index] = 0;
	free(all);
	arena_free(&a);
}

int
plan_seat(struct planning *ps, struct journal *j, struct err *e)
{
	buf_init(&ps->texts, TEXTS_MAX);
	buf_init(&ps->key, 1 << 20);
	if (make_keys(ps, j, e) < 0)
		return -1;
	make_table(ps);
	if (map_each(ps->map, SIDE_NEW, see_new, ps, e) < 0)
		return -1;
	drop_equal_keys(ps);
	ps->taken = must_alloc(ps->nnew + 1);
	if (map_each(ps->map, SIDE_OLD, see_old, ps, e) < 0)
		return -1;
	place_shadowed(ps);
	return 0;
}

void
plan_state_release(struct planning *ps)
{
	free(ps->seats);
	free(ps->table);
	free(ps->tags);
	buf_release(&ps->texts);
	buf_release(&ps->key);
	free(ps->at);
	free(ps->usable);
	free(ps->taken);
	free(ps->loose);
	free(ps->keys);
	free(ps->lookalikes);
	free(ps->map_ids);
}
