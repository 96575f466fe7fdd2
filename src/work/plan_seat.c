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
	uint32_t tag; /* what an entry with this hash has above its index */
	bool none;    /* the filter knows that there is none */
};

static uint32_t
index_mask(const struct planning *ps)
{
	return (uint32_t)(((uint64_t)1 << ps->table_bits) - 1);
}

static struct walk
walk_begin(const struct planning *ps, struct text key)
{
	uint32_t hash = text_hash(key);
	size_t bit = hash & (ps->filter_bits - 1);

	return (struct walk){key, hash & (ps->table_size - 1), hash & ~index_mask(ps),
		!(ps->filter[bit / 8] & 1u << bit % 8)};
}

/* The next one, MATCH_NONE at the end. */
static uint32_t
walk_next(const struct planning *ps, struct walk *w)
{
	uint32_t mask = index_mask(ps), entry;

	while (!w->none && (entry = ps->table[w->at]) != 0) {
		w->at = (w->at + 1) & (ps->table_size - 1);
		if ((entry & ~mask) == w->tag &&
			text_equal(record_key(ps, (entry & mask) - 1), w->key))
			return (entry & mask) - 1;
	}
	return MATCH_NONE;
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
			if (behind.len > 0)
				uidl = behind;
		}
		ps->keys[i] = uidl;
		if (s->format->key != NULL)
			ps->keys[i] = arena_text(a, key_of(ps, uidl));
	}
	return 0;
}

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
	for (size_t i = 0; i < n; i++) {
		if (!(ps->seats[i].flags & SEAT_SEEN))
			continue;
		uint32_t hash = text_hash(record_key(ps, (uint32_t)i));
		size_t bit = hash & (ps->filter_bits - 1), at = hash & (ps->table_size - 1);
		ps->filter[bit / 8] |= (uint8_t)(1u << bit % 8);
		uint32_t tag = hash & ~index_mask(ps), entry;
		while ((entry = ps->table[at]) != 0) {
			if ((entry & ~index_mask(ps)) == tag &&
				text_equal(record_key(ps, (entry & index_mask(ps)) - 1),
					record_key(ps, (uint32_t)i)))
				ps->twice = true;
			at = (at + 1) & (ps->table_size - 1);
		}
		ps->table[at] = ((uint32_t)i + 1) | tag;
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
	note_lookalike(ps, m->uidl);

	struct walk w = walk_begin(ps, key_of(ps, m->uidl));
	while ((record = walk_next(ps, &w)) != MATCH_NONE)
		if (!(ps->seats[record].flags & SEAT_TOMBSTONE))
			ps->seats[record].in_new = (uint32_t)ps->nnew;
	ps->nnew++;
	return 0;
}

static void
seat_old(struct planning *ps, uint32_t record, uint32_t partner, const struct map_message *m)
{
	struct seat *seat = &ps->seats[record];

	/* Two old messages with one key: nobody knows which the record is. */
	seat->partner = seat->flags & SEAT_OLD ? MATCH_NONE : partner;
	seat->flags |= SEAT_OLD;
	seat->copies = m->copies;
	seat->evidence = m->evidence;
	seat->unmatched = m->unmatched;
	if (m->firm)
		seat->flags |= SEAT_FIRM;
	ps->next = record + 1;
}

static bool
is_next(const struct planning *ps, struct text key)
{
	return !ps->twice && ps->next < ps->store->nrecords &&
	       ps->seats[ps->next].flags & SEAT_SEEN &&
	       text_equal(record_key(ps, ps->next), key);
}

static int
see_old(void *arg, const struct map_message *m, struct err *e)
{
	struct planning *ps = arg;
	struct text key = key_of(ps, m->uidl);
	uint32_t record, partner = m->partner;
	bool known = false;

	(void)e;
	note_lookalike(ps, m->uidl);
	if (partner != MATCH_NONE && (partner >= ps->nnew || !ps->usable[partner]))
		partner = MATCH_NONE;
	if (is_next(ps, key)) {
		seat_old(ps, ps->next, partner, m);
		return 0;
	}
	for (struct walk w = walk_begin(ps, key); (record = walk_next(ps, &w)) != MATCH_NONE;) {
		seat_old(ps, record, partner, m);
		known = true;
	}
	if (!known && m->copies != 0 && partner != MATCH_NONE) {
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
	return map_each(ps->map, SIDE_OLD, see_old, ps, e);
}

void
plan_state_release(struct planning *ps)
{
	free(ps->seats);
	free(ps->table);
	free(ps->filter);
	buf_release(&ps->texts);
	buf_release(&ps->key);
	free(ps->at);
	free(ps->usable);
	free(ps->taken);
	free(ps->loose);
	free(ps->keys);
	free(ps->lookalikes);
}
