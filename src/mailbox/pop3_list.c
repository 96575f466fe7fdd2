#include "mailbox/pop3.h"

#include <stdlib.h>

/*
 * Limits: the largest mailboxes known have about a million messages. A UIDL is at most
 * 70 bytes by RFC 1939, and longer ones are kept as data up to a line of 4 KiB.
 */
#define MESSAGES_MAX	  10000000u
#define LIST_LINE_MAX	  ((size_t)4096)
#define LISTING_BYTES_MAX ((uint64_t)1 << 30)

void
pop3_list_begin(struct pop3 *p)
{
	p->into = p->opened ? &p->again : &p->m->listing;
	p->into->n = 0;
	p->into->whole = true;
	p->nnumbers = 0;
	p->list_at = 0;
	p->unlisted = 0;
	p->extra = 0;
	p->list_bytes = 0;
	p->stat_known = false;
	pop3_say(p, ASK_STAT, 0, "STAT");
}

static bool
take_number(struct cursor *c, uint64_t *number)
{
	struct text word;

	return take_word(c, &word) && text_number(word, number);
}

int
pop3_list_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e)
{
	struct cursor c = {words, 0};
	struct text ok;

	if (r->ask == ASK_STAT) {
		p->stat_known =
			yes && take_word(&c, &ok) && take_number(&c, &p->stat_count);
		return FINE;
	}
	/* Some servers answer -ERR when there is nothing to list. */
	if (yes || (p->stat_known && p->stat_count == 0))
		return FINE;
	words = login_words(words, 200, &p->m->options);
	err_set(e, ERR_PROTOCOL, "", "%s: %s refuses %s: \"%.*s\"%s", p->m->options.name,
		p->m->options.url.host, r->ask == ASK_UIDL ? "UIDL" : "LIST",
		TEXT_ARG(words),
		r->ask == ASK_UIDL ? "; without UIDL nothing can be mapped" : "");
	return FAILURE;
}

static int
by_number(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* "n SP uidl". All behind the first blank is the UIDL, whatever it holds; NUL and CR,
 * which a message's UIDL never has, become ^A, which makes it a bad one as well. */
static int
uidl_line(struct pop3 *p, struct text line, struct err *e)
{
	size_t blank = text_find(line, ' ');
	struct text uidl = {line.at + blank, line.len - blank};
	struct message *m;
	uint64_t number;
	bool odd = false;

	if (!text_number((struct text){line.at, blank}, &number) || number == 0 ||
		number > UINT32_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "want a number and a UIDL");
	if (p->into->n >= MESSAGES_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "the list has no end");
	if (uidl.len > 0)
		uidl = (struct text){uidl.at + 1, uidl.len - 1};
	for (size_t i = 0; i < uidl.len; i++)
		odd = odd || uidl.at[i] == '\0' || uidl.at[i] == '\r';
	if (odd) {
		struct text copy = arena_text(&p->into->arena, uidl);
		char *at = (char *)(uintptr_t)copy.at;
		for (size_t i = 0; i < copy.len; i++)
			at[i] = (char)(at[i] == '\0' || at[i] == '\r' ? 1 : at[i]);
		uidl = copy;
	}
	m = listing_add(p->into, uidl, 0);
	m->number = (uint32_t)number;
	p->numbers = array_grow(
		p->numbers, &p->numbers_cap, p->nnumbers + 1, sizeof(*p->numbers));
	p->numbers[p->nnumbers] =
		(struct number){(uint32_t)number, (uint32_t)p->nnumbers};
	p->nnumbers++;
	return FINE;
}

/* "n SP size". Nearly always in UIDL's order; else looked for. */
static int
size_line(struct pop3 *p, struct text line, struct err *e)
{
	struct cursor c = {line, 0};
	struct number *found = NULL, key = {0};
	uint64_t number, size;

	if (!take_number(&c, &number) || !take_number(&c, &size) || number == 0 ||
		number > UINT32_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "want a number and a size");
	key.number = (uint32_t)number;
	if (p->list_at < p->nnumbers && p->numbers[p->list_at].number == key.number)
		found = &p->numbers[p->list_at];
	else if (p->nnumbers > 0)
		found = bsearch(&key, p->numbers, p->nnumbers, sizeof(key), by_number);
	if (found == NULL || p->listed[found->index]) {
		p->extra++;
		return FINE;
	}
	p->list_at = (size_t)(found - p->numbers) + 1;
	p->listed[found->index] = 1;
	p->into->at[found->index].size = size;
	p->unlisted--;
	return FINE;
}

int
pop3_list_line(struct pop3 *p, const struct request *r, struct text line, struct err *e)
{
	p->list_bytes += line.len;
	if (line.len > LIST_LINE_MAX)
		return pop3_surprise(
			p, ERR_PROTOCOL, e, "the line is longer than 4096 bytes");
	if (p->list_bytes > LISTING_BYTES_MAX ||
		p->reply_line > 2 * (uint64_t)MESSAGES_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "the list has no end");
	if (p->reply_line % 4096 == 0)
		pop3_progress(p, (size_t)p->reply_line, (size_t)p->stat_count);
	return r->ask == ASK_UIDL ? uidl_line(p, line, e) : size_line(p, line, e);
}

static int
end_uidl(struct pop3 *p, struct err *e)
{
	size_t n = p->nnumbers;

	qsort(n > 0 ? p->numbers : (void *)&n, n, sizeof(*p->numbers), by_number);
	for (size_t i = 1; i < n; i++) {
		if (p->numbers[i].number == p->numbers[i - 1].number) {
			err_set(e, ERR_PROTOCOL, "", "%s: %s lists message %u twice",
				p->m->options.name, p->m->options.url.host,
				p->numbers[i].number);
			return FAILURE;
		}
	}
	p->listed = array_grow(p->listed, &p->listed_cap, n + 1, 1);
	memset(p->listed, 0, n + 1);
	p->unlisted = n;
	pop3_say(p, ASK_LIST, 0, "LIST");
	return FINE;
}

static int
by_uidl(const void *a, const void *b)
{
	const struct message *x = *(const struct message *const *)a;
	const struct message *y = *(const struct message *const *)b;
	int order = text_compare(message_uidl(x), message_uidl(y));

	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static struct message **
sorted(struct listing *l)
{
	struct message **at = must_alloc((l->n + 1) * sizeof(*at));

	for (size_t i = 0; i < l->n; i++)
		at[i] = &l->at[i];
	qsort(at, l->n, sizeof(struct message *), by_uidl);
	return at;
}

/* mailutils adds a header between two sessions, and the size grows: the size must be of
 * the session in which the header is read. Where it has been read, the old size stays,
 * and cannot serve as a marker now. */
static bool
same(struct message *old, const struct message *new, bool listed)
{
	bool moved = listed && old->size != new->size;

	old->number = new->number;
	if (moved && (old->flags & MESSAGE_HEADER) != 0)
		return false;
	if (listed)
		old->size = new->size;
	return listed;
}

/* Numbers may have moved since the last connection: the UIDL says which message it is.
 * One whose UIDL stands twice is the same only under the same number. A message that is
 * gone gets number 0. */
static void
compare(struct pop3 *p)
{
	struct listing *was = &p->m->listing, *is = &p->again;
	struct message **old, **new;
	uint8_t *listed = must_alloc(was->n + 1);
	size_t gone = 0, k = 0;

	listing_mark(is);
	old = sorted(was);
	new = sorted(is);
	for (size_t i = 0; i < was->n; i++) {
		bool twice = (old[i]->flags & MESSAGE_TWICE) != 0;
		int order = 1;
		while (k < is->n) {
			order = text_compare(message_uidl(new[k]), message_uidl(old[i]));
			if (order == 0 && (twice || (new[k]->flags &MESSAGE_TWICE) != 0))
				order = (new[k]->number > old[i]->number) -
					(new[k]->number < old[i]->number);
			if (order >= 0)
				break;
			k++;
		}
		if (k < is->n && order == 0) {
			listed[old[i] - was->at] =
				same(old[i], new[k], p->listed[new[k] - is->at]);
		} else {
			old[i]->number = 0;
			gone++;
		}
	}
	if (gone > 0)
		mailbox_note(p->m,
			"%s: %zu messages were gone when the connection had been made "
			"again",
			p->m->options.name, gone);
	free(old);
	free(new);
	free(p->listed);
	p->listed = listed;
	p->listed_cap = was->n + 1;
	listing_release(is);
}

static void
note_odd_uidls(struct pop3 *p, const struct listing *l)
{
	size_t bad = 0, twice = 0;

	for (size_t i = 0; i < l->n; i++) {
		bad += (l->at[i].flags & MESSAGE_BAD_UIDL) != 0;
		twice += (l->at[i].flags & MESSAGE_TWICE) != 0;
	}
	if (bad + twice > 0)
		mailbox_note(p->m,
			"%s: %zu UIDLs have blanks or control bytes in them, or not 1 "
			"to 70 characters, and %zu stand more than once; where that "
			"leaves a doubt, the message is left apart",
			p->m->options.name, bad, twice);
}

static void
end_list(struct pop3 *p)
{
	const char *name = p->m->options.name;
	struct listing *l = p->into;

	if (p->stat_known && p->stat_count != l->n) {
		mailbox_note(p->m, "%s: STAT says %llu messages, UIDL lists %zu", name,
			(unsigned long long)p->stat_count, l->n);
		p->m->listing.whole = false;
	}
	if (p->unlisted > 0 || p->extra > 0) {
		mailbox_note(p->m,
			"%s: UIDL and LIST disagree: %zu messages only in UIDL, %llu "
			"only in LIST",
			name, p->unlisted, (unsigned long long)p->extra);
		p->m->listing.whole = false;
	}
	if (p->opened) {
		compare(p);
	} else {
		listing_mark(l);
		note_odd_uidls(p, l);
	}
	/* Of a million messages that would be eight megabytes for nothing. */
	free(p->numbers);
	p->numbers = NULL;
	p->nnumbers = p->numbers_cap = 0;
	p->opened = true;
	p->stage = STAGE_READY;
	pop3_progress(p, l->n, l->n);
}

int
pop3_list_end(struct pop3 *p, const struct request *r, struct err *e)
{
	if (r->ask == ASK_STAT)
		pop3_say(p, ASK_UIDL, 0, "UIDL");
	else if (r->ask == ASK_UIDL)
		return end_uidl(p, e);
	else
		end_list(p);
	return FINE;
}

void
pop3_list_release(struct pop3 *p)
{
	listing_release(&p->again);
	free(p->numbers);
	free(p->listed);
}
