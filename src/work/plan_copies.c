/*
 * True copies (equal header and body) may stand for each other. If the new server has
 * fewer of them than the old one, the partners go to those that the client knows first,
 * and to those that it is about to delete last: the other way round, deleting one copy
 * would delete the one that the user keeps.
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
rank_of(const struct record *r)
{
	return r->state == RECORD_DELETE ? 1 : r->state == RECORD_PARTIAL ? 2 : 0;
}

static void
give(struct seat *seat, uint32_t partner)
{
	seat->partner = partner;
	seat->evidence = EVIDENCE_ORDER;
	seat->flags |= SEAT_FIRM;
}

/* One class: members sorted by rank, and the partners that nobody the client knows
 * needs. */
static void
share(struct planning *ps, const struct member *m, size_t n, const struct loose_copy *spare,
	size_t nfree)
{
	size_t used = 0, last = n;

	for (size_t i = 0; i < n; i++) {
		struct seat *seat = &ps->seats[m[i].record];

		if (m[i].rank == 2 || seat->partner != MATCH_NONE)
			continue;
		if (used < nfree) {
			give(seat, spare[used++].partner);
			continue;
		}
		/* Take it from the last one that ranks behind. */
		while (last > i + 1) {
			struct seat *from = &ps->seats[m[--last].record];

			if (m[last].rank <= m[i].rank)
				return;
			if (from->partner == MATCH_NONE)
				continue;
			give(seat, from->partner);
			from->partner = MATCH_NONE;
			from->unmatched = WHY_COPY;
			break;
		}
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
		all[n++] = (struct member){
			seat->copies, (uint32_t)i, rank_of(&ps->store->records[i])};
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
		for (fend = f; fend < ps->nloose && ps->loose[fend].copies == all[i].copies;)
			fend++;
		share(ps, all + i, end - i, ps->loose + f, fend - f);
		f = fend;
		i = end;
	}
	free(all);
}
