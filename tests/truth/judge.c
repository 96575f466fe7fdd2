/*
 * What match_run() makes of a pair of mailboxes, held against the truth.
 */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>

#define SAID_MOST 20

const char *const trouble_names[TROUBLES] = {
	[TROUBLE_USUAL] = "usual mail",
	[TROUBLE_NEWSLETTER] = "newsletter without Message-ID",
	[TROUBLE_NIGHTLY] = "nightly report without Message-ID and Date",
	[TROUBLE_SCAN] = "scanner's mail, the same without Received",
	[TROUBLE_DRAFT] = "draft, with a Subject or no header at all",
	[TROUBLE_EMPTY_ID] = "Message-ID: <>",
	[TROUBLE_COPY] = "has a copy",
	[TROUBLE_AGAIN] = "delivered twice, or the next night",
	[TROUBLE_FOOTER] = "came by a list that adds a footer, too",
	[TROUBLE_OTHER_BODY] = "equal header, another body",
	[TROUBLE_8BIT_TWIN] = "8-bit Subjects that damage makes equal",
	[TROUBLE_DELETED] = "deleted on the new side",
	[TROUBLE_INSERTED] = "inserted on the new side",
	[TROUBLE_REORDERED] = "order changed",
	[TROUBLE_EQUAL_SIZE] = "equal sizes on its side",
	[TROUBLE_ADDED] = "header added, a delivery's",
	[TROUBLE_ADDED_UNKNOWN] = "header added, unknown",
	[TROUBLE_REMOVED] = "header removed",
	[TROUBLE_MARKED] = "header added, a server's or client's mark",
	[TROUBLE_HEADER_ORDER] = "headers in another order",
	[TROUBLE_CASE] = "case of a header's name",
	[TROUBLE_REFOLDED] = "refolded",
	[TROUBLE_DAMAGED] = "8-bit bytes replaced by ?",
	[TROUBLE_LINE_ENDS] = "line ends LF, or CR CR LF",
	[TROUBLE_QUOTED] = "From quoted by an mbox",
	[TROUBLE_LF_COUNTED] = "size counted with LF",
	[TROUBLE_OFF_BY_TWO] = "size off by 2, for some",
	[TROUBLE_UNCOUNTED] = "size with 55 bytes that do not come",
	[TROUBLE_CUT] = "TOP gives a cut header",
	[TROUBLE_NO_HEADER] = "header refused",
	[TROUBLE_NO_BODY] = "body refused",
	[TROUBLE_EQUAL_UIDL] = "its UIDL is another mail's on the new side",
	[TROUBLE_COUNTER] = "UIDL is a counter",
	[TROUBLE_UNFIT_UIDL] = "UIDL twice or with a blank",
	[TROUBLE_PART] = "a side is known to be a part",
};

/* The two sides looked up by what the messages are and look like. */
struct tables {
	size_t *at[2]; /* by mail: index in the box, or SIZE_MAX */
	struct tally strict[2], loose[2], body[2], size[2], uidl[2];
	bool seen[TROUBLES];
};

static uint64_t
uidl_key(const struct message *m)
{
	uint64_t key = 0xcbf29ce484222325u;

	for (size_t i = 0; i < m->uidl_len; i++)
		key = (key ^ (unsigned char)m->uidl[i]) * 0x100000001b3u;
	return key;
}

static void
make_tables(const struct truth *t, struct tables *x)
{
	for (int side = 0; side < 2; side++) {
		const struct box *box = &t->box[side];
		struct tally *all[] = {&x->strict[side], &x->loose[side], &x->body[side],
			&x->size[side], &x->uidl[side]};
		x->at[side] = must_alloc(t->nmails * sizeof(size_t));
		memset(x->at[side], 0xff, t->nmails * sizeof(size_t));
		for (size_t k = 0; k < 5; k++)
			tally_make(all[k], box->list.n);
		for (size_t i = 0; i < box->list.n; i++) {
			const struct telling *g = &box->served[i].telling;
			const struct message *m = &box->list.at[i];
			uint64_t keys[] = {
				g->strict, g->loose, g->body, m->size, uidl_key(m)};
			x->at[side][box->served[i].mail] = i;
			for (size_t k = 0; k < 5; k++)
				all[k]->at[i] = (struct tally_entry){keys[k], i};
		}
		for (size_t k = 0; k < 5; k++)
			tally_sort(all[k]);
	}
}

static void
free_tables(struct tables *x)
{
	for (int side = 0; side < 2; side++) {
		free(x->at[side]);
		tally_release(&x->strict[side]);
		tally_release(&x->loose[side]);
		tally_release(&x->body[side]);
		tally_release(&x->size[side]);
		tally_release(&x->uidl[side]);
	}
}

static void
read_wanted_bodies(struct box *box, const uint8_t *want)
{
	for (size_t i = 0; i < box->list.n; i++) {
		struct evidence none = {.flags = MESSAGE_NO_BODY};
		if (want[i])
			message_learn(&box->list.at[i],
				box->served[i].no_body ? &none : &box->served[i].all);
	}
}

static void
match_boxes(struct truth *t, struct match *m)
{
	for (int rounds = 1;; rounds++) {
		match_run(&t->box[0].list, &t->box[1].list, m);
		if (m->nwant == 0)
			return;
		if (rounds == 3) {
			fprintf(stderr, "seed %llu: asks for ever\n",
				(unsigned long long)t->seed);
			abort();
		}
		read_wanted_bodies(&t->box[0], m->want_old);
		read_wanted_bodies(&t->box[1], m->want_new);
	}
}

static bool
fit_to_pair(const struct box *box, size_t i)
{
	return !(box->list.at[i].flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL)) &&
	       !box->served[i].no_body;
}

static bool
alone(const struct tally *tally, uint64_t a, uint64_t b)
{
	size_t old, new;

	tally_find(&tally[0], a, &old);
	tally_find(&tally[1], b, &new);
	return a == b && old == 1 && new == 1;
}

/* The strict, the loose or the body digest of this true pair is theirs alone; the latter
 * two only where there is a Message-ID or a Date, and a body only where the five headers of
 * `id` are equal too: one "ok" is not another. A body that was changed on its way, or that
 * nobody gives, tells nothing. */
static bool
can_be_told(const struct truth *t, const struct tables *x, size_t old, size_t new)
{
	const struct telling *a = &t->box[0].served[old].telling;
	const struct telling *b = &t->box[1].served[new].telling;

	if (!fit_to_pair(&t->box[0], old) || !fit_to_pair(&t->box[1], new) ||
		a->body != b->body)
		return false;
	if (alone(x->strict, a->strict, b->strict))
		return true;
	if (a->weak || b->weak)
		return false;
	return alone(x->loose, a->loose, b->loose) ||
	       (a->id == b->id && alone(x->body, a->body, b->body));
}

static void
count_row(struct row *r, const struct row *one, bool *seen)
{
	r->boxes += !*seen;
	*seen = true;
	r->messages += one->messages;
	r->both += one->both;
	r->tellable += one->tellable;
	r->found += one->found;
	r->pairs += one->pairs;
	r->wrong += one->wrong;
}

static void
count(struct score *s, struct tables *x, uint64_t troubles, const struct row *one)
{
	for (int k = 0; k < TROUBLES; k++)
		if (troubles & TROUBLE(k))
			count_row(&s->row[k], one, &x->seen[k]);
}

static void
say(const struct truth *t, const char *what, size_t old, size_t new, bool show)
{
	fprintf(stderr, "seed %llu, %zu mails: %s %zu %zu\n", (unsigned long long)t->seed,
		t->nmails, what, old, new);
	if (show)
		fprintf(stderr, "%.*s\n=====\n%.*s\n=====\n",
			TEXT_ARG(t->box[0].served[old].text),
			TEXT_ARG(t->box[1].served[new].text));
}

static uint64_t
troubles_of(const struct truth *t, const struct tables *x, size_t old, size_t new)
{
	const struct box *a = &t->box[0], *b = &t->box[1];
	const struct mail *mail = &t->mail[a->served[old].mail];
	uint64_t troubles = mail->troubles | a->served[old].troubles;
	size_t n;

	if (new == SIZE_MAX)
		troubles |= TROUBLE(TROUBLE_DELETED);
	else
		troubles |= b->served[new].troubles;
	if (a->list.at[old].flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL))
		troubles |= TROUBLE(TROUBLE_UNFIT_UIDL);
	tally_find(&x->size[0], a->list.at[old].size, &n);
	if (n > 1)
		troubles |= TROUBLE(TROUBLE_EQUAL_SIZE);
	const struct tally_entry *e =
		tally_find(&x->uidl[1], uidl_key(&a->list.at[old]), &n);
	if (n > 0 && b->served[e->index].mail != a->served[old].mail)
		troubles |= TROUBLE(TROUBLE_EQUAL_UIDL);
	return troubles;
}

static void
judge_message(const struct truth *t, const struct match *m, size_t i, struct tables *x,
	struct score *s, bool show)
{
	const struct box *old = &t->box[0], *new = &t->box[1];
	size_t truly = x->at[1][old->served[i].mail];
	uint32_t k = m->partner[i];
	struct row one = {.messages = 1, .both = truly != SIZE_MAX};

	one.pairs = k != MATCH_NONE;
	if (k != MATCH_NONE && t->mail[old->served[i].mail].group !=
				       t->mail[new->served[k].mail].group) {
		one.wrong = 1;
		say(t, "WRONG pair", i, k, show);
	}
	if (truly != SIZE_MAX && can_be_told(t, x, i, truly)) {
		one.tellable = 1;
		one.found = one.pairs && !one.wrong;
		if (!one.found && s->lost++ < SAID_MOST)
			say(t, "lost pair", i, truly, show);
	}
	count_row(&s->all, &one, &(bool){true});
	count(s, x, troubles_of(t, x, i, truly), &one);
}

void
judge(struct truth *t, struct score *s, bool show)
{
	struct tables x = {0};
	struct match m = {0};
	uint8_t *taken = must_alloc(t->box[1].list.n + 1);

	match_boxes(t, &m);
	make_tables(t, &x);
	s->all.boxes++;
	for (size_t i = 0; i < m.nold; i++) {
		bool none = m.partner[i] == MATCH_NONE;
		if (none != (m.unmatched[i] != UNMATCHED_NOT) ||
			(!none && taken[m.partner[i]]++)) {
			say(t, "no pair, or two", i, 0, false);
			abort();
		}
		judge_message(t, &m, i, &x, s, show);
	}
	for (size_t k = 0; k < m.nnew; k++) {
		struct row one = {.messages = 1, .pairs = taken[k]};
		if (x.at[0][t->box[1].served[k].mail] == SIZE_MAX)
			count(s, &x, TROUBLE(TROUBLE_INSERTED), &one);
	}
	free(taken);
	free_tables(&x);
	match_release(&m);
}

static void
row_add(struct row *to, const struct row *more)
{
	to->boxes += more->boxes;
	to->messages += more->messages;
	to->both += more->both;
	to->tellable += more->tellable;
	to->found += more->found;
	to->pairs += more->pairs;
	to->wrong += more->wrong;
}

void
score_add(struct score *to, const struct score *more)
{
	row_add(&to->all, &more->all);
	for (int k = 0; k < TROUBLES; k++)
		row_add(&to->row[k], &more->row[k]);
	to->lost += more->lost;
}
