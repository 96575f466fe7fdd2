/*
 * Which message of IMAP is which of POP3: by a rule that makes POP3's UIDLs out of what
 * IMAP says, and that has to hold.
 *
 * It holds if it gives one UIDL to one message, each UIDL that both have is of messages
 * of one size, and nothing is left on one side at least (IMAP has more mailboxes, POP3
 * lists what came a second later). Then the headers of a sample are read from both: the
 * first message, the last, the ends of each run of equal sizes, where a shift would not
 * be seen, and 64 others. Equal UIDLs with different sizes prove nothing: then all is
 * read over POP3.
 */
#include "mailbox/imap_side.h"

#include <stdio.h>
#include <stdlib.h>

#define OTHERS	  64
#define UIDL_MOST 4096

/* --- before anybody is asked ------------------------------------------------------ */

/* What IMAP says of a message. The GUID and the file's name are the server's own. */
static bool
is_for_imap(const char *rule)
{
	unsigned needs = 0;
	struct err e;

	return rule_check(rule, &needs, &e) == 0 &&
	       (needs & (RULE_FILE | RULE_GUID)) == 0;
}

static int
check_trust(struct imap_side *s, size_t n, struct err *e)
{
	const struct mailbox_options *o = &s->m->options;
	const char *x = mailbox_option(o);
	unsigned needs = 0;

	if (o->no_pop3 && !o->trust_rule)
		return err_set(e, ERR_USAGE, "",
			"%spop3=none leaves nothing that could prove a UIDL rule: give "
			"--trust-rule if you know the rule to be right",
			x);
	if (!o->trust_rule)
		return 0;
	if (o->uidl_rule == NULL || strcmp(o->uidl_rule, "auto") == 0)
		return err_set(e, ERR_USAGE, "",
			"--trust-rule wants the rule to be named: %suidl-rule", x);
	if (n > 1)
		return err_set(e, ERR_USAGE, "",
			"--trust-rule wants one rule, and \"%s\" stands for %zu: %s, %s%s; "
			"give one of them with %suidl-rule",
			o->uidl_rule, n, s->rules[0], s->rules[1], n > 2 ? ", …" : "", x);
	rule_check(s->rules[0], &needs, e);
	if (needs & RULE_PREFIX)
		return err_set(e, ERR_USAGE, "",
			"--trust-rule cannot know what {prefix} stands for: write it out");
	return 0;
}

int
imap_proof_begin(struct imap_side *s, struct err *e)
{
	const struct mailbox_options *o = &s->m->options;
	size_t n = 0;

	if (o->auth != NULL && strcmp(o->auth, "apop") == 0)
		return err_set(e, ERR_USAGE, "",
			"%sauth=apop is POP3's own; IMAP has none", mailbox_option(o));
	if (rule_named(o->uidl_rule, &s->arena, &s->rules, e) < 0)
		return -1;
	for (size_t i = 0; s->rules[i] != NULL; i++)
		if (is_for_imap(s->rules[i]))
			s->rules[n++] = s->rules[i];
	s->rules[n] = NULL;
	if (n == 0)
		return err_set(e, ERR_USAGE, "",
			"%suidl-rule=%s needs what IMAP does not tell (a file's name or a "
			"GUID): use pop3s://, or maildir: where the files are",
			mailbox_option(o), o->uidl_rule);
	return check_trust(s, n, e);
}

/* --- the POP3 server -------------------------------------------------------------- */

static const struct mailbox_url *
guessed(struct imap_side *s)
{
	static const struct {
		const char *scheme;
		uint16_t port;
	} guesses[] = {{"pop3s", 995}, {"pop3", 110}};
	const struct mailbox_options *o = &s->m->options;
	struct mailbox_url *url;

	if (s->guess >= (o->pop3 != NULL ? 1 : 2))
		return NULL;
	if (o->pop3 != NULL)
		return o->pop3;
	url = arena_alloc(&s->arena, sizeof(*url));
	*url = o->url;
	url->scheme = arena_string(&s->arena, text_of(guesses[s->guess].scheme));
	url->port = guesses[s->guess].port;
	return url;
}

int
imap_proof_open(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = {.what = JOB_OPEN, .watch = s->job.watch};
	struct mailbox_options o = s->m->options;
	const struct mailbox_url *url = o.no_pop3 ? NULL : guessed(s);

	if (s->has_pop3)
		mailbox_release(&s->pop3);
	s->has_pop3 = false;
	s->pop3_bytes = s->pop3_commands = 0;
	if (url == NULL) {
		if (o.no_pop3)
			snprintf(s->why_not, sizeof(s->why_not), "none was to be asked");
		return 0;
	}
	s->guess++;
	o.name = arena_print(&s->arena, "%s's POP3", s->m->options.name);
	o.url = *url;
	o.mailbox = o.uidl_rule = NULL;
	o.pop3 = NULL;
	if (mailbox_init(&s->pop3, &o, e) < 0)
		return -1;
	s->has_pop3 = true;
	return s->pop3.kind->start(&s->pop3, &job, e);
}

int
imap_proof_failed(struct imap_side *s, struct err *e)
{
	const struct mailbox_options *o = &s->m->options;
	bool away = e->kind == ERR_UNREACHABLE;

	snprintf(s->why_not, sizeof(s->why_not), "%s", e->message);
	if (away && imap_proof_open(s, e) < 0)
		return -1;
	if (away && s->has_pop3)
		return 0;
	if (s->has_pop3)
		mailbox_release(&s->pop3);
	s->has_pop3 = false;
	if (o->trust_rule)
		return 0;
	return err_set(e, e->kind, e->reason,
		"%s; IMAP has no UIDLs, and POP3 is asked to prove what they are: say where "
		"it is with %spop3, or give --trust-rule if you know the rule to be right",
		s->why_not, mailbox_option(o));
}

/* --- does a rule fit? ------------------------------------------------------------- */

static struct rule_fields
fields_of(const struct imap_side *s, size_t position, struct text prefix)
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
		struct rule_fields f = fields_of(s, ends[i][1], prefix);
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
	buf_init(&uidl, UIDL_MOST);
	for (size_t i = 0; i < l->n; i++)
		of[i] = IMAP_NONE;
	for (size_t i = 0; i < s->session.nmails; i++) {
		struct rule_fields f = fields_of(s, i, fit->prefix);
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
static const char *
shown(struct imap_side *s, const char *rule)
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
	const char *x = mailbox_option(o), *rule = shown(s, f->rule);
	char first[400] = "", hint[200] = "";
	struct buf uidl;

	buf_init(&uidl, UIDL_MOST);
	if (f->twice) {
		snprintf(first, sizeof(first), "it gives one UIDL to two messages");
	} else if (f->position != IMAP_NONE && f->index != IMAP_NONE) {
		const struct message *m = &s->pop3.listing.at[f->index];
		struct rule_fields fields = fields_of(s, f->position, f->prefix);
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

/* --- the sample ------------------------------------------------------------------- */

/* Indices, in order, of those that both have; marks those to be read. */
static void
choose_sample(struct imap_side *s)
{
	const struct listing *l = &s->m->listing;
	uint32_t *both = must_alloc((s->fit.both + 1) * sizeof(*both));
	uint8_t *chosen = must_alloc(s->fit.both + 1);
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (s->position[i] != IMAP_NONE)
			both[n++] = (uint32_t)i;
	chosen[0] = chosen[n - 1] = 1;
	for (size_t i = 1; i < n; i++) {
		bool as_before = l->at[both[i]].size == l->at[both[i - 1]].size;
		bool as_next =
			i + 1 < n && l->at[both[i]].size == l->at[both[i + 1]].size;
		if (as_before &&
			(i == 1 || l->at[both[i - 2]].size != l->at[both[i]].size))
			chosen[i - 1] = 1;
		if (as_before && !as_next)
			chosen[i] = 1;
	}
	for (size_t k = 1; k <= OTHERS; k++)
		chosen[(n - 1) * k / (OTHERS + 1)] = 1;
	for (size_t i = 0; i < n; i++) {
		if (!chosen[i])
			continue;
		s->sample = array_grow(
			s->sample, &s->sample_cap, s->nsample + 1, sizeof(*s->sample));
		s->sample[s->nsample++] = (struct imap_sample){.index = both[i]};
	}
	free(chosen);
	free(both);
}

int
imap_proof_take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	struct imap_side *s = arg;
	int which = m == s->m;
	size_t low = 0, high = s->nsample;

	(void)e;
	if (which == 1)
		index = s->session.mails[index].index;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->sample[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->nsample && s->sample[low].index == index) {
		s->sample[low].seen[which].strict = ev->strict;
		s->sample[low].seen[which].flags = ev->flags;
		s->sample[low].seen[which].there = true;
	}
	return 0;
}

int
imap_proof_headers(struct imap_side *s, struct err *e)
{
	size_t compared = 0;
	char sentence[512];

	for (size_t i = 0; i < s->nsample; i++) {
		const struct imap_sample *a = &s->sample[i];
		uint32_t position = s->position[a->index];
		bool known = a->seen[0].there && a->seen[1].there &&
			     (a->seen[0].flags & a->seen[1].flags & MESSAGE_HEADER) != 0;

		/* Gone meanwhile, or without an end: left to POP3. */
		if (!known) {
			s->session.mails[position].index = IMAP_NONE;
			s->position[a->index] = IMAP_NONE;
			continue;
		}
		if (!digest_equal(&a->seen[0].strict, &a->seen[1].strict))
			return err_set(e, ERR_DATA, "rule",
				"%s: the rule %s is wrong: POP3's message %u (\"%s\") and "
				"IMAP's UID %u have different headers; pop3s:// needs no "
				"rule",
				s->m->options.name, shown(s, s->fit.rule),
				s->m->listing.at[a->index].number,
				s->m->listing.at[a->index].uidl,
				s->session.mails[position].uid);
		compared++;
	}
	if (compared == 0)
		return err_set(e, ERR_DATA, "rule",
			"%s: no header could be read from both POP3 and IMAP, so that the "
			"rule %s is not proved; pop3s:// needs no rule",
			s->m->options.name, shown(s, s->fit.rule));
	snprintf(sentence, sizeof(sentence),
		"%s: the rule %s gives POP3's UIDLs: %zu of equal sizes, %zu headers compared",
		s->m->options.name, shown(s, s->fit.rule), s->fit.both, compared);
	session_say(&s->job, sentence);
	return 0;
}

/* --- the list --------------------------------------------------------------------- */

static void
keep_list(struct imap_side *s)
{
	const struct listing *from = &s->pop3.listing;
	struct listing *to = &s->m->listing;

	for (size_t i = 0; i < from->n; i++) {
		struct message *m =
			listing_add(to, message_uidl(&from->at[i]), from->at[i].size);
		m->number = from->at[i].number;
	}
	to->whole = from->whole;
	listing_mark(to);
	for (size_t i = 0; i < s->session.nmails; i++)
		s->session.mails[i].index = IMAP_NONE;
	for (size_t i = 0; i < to->n; i++)
		if (s->position[i] != IMAP_NONE)
			s->session.mails[s->position[i]].index = (uint32_t)i;
}

static void
note_what_differs(struct imap_side *s)
{
	const char *name = s->m->options.name;

	if (s->by_pop3)
		mailbox_note(s->m,
			"%s: IMAP and POP3 count the octets of %zu of %zu messages "
			"differently, so that all is read over POP3",
			name, s->fit.sizes_differ, s->fit.both);
	else if (s->fit.only_pop3 > 0)
		mailbox_note(s->m,
			"%s: %zu messages are listed by POP3 and not by IMAP; they are read "
			"over POP3",
			name, s->fit.only_pop3);
	if (s->fit.only_imap > 0)
		mailbox_note(s->m,
			"%s: %zu messages are listed by IMAP and not by POP3, where clients "
			"do not see them; they are left out",
			name, s->fit.only_imap);
}

int
imap_proof_lists(struct imap_side *s, struct err *e)
{
	const struct listing *l = &s->pop3.listing;
	struct message **sorted = must_alloc((l->n + 1) * sizeof(*sorted));
	size_t tried = 0;

	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->at[i];
	qsort(sorted, l->n, sizeof(struct message *), by_uidl);
	s->position = must_alloc((l->n + 1) * sizeof(*s->position));
	s->fit = (struct imap_fit){.rule = NULL};
	for (; s->rules[tried] != NULL; tried++) {
		struct imap_fit fit;
		try_rule(s, s->rules[tried], sorted, s->position, &fit);
		if (better(&fit, &s->fit))
			s->fit = fit;
	}
	if (l->n > 0 && holds(&s->fit)) {
		struct imap_fit again;
		try_rule(s, s->fit.rule, sorted, s->position, &again);
	}
	free(sorted);
	if (l->n > 0 && !holds(&s->fit))
		return no_rule(s, tried, e);
	s->by_pop3 = s->fit.sizes_differ > 0;
	for (size_t i = 0; i < l->n && s->by_pop3; i++)
		s->position[i] = IMAP_NONE;
	keep_list(s);
	note_what_differs(s);
	if (l->n > 0 && !s->by_pop3)
		choose_sample(s);
	return 0;
}

int
imap_proof_trust(struct imap_side *s, struct err *e)
{
	const char *name = s->m->options.name, *rule = s->rules[0];
	struct imap *im = &s->session;
	struct buf uidl;

	if (!s->m->options.trust_rule)
		return err_set(e, ERR_UNREACHABLE, "", "%s: there is no POP3: %s", name,
			s->why_not);
	buf_init(&uidl, UIDL_MOST);
	s->position = must_alloc((im->nmails + 1) * sizeof(*s->position));
	for (size_t i = 0; i < im->nmails; i++) {
		struct rule_fields f = fields_of(s, i, (struct text){NULL, 0});
		if (!rule_uidl(rule, &f, &uidl)) {
			buf_release(&uidl);
			return err_set(e, ERR_DATA, "rule",
				"%s: the rule %s needs what this server does not tell of "
				"UID %u",
				name, rule, f.uid);
		}
		listing_add(&s->m->listing, buf_text(&uidl), im->mails[i].size);
		im->mails[i].index = s->position[i] = (uint32_t)i;
	}
	buf_release(&uidl);
	s->m->listing.whole = !im->part;
	listing_mark(&s->m->listing);
	mailbox_note(s->m,
		"%s: nothing has proved that the UIDLs are %s (--trust-rule): %s. Where they are "
		"not, clients will download everything again, or take one message for another",
		name, shown(s, rule), s->why_not);
	return 0;
}
