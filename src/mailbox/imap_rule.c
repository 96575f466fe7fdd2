/*
 * Which rule makes POP3's UIDLs out of what IMAP says of its messages. It holds if it
 * gives one UIDL to one message, and nothing is left on one side at least (IMAP has more
 * mailboxes, POP3 lists what came a second later). That sizes agree as well, and headers,
 * imap_proof.c sees to.
 */
#include "mailbox/imap_side.h"

#include <stdio.h>
#include <stdlib.h>

struct rule_fields
imap_fields(const struct imap_side *s, size_t position, struct text prefix)
{
	const struct imap_mail *m = &s->session.mails[position];
	uint32_t validity = s->session.boxes[m->box].validity;

	return (struct rule_fields){.uid = m->uid,
		.has_uid = true,
		.validity = validity,
		.has_validity = validity > 0,
		.gmail = m->gmail,
		.has_gmail = m->gmail > 0,
		.prefix = prefix,
		.file = {NULL, 0},
		.guid = {NULL, 0}};
}

static int
by_uidl(const void *a, const void *b)
{
	const struct message *x = *(const struct message *const *)a;
	const struct message *y = *(const struct message *const *)b;

	return text_compare(message_uidl(x), message_uidl(y));
}

static struct message *
find(struct message **sorted, size_t n, struct text uidl)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (text_compare(message_uidl(sorted[middle]), uidl) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && text_equal(message_uidl(sorted[low]), uidl) ? sorted[low]
								      : NULL;
}

/* The prefix that the rule must have, by the first messages of both or the last. */
static struct text
learn_prefix(const struct imap_side *s, const char *rule)
{
	const struct listing *l = &s->pop3.listing;
	struct text prefix = {NULL, 0};
	size_t ends[2][2] = {{0, 0}, {l->n - 1, s->session.nmails - 1}};

	for (int i = 0; i < 2 && l->n > 0 && s->session.nmails > 0; i++) {
		struct rule_fields f = imap_fields(s, ends[i][1], prefix);
		if (rule_prefix(rule, &f, message_uidl(&l->at[ends[i][0]]), &prefix))
			return prefix;
	}
	return (struct text){NULL, 0};
}

/* One message of IMAP: `of` gets POP3's, by index. */
static void
fit_one(const struct imap_side *s, struct imap_fit *fit, struct message *found, size_t i,
	unsigned needs, uint32_t *of)
{
	const struct listing *l = &s->pop3.listing;
	size_t index = found != NULL ? (size_t)(found - l->at) : 0;

	/* Equal UIDLs are read over POP3, and prove nothing. */
	if (found != NULL && (found->flags & MESSAGE_TWICE) != 0)
		return;
	/* Gmail has one message in several mailboxes, under one number. */
	if (found != NULL && of[index] != IMAP_NONE) {
		fit->twice = fit->twice || !(needs & RULE_GMAIL);
		return;
	}
	if (found == NULL) {
		if (fit->only_imap++ == 0)
			fit->position = (uint32_t)i;
		return;
	}
	of[index] = (uint32_t)i;
	fit->both++;
	fit->sizes_differ += found->size != s->session.mails[i].size;
}

static void
try_rule(const struct imap_side *s, const char *rule, struct message **sorted,
	uint32_t *of, struct imap_fit *fit)
{
	const struct listing *l = &s->pop3.listing;
	unsigned needs = 0;
	struct err e;
	struct buf uidl;

	*fit = (struct imap_fit){.rule = rule,
		.index = IMAP_NONE,
		.position = IMAP_NONE,
		.prefix = {NULL, 0}};
	rule_check(rule, &needs, &e);
	if (needs & RULE_PREFIX)
		fit->prefix = learn_prefix(s, rule);
	buf_init(&uidl, IMAP_UIDL_MOST);
	for (size_t i = 0; i < l->n; i++)
		of[i] = IMAP_NONE;
	for (size_t i = 0; i < s->session.nmails; i++) {
		struct rule_fields f = imap_fields(s, i, fit->prefix);
		bool made = rule_uidl(rule, &f, &uidl);
		fit_one(s, fit, made ? find(sorted, l->n, buf_text(&uidl)) : NULL, i,
			needs, of);
	}
	for (size_t i = 0; i < l->n; i++)
		if (of[i] == IMAP_NONE && !(l->at[i].flags & MESSAGE_TWICE) &&
			fit->only_pop3++ == 0)
			fit->index = (uint32_t)i;
	buf_release(&uidl);
}

static bool
holds(const struct imap_fit *f)
{
	return f->both > 0 && !f->twice && (f->only_pop3 == 0 || f->only_imap == 0);
}

static bool
better(const struct imap_fit *a, const struct imap_fit *b)
{
	if (b->rule == NULL || holds(a) != holds(b))
		return b->rule == NULL || holds(a);
	if (holds(a) && (a->sizes_differ == 0) != (b->sizes_differ == 0))
		return a->sizes_differ == 0;
	return a->both - a->sizes_differ > b->both - b->sizes_differ;
}

/* "cyrus, {v}.{u}" */
const char *
imap_rule_shown(struct imap_side *s, const char *rule)
{
	for (const struct rule_row *r = rule_table; r->name != NULL; r++)
		if (strcmp(r->rule, rule) == 0)
			return arena_print(&s->arena, "%s (%s)", rule, r->name);
	return rule;
}

static int
no_rule(struct imap_side *s, size_t tried, struct err *e)
{
	const struct mailbox_options *o = &s->m->options;
	const struct imap_fit *f = &s->fit;
	const char *x = mailbox_option(o), *rule = imap_rule_shown(s, f->rule);
	char first[400] = "", hint[200] = "";
	struct buf uidl;

	buf_init(&uidl, IMAP_UIDL_MOST);
	if (f->twice) {
		snprintf(first, sizeof(first), "it gives one UIDL to two messages");
	} else if (f->position != IMAP_NONE && f->index != IMAP_NONE) {
		const struct message *m = &s->pop3.listing.at[f->index];
		struct rule_fields fields = imap_fields(s, f->position, f->prefix);
		bool made = rule_uidl(f->rule, &fields, &uidl);
		snprintf(first, sizeof(first),
			"for UID %u it makes \"%.*s\", and POP3 lists message %u as \"%s\"",
			fields.uid, made ? (int)(uidl.len < 70 ? uidl.len : 70) : 7,
			made ? uidl.at : "nothing", m->number, m->uidl);
	} else {
		snprintf(first, sizeof(first), "IMAP lists %zu messages and POP3 %zu",
			s->session.nmails, s->pop3.listing.n);
	}
	buf_release(&uidl);
	if (f->both > 0 && f->only_pop3 > 0 &&
		(o->mailbox == NULL || strcmp(o->mailbox, "*") != 0))
		snprintf(hint, sizeof(hint),
			"; if the others lie in other mailboxes: %smailbox '*'", x);
	if (tried == 1)
		return err_set(e, ERR_DATA, "rule",
			"%s: the rule %s does not give the UIDLs that POP3 lists (%zu of "
			"%zu): %s%s; pop3s:// needs no rule",
			o->name, rule, f->both, s->pop3.listing.n, first, hint);
	return err_set(e, ERR_DATA, "rule",
		"%s: none of the %zu rules gives the UIDLs that POP3 lists; the nearest, %s, "
		"gives %zu of %zu: %s%s; pop3s:// needs no rule",
		o->name, tried, rule, f->both, s->pop3.listing.n, first, hint);
}

int
imap_rule_find(struct imap_side *s, struct err *e)
{
	const struct listing *l = &s->pop3.listing;
	struct message **sorted = must_alloc((l->n + 1) * sizeof(*sorted));
	size_t tried = 0;

	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->at[i];
	qsort(sorted, l->n, sizeof(struct message *), by_uidl);
	s->fit = (struct imap_fit){.rule = NULL};
	for (; s->rules[tried] != NULL; tried++) {
		struct imap_fit fit;
		try_rule(s, s->rules[tried], sorted, s->position, &fit);
		if (better(&fit, &s->fit))
			s->fit = fit;
		if (holds(&fit) && fit.sizes_differ == 0)
			break;
	}
	/* What stands in s->position is by the rule that was tried last. */
	if (l->n > 0 && holds(&s->fit) && s->rules[tried] == NULL) {
		struct imap_fit again;
		try_rule(s, s->fit.rule, sorted, s->position, &again);
	}
	free(sorted);
	return l->n == 0 || holds(&s->fit) ? 0 : no_rule(s, tried, e);
}
