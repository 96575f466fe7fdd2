#include "model/match_join.h"

#include <stdlib.h>

bool
message_is_known(const struct message *m)
{
	if (!(m->flags & MESSAGE_HEADER) || m->flags & MESSAGE_NO_HEADER)
		return false;
	return !(m->flags & MESSAGE_CUT_HEADER) || m->flags & MESSAGE_BODY;
}

bool
message_bodies_equal(const struct message *a, const struct message *b)
{
	return a->flags & b->flags & MESSAGE_BODY &&
	       memcmp(a->body, b->body, MESSAGE_DIGEST) == 0;
}

bool
message_is_weak(const struct message *m)
{
	return !(m->flags & (MESSAGE_HAS_ID | MESSAGE_HAS_DATE));
}

const struct message *
join_message(const struct join *j, const struct join_entry *e)
{
	return &j->list[e->side]->at[e->index];
}

void
join_init(struct join *j, const struct listing *old, const struct listing *new)
{
	*j = (struct join){.list = {old, new}};
	j->at = must_alloc((old->n + new->n) * sizeof(*j->at));
	for (uint32_t side = 0; side < 2; side++)
		for (size_t i = 0; i < j->list[side]->n; i++)
			if (message_is_known(&j->list[side]->at[i]))
				j->at[j->n++] = (struct join_entry){
					.index = (uint32_t)i, .side = side};
}

void
join_release(struct join *j)
{
	free(j->at);
	j->at = NULL;
}

static const uint8_t *
digest_at(const struct message *m, enum join_key key)
{
	switch (key) {
	case JOIN_STRICT:
		return m->strict;
	case JOIN_LOOSE:
		return m->loose;
	case JOIN_ID:
		return m->id;
	case JOIN_DAMAGED:
		return m->damaged;
	case JOIN_BODY:
		return m->body;
	case JOIN_MESSAGE_ID:
		break;
	}
	return (const uint8_t *)&m->message_id;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct join_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

void
join_by(struct join *j, enum join_key key)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct message *m = join_message(j, &j->at[i]);
		memcpy(&j->at[i].key, digest_at(m, key), sizeof(j->at[i].key));
	}
	qsort(j->at, j->n, sizeof(*j->at), compare_entries);
}

/* Messages whose digests are equal in 8 bytes and not in all are nobody's accident: such
 * a class is left out, and its members find no partner by this key. */
bool
join_next(const struct join *j, enum join_key key, size_t *at, struct join_class *c)
{
	const size_t len = key == JOIN_MESSAGE_ID ? sizeof(uint64_t) : MESSAGE_DIGEST;

	while (*at < j->n) {
		struct join_entry *first = &j->at[*at];
		const uint8_t *digest = digest_at(join_message(j, first), key);
		bool same = true;

		*c = (struct join_class){.at = first};
		for (; *at < j->n && j->at[*at].key == first->key; ++*at) {
			const struct message *m = join_message(j, &j->at[*at]);
			same = same && memcmp(digest_at(m, key), digest, len) == 0;
			c->n[j->at[*at].side]++;
		}
		if (same)
			return true;
	}
	return false;
}
