/*
 * What UIDLs are looked up by: the format's key, and for a tombstone the UIDL behind it.
 * Nearly all are their own.
 */
#include "work/plan_state.h"

#include <stdlib.h>

struct text
plan_key(struct planning *ps, struct text uidl)
{
	return format_key(ps->store->format, uidl, &ps->key);
}

struct text
plan_record_key(const struct planning *ps, uint32_t record)
{
	if (ps->keys != NULL && ps->keys[record].at != NULL)
		return ps->keys[record];
	return store_uidl(ps->store, record);
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

static void
set_key(struct planning *ps, size_t record, struct text key)
{
	if (ps->keys == NULL)
		ps->keys = must_alloc(ps->store->nrecords * sizeof(*ps->keys));
	ps->keys[record] = arena_text(&ps->plan->arena, key);
}

int
plan_keys(struct planning *ps, struct journal *j, struct err *e)
{
	const struct store *s = ps->store;

	for (size_t i = 0; i < s->nrecords; i++) {
		struct text uidl = store_uidl(s, i), behind = {NULL, 0}, key = uidl;

		if ((ps->seats[i].flags & SEAT_SEEN) && plan_is_tombstone(uidl)) {
			ps->seats[i].flags |= SEAT_TOMBSTONE;
			if (j != NULL && journal_tombstone(j, uidl, &ps->plan->arena,
						 &behind, e) < 0)
				return -1;
			if (stands_behind(ps, uidl, behind))
				key = behind;
		}
		if (s->format->key != NULL)
			key = plan_key(ps, key);
		if (!text_equal(key, uidl))
			set_key(ps, i, key);
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
	return text_compare(
		((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* UIDLs that are their own keys are told apart by themselves. */
static bool
any_key_differs(struct planning *ps)
{
	for (uint32_t i = 0; i < ps->nnew && ps->store->format->key != NULL; i++) {
		struct text uidl = plan_new_uidl(ps, i);
		if (!text_equal(plan_key(ps, uidl), uidl))
			return true;
	}
	return false;
}

void
plan_drop_equal_keys(struct planning *ps)
{
	struct arena a = {0};
	struct keyed *all;

	if (!any_key_differs(ps))
		return;
	all = must_alloc(ps->nnew * sizeof(*all));
	for (uint32_t i = 0; i < ps->nnew; i++) {
		struct text uidl = plan_new_uidl(ps, i), key = plan_key(ps, uidl);
		all[i] = (struct keyed){
			text_equal(key, uidl) ? uidl : arena_text(&a, key), i};
	}
	qsort(all, ps->nnew, sizeof(*all), by_key);
	for (size_t i = 1; i < ps->nnew; i++)
		if (text_equal(all[i - 1].key, all[i].key))
			ps->usable[all[i - 1].index] = ps->usable[all[i].index] = 0;
	free(all);
	arena_free(&a);
}
