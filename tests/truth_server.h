/*
 * What servers and copying tools do to mails on their way, for test_truth.c.
 */
#ifndef TESTS_TRUTH_SERVER_H
#define TESTS_TRUTH_SERVER_H

#include "truth.h"

static inline void
insert_line(struct mail *m, size_t at, const char *line)
{
	if (m->nlines == TRUTH_LINES)
		return;
	memmove(m->line[at + 1], m->line[at], (m->nlines - at) * sizeof(m->line[0]));
	snprintf(m->line[at], sizeof(m->line[0]), "%s", line);
	m->nlines++;
}

/* Fold at a blank of the value, sometimes with a blank line in the fold. */
static inline void
refold(struct truth *t, char *line)
{
	char copy[240], *colon = strchr(line, ':'), *blank;

	if (colon == NULL || strlen(line) > 200)
		return;
	blank = strchr(colon + 2, ' ');
	if (blank == NULL)
		return;
	snprintf(copy, sizeof(copy), "%s", blank + 1);
	*blank = '\0';
	append(line, 240, chance(t, 20) ? "\n \t\n\t " : chance(t, 50) ? "\n\t" : "  ");
	append(line, 240, copy);
}

static inline void
damage(char *line, bool runs)
{
	char *to = line;
	bool in = false;

	for (; *line != '\0'; line++) {
		bool is = (unsigned char)*line >= 0x80;
		if (!is)
			*to++ = *line;
		else if (!runs || !in)
			*to++ = '?';
		in = is;
	}
	*to = '\0';
}

static inline void
serve_mail(struct truth *t, const struct server *s, struct mail *m)
{
	static const char *const added[] = {"Received: by the new one",
		"X-Spam-Status: No", "Delivered-To: user@new", "X-Antivirus: clean",
		"X-Virus-Scanned: yes"};
	static const char *const marks[] = {
		"Status: RO", "X-UIDL: abc", "Lines: 12", "Content-Length: 100"};

	if (chance(t, s->adds))
		insert_line(m, 0, added[below(t, 5)]);
	if (chance(t, s->marks))
		insert_line(m, (size_t)below(t, (int)m->nlines + 1), marks[below(t, 4)]);
	if (m->nlines > 0 && chance(t, s->removes) &&
		line_is(m->line[0], "Return-Path")) {
		memmove(m->line[0], m->line[1], (m->nlines - 1) * sizeof(m->line[0]));
		m->nlines--;
	}
	for (size_t i = 0; i < m->nlines; i++) {
		if (chance(t, s->refolds))
			refold(t, m->line[i]);
		if (s->damages != 0)
			damage(m->line[i], s->damages == 2);
		if (chance(t, s->recases))
			m->line[i][0] = (char)(m->line[i][0] | 0x20);
	}
	if (m->nlines > 2 && chance(t, s->reorders)) {
		size_t k = m->nlines - 1;
		char swap[240];
		if (line_is(m->line[k], "MIME-Version")) {
			memcpy(swap, m->line[k], sizeof(swap));
			memcpy(m->line[k], m->line[k - 1], sizeof(swap));
			memcpy(m->line[k - 1], swap, sizeof(swap));
		}
	}
	if (chance(t, s->adds))
		append(m->body, sizeof(m->body), "\n");
}

static inline int
now_and_then(struct truth *t, int one_in, int percent)
{
	return below(t, one_in) == 0 ? percent : 0;
}

static inline struct server
make_server(struct truth *t)
{
	return (struct server){
		.adds = chance(t, 50) ? 0 : below(t, 101),
		.removes = now_and_then(t, 4, 30),
		.refolds = now_and_then(t, 2, 20),
		.marks = now_and_then(t, 2, 50),
		.recases = now_and_then(t, 8, 5),
		.reorders = now_and_then(t, 8, 20),
		.damages = chance(t, 30) ? 1 + below(t, 2) : 0,
		.cuts = now_and_then(t, 5, 10),
		.refuses = now_and_then(t, 10, 10),
		.counts = chance(t, 60) ? COUNT_CRLF : 1 + (unsigned)below(t, 3),
		.uidls = (unsigned)below(t, 3),
	};
}

static inline uint64_t
count_size(struct truth *t, const struct server *s, const char *text)
{
	uint64_t n = strlen(text), lines = 0;

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	switch (s->counts) {
	case COUNT_LF:
		return n;
	case COUNT_OFF:
		return n + lines - (chance(t, 50) ? 2 : 0);
	case COUNT_ADDS:
		return n + lines + 55;
	case COUNT_CRLF:
		break;
	}
	return n + lines;
}

static inline struct evidence
read_text(struct text bytes, bool all)
{
	struct header h = {0};
	struct body b = {0};
	struct evidence ev = {0};
	struct cursor c = {bytes, 0};
	struct text line;

	header_begin(&h);
	while (take_line(&c, &line))
		if (header_line(&h, line))
			break;
	header_end(&h, &ev);
	if (all) {
		body_begin(&b);
		while (take_line(&c, &line))
			body_line(&b, line);
		ev.body = body_end(&b);
		ev.flags |= MESSAGE_BODY;
	}
	header_release(&h);
	body_release(&b);
	return ev;
}

static inline void
serve(struct truth *t, const struct server *s, struct truth_box *box, int mail)
{
	struct truth_message *m = &box->message[box->list.n];
	struct mail served = t->mail[mail];
	struct buf text;
	char uidl[40];
	size_t header;

	serve_mail(t, s, &served);
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < served.nlines; i++)
		buf_print(&text, "%s\n", served.line[i]);
	header = text.len;
	buf_print(&text, "\n%s", served.body);
	*m = (struct truth_message){
		.mail = mail,
		.text = arena_string(&t->arena, buf_text(&text)),
		.cut = chance(t, s->cuts) ? header / 2 : 0,
		/* A twin whose header is not known is as good as one that is not there. */
		.refused = chance(t, s->refuses) && !served.pinned,
	};
	buf_release(&text);
	m->all = read_text(text_of(m->text), true);
	int number = s->uidls == UIDL_SAME ? mail : (int)box->list.n + 1;
	snprintf(uidl, sizeof(uidl), "%d", number);
	if (s->uidls == UIDL_LONG)
		snprintf(uidl, sizeof(uidl), "%08xabcdef%d", (unsigned)truth_random(t),
			number);
	if (chance(t, 1))
		snprintf(uidl, sizeof(uidl), "%s", chance(t, 50) ? "a b" : "twice");
	struct message *listed =
		listing_add(&box->list, text_of(uidl), count_size(t, s, m->text));
	struct text top = {m->text, m->cut != 0 ? m->cut : strlen(m->text)};
	struct evidence ev = read_text(top, false);
	message_learn(listed, &ev);
}

/* Both mailboxes, the new one sometimes in another order. */
static inline void
make_truth(struct truth *t, uint64_t seed)
{
	struct server s[2];
	bool mixed;

	memset(t, 0, sizeof(*t));
	t->seed = seed;
	make_mails(t);
	mixed = chance(t, 50);
	for (int side = 0; side < 2; side++) {
		int order[TRUTH_MAX];
		s[side] = make_server(t);
		if (side == 0)
			s[0] = (struct server){.marks = s[0].marks,
				.cuts = s[0].cuts,
				.refuses = s[0].refuses,
				.counts = s[0].counts,
				.uidls = s[0].uidls};
		else if (chance(t, 70))
			s[1].counts = s[0].counts;
		for (int i = 0; i < (int)t->nmails; i++) {
			int k = mixed && side == 1 ? below(t, i + 1) : i;
			order[i] = order[k];
			order[k] = i;
		}
		for (size_t i = 0; i < t->nmails; i++)
			if (t->mail[order[i]].place !=
				(side == 0 ? PLACE_NEW : PLACE_OLD))
				serve(t, &s[side], &t->box[side], order[i]);
		t->box[side].list.whole = chance(t, 90);
		listing_mark(&t->box[side].list);
	}
}

static inline void
truth_release(struct truth *t)
{
	listing_release(&t->box[0].list);
	listing_release(&t->box[1].list);
	arena_free(&t->arena);
}

#endif
