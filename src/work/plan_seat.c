/*
 * Where each record stands in the map's two lists. The lists stream by; only the new
 * UIDLs are kept, because they are what is written.
 */
#include "work/plan_state.h"

#include <stdlib.h>

/* UIDLs over this size are no server's, and would not fit into 32-bit places. */
#define TEXTS_MAX ((size_t)3 << 30)

static uint32_t
index_mask(const struct planning *ps)
{
	return (uint32_t)(((uint64_t)1 << ps->table_bits) - 1);
}

/* The place of a key in the table: its own, or the empty one where it would stand. */
static size_t
place_of(const struct planning *ps, struct text key, uint32_t hash)
{
	uint32_t mask = index_mask(ps), tag = hash & ~mask, entry;
	size_t at = hash & (ps->table_size - 1);

	while ((entry = ps->table[at]) != 0) {
		if ((entry & ~mask) == tag &&
			text_equal(plan_record_key(ps, (entry & mask) - 1), key))
			break;
		at = (at + 1) & (ps->table_size - 1);
	}
	return at;
}

/* The record with that key, MATCH_NONE. */
static uint32_t
find(const struct planning *ps, struct text key)
{
	uint32_t hash = text_hash(key), entry;
	size_t bit = hash & (ps->filter_bits - 1);

	if (!(ps->filter[bit / 8] & 1u << bit % 8))
		return MATCH_NONE;
	entry = ps->table[place_of(ps, key, hash)];
	return entry != 0 ? (entry & index_mask(ps)) - 1 : MATCH_NONE;
}

/* Of two records with one key: does the earlier one count? The client heeds the last
 * one; but a tombstone is not what it says to the client, and what stands under another
 * account may only forbid a deletion. */
static bool
first_counts(const struct planning *ps, uint32_t first, uint32_t last)
{
	const struct store *s = ps->store;
	uint8_t a = ps->seats[first].flags, b = ps->seats[last].flags;

	if ((a ^ b) & SEAT_TOMBSTONE)
		return b & SEAT_TOMBSTONE;
	if (!(a & SEAT_MINE) || b & SEAT_MINE)
		return false;
	return store_record(s, first).state != RECORD_DELETE ||
	       store_record(s, last).state == RECORD_DELETE;
}

static void
shadow(struct planning *ps, uint32_t record, uint32_t by)
{
	ps->seats[record].flags |= SEAT_SHADOWED;
	ps->seats[record].partner = by;
}

static void
add_to_table(struct planning *ps, uint32_t record)
{
	struct text key = plan_record_key(ps, record);
	uint32_t hash = text_hash(key), mask = index_mask(ps);
	size_t bit = hash & (ps->filter_bits - 1), at = place_of(ps, key, hash);

	if (ps->table[at] != 0) {
		uint32_t other = (ps->table[at] & mask) - 1;
		if (first_counts(ps, other, record)) {
			shadow(ps, record, other);
			return;
		}
		shadow(ps, other, record);
	}
	ps->filter[bit / 8] |= (uint8_t)(1u << bit % 8);
	ps->table[at] = (record + 1) | (hash & ~mask);
}

/* Each key stands in the table once. */
static void
make_table(struct planning *ps)
{
	size_t n = ps->store->nrecords;

	ps->table_size = 16;
	while (ps->table_size < n + n / 2)
		ps->table_size *= 2;
	/* index + 1 must fit. */
	while (ps->table_bits < 32 && (uint64_t)1 << ps->table_bits <= n)
		ps->table_bits++;
	ps->filter_bits = 4 * ps->table_size;
	ps->table = must_alloc(ps->table_size * sizeof(*ps->table));
	ps->filter = must_alloc(ps->filter_bits / 8);
	for (uint32_t i = 0; i < n; i++)
		if (ps->seats[i].flags & SEAT_SEEN)
			add_to_table(ps, i);
}

/* Shadowed records lead to the one that counts, and have its places. The same message
 * under the same UIDL needs no shadow: they stay what they are together. */
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
		seat->flags |= by->flags & SEAT_OLD;
		if (seat->flags & SEAT_TOMBSTONE)
			continue;
		seat->in_new = by->in_new;
		if (by->in_new == MATCH_NONE || by->partner != by->in_new)
			continue;
		seat->flags = (uint8_t)((seat->flags & ~SEAT_SHADOWED) |
					(by->flags & SEAT_FIRM));
		seat->evidence = by->evidence;
		seat->partner = by->partner;
	}
}

static void
note_lookalike(struct planning *ps, struct text uidl)
{
	if (!plan_is_tombstone(uidl))
		return;
	ps->lookalikes = array_grow(ps->lookalikes, &ps->lookalikes_cap,
		ps->nlookalikes + 1, sizeof(*ps->lookalikes));
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
		return err_set(
			e, ERR_DATA, "format", "the map's new list is too long to use");
	ps->at[ps->nnew + 1] = (uint32_t)ps->texts.len;
	ps->usable[ps->nnew] = !(m->flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL));
	ps->plain[SIDE_NEW] |= uidl_is_plain(m->uidl);
	note_lookalike(ps, m->uidl);

	record = find(ps, plan_key(ps, m->uidl));
	if (record != MATCH_NONE && !(ps->seats[record].flags & SEAT_TOMBSTONE))
		ps->seats[record].in_new = (uint32_t)ps->nnew;
	ps->nnew++;
	return 0;
}

static void
seat_old(struct planning *ps, uint32_t record, uint32_t partner,
	const struct map_message *m)
{
	struct seat *seat = &ps->seats[record];
	bool twice = seat->flags & SEAT_OLD;

	/* Two old messages with one key: nobody knows which the record is. */
	seat->partner = twice ? MATCH_NONE : partner;
	seat->copies = twice ? 0 : m->copies;
	seat->flags |= SEAT_OLD;
	seat->evidence = m->evidence;
	seat->unmatched = m->unmatched;
	if (m->firm)
		seat->flags |= SEAT_FIRM;
	ps->next = record + 1;
}

static bool
is_next(const struct planning *ps, struct text key)
{
	return ps->next < ps->store->nrecords &&
	       (ps->seats[ps->next].flags & (SEAT_SEEN | SEAT_SHADOWED)) == SEAT_SEEN &&
	       text_equal(plan_record_key(ps, ps->next), key);
}

static int
see_old(void *arg, const struct map_message *m, struct err *e)
{
	struct planning *ps = arg;
	struct text key = plan_key(ps, m->uidl);
	uint32_t partner = m->partner;

	(void)e;
	note_lookalike(ps, m->uidl);
	ps->plain[SIDE_OLD] |= uidl_is_plain(m->uidl);
	if (partner != MATCH_NONE && (partner >= ps->nnew || !ps->usable[partner]))
		partner = MATCH_NONE;
	uint32_t record = is_next(ps, key) ? ps->next : find(ps, key);
	if (record != MATCH_NONE)
		seat_old(ps, record, partner, m);
	/* Another account's record is none that could have the partner. */
	if (m->copies != 0 &&
		(record == MATCH_NONE || !(ps->seats[record].flags & SEAT_MINE))) {
		ps->loose = array_grow(
			ps->loose, &ps->loose_cap, ps->nloose + 1, sizeof(*ps->loose));
		ps->loose[ps->nloose++] =
			(struct loose_copy){.copies = m->copies, .partner = partner};
	}
	return 0;
}

int
plan_seat(struct planning *ps, struct journal *j, struct err *e)
{
	buf_init(&ps->texts, TEXTS_MAX);
	buf_init(&ps->key, 1 << 20);
	if (plan_keys(ps, j, e) < 0)
		return -1;
	make_table(ps);
	if (map_each(ps->map, SIDE_NEW, see_new, ps, e) < 0)
		return -1;
	ps->texts.at = array_trim(ps->texts.at, &ps->texts.cap, ps->texts.len, 1);
	plan_drop_equal_keys(ps);
	ps->taken = must_alloc(ps->nnew + 1);
	if (map_each(ps->map, SIDE_OLD, see_old, ps, e) < 0)
		return -1;
	place_shadowed(ps);
	return 0;
}

static void
release_table(struct planning *ps)
{
	free(ps->table);
	free(ps->filter);
	free(ps->usable);
	free(ps->taken);
	free(ps->loose);
	free(ps->keys);
	ps->table = NULL;
	ps->filter = ps->usable = ps->taken = NULL;
	ps->loose = NULL;
	ps->keys = NULL;
}

void
plan_unseat(struct planning *ps)
{
	release_table(ps);
	ps->partner = must_alloc(ps->store->nrecords * sizeof(*ps->partner));
	for (size_t i = 0; i < ps->store->nrecords; i++)
		ps->partner[i] = ps->seats[i].partner;
	free(ps->seats);
	ps->seats = NULL;
}

void
plan_state_release(struct planning *ps)
{
	release_table(ps);
	free(ps->seats);
	free(ps->partner);
	buf_release(&ps->texts);
	buf_release(&ps->key);
	free(ps->at);
	free(ps->lookalikes);
	free(ps->map_ids);
}
