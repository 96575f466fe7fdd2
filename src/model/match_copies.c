/*
 * Where several messages are alike, their bodies say which is which. Rule 5: messages that
 * are equal in header and body are copies of one another, and it does not matter which of
 * them is whose partner. Rule 3: of those that are equal in `id` only, two whose bodies are
 * equal to each other's and to nobody else's.
 */
#include "model/match_join.h"

#include <stdlib.h>

/* Entries of the class that have no partner yet and may get one, to its front. */
static void
keep_free(const struct matcher *x, struct join_class *c)
{
	size_t n = c->n[0] + c->n[1], kept = 0;

	c->n[0] = c->n[1] = 0;
	for (size_t i = 0; i < n; i++) {
		const struct join_entry *e = &c->at[i];
		if (!matcher_may_pair(x, e))
			continue;
		c->n[e->side]++;
		c->at[kept++] = *e;
	}
}

/* Members with a body stay in the class, the others' bodies are wanted; members whose
 * body cannot be had leave it. */
static void
keep_bodies(struct matcher *x, struct join_class *c)
{
	size_t n = c->n[0] + c->n[1], kept = 0, can[2] = {0};

	for (size_t i = 0; i < n; i++)
		if (!(join_message(&x->join, &c->at[i])->flags & MESSAGE_NO_BODY))
			can[c->at[i].side]++;
	c->n[0] = c->n[1] = 0;
	if (can[0] == 0 || can[1] == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct join_entry *e = &c->at[i];
		if (!(join_message(&x->join, e)->flags & MESSAGE_BODY)) {
			matcher_want(x, e);
			continue;
		}
		c->n[e->side]++;
		c->at[kept++] = *e;
	}
}

static void
pair_in_order(struct matcher *x, const struct join_class *c, uint32_t *number)
{
	const struct join_entry *old = c->at, *new = c->at + c->n[0];

	if (c->n[0] == 0 || c->n[1] == 0)
		return;
	++*number;
	for (size_t i = 0; i < c->n[0]; i++)
		x->m->copies[old[i].index] = *number;
	for (size_t i = 0; i < c->n[1]; i++)
		x->m->new_copies[new[i].index] = *number;
	for (size_t i = 0; i < c->n[0] && i < c->n[1]; i++)
		matcher_pair(x, old[i].index, new[i].index, EVIDENCE_ORDER);
}

static void
pair_the_only_two(struct matcher *x, const struct join_class *c, uint32_t *number)
{
	(void)number;
	if (c->n[0] == 1 && c->n[1] == 1)
		matcher_pair(x, c->at[0].index, c->at[1].index, EVIDENCE_ID);
	else
		for (size_t i = 0; i < c->n[0] && c->n[1] > 0; i++)
			x->m->unmatched[c->at[i].index] = UNMATCHED_AMBIGUOUS;
}

/* Messages without Message-ID and Date are copies only if their Received lines are equal
 * too: a machine sends "Backup done" every night, and each of them is news. */
static const struct step {
	enum join_key key;
	bool weak;
	void (*pair)(struct matcher *, const struct join_class *, uint32_t *);
} steps[] = {
	{JOIN_STRICT, true, pair_in_order},
	{JOIN_LOOSE, false, pair_in_order},
	{JOIN_ID, false, pair_the_only_two},
};

/* `part` has room for all; the join needs its own entries again. */
static void
run_step(struct matcher *x, const struct step *s, struct join *part, uint32_t *number)
{
	struct join_class c, same;

	join_by(&x->join, s->key);
	for (size_t at = 0; join_next(&x->join, s->key, &at, &c);) {
		if (c.n[0] == 0 || c.n[1] == 0)
			continue;
		if (message_is_weak(join_message(&x->join, c.at)) != s->weak)
			continue;
		memcpy(part->at, c.at, (c.n[0] + c.n[1]) * sizeof(*c.at));
		c.at = part->at;
		keep_free(x, &c);
		keep_bodies(x, &c);
		part->n = c.n[0] + c.n[1];
		join_by(part, JOIN_BODY);
		for (size_t i = 0; join_next(part, JOIN_BODY, &i, &same);)
			s->pair(x, &same, number);
	}
}

void
match_copies(struct matcher *x)
{
	struct join part = {.list = {x->list[0], x->list[1]}};
	uint32_t number = 0;

	part.at = must_alloc(x->join.n * sizeof(*part.at));
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		run_step(x, &steps[i], &part, &number);
	free(part.at);
}
