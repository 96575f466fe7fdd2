/*
 * Thousands of small pairs of mailboxes whose truth is known: no wrong pair, ever, and
 * nearly all that can be told by its digests is found. REUIDL_TRUTH=N makes more, and
 * REUIDL_TRUTH_SEED=S begins elsewhere; a failure names its seed.
 */
#include "truth_server.h"

static void
read_wanted_bodies(struct truth_box *box, const uint8_t *want)
{
	for (size_t i = 0; i < box->list.n; i++) {
		struct evidence none = {.flags = MESSAGE_NO_BODY};
		if (want[i])
			message_learn(&box->list.at[i],
				box->message[i].refused ? &none : &box->message[i].all);
	}
}

static void
match_truth(struct truth *t, struct match *m)
{
	uint64_t seed = t->seed;

	for (int rounds = 1;; rounds++) {
		match_run(&t->box[0].list, &t->box[1].list, m);
		if (m->nwant == 0)
			return;
		cr_assert_lt(
			rounds, 3, "seed %llu asks for ever", (unsigned long long)seed);
		read_wanted_bodies(&t->box[0], m->want_old);
		read_wanted_bodies(&t->box[1], m->want_new);
	}
}

static bool
fit_to_pair(const struct truth_box *box, size_t i)
{
	return !(box->list.at[i].flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL)) &&
	       !box->message[i].refused;
}

/* How many messages of the side have this digest, by the whole of it. */
static size_t
count_equal(const struct truth_box *box, const struct digest *d, size_t offset)
{
	size_t n = 0;

	for (size_t i = 0; i < box->list.n; i++) {
		const char *all = (const char *)&box->message[i].all;
		n += memcmp(all + offset, d, sizeof(*d)) == 0;
	}
	return n;
}

/* The digest at this offset is equal in both, and in no other message. */
static bool
tells(const struct truth *t, size_t old, size_t new, size_t offset)
{
	const char *a = (const char *)&t->box[0].message[old].all + offset;
	const char *b = (const char *)&t->box[1].message[new].all + offset;
	struct digest d;

	memcpy(&d, a, sizeof(d));
	return memcmp(a, b, sizeof(d)) == 0 && count_equal(&t->box[0], &d, offset) == 1 &&
	       count_equal(&t->box[1], &d, offset) == 1;
}

/* Must this true pair be found? Its strict or loose digest tells, or its id and body do;
 * without Message-ID and Date only strict does (docs/matching.md, rule 5). */
static bool
can_be_found(const struct truth *t, size_t old, size_t new)
{
	uint16_t flags = t->box[0].message[old].all.flags;
	bool weak = !(flags & (MESSAGE_HAS_ID | MESSAGE_HAS_DATE));

	if (tells(t, old, new, offsetof(struct evidence, strict)))
		return true;
	return !weak && (tells(t, old, new, offsetof(struct evidence, loose)) ||
				tells(t, old, new, offsetof(struct evidence, id)));
}

struct score {
	size_t pairs, tellable, found, firm_loose;
};

static void
judge(const struct truth *t, const struct match *m, uint64_t seed, struct score *s)
{
	const struct truth_box *old = &t->box[0], *new = &t->box[1];
	bool taken[2 * TRUTH_MAX] = {false};

	for (size_t i = 0; i < old->list.n; i++) {
		uint32_t k = m->partner[i];
		if (k == MATCH_NONE) {
			cr_assert_neq(m->unmatched[i], UNMATCHED_NOT);
			continue;
		}
		s->pairs++;
		cr_assert_lt(k, new->list.n);
		cr_assert(!taken[k], "seed %llu: %u twice", (unsigned long long)seed, k);
		taken[k] = true;
		cr_assert_eq(t->mail[old->message[i].mail].group,
			t->mail[new->message[k].mail].group,
			"seed %llu: wrong pair %zu %u by %s\n%s\n=====\n%s",
			(unsigned long long)seed, i, k, evidence_names[m->evidence[i]],
			old->message[i].text, new->message[k].text);
		cr_assert_eq(m->unmatched[i], UNMATCHED_NOT);
	}
	for (size_t i = 0; i < old->list.n; i++) {
		for (size_t k = 0; k < new->list.n; k++) {
			if (old->message[i].mail != new->message[k].mail)
				continue;
			if (!fit_to_pair(old, i) || !fit_to_pair(new, k))
				continue;
			if (!can_be_found(t, i, k))
				continue;
			s->tellable++;
			s->found += m->partner[i] != MATCH_NONE;
			if (m->partner[i] == MATCH_NONE && getenv("REUIDL_TRUTH_SHOW"))
				fprintf(stderr,
					"seed %llu: missed %zu %zu why "
					"%d\n%s\n====\n%s\n",
					(unsigned long long)seed, i, k, m->unmatched[i],
					old->message[i].text, new->message[k].text);
		}
	}
}

Test(truth, no_wrong_pair_and_nearly_all_found)
{
	const char *n = getenv("REUIDL_TRUTH"), *from = getenv("REUIDL_TRUTH_SEED");
	uint64_t runs = n != NULL ? strtoull(n, NULL, 10) : 2000;
	uint64_t first = from != NULL ? strtoull(from, NULL, 10) : 1;
	struct truth *t = malloc(sizeof(*t));
	struct score s = {0};

	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct match m = {0};
		make_truth(t, seed * 1000003);
		match_truth(t, &m);
		judge(t, &m, seed, &s);
		match_release(&m);
		truth_release(t);
	}
	free(t);
	if (getenv("REUIDL_TRUTH_SHOW") != NULL)
		fprintf(stderr, "%zu pairs, %zu of %zu found\n", s.pairs, s.found,
			s.tellable);
	cr_assert_geq((double)s.found, 0.999 * (double)s.tellable, "%zu of %zu", s.found,
		s.tellable);
	cr_assert(runs < 100 || s.pairs > 10 * runs);
}
