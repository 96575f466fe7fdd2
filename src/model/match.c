/*
 * The evidence rules, strongest first; docs/matching.md explains them. Nothing is kept
 * between runs, so what a body has shown decides everything anew.
 */
#include "model/match_join.h"

#include <stdlib.h>

const char *const evidence_names[EVIDENCE_KINDS] = {
	[EVIDENCE_STRICT] = "strict",
	[EVIDENCE_LOOSE] = "loose",
	[EVIDENCE_ID] = "id",
	[EVIDENCE_DAMAGED] = "damaged",
	[EVIDENCE_ORDER] = "order",
	[EVIDENCE_SIZE] = "size",
	[EVIDENCE_RULE] = "rule",
	[EVIDENCE_IMPORT] = "import",
};

/* The new server's UIDL is written into stores, so it must be fit for that. The old one
 * is only looked for there: it may be long, but not what a line could not hold. */
static bool
uidl_is_fit(const struct message *m, uint32_t side)
{
	if (m->flags & MESSAGE_TWICE)
		return false;
	if (!(m->flags & MESSAGE_BAD_UIDL))
		return true;
	return side == 0 && uidl_is_printable(message_uidl(m));
}

bool
matcher_may_pair(const struct matcher *x, const struct join_entry *e)
{
	const uint32_t *partner = e->side == 0 ? x->m->partner : x->new_partner;

	return partner[e->index] == MATCH_NONE &&
	       uidl_is_fit(join_message(&x->join, e), e->side);
}

void
matcher_want(struct matcher *x, const struct join_entry *e)
{
	uint8_t *want = e->side == 0 ? x->m->want_old : x->m->want_new;
	uint16_t flags = join_message(&x->join, e)->flags;

	if (flags & (MESSAGE_BODY | MESSAGE_NO_BODY) || want[e->index])
		return;
	want[e->index] = 1;
	x->m->nwant++;
}

/* What the message holds behind its header; false if its size cannot be right (servers
 * that count a line end as one byte). */
static bool
body_length(const struct message *m, uint64_t *len)
{
	if (m->size < m->header_octets)
		return false;
	*len = m->size - m->header_octets;
	return true;
}

static bool
lengths_equal(const struct message *a, const struct message *b)
{
	uint64_t x = 0, y = 0;

	return body_length(a, &x) && body_length(b, &y) && x == y;
}

static bool
strict_equal(const struct message *a, const struct message *b)
{
	return memcmp(a->strict, b->strict, MESSAGE_DIGEST) == 0;
}

void
matcher_pair(struct matcher *x, uint32_t old, uint32_t new, enum evidence_kind kind)
{
	const struct message *a = &x->list[0]->at[old], *b = &x->list[1]->at[new];
	struct match *m = x->m;

	m->partner[old] = new;
	x->new_partner[new] = old;
	m->evidence[old] = (uint8_t)kind;
	m->firm[old] = message_bodies_equal(a, b) ||
		       (strict_equal(a, b) && x->lengths == LENGTHS_COMPARABLE &&
			       lengths_equal(a, b));
	m->unmatched[old] = UNMATCHED_NOT;
	m->pairs++;
	m->by_kind[kind]++;
}

/* Do the two servers count bodies alike? Asked of the messages that are one by their
 * Message-ID and header; one in ten may differ (an antivirus has cleaned it). */
static void
learn_lengths(struct matcher *x)
{
	struct join *j = &x->join;
	size_t seen = 0, equal = 0;
	struct join_class c;

	join_by(j, JOIN_MESSAGE_ID);
	for (size_t at = 0; join_next(j, JOIN_MESSAGE_ID, &at, &c);) {
		if (c.n[0] != 1 || c.n[1] != 1)
			continue;
		const struct message *a = join_message(j, &c.at[0]);
		const struct message *b = join_message(j, &c.at[1]);
		if (!(a->flags & b->flags & MESSAGE_HAS_ID))
			continue;
		x->unique_id[0][c.at[0].index] = x->unique_id[1][c.at[1].index] = 1;
		if (!strict_equal(a, b) &&
			memcmp(a->loose, b->loose, MESSAGE_DIGEST) != 0)
			continue;
		seen++;
		equal += lengths_equal(a, b);
	}
	if (seen > 0)
		x->lengths = 10 * equal >= 9 * seen ? LENGTHS_COMPARABLE : LENGTHS_DIFFER;
	x->m->lengths_comparable = x->lengths == LENGTHS_COMPARABLE;
}

/* Equal `strict`, unique: is that enough without the bodies? */
static bool
strict_suffices(const struct matcher *x, const struct join_class *c)
{
	const struct message *a = join_message(&x->join, &c->at[0]);
	const struct message *b = join_message(&x->join, &c->at[1]);
	uint64_t la = 0, lb = 0;
	bool known = body_length(a, &la) && body_length(b, &lb);

	if (x->lengths == LENGTHS_COMPARABLE && known && la == lb)
		return x->whole || a->flags & MESSAGE_HAS_ID;
	if (x->lengths != LENGTHS_DIFFER && known && la != lb)
		return false;
	return x->whole && x->unique_id[0][c->at[0].index] &&
	       x->unique_id[1][c->at[1].index];
}

/* Equal `loose`, unique. Where lengths say nothing the Message-ID is not enough: a mail
 * and its copy from a list with a footer differ in body and Received lines only. */
static bool
loose_suffices(const struct matcher *x, const struct join_class *c)
{
	return x->whole && x->lengths == LENGTHS_COMPARABLE &&
	       lengths_equal(join_message(&x->join, &c->at[0]),
		       join_message(&x->join, &c->at[1]));
}

static bool
never_suffices(const struct matcher *x, const struct join_class *c)
{
	(void)x;
	(void)c;
	return false;
}

static bool
strict_may(const struct message *a, const struct message *b)
{
	return a->flags & b->flags & (MESSAGE_HAS_ID | MESSAGE_HAS_RECEIVED);
}

static bool
loose_may(const struct message *a, const struct message *b)
{
	return a->flags & b->flags & MESSAGE_HAS_ID &&
	       a->flags & b->flags & MESSAGE_HAS_DATE;
}

static bool
id_may(const struct message *a, const struct message *b)
{
	return !message_is_weak(a) && !message_is_weak(b);
}

/* Where both still have their 8-bit bytes no server has damaged one of them, and they
 * are two: "Größe" is not "Gräße". */
static bool
damaged_may(const struct message *a, const struct message *b)
{
	return id_may(a, b) && !(a->flags & b->flags & MESSAGE_8BIT);
}

static const struct rule {
	enum join_key key;
	enum evidence_kind kind;
	bool (*may)(const struct message *, const struct message *);
	bool (*suffices)(const struct matcher *, const struct join_class *);
} rules[] = {
	{JOIN_STRICT, EVIDENCE_STRICT, strict_may, strict_suffices},
	{JOIN_LOOSE, EVIDENCE_LOOSE, loose_may, loose_suffices},
	{JOIN_ID, EVIDENCE_ID, id_may, never_suffices},
	{JOIN_DAMAGED, EVIDENCE_DAMAGED, damaged_may, never_suffices},
};

/* Two messages that are alone in their class. */
static void
try_pair(struct matcher *x, const struct rule *r, const struct join_class *c)
{
	const struct message *a = join_message(&x->join, &c->at[0]);
	const struct message *b = join_message(&x->join, &c->at[1]);
	bool bodies = a->flags & b->flags & MESSAGE_BODY;

	if (!matcher_may_pair(x, &c->at[0]) || !matcher_may_pair(x, &c->at[1]))
		return;
	if (!r->may(a, b))
		return;
	if (bodies ? message_bodies_equal(a, b) : r->suffices(x, c)) {
		matcher_pair(x, c->at[0].index, c->at[1].index, r->kind);
		return;
	}
	if ((a->flags | b->flags) & MESSAGE_NO_BODY)
		return;
	matcher_want(x, &c->at[0]);
	matcher_want(x, &c->at[1]);
}

static void
run_rule(struct matcher *x, const struct rule *r)
{
	struct join_class c;

	join_by(&x->join, r->key);
	for (size_t at = 0; join_next(&x->join, r->key, &at, &c);)
		if (c.n[0] == 1 && c.n[1] == 1)
			try_pair(x, r, &c);
}

/* Why the old members of a class have no partner. Called with the widest class last:
 * what a narrower one has said stays. */
static void
explain_class(struct matcher *x, const struct join_class *c)
{
	size_t fit = 0, unfit = 0, unread = 0;

	for (size_t i = c->n[0]; i < c->n[0] + c->n[1]; i++) {
		const struct message *b = join_message(&x->join, &c->at[i]);
		if (x->new_partner[c->at[i].index] != MATCH_NONE)
			continue;
		bool is_fit = uidl_is_fit(b, 1);
		fit += is_fit;
		unfit += !is_fit;
		unread += is_fit && !(b->flags & MESSAGE_BODY);
	}
	for (size_t i = 0; i < c->n[0]; i++) {
		uint8_t *why = &x->m->unmatched[c->at[i].index];
		const struct message *a = join_message(&x->join, &c->at[i]);
		if (*why != UNMATCHED_GONE)
			continue;
		if (fit > 0 && (unread > 0 || !(a->flags & MESSAGE_BODY)))
			*why = UNMATCHED_AMBIGUOUS;
		else if (fit > 0)
			*why = UNMATCHED_DIFFERENT;
		else if (unfit > 0)
			*why = UNMATCHED_UIDL;
	}
}

static void
explain(struct matcher *x)
{
	static const enum join_key keys[] = {
		JOIN_STRICT, JOIN_LOOSE, JOIN_ID, JOIN_DAMAGED};
	struct match *m = x->m;
	struct join_class c;

	for (size_t i = 0; i < m->nold; i++)
		if (m->unmatched[i] == UNMATCHED_GONE && m->copies[i] != 0)
			m->unmatched[i] = UNMATCHED_AMBIGUOUS;
	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
		join_by(&x->join, keys[k]);
		for (size_t at = 0; join_next(&x->join, keys[k], &at, &c);) {
			/* All messages without the five headers are equal in `id`. */
			if (keys[k] >= JOIN_ID &&
				message_is_weak(join_message(&x->join, c.at)))
				continue;
			if (c.n[0] > 0 && c.n[1] > 0)
				explain_class(x, &c);
		}
	}
	for (size_t i = 0; i < m->nold; i++)
		m->ambiguous += m->unmatched[i] == UNMATCHED_AMBIGUOUS;
}

static void
allocate(struct match *m, size_t nold, size_t nnew)
{
	match_release(m);
	m->nold = nold;
	m->nnew = nnew;
	m->partner = must_alloc(nold * sizeof(*m->partner));
	m->evidence = must_alloc(nold);
	m->firm = must_alloc(nold);
	m->unmatched = must_alloc(nold);
	m->copies = must_alloc(nold * sizeof(*m->copies));
	m->new_copies = must_alloc(nnew * sizeof(*m->new_copies));
	m->want_old = must_alloc(nold);
	m->want_new = must_alloc(nnew);
	memset(m->partner, 0xff, nold * sizeof(*m->partner));
	memset(m->evidence, EVIDENCE_NONE, nold);
}

/* Before any rule: what is known of each message, and whether the sides are whole. */
static void
look(struct matcher *x)
{
	x->whole = x->list[0]->whole && x->list[1]->whole;
	for (uint32_t side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < x->list[side]->n; i++) {
			const struct message *m = &x->list[side]->at[i];
			bool known = message_is_known(m);
			if (side == 0 && !known)
				x->m->unmatched[i] = UNMATCHED_NO_HEADER;
			else if (side == 0)
				x->m->unmatched[i] = uidl_is_fit(m, 0) ? UNMATCHED_GONE
								       : UNMATCHED_UIDL;
			x->whole = x->whole && known;
			if (known || !(m->flags & MESSAGE_CUT_HEADER))
				continue;
			matcher_want(x, &(struct join_entry){.index = i, .side = side});
		}
	}
}

void
match_run(const struct listing *old, const struct listing *new, struct match *m)
{
	struct matcher x = {.m = m, .list = {old, new}};

	allocate(m, old->n, new->n);
	x.new_partner = must_alloc(new->n * sizeof(*x.new_partner));
	memset(x.new_partner, 0xff, new->n * sizeof(*x.new_partner));
	x.unique_id[0] = must_alloc(old->n);
	x.unique_id[1] = must_alloc(new->n);
	join_init(&x.join, old, new);
	look(&x);
	/* Cut headers first: without them nothing is known to be unique. */
	if (m->nwant == 0) {
		learn_lengths(&x);
		for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
			run_rule(&x, &rules[i]);
		match_copies(&x);
		explain(&x);
	}
	join_release(&x.join);
	free(x.unique_id[0]);
	free(x.unique_id[1]);
	free(x.new_partner);
}

void
match_release(struct match *m)
{
	free(m->partner);
	free(m->evidence);
	free(m->firm);
	free(m->unmatched);
	free(m->copies);
	free(m->new_copies);
	free(m->want_old);
	free(m->want_new);
	*m = (struct match){0};
}
