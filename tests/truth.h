/*
 * Pairs of mailboxes of which it is known which message is which: a seeded generator,
 * for test_truth.c. Nothing here uses the code under test but the arena.
 */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include "model/header.h"
#include "model/match.h"

#define TRUTH_MAX   64
#define TRUTH_LINES 24

enum place { PLACE_BOTH, PLACE_OLD, PLACE_NEW };

/* A mail as it was sent. */
struct mail {
	char line[TRUTH_LINES][240];
	size_t nlines;
	char body[600];
	bool pinned; /* must stand in the old mailbox: see truth_derive() */
	enum place place;
	int group; /* mails of one group are true copies of one another */
};

/* What a server makes of the mails; drawn once a mailbox. */
struct server {
	int adds, removes, refolds, marks, recases, reorders; /* in 100 messages */
	int damages; /* 0 no, 1 each byte to '?', 2 each run */
	int cuts, refuses;
	enum { COUNT_CRLF, COUNT_LF, COUNT_OFF, COUNT_ADDS } counts;
	enum { UIDL_LONG, UIDL_COUNTER, UIDL_SAME } uidls;
};

/* A message as the server lists and gives it. */
struct truth_message {
	int mail;	     /* index of the mail that it is */
	const char *text;    /* whole, LF line ends, in the arena */
	size_t cut;	     /* bytes that TOP n 0 gives; 0: the header */
	bool refused;	     /* no body to be had */
	struct evidence all; /* as if everything had been read */
};

struct truth_box {
	struct listing list;
	struct truth_message message[2 * TRUTH_MAX];
};

struct truth {
	uint64_t seed;
	struct arena arena;
	struct mail mail[TRUTH_MAX];
	size_t nmails;
	struct truth_box box[2];
};

static inline uint64_t
truth_random(struct truth *t)
{
	/* splitmix64 */
	uint64_t z = t->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline int
below(struct truth *t, int n)
{
	return (int)(truth_random(t) % (uint64_t)n);
}

static inline bool
chance(struct truth *t, int percent)
{
	return below(t, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static inline void
add_line(struct mail *m, const char *fmt, ...)
{
	va_list args;

	cr_assert_lt(m->nlines, TRUTH_LINES);
	va_start(args, fmt);
	vsnprintf(m->line[m->nlines++], sizeof(m->line[0]), fmt, args);
	va_end(args);
}

static inline void
add_received(struct truth *t, struct mail *m)
{
	add_line(m, "Received: from a (a [192.0.2.1]) by b id %08x; Mon, 1 Jan 2024",
		(unsigned)truth_random(t));
}

/* More at the end of what is in `to`, as far as it goes. */
static inline void
append(char *to, size_t size, const char *more)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s", more);
}

static inline bool
line_is(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static inline bool
mail_has(const struct mail *m, const char *name)
{
	for (size_t i = 0; i < m->nlines; i++)
		if (line_is(m->line[i], name))
			return true;
	return false;
}

static inline void
make_body(struct truth *t, char *to, size_t size)
{
	size_t n = 0;

	if (chance(t, 25)) {
		snprintf(to, size, "%s",
			(const char *[]){"", "ok\n", "\nok\n"}[below(t, 3)]);
		return;
	}
	/* Few lengths, so that sizes are often equal. */
	for (int lines = 1 + below(t, 4); lines > 0; lines--)
		n += (size_t)snprintf(to + n, size - n, "%08x line\n%s",
			(unsigned)truth_random(t), chance(t, 20) ? "\n" : "");
}

enum mail_kind { MAIL_USUAL, MAIL_LOCAL, MAIL_NEWS, MAIL_NIGHTLY, MAIL_SCAN, MAIL_DRAFT };

static inline void
make_mail(struct truth *t, struct mail *m, int number)
{
	static const enum mail_kind kinds[] = {MAIL_USUAL, MAIL_USUAL, MAIL_USUAL,
		MAIL_USUAL, MAIL_LOCAL, MAIL_NEWS, MAIL_NIGHTLY, MAIL_SCAN, MAIL_DRAFT};
	static const char *const subjects[] = {"re member", "remember",
		"Gr\xc3\xb6\xc3\x9f\x65 of it", "Gr\xc3\xa4\xc3\x9f\x65 of it",
		"=?utf-8?Q?Gr=C3=B6=C3=9Fe?= of it", "what ?? now", "done"};
	enum mail_kind kind = kinds[below(t, 9)];

	*m = (struct mail){0};
	make_body(t, m->body, sizeof(m->body));
	if (kind == MAIL_DRAFT) {
		if (chance(t, 50))
			add_line(m, "Subject: draft");
		return;
	}
	if (kind != MAIL_LOCAL && kind != MAIL_SCAN) {
		add_line(m, "Return-Path: <a@x>");
		if (chance(t, 30))
			add_line(m, "Delivered-To: user@old");
		for (int n = 1 + below(t, 3); n > 0; n--)
			add_received(t, m);
		if (chance(t, 30))
			add_line(m, "DKIM-Signature: v=1; a=rsa-sha256; b=%08x",
				(unsigned)truth_random(t));
	}
	if (kind == MAIL_USUAL || kind == MAIL_LOCAL)
		add_line(m, "Message-ID: <%08x.%d@x>", (unsigned)truth_random(t), number);
	if (kind != MAIL_NIGHTLY && kind != MAIL_SCAN)
		add_line(m, "Date: Mon, 1 Jan 2024 10:%02d:%02d +0000", number / 60,
			number % 60);
	add_line(m, "From: some body <a@x>");
	add_line(m, "To: user@y, other@y, third@y");
	if (kind == MAIL_NIGHTLY || kind == MAIL_SCAN)
		add_line(m, "Subject: done");
	else
		add_line(m, "Subject: %s", subjects[below(t, 7)]);
	if (chance(t, 50))
		add_line(m, "MIME-Version: 1.0");
}

/* A mail that is like another one. What no evidence short of reading every body could
 * tell apart if it stood alone on each side (one header, or "Größe" damaged to what
 * "Gräße" is damaged to) is pinned: both stand in the old mailbox. */
static inline void
derive_mail(struct truth *t, struct mail *m, struct mail *from)
{
	*m = *from;
	m->pinned = false;
	switch (below(t, 5)) {
	case 0: /* a copy */
		break;
	case 1: /* delivered once more; also the same mail of the next night */
		if (mail_has(m, "Received"))
			add_received(t, m);
		break;
	case 2: /* by a list with a footer */
		if (!mail_has(m, "Received"))
			break;
		add_received(t, m);
		append(m->body, sizeof(m->body), "-- \nfooter of the list\n");
		break;
	case 3: /* another body under one header */
		make_body(t, m->body, sizeof(m->body));
		if (mail_has(m, "Received") || mail_has(m, "Message-ID"))
			m->pinned = from->pinned = true;
		break;
	case 4:
		for (size_t i = 0; i < m->nlines; i++)
			if (line_is(m->line[i], "Subject"))
				snprintf(m->line[i], sizeof(m->line[i]), "%s",
					chance(t, 50)
						? "Subject: Gr\xc3\xb6\xc3\x9f\x65"
						: "Subject: Gr\xc3\xa4\xc3\x9f\x65");
		m->pinned = from->pinned = true;
		break;
	}
}

/* Copies are equal but for what deliveries add; without Message-ID and Date, in all. */
static inline bool
are_copies(const struct mail *a, const struct mail *b)
{
	bool weak = !mail_has(a, "Message-ID") && !mail_has(a, "Date");
	size_t i = 0, k = 0;

	if (strcmp(a->body, b->body) != 0)
		return false;
	for (;; i++, k++) {
		while (!weak && i < a->nlines && line_is(a->line[i], "Received"))
			i++;
		while (!weak && k < b->nlines && line_is(b->line[k], "Received"))
			k++;
		if (i == a->nlines || k == b->nlines)
			return i == a->nlines && k == b->nlines;
		if (strcmp(a->line[i], b->line[k]) != 0)
			return false;
	}
}

static inline void
make_mails(struct truth *t)
{
	t->nmails = 3 + (size_t)below(t, 40);
	for (size_t i = 0; i < t->nmails; i++) {
		struct mail *m = &t->mail[i];
		if (i > 0 && chance(t, 25) && t->mail[i - 1].nlines < TRUTH_LINES - 8)
			derive_mail(t, m,
				&t->mail[chance(t, 50) ? i - 1
						       : (size_t)below(t, (int)i)]);
		else
			make_mail(t, m, (int)i);
	}
	for (size_t i = 0; i < t->nmails; i++) {
		struct mail *m = &t->mail[i];
		m->group = (int)i;
		for (size_t k = 0; k < i && m->group == (int)i; k++)
			if (are_copies(m, &t->mail[k]))
				m->group = t->mail[k].group;
		m->place = chance(t, 70)   ? PLACE_BOTH
			   : chance(t, 50) ? PLACE_OLD
					   : PLACE_NEW;
		if (m->pinned && m->place == PLACE_NEW)
			m->place = PLACE_BOTH;
	}
}

#endif
