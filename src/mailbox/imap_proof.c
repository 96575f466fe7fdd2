/*
 * Which message of IMAP is which of POP3: by a rule that fits (imap_rule.c) and that has to
 * hold. Each UIDL that both have must be of messages of one size. Then the headers of a
 * sample are read from both: the first message, the last, the ends of each run of equal
 * sizes, where a shift would not be seen, and 64 others. Equal UIDLs with different sizes
 * prove nothing: then all is read over POP3.
 */
#include "mailbox/imap_side.h"

#include <stdio.h>
#include <stdlib.h>

#define OTHERS 64

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

/* What could prove itself; NULL at the end, and how many. */
static int
find_rules(struct imap_side *s, size_t *n, struct err *e)
{
	*n = 0;
	if (rule_named(s->m->options.uidl_rule, &s->arena, &s->rules, e) < 0)
		return -1;
	for (size_t i = 0; s->rules[i] != NULL; i++)
		if (is_for_imap(s->rules[i]))
			s->rules[(*n)++] = s->rules[i];
	s->rules[*n] = NULL;
	return 0;
}

bool
imap_proof_trusts(struct imap_side *s)
{
	const struct mailbox_options *o = &s->m->options;
	unsigned needs = 0;
	struct err e;
	size_t n;

	return o->trust_rule && o->uidl_rule != NULL && find_rules(s, &n, &e) == 0 &&
	       n == 1 && rule_check(s->rules[0], &needs, &e) == 0 &&
	       (needs & RULE_PREFIX) == 0;
}

int
imap_proof_begin(struct imap_side *s, struct err *e)
{
	const struct mailbox_options *o = &s->m->options;
	const char *x = mailbox_option(o);
	size_t n;

	if (o->auth != NULL && strcmp(o->auth, "apop") == 0)
		return err_set(
			e, ERR_USAGE, "", "%sauth=apop is POP3's own; IMAP has none", x);
	if (find_rules(s, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_USAGE, "",
			"%suidl-rule=%s needs what IMAP does not tell (a file's name or a "
			"GUID): use pop3s://, or maildir: where the files are",
			x, o->uidl_rule);
	if (!o->no_pop3 || s->trusting)
		return 0;
	if (!o->trust_rule)
		return err_set(e, ERR_USAGE, "",
			"%spop3=none leaves nothing that could prove a UIDL rule: give "
			"--trust-rule if you know the rule to be right",
			x);
	if (o->uidl_rule == NULL || n == 1)
		return err_set(e, ERR_USAGE, "",
			"--trust-rule wants the rule to be named, without {prefix}: "
			"%suidl-rule",
			x);
	return err_set(e, ERR_USAGE, "",
		"--trust-rule wants one rule, and \"%s\" stands for %zu: %s, %s%s; give one of "
		"them with %suidl-rule",
		o->uidl_rule, n, s->rules[0], s->rules[1], n > 2 ? ", …" : "", x);
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
	if (s->trusting)
		return 0;
	return err_set(e, e->kind, e->reason,
		"%s; IMAP has no UIDLs, and POP3 is asked to prove what they are: say where "
		"it is with %spop3, or give --trust-rule and one %suidl-rule if you know it to "
		"be right",
		s->why_not, mailbox_option(o), mailbox_option(o));
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
				s->m->options.name, imap_rule_shown(s, s->fit.rule),
				s->m->listing.at[a->index].number,
				s->m->listing.at[a->index].uidl,
				s->session.mails[position].uid);
		compared++;
	}
	if (compared == 0)
		return err_set(e, ERR_DATA, "rule",
			"%s: no header could be read from both POP3 and IMAP, so that the "
			"rule %s is not proved; pop3s:// needs no rule",
			s->m->options.name, imap_rule_shown(s, s->fit.rule));
	snprintf(sentence, sizeof(sentence),
		"%s: the rule %s gives POP3's UIDLs: %zu of equal sizes, %zu headers compared",
		s->m->options.name, imap_rule_shown(s, s->fit.rule), s->fit.both,
		compared);
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

	s->position = must_alloc((l->n + 1) * sizeof(*s->position));
	if (imap_rule_find(s, e) < 0)
		return -1;
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

	if (!s->trusting)
		return err_set(e, ERR_UNREACHABLE, "", "%s: there is no POP3: %s", name,
			s->why_not);
	buf_init(&uidl, IMAP_UIDL_MOST);
	s->position = must_alloc((im->nmails + 1) * sizeof(*s->position));
	for (size_t i = 0; i < im->nmails; i++) {
		struct rule_fields f = imap_fields(s, i, (struct text){NULL, 0});
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
		name, imap_rule_shown(s, rule), s->why_not);
	return 0;
}
