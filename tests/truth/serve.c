/*
 * What servers and copying tools do to mails on their way.
 */
#include "../evidence.h"
#include "truth.h"

#include <stdio.h>

/* Drawn once a mailbox; in 100 messages where nothing else is said. */
struct server {
	int adds, unknowns, removes, marks, refolds, recases, reorders, quotes;
	enum { DAMAGE_NONE, DAMAGE_BYTES, DAMAGE_RUNS } damages;
	bool damages_bodies;
	enum { ENDS_CRLF, ENDS_LF, ENDS_SOME_CRCRLF } ends;
	enum { COUNT_CRLF, COUNT_LF, COUNT_OFF, COUNT_ADDS } counts;
	enum { UIDL_LONG, UIDL_COUNTER, UIDL_SAME, UIDL_SHIFTED } uidls;
	int cuts, no_headers, no_bodies;
	bool part, old;
};

static void
insert_line(struct letter *l, size_t at, const char *line)
{
	if (l->nlines == LETTER_LINES)
		return;
	memmove(l->line[at + 1], l->line[at], (l->nlines - at) * sizeof(l->line[0]));
	snprintf(l->line[at], sizeof(l->line[0]), "%s", line);
	l->nlines++;
}

static void
remove_line(struct letter *l, size_t at)
{
	l->nlines--;
	memmove(l->line[at], l->line[at + 1], (l->nlines - at) * sizeof(l->line[0]));
}

static uint64_t
remove_field(struct letter *l, const char *name)
{
	for (size_t i = 0; i < l->nlines; i++)
		if (line_is(l->line[i], name)) {
			remove_line(l, i);
			return TROUBLE(TROUBLE_REMOVED);
		}
	return 0;
}

/* Fold at a blank of the value, sometimes with a blank line in the fold. */
static bool
refold(struct truth *t, char *line)
{
	char copy[LETTER_WIDTH], *colon = strchr(line, ':'), *blank;

	if (colon == NULL || strlen(line) > 200)
		return false;
	blank = strchr(colon + 2, ' ');
	if (blank == NULL)
		return false;
	snprintf(copy, sizeof(copy), "%s", blank + 1);
	*blank = '\0';
	append(line, LETTER_WIDTH,
		chance(t, 20)	? "\n \t\n\t "
		: chance(t, 50) ? "\n\t"
				: "  ");
	append(line, LETTER_WIDTH, copy);
	return true;
}

static bool
damage(char *line, bool runs)
{
	char *to = line;
	bool in = false, any = false;

	for (; *line != '\0'; line++) {
		bool is = (unsigned char)*line >= 0x80;
		if (!is)
			*to++ = *line;
		else if (!runs || !in)
			*to++ = '?';
		any = any || is;
		in = is;
	}
	*to = '\0';
	return any;
}

/* mboxrd: a line that could be a separator gets a ">". */
static bool
quote(char *body, size_t size)
{
	char copy[800], *from = body;
	bool any = false;

	snprintf(copy, sizeof(copy), "%s", body);
	from[0] = '\0';
	for (char *at = copy; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		bool end = at[len] == '\0';
		at[len] = '\0';
		if (strncmp(at, "From ", 5) == 0) {
			append(body, size, ">");
			any = true;
		}
		append(body, size, at);
		append(body, size, end ? "" : "\n");
		at += len + !end;
	}
	return any;
}

/* Headers come, go, and change places. A mail that has neither Message-ID nor Date keeps
 * what it has: with less it could be any (docs/matching.md, what no rule sees). */
static uint64_t
change_headers(
	struct truth *t, const struct server *s, const struct mail *m, struct letter *l)
{
	static const char *const added[] = {"Received: by the new one",
		"X-Spam-Status: No", "Delivered-To: user@new", "X-Antivirus: clean",
		"X-Virus-Scanned: yes", "Authentication-Results: new; dkim=pass",
		"ARC-Seal: i=1; b=abc", "Envelope-To: user@new"};
	static const char *const marks[] = {"Status: RO", "X-UIDL: abc", "Lines: 12",
		"Content-Length: 100", "X-Mozilla-Status: 0001", "X-IMAPbase: 1 2",
		"From a@x Mon Jan  1 00:00:00 2024"};
	static const char *const removed[] = {
		"Return-Path", "Received", "MIME-Version", "DKIM-Signature"};
	uint64_t troubles = 0;

	if (chance(t, s->adds)) {
		insert_line(l, 0, added[below(t, 8)]);
		troubles |= TROUBLE(TROUBLE_ADDED);
	}
	if (chance(t, s->unknowns)) {
		insert_line(
			l, 0, chance(t, 50) ? "X-Migrated-By: a tool" : "X-Note: \xe4 b");
		troubles |= TROUBLE(TROUBLE_ADDED_UNKNOWN);
	}
	if (chance(t, s->marks)) {
		insert_line(l, (size_t)below(t, (int)l->nlines + 1), marks[below(t, 7)]);
		troubles |= TROUBLE(TROUBLE_MARKED);
	}
	if (chance(t, s->removes)) {
		const char *name = removed[m->weak ? 0 : below(t, 4)];
		troubles |= remove_field(l, name);
	}
	size_t last = l->nlines - 1;
	if (l->nlines > 2 && line_is(l->line[last], "MIME-Version") &&
		chance(t, s->reorders)) {
		char swap[LETTER_WIDTH];
		memcpy(swap, l->line[last], sizeof(swap));
		memcpy(l->line[last], l->line[last - 1], sizeof(swap));
		memcpy(l->line[last - 1], swap, sizeof(swap));
		troubles |= TROUBLE(TROUBLE_HEADER_ORDER);
	}
	return troubles;
}

static uint64_t
change_letter(
	struct truth *t, const struct server *s, const struct mail *m, struct letter *l)
{
	/* Both twins look alike in the old mailbox, or neither would be known for one. */
	bool twin = s->old && m->pinned;
	uint64_t troubles = twin ? 0 : change_headers(t, s, m, l);

	for (size_t i = 0; i < l->nlines; i++) {
		if (chance(t, s->refolds) && refold(t, l->line[i]))
			troubles |= TROUBLE(TROUBLE_REFOLDED);
		if (s->damages && damage(l->line[i], s->damages == DAMAGE_RUNS))
			troubles |= TROUBLE(TROUBLE_DAMAGED);
		if (!twin && chance(t, s->recases)) {
			l->line[i][0] = (char)(l->line[i][0] | 0x20);
			troubles |= TROUBLE(TROUBLE_CASE);
		}
	}
	if (s->damages_bodies && damage(l->body, s->damages == DAMAGE_RUNS))
		troubles |= TROUBLE(TROUBLE_DAMAGED);
	if (chance(t, s->quotes) && quote(l->body, sizeof(l->body)))
		troubles |= TROUBLE(TROUBLE_QUOTED);
	if (chance(t, s->adds))
		append(l->body, sizeof(l->body), "\n");
	return troubles;
}

static int
now_and_then(struct truth *t, int one_in, int percent)
{
	return below(t, one_in) == 0 ? percent : 0;
}

/* The old server has had the mail first: it changes less. */
static struct server
make_server(struct truth *t, bool old)
{
	struct server s = {
		.adds = chance(t, old ? 90 : 50) ? 0 : below(t, 101),
		.unknowns = now_and_then(t, old ? 20 : 8, below(t, 101)),
		.removes = now_and_then(t, old ? 20 : 4, 30),
		.marks = now_and_then(t, 2, 50),
		.refolds = now_and_then(t, old ? 20 : 2, 20),
		.recases = now_and_then(t, old ? 40 : 8, 5),
		.reorders = now_and_then(t, old ? 40 : 8, 20),
		.quotes = now_and_then(t, 10, 100),
		.damages = chance(t, old ? 10 : 30) ? 1 + (unsigned)below(t, 2) : 0,
		.ends = chance(t, 70) ? ENDS_CRLF : 1 + (unsigned)below(t, 2),
		.counts = chance(t, 60) ? COUNT_CRLF : 1 + (unsigned)below(t, 3),
		.uidls = (unsigned)below(t, 4),
		.cuts = now_and_then(t, 5, 10),
		.no_headers = now_and_then(t, 20, 2),
		.no_bodies = now_and_then(t, 10, 10),
		.part = chance(t, 10),
		.old = old,
	};
	s.damages_bodies = s.damages && chance(t, 25);
	return s;
}

static struct text
on_the_wire(struct truth *t, const struct letter *l, const char *end)
{
	struct text plain = letter_text(t, l);
	struct buf wire;

	buf_init(&wire, 1 << 20);
	for (size_t i = 0; i < plain.len; i++)
		buf_add(&wire, plain.at[i] == '\n' ? text_of(end)
						   : (struct text){plain.at + i, 1});
	struct text kept = arena_text(&t->arena, buf_text(&wire));
	buf_release(&wire);
	return kept;
}

static uint64_t
count_size(struct truth *t, const struct server *s, struct text wire, uint64_t *troubles)
{
	uint64_t bytes = 0, lines = 0;

	for (size_t i = 0; i < wire.len; i++) {
		lines += wire.at[i] == '\n';
		bytes += wire.at[i] != '\n' &&
			 !(wire.at[i] == '\r' && wire.at[i + 1] == '\n');
	}
	switch (s->counts) {
	case COUNT_LF:
		*troubles |= TROUBLE(TROUBLE_LF_COUNTED);
		return bytes + lines;
	case COUNT_OFF:
		*troubles |= TROUBLE(TROUBLE_OFF_BY_TWO);
		return bytes + 2 * lines - (chance(t, 50) ? 2 : 0);
	case COUNT_ADDS:
		*troubles |= TROUBLE(TROUBLE_UNCOUNTED);
		return bytes + 2 * lines + 55;
	case COUNT_CRLF:
		break;
	}
	return bytes + 2 * lines;
}

static void
write_uidl(struct truth *t, const struct server *s, struct served *m, size_t at,
	char *uidl, size_t size)
{
	int number = s->uidls == UIDL_COUNTER ? (int)at + 1
					      : m->mail + (s->uidls == UIDL_SHIFTED);

	snprintf(uidl, size, "%d", number);
	if (s->uidls == UIDL_LONG)
		snprintf(uidl, size, "%08xabcdef%d", (unsigned)truth_random(t), number);
	else
		m->troubles |= TROUBLE(TROUBLE_COUNTER);
	if (chance(t, 1))
		snprintf(uidl, size, "%s", chance(t, 50) ? "a b" : "twice");
}

static void
serve(struct truth *t, const struct server *s, struct box *box, int mail)
{
	static const char *const ends[] = {"\r\n", "\n", "\r\r\n"};
	struct served *m = &box->served[box->list.n];
	bool some = s->ends != ENDS_SOME_CRCRLF || chance(t, 20);
	unsigned end = some ? s->ends : ENDS_CRLF;
	struct letter l;
	char uidl[40];
	size_t header = 0;

	letter_of(t->mail[mail].text, &l);
	*m = (struct served){
		.mail = mail, .troubles = change_letter(t, s, &t->mail[mail], &l)};
	m->text = on_the_wire(t, &l, ends[end]);
	for (size_t i = 0; i < l.nlines; i++)
		header += strlen(l.line[i]);
	m->cut = chance(t, s->cuts) && header > 0 ? header / 2 : m->text.len;
	/* A twin whose header or body is not known is as good as one that is not there. */
	if (!t->mail[mail].pinned) {
		m->no_header = chance(t, s->no_headers);
		m->no_body = m->no_header || chance(t, s->no_bodies);
	}
	m->troubles |= (m->cut < m->text.len ? TROUBLE(TROUBLE_CUT) : 0) |
		       (m->no_header ? TROUBLE(TROUBLE_NO_HEADER) : 0) |
		       (m->no_body ? TROUBLE(TROUBLE_NO_BODY) : 0) |
		       (end != ENDS_CRLF ? TROUBLE(TROUBLE_LINE_ENDS) : 0) |
		       (s->part ? TROUBLE(TROUBLE_PART) : 0);
	m->all = read_message(m->text, true);
	m->telling = tell(m->text);
	write_uidl(t, s, m, box->list.n, uidl, sizeof(uidl));
	struct message *listed = listing_add(
		&box->list, text_of(uidl), count_size(t, s, m->text, &m->troubles));
	struct evidence ev = {.flags = MESSAGE_NO_HEADER};
	if (!m->no_header)
		ev = read_message((struct text){m->text.at, m->cut}, false);
	message_learn(listed, &ev);
}

/* Both mailboxes, the new one sometimes in another order. */
void
serve_boxes(struct truth *t)
{
	int *order = arena_alloc(&t->arena, t->nmails * sizeof(*order));
	bool mixed = chance(t, 50);
	struct server s[2];

	for (int side = 0; side < 2; side++) {
		struct box *box = &t->box[side];
		box->served = arena_alloc(&t->arena, t->nmails * sizeof(*box->served));
		s[side] = make_server(t, side == 0);
		if (side == 1 && chance(t, 70))
			s[1].counts = s[0].counts;
		/* Twins that both have damaged are copies. */
		if (side == 1 && s[0].damages)
			s[1].damages = s[1].damages_bodies = 0;
		for (int i = 0; i < (int)t->nmails; i++) {
			int k = mixed && side == 1 ? below(t, i + 1) : i;
			order[i] = order[k];
			order[k] = i;
		}
		for (size_t i = 0; i < t->nmails; i++) {
			struct mail *m = &t->mail[order[i]];
			if (mixed)
				m->troubles |= TROUBLE(TROUBLE_REORDERED);
			if (m->place != (side == 0 ? PLACE_NEW : PLACE_OLD))
				serve(t, &s[side], box, order[i]);
		}
		box->list.whole = !s[side].part;
		listing_mark(&box->list);
	}
}

void
truth_make(struct truth *t, uint64_t seed, size_t nmails)
{
	*t = (struct truth){.seed = seed, .random = seed * 1000003, .nmails = nmails};
	if (nmails == 0)
		t->nmails = 3 + (size_t)below(t, 40);
	make_mails(t);
	serve_boxes(t);
}

void
truth_release(struct truth *t)
{
	listing_release(&t->box[0].list);
	listing_release(&t->box[1].list);
	arena_free(&t->arena);
}
