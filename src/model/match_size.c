#include "model/match_size.h"

#include "model/match_join.h"

#include <stdlib.h>

/* Of the pairs at the ends, so many in a hundred must be one. */
#define PROVED_SHARE 50

/* --- sizes that are one message's own --------------------------------------------- */

struct sized {
	uint64_t size;
	uint32_t index, side;
};

static int
compare_sized(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* By old index the new message of that size, where it is one on each side. */
static uint32_t *
find_alone(struct match_size *s)
{
	size_t nold = s->list[0]->n, n = nold + s->list[1]->n;
	struct sized *all = must_alloc((n + 1) * sizeof(*all));
	uint32_t *partner = must_alloc((nold + 1) * sizeof(*partner));

	for (size_t i = 0; i < n; i++) {
		uint32_t side = i >= nold, index = (uint32_t)(side ? i - nold : i);

		all[i] = (struct sized){s->list[side]->at[index].size, index, side};
	}
	memset(partner, 0xff, (nold + 1) * sizeof(*partner));
	qsort(all, n, sizeof(*all), compare_sized);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && all[to].size == all[from].size; to++)
			;
		if (to - from != 2 || all[from].side == all[from + 1].side)
			continue;
		s->alone[0][all[from].index] = s->alone[1][all[from + 1].index] = 1;
		partner[all[from].index] = all[from + 1].index;
	}
	free(all);
	return partner;
}

/* --- aligned in order ------------------------------------------------------------- */

/*
 * Sizes that are alone make the longest common subsequence the longest rising one of the
 * partners (patience sorting, n log n). What is not in it loses its partner.
 */
static void
keep_rising(uint32_t *partner, size_t nold)
{
	uint32_t *pile = must_alloc((nold + 1) * sizeof(*pile)); /* its top, by length */
	uint32_t *below = must_alloc((nold + 1) * sizeof(*below));
	size_t piles = 0;

	for (uint32_t i = 0; i < nold; i++) {
		size_t low = 0, high = piles;

		if (partner[i] == MATCH_NONE)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (partner[pile[middle]] < partner[i])
				low = middle + 1;
			else
				high = middle;
		}
		below[i] = low > 0 ? pile[low - 1] : MATCH_NONE;
		pile[low] = i;
		piles += low == piles;
	}
	uint32_t keep = piles > 0 ? pile[piles - 1] : MATCH_NONE;
	for (size_t i = nold; i-- > 0;) {
		if (i == keep)
			keep = below[i];
		else
			partner[i] = MATCH_NONE;
	}
	free(pile);
	free(below);
}

/* From one aligned pair to the next, are the lists in step, with one size at each? */
static bool
in_step(const struct match_size *s, const struct size_run *r, uint32_t old, uint32_t new)
{
	if (old - r->old != new - r->new)
		return false;
	for (uint32_t k = r->n; k < old - r->old; k++)
		if (s->list[0]->at[r->old + k].size != s->list[1]->at[r->new + k].size)
			return false;
	return true;
}

static void
find_runs(struct match_size *s, const uint32_t *partner)
{
	struct size_run *last = NULL;

	for (uint32_t i = 0; i < s->list[0]->n; i++) {
		if (partner[i] == MATCH_NONE)
			continue;
		if (last != NULL && in_step(s, last, i, partner[i])) {
			last->n = i - last->old + 1;
			continue;
		}
		s->runs =
			array_grow(s->runs, &s->runs_cap, s->nruns + 1, sizeof(*s->runs));
		last = &s->runs[s->nruns++];
		*last = (struct size_run){.old = i, .new = partner[i], .n = 1};
	}
}

void
match_size_begin(
	struct match_size *s, const struct listing *old, const struct listing *new)
{
	*s = (struct match_size){.list = {old, new}};
	for (int side = 0; side < 2; side++) {
		s->alone[side] = must_alloc(s->list[side]->n + 1);
		s->want[side] = must_alloc(s->list[side]->n + 1);
	}
	uint32_t *partner = find_alone(s);
	keep_rising(partner, old->n);
	find_runs(s, partner);
	free(partner);
}

/* --- what is to be read ----------------------------------------------------------- */

static void
want(struct match_size *s, int side, uint32_t index)
{
	uint16_t flags = s->list[side]->at[index].flags;

	if (flags & (MESSAGE_HEADER | MESSAGE_NO_HEADER) || s->want[side][index])
		return;
	s->want[side][index] = 1;
	s->nwant++;
}

/* The first, each so many'th, the last. */
static bool
is_sample(const struct size_run *r, uint32_t k)
{
	return k % SIZE_SAMPLE == 0 || k == r->n - 1;
}

static bool
is_alone(const struct match_size *s, const struct size_run *r, uint32_t k)
{
	return s->alone[0][r->old + k] && s->alone[1][r->new + k];
}

/* One message by its header, or true copies of one another. */
static bool
is_proved(const struct match *m, uint32_t old, uint32_t new)
{
	return m->partner[old] == new ||
	       (m->copies[old] != 0 && m->copies[old] == m->new_copies[new]);
}

enum told { TOLD_NOTHING, TOLD_ONE, TOLD_TWO };

/* What headers say of the k-th pair of a run. One that a server will not give is no proof
 * where one is due. */
static enum told
look(const struct match_size *s, const struct size_run *r, uint32_t k,
	const struct match *m)
{
	const struct message *a = &s->list[0]->at[r->old + k];
	const struct message *b = &s->list[1]->at[r->new + k];

	if ((a->flags | b->flags) & MESSAGE_NO_HEADER)
		return is_sample(r, k) || !is_alone(s, r, k) ? TOLD_TWO : TOLD_NOTHING;
	if (!(a->flags & b->flags & MESSAGE_HEADER))
		return TOLD_NOTHING;
	return is_proved(m, r->old + k, r->new + k) ? TOLD_ONE : TOLD_TWO;
}

struct census {
	size_t one, two;
};

static struct census
judge(struct match_size *s, const struct match *m)
{
	struct census c = {0};

	for (size_t i = 0; i < s->nruns; i++) {
		struct size_run *r = &s->runs[i];

		for (uint32_t k = 0; k < r->n; k++) {
			enum told told = look(s, r, k, m);

			c.one += told == TOLD_ONE;
			c.two += told == TOLD_TWO;
			r->failed = r->failed || told == TOLD_TWO;
		}
	}
	return c;
}

static int
compare(struct match_size *s, const struct census *c, struct err *e)
{
	size_t seen = c->one + c->two;

	s->compared = true;
	if (seen > 0 && 100 * c->one >= PROVED_SHARE * seen)
		return 0;
	if (seen == 0)
		return err_set(e, ERR_GUARD, "size-evidence",
			"sizes tell nothing here: no message has a size that is its own on "
			"both servers, in one order. Leave --evidence=size out");
	return err_set(e, ERR_GUARD, "size-evidence",
		"sizes tell nothing here: of %zu pairs of one size whose headers were read, "
		"%zu are the same message. The two servers do not count alike, or hold "
		"different mail. Leave --evidence=size out",
		seen, c->one);
}

static void
want_run(struct match_size *s, const struct size_run *r, uint8_t *in[2])
{
	for (uint32_t k = 0; k < r->n; k++) {
		in[0][r->old + k] = in[1][r->new + k] = 1;
		if (r->failed || is_sample(r, k) || (s->compared && !is_alone(s, r, k))) {
			want(s, 0, r->old + k);
			want(s, 1, r->new + k);
		}
	}
}

int
match_size_next(struct match_size *s, const struct match *m, struct err *e)
{
	uint8_t *in[2]; /* a run */

	for (int side = 0; side < 2; side++)
		memset(s->want[side], 0, s->list[side]->n);
	s->nwant = 0;
	if (m != NULL) {
		struct census c = judge(s, m);

		if (!s->compared && compare(s, &c, e) < 0)
			return -1;
	}
	for (int side = 0; side < 2; side++)
		in[side] = must_alloc(s->list[side]->n + 1);
	for (size_t i = 0; i < s->nruns; i++)
		want_run(s, &s->runs[i], in);
	for (int side = 0; side < 2; side++) {
		for (uint32_t i = 0; s->compared && i < s->list[side]->n; i++)
			if (!in[side][i])
				want(s, side, i);
		free(in[side]);
	}
	return 0;
}

/* --- pairs ------------------------------------------------------------------------ */

/* Fit to be paired at all: match.c says the same of all rules. */
static bool
is_fit(const struct message *m, int side)
{
	if (m->flags & MESSAGE_TWICE)
		return false;
	return !(m->flags & MESSAGE_BAD_UIDL) ||
	       (side == 0 && uidl_is_printable(message_uidl(m)));
}

static void
pair_run(const struct match_size *s, const struct size_run *r, const uint8_t *taken,
	struct match *m)
{
	for (uint32_t k = 0; k < r->n; k++) {
		uint32_t old = r->old + k, new = r->new + k;

		if (look(s, r, k, m) != TOLD_NOTHING || !is_alone(s, r, k) ||
			m->partner[old] != MATCH_NONE || taken[new] ||
			!is_fit(&s->list[0]->at[old], 0) ||
			!is_fit(&s->list[1]->at[new], 1))
			continue;
		m->partner[old] = new;
		m->evidence[old] = EVIDENCE_SIZE;
		m->firm[old] = 0;
		m->ambiguous -= m->unmatched[old] == UNMATCHED_AMBIGUOUS;
		m->unmatched[old] = UNMATCHED_NOT;
		m->pairs++;
		m->by_kind[EVIDENCE_SIZE]++;
	}
}

void
match_size_pairs(const struct match_size *s, struct match *m)
{
	uint8_t *taken = must_alloc(m->nnew + 1);

	for (size_t i = 0; i < m->nold; i++)
		if (m->partner[i] != MATCH_NONE)
			taken[m->partner[i]] = 1;
	for (size_t i = 0; s->compared && i < s->nruns; i++)
		if (!s->runs[i].failed)
			pair_run(s, &s->runs[i], taken, m);
	free(taken);
}

void
match_size_release(struct match_size *s)
{
	for (int side = 0; side < 2; side++) {
		free(s->alone[side]);
		free(s->want[side]);
	}
	free(s->runs);
	*s = (struct match_size){.compared = false};
}
