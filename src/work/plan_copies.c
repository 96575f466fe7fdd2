/*
 * True copies (equal header and body) may stand for each other. If the new server has
 * fewer of them than the old one, the partners go to those that the client knows first,
 * and to those that it is about to delete last: the other way round, deleting one copy
 * would delete the one that the user keeps. For the same reason copies that the client
 * has not had, or only a part of, keep as many from being deleted.
 */
#include "work/plan_state.h"

#include <stdlib.h>

struct member {
	uint32_t copies, record;
	uint8_t rank; /* 0 known, 1 to be deleted, 2 a stub: cannot use a partner */
};

static int
by_class(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->copies != y->copies)
		return x->copies < y->copies ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->record < y->record ? -1 : x->record > y->record;
}

static int
by_partner(const void *a, const void *b)
{
	const struct loose_copy *x = a, *y = b;

	if (x->copies != y->copies)
		return x->copies < y->copies ? -1 : 1;
	return x->partner < y->partner ? -1 : x->partner > y->partner;
}

static uint8_t
rank_of(uint8_t state)
{
	return state == RECORD_DELETE ? 1 : state == RECORD_PARTIAL ? 2 : 0;
}

static void
give(struct seat *seat, uint32_t partner)
{
	seat->partner = partner;
	seat->evidence = EVIDENCE_ORDER;
	seat->flags |= SEAT_FIRM;
}

static void
drop(struct seat *seat)
{
	seat->partner = MATCH_NONE;
	seat->unmatched = WHY_COPY;
}

/* One class: members sorted by rank, and the copies that no record has. */
struct class
{
	const struct member *at;
	size_t n;
	const struct loose_copy *loose; /* those with a partner first */
	size_t nloose, nspare, used;
};

static struct seat *
seat_of(struct planning *ps, const struct class *c, size_t i)
{
	return &ps->seats[c->at[i].record];
}

/* A partner that nobody the client knows needs, or the last one that ranks behind has. */
static bool
find_partner(struct planning *ps, struct class *c, size_t i, size_t *last)
{
	if (c->used < c->nspare) {
		give(seat_of(ps, c, i), c->loose[c->used++].partner);
		return true;
	}
	while (*last > i + 1 && c->at[*last - 1].rank > c->at[i].rank) {
		struct seat *from = seat_of(ps, c, --*last);

		if (from->partner == MATCH_NONE)
			continue;
		give(seat_of(ps, c, i), from->partner);
		drop(from);
		return true;
	}
	return false;
}

static void
share(struct planning *ps, struct class *c)
{
	size_t last = c->n, left = c->nspare, reserved = c->nloose, i = 0;

	for (size_t k = 0; k < c->n; k++) {
		left += seat_of(ps, c, k)->partner != MATCH_NONE;
		reserved += c->at[k].rank == 2;
	}
	for (; i < c->n && c->at[i].rank == 0; i++)
		if (seat_of(ps, c, i)->partner != MATCH_NONE ||
			find_partner(ps, c, i, &last))
			left--;
	for (; i < c->n && c->at[i].rank == 1; i++) {
		struct seat *seat = seat_of(ps, c, i);

		if (left <= reserved)
			drop(seat);
		else if (seat->partner != MATCH_NONE || find_partner(ps, c, i, &last))
			left--;
	}
}

void
plan_copies(struct planning *ps)
{
	struct member *all = NULL;
	size_t n = 0, cap = 0, f = 0;

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];

		if (!(seat->flags & SEAT_MINE) || seat->copies == 0)
			continue;
		all = array_grow(all, &cap, n + 1, sizeof(*all));
		all[n++] = (struct member){seat->copies, (uint32_t)i,
			rank_of(store_record(ps->store, i).state)};
	}
	if (n == 0)
		return;
	qsort(all, n, sizeof(*all), by_class);
	if (ps->nloose > 0)
		qsort(ps->loose, ps->nloose, sizeof(*ps->loose), by_partner);
	for (size_t i = 0; i < n;) {
		size_t end = i, fend;

		while (end < n && all[end].copies == all[i].copies)
			end++;
		while (f < ps->nloose && ps->loose[f].copies < all[i].copies)
			f++;
		struct class c = {.at = all + i, .n = end - i, .loose = ps->loose + f};
		for (fend = f;
			fend < ps->nloose && ps->loose[fend].copies == all[i].copies;)
			c.nspare += ps->loose[fend++].partner != MATCH_NONE;
		c.nloose = fend - f;
		share(ps, &c);
		f = fend;
		i = end;
	}
	free(all);
}
