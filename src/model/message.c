#include "model/message.h"

#include <stdlib.h>

#define UIDL_MAX   70 /* RFC 1939 section 7 */
#define UIDL_PLAIN 12

enum {
	HEADER_FLAGS = MESSAGE_HEADER | MESSAGE_HAS_ID | MESSAGE_HAS_RECEIVED |
		       MESSAGE_HAS_DATE | MESSAGE_NO_HEADER | MESSAGE_CUT_HEADER |
		       MESSAGE_8BIT,
};

struct message *
listing_add(struct listing *l, struct text uidl, uint64_t size)
{
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	struct message *m = &l->at[l->n++];

	/* Anything this long is MESSAGE_BAD_UIDL and only kept to be shown. */
	if (uidl.len > UINT16_MAX)
		uidl.len = UINT16_MAX;
	*m = (struct message){
		.uidl = arena_string(&l->arena, uidl),
		.uidl_len = (uint16_t)uidl.len,
		.size = size,
		.number = (uint32_t)l->n,
	};
	return m;
}

struct text
message_uidl(const struct message *m)
{
	return (struct text){m->uidl, m->uidl_len};
}

static void
learn_header(struct message *m, const struct evidence *ev)
{
	m->flags = (uint16_t)((m->flags & ~HEADER_FLAGS) | (ev->flags & HEADER_FLAGS));
	m->header_octets = ev->header_octets;
	m->message_id = ev->message_id;
	memcpy(m->strict, ev->strict.byte, MESSAGE_DIGEST);
	memcpy(m->loose, ev->loose.byte, MESSAGE_DIGEST);
	memcpy(m->id, ev->id.byte, MESSAGE_DIGEST);
	memcpy(m->damaged, ev->damaged.byte, MESSAGE_DIGEST);
}

void
message_learn(struct message *m, const struct evidence *ev)
{
	if (ev->flags & (MESSAGE_HEADER | MESSAGE_NO_HEADER))
		learn_header(m, ev);
	if (ev->flags & MESSAGE_BODY) {
		m->flags = (uint16_t)((m->flags & ~MESSAGE_NO_BODY) | MESSAGE_BODY);
		memcpy(m->body, ev->body.byte, MESSAGE_DIGEST);
	} else if (ev->flags & MESSAGE_NO_BODY && !(m->flags & MESSAGE_BODY)) {
		m->flags |= MESSAGE_NO_BODY;
	}
}

static int
compare_uidls(const void *a, const void *b)
{
	const struct message *const *x = a, *const *y = b;

	return text_compare(message_uidl(*x), message_uidl(*y));
}

/* By sorting: a table of hashes could be made slow by a server that wants to. */
void
listing_mark(struct listing *l)
{
	struct message **by = must_alloc(l->n * sizeof(struct message *));

	for (size_t i = 0; i < l->n; i++) {
		by[i] = &l->at[i];
		if (!uidl_is_valid(message_uidl(by[i])))
			by[i]->flags |= MESSAGE_BAD_UIDL;
	}
	qsort(by, l->n, sizeof(struct message *), compare_uidls);
	for (size_t i = 1; i < l->n; i++) {
		if (compare_uidls(&by[i - 1], &by[i]) != 0)
			continue;
		by[i - 1]->flags |= MESSAGE_TWICE;
		by[i]->flags |= MESSAGE_TWICE;
	}
	free(by);
}

void
listing_release(struct listing *l)
{
	free(l->at);
	arena_free(&l->arena);
	*l = (struct listing){0};
}

bool
uidl_is_printable(struct text uidl)
{
	for (size_t i = 0; i < uidl.len; i++)
		if (uidl.at[i] < 0x21 || uidl.at[i] > 0x7e)
			return false;
	return uidl.len > 0;
}

bool
uidl_is_valid(struct text uidl)
{
	return uidl.len <= UIDL_MAX && uidl_is_printable(uidl);
}

bool
uidl_is_plain(struct text uidl)
{
	if (uidl.len < UIDL_PLAIN)
		return true;
	for (size_t i = 0; i < uidl.len; i++)
		if (uidl.at[i] < '0' || uidl.at[i] > '9')
			return false;
	return true;
}
