/*
 * Rule 5: messages that are equal in header and body are copies of one another, and it
 * does not matter which of them is whose partner.
 */
#include "model/match_join.h"

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

/* Messages without Message-ID and Date are copies only if their Received lines are equal
 * too: a machine sends "Backup done" every night, and each of them is news. */
void
match_copies(struct matcher *x)
{
	static const enum join_key keys[] = {JOIN_STRICT, JOIN_LOOSE};
	struct join_class c, same;
	uint32_t number = 0;

	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
		join_by(&x->join, keys[k]);
		for (size_t at = 0; join_next(&x->join, keys[k], &at, &c);) {
			if (c.n[0] == 0 || c.n[1] == 0)
				continue;
			if (message_is_weak(join_message(&x->join, c.at)) !=
				(keys[k] == JOIN_STRICT))
				continue;
			keep_free(x, &c);
			keep_bodies(x, &c);
			struct join part = {
				.list = {x->list[0], x->list[1]},
				.at = c.at,
				.n = c.n[0] + c.n[1],
			};
			join_by(&part, JOIN_BODY);
			for (size_t i = 0; join_next(&part, JOIN_BODY, &i, &same);)
				pair_in_order(x, &same, &number);
		}
	}
}
