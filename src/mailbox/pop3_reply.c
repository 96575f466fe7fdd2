#include "mailbox/pop3.h"

/*
 * What a hostile or broken server may cost us. Real ones stay far below:
 * a status line is at most 512 octets (RFC 2449), we take 64 KiB (wire_begin());
 * CAPA has some 15 lines. The listing's limits stand in pop3_list.c, those of messages
 * in pop3_top.c.
 */
#define CAPA_LINES_MAX 1000
#define STATUS_MAX     ((size_t)64 << 10)
static bool
has_lines(enum ask ask)
{
	return ask == ASK_CAPA || ask == ASK_CAPA_AGAIN || ask == ASK_UIDL ||
	       ask == ASK_LIST || ask == ASK_TOP;
}

static int
end_reply(struct pop3 *p, struct request r, struct err *e)
{
	p->in_reply = false;
	p->first++;
	p->count--;
	switch (r.ask) {
	case ASK_CAPA:
		/* RFC 6856: Courier gives a message with 8-bit headers only to those who
		 * have said so, and a text about it to others. */
		if (!p->can.utf8)
			return pop3_login_begin(p, e);
		pop3_say(p, ASK_UTF8, 0, "UTF8");
		return FINE;
	case ASK_UTF8:
		return pop3_login_begin(p, e);
	case ASK_CAPA_AGAIN:
		p->rest = (struct rest){0};
		pop3_list_begin(p);
		return FINE;
	case ASK_STAT:
	case ASK_UIDL:
	case ASK_LIST:
		return pop3_list_end(p, &r, e);
	case ASK_TOP:
	case ASK_MARK:
		return pop3_top_end(p, &r, e);
	case ASK_QUIT:
		pop3_hang_up(p);
		return FINE;
	default:
		return FINE;
	}
}

static int
handle_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e)
{
	switch (r->ask) {
	case ASK_AUTH:
	case ASK_ANSWER:
	case ASK_APOP:
	case ASK_USER:
	case ASK_PASS:
		return pop3_login_status(p, r, yes, words, e);
	case ASK_STAT:
	case ASK_UIDL:
	case ASK_LIST:
		return pop3_list_status(p, r, yes, words, e);
	case ASK_TOP:
	case ASK_MARK:
		return pop3_top_status(p, r, yes, words, e);
	default:
		return FINE;
	}
}

static bool
is_status(struct text line, const char *word)
{
	size_t n = strlen(word);

	return line.len >= n &&
	       text_equal_nocase((struct text){line.at, n}, text_of(word)) &&
	       (line.len == n || line.at[n] == ' ' || line.at[n] == '\t');
}

static int
status_line(struct pop3 *p, struct text line, struct err *e)
{
	struct request r = *pop3_front(p);
	bool yes = is_status(line, "+OK");
	int result;

	p->reply_line = 0;
	p->reply_began = p->wire.taken;
	if (!yes && !is_status(line, "-ERR")) {
		if (is_status(line, "+"))
			return pop3_login_continue(p, &r, line, e);
		line = login_words(line, 200, &p->m->options);
		return pop3_surprise(p, ERR_PROTOCOL, e, "want +OK or -ERR, not \"%.*s\"",
			TEXT_ARG(line));
	}
	/* A refused login hangs up, so that the queue is empty afterwards. */
	result = handle_status(p, &r, yes, line, e);
	if (result != FINE || p->stage < STAGE_TALKING)
		return result;
	if (yes && has_lines(r.ask)) {
		p->in_reply = true;
		return FINE;
	}
	return end_reply(p, r, e);
}

static int
reply_line(struct pop3 *p, struct text line, bool cut, struct err *e)
{
	struct request r = *pop3_front(p);

	p->reply_line++;
	if (!cut && line.len == 1 && line.at[0] == '.')
		return end_reply(p, r, e);
	if (!cut && line.len > 0 && line.at[0] == '.')
		line = (struct text){line.at + 1, line.len - 1};
	if (r.ask == ASK_TOP)
		return pop3_top_line(p, line, cut);
	if (cut)
		return pop3_surprise(p, ERR_PROTOCOL, e, "the line is too long");
	if (r.ask == ASK_UIDL || r.ask == ASK_LIST)
		return pop3_list_line(p, &r, line, e);
	p->can.known = true;
	login_capability(&p->can, line);
	if (p->reply_line > CAPA_LINES_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "the reply has no end");
	return FINE;
}

int
pop3_take_lines(struct pop3 *p, struct err *e)
{
	enum wire_line got;
	struct text line;
	int result = FINE;

	while (result == FINE && p->stage >= STAGE_TALKING &&
		(got = wire_line(&p->wire, &line)) != WIRE_NONE) {
		if (p->count == 0)
			return pop3_surprise(
				p, ERR_PROTOCOL, e, "it speaks without being asked");
		if (p->in_reply)
			result = reply_line(p, line, got == WIRE_CUT, e);
		else if (got == WIRE_CUT || line.len > STATUS_MAX)
			return pop3_surprise(p, ERR_PROTOCOL, e, "the line is too long");
		else
			result = status_line(p, line, e);
	}
	if (result == FINE && p->wire.skipping &&
		(!p->in_reply || pop3_front(p)->ask != ASK_TOP))
		return pop3_surprise(p, ERR_PROTOCOL, e, "the line has no end");
	if (result == FINE && p->in_reply && pop3_front(p)->ask == ASK_TOP &&
		p->wire.taken - p->reply_began > p->reply_max) {
		pop3_surprise(p, ERR_PROTOCOL, e, "the reply has no end");
		return FAILURE;
	}
	return result;
}
