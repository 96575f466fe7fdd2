/*
 * The mails of a pair of mailboxes as they were sent, and which of them are copies.
 */
#include "truth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

uint64_t
truth_random(struct truth *t)
{
	uint64_t z = t->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

int
below(struct truth *t, int n)
{
	return (int)(truth_random(t) % (uint64_t)n);
}

bool
chance(struct truth *t, int percent)
{
	return below(t, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static void
add_line(struct letter *l, const char *fmt, ...)
{
	va_list args;

	if (l->nlines == LETTER_LINES)
		abort();
	va_start(args, fmt);
	vsnprintf(l->line[l->nlines++], sizeof(l->line[0]), fmt, args);
	va_end(args);
}

static void
add_received(struct truth *t, struct letter *l)
{
	add_line(l, "Received: from a (a [192.0.2.1]) by b id %08x; Mon, 1 Jan 2024",
		(unsigned)truth_random(t));
}

/* More at the end of what is in `to`, as far as it goes. */
void
append(char *to, size_t size, const char *more)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s", more);
}

bool
line_is(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static bool
letter_has(const struct letter *l, const char *name)
{
	for (size_t i = 0; i < l->nlines; i++)
		if (line_is(l->line[i], name) && !strstr(l->line[i], "<>"))
			return true;
	return false;
}

struct text
letter_text(struct truth *t, const struct letter *l)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < l->nlines; i++)
		buf_print(&text, "%s\n", l->line[i]);
	buf_print(&text, "\n%s", l->body);
	struct text kept = arena_text(&t->arena, buf_text(&text));
	buf_release(&text);
	return kept;
}

void
letter_of(struct text text, struct letter *l)
{
	struct cursor c = {text, 0};
	struct text line;

	l->nlines = 0;
	while (take_lf_line(&c, &line) && line.len > 0)
		snprintf(l->line[l->nlines++], LETTER_WIDTH, "%.*s", TEXT_ARG(line));
	snprintf(l->body, sizeof(l->body), "%.*s", (int)(text.len - c.off),
		text.at + c.off);
}

static void
make_body(struct truth *t, char *to, size_t size)
{
	static const char *const short_ones[] = {"", "ok\n", "\nok\n"};
	size_t n = 0;

	if (chance(t, 25)) {
		snprintf(to, size, "%s", short_ones[below(t, 3)]);
		return;
	}
	/* Few lengths, so that sizes are often equal. */
	for (int lines = 1 + below(t, 4); lines > 0; lines--)
		n += (size_t)snprintf(to + n, size - n, "%s%08x line%s\n%s",
			chance(t, 5) ? "From " : "", (unsigned)truth_random(t),
			chance(t, 5) ? " Gr\xc3\xb6\xc3\x9f\x65" : "",
			chance(t, 20) ? "\n" : "");
}

static void
add_deliveries(struct truth *t, struct letter *l)
{
	add_line(l, "Return-Path: <a@x>");
	if (chance(t, 30))
		add_line(l, "Delivered-To: user@old");
	for (int n = 1 + below(t, 3); n > 0; n--)
		add_received(t, l);
	if (chance(t, 30))
		add_line(l, "DKIM-Signature: v=1; a=rsa-sha256; b=%08x",
			(unsigned)truth_random(t));
}

static uint64_t
make_letter(struct truth *t, struct letter *l, int number)
{
	static const enum trouble kinds[] = {TROUBLE_USUAL, TROUBLE_USUAL, TROUBLE_USUAL,
		TROUBLE_USUAL, TROUBLE_USUAL, TROUBLE_EMPTY_ID, TROUBLE_NEWSLETTER,
		TROUBLE_NIGHTLY, TROUBLE_SCAN, TROUBLE_DRAFT};
	static const char *const subjects[] = {"re member", "remember",
		"Gr\xc3\xb6\xc3\x9f\x65 of it", "Gr\xc3\xa4\xc3\x9f\x65 of it",
		"=?utf-8?Q?Gr=C3=B6=C3=9Fe?= of it", "what ?? now", "done"};
	enum trouble kind = kinds[below(t, 10)];
	bool machine = kind == TROUBLE_NIGHTLY || kind == TROUBLE_SCAN;

	l->nlines = 0;
	make_body(t, l->body, sizeof(l->body));
	if (kind == TROUBLE_DRAFT) {
		if (chance(t, 50))
			add_line(l, "Subject: draft");
		return TROUBLE(kind);
	}
	/* What was put there by its user, or a scanner, has come by no server. */
	if (kind != TROUBLE_SCAN && (kind != TROUBLE_USUAL || chance(t, 80)))
		add_deliveries(t, l);
	if (kind == TROUBLE_USUAL)
		add_line(l, "Message-ID: <%08x.%d@x>", (unsigned)truth_random(t), number);
	if (kind == TROUBLE_EMPTY_ID)
		add_line(l, "Message-ID: <>");
	if (!machine && (kind != TROUBLE_EMPTY_ID || chance(t, 50)))
		add_line(l, "Date: Mon, 1 Jan 2024 %02d:%02d:%02d +0000",
			number / 3600 % 24, number / 60 % 60, number % 60);
	add_line(l, "From: some body <a@x>");
	add_line(l, "To: user@y, other@y, third@y");
	add_line(l, "Subject: %s", machine ? "done" : subjects[below(t, 7)]);
	if (kind == TROUBLE_NEWSLETTER)
		add_line(l, "List-Unsubscribe: <mailto:off@x>");
	if (chance(t, 50))
		add_line(l, "MIME-Version: 1.0");
	return TROUBLE(kind);
}

/* A mail that is like another one. What no evidence short of reading every body could
 * tell apart if it stood alone on each side (one header, or "Größe" damaged to what
 * "Gräße" is damaged to) is pinned: both stand in the old mailbox. */
static enum trouble
derive(struct truth *t, struct letter *l, bool *pins)
{
	bool received = letter_has(l, "Received");

	switch (below(t, 5)) {
	case 0:
		if (received) /* also the same mail of the next night */
			add_received(t, l);
		return TROUBLE_AGAIN;
	case 1:
		if (!received)
			break;
		add_received(t, l);
		append(l->body, sizeof(l->body), "-- \nfooter of the list\n");
		return TROUBLE_FOOTER;
	case 2:
		make_body(t, l->body, sizeof(l->body));
		*pins = received || letter_has(l, "Message-ID");
		return TROUBLE_OTHER_BODY;
	case 3:
		for (size_t i = 0; i < l->nlines; i++)
			if (line_is(l->line[i], "Subject"))
				snprintf(l->line[i], sizeof(l->line[i]),
					"Subject: Gr\xc3%c\xc3\x9f\x65",
					chance(t, 50) ? '\xb6' : '\xa4');
		*pins = true;
		return TROUBLE_8BIT_TWIN;
	}
	return TROUBLE_COPY;
}

static void
make_mail(struct truth *t, size_t i)
{
	struct mail *m = &t->mail[i], *from;
	struct letter l;
	bool pins = false;

	m->place = chance(t, 70) ? PLACE_BOTH : chance(t, 50) ? PLACE_OLD : PLACE_NEW;
	if (i == 0 || !chance(t, 25)) {
		m->troubles = make_letter(t, &l, (int)i);
		m->text = letter_text(t, &l);
		return;
	}
	from = &t->mail[chance(t, 50) ? i - 1 : (size_t)below(t, (int)i)];
	letter_of(from->text, &l);
	if (l.nlines > LETTER_LINES - 8)
		l.nlines = LETTER_LINES - 8;
	enum trouble how = derive(t, &l, &pins);
	m->troubles = from->troubles | TROUBLE(how);
	from->troubles |= TROUBLE(how);
	m->pinned = pins;
	from->pinned |= pins;
	m->text = letter_text(t, &l);
}

/* Copies are equal but for what deliveries add; without Message-ID and Date, in all. */
static uint64_t
copy_key(struct mail *m)
{
	struct letter l;
	uint64_t key = 0xcbf29ce484222325u;

	letter_of(m->text, &l);
	m->weak = !letter_has(&l, "Message-ID") && !letter_has(&l, "Date");
	for (size_t i = 0; i <= l.nlines; i++) {
		const char *s = i < l.nlines ? l.line[i] : l.body;
		if (i < l.nlines && !m->weak && line_is(s, "Received"))
			continue;
		for (; *s != '\0'; s++)
			key = (key ^ (unsigned char)*s) * 0x100000001b3u;
		key = (key ^ (i < l.nlines ? '\n' : 0x100)) * 0x100000001b3u;
	}
	return key;
}

void
make_mails(struct truth *t)
{
	struct tally copies;
	size_t n;

	t->mail = arena_alloc(&t->arena, t->nmails * sizeof(*t->mail));
	tally_make(&copies, t->nmails);
	for (size_t i = 0; i < t->nmails; i++)
		make_mail(t, i);
	for (size_t i = 0; i < t->nmails; i++) {
		copies.at[i].key = copy_key(&t->mail[i]);
		copies.at[i].index = i;
		if (t->mail[i].pinned && t->mail[i].place == PLACE_NEW)
			t->mail[i].place = PLACE_BOTH;
	}
	tally_sort(&copies);
	for (size_t i = 0; i < t->nmails; i++)
		t->mail[i].group =
			(int)tally_find(&copies, copy_key(&t->mail[i]), &n)->index;
	tally_release(&copies);
}
