/*
 * The messages in Thunderbird's mbox and maildir files, as evidence.
 *
 * Of quoting: nsPop3Sink (Mozilla, to Thunderbird 10 or so, and SeaMonkey longer) wrote
 * ">From " for "From "; later ones wrote the line as it came; MboxMsgOutputStream (since
 * 2024) adds a '>' to every line of "From " behind any number of '>'. A file has messages
 * from all the years, so of a body with a line that could be one of those nobody knows
 * what the server gave, and it counts as not known. In a maildir file nothing needs to be
 * quoted, but the first of the three did so there as well.
 */
#include "model/mozilla_mail.h"

/* Longer lines are read past, and cost the digest (as over POP3: pop3_top.c). */
#define HEADER_LINE_MAX ((size_t)1 << 20)
#define BODY_LINE_MAX	((size_t)16 << 20)
/* So much is looked through in one call if nothing is found. */
#define SLICE	    ((uint64_t)8 << 20)
#define STATUS_LINE "X-Mozilla-Status: "
#define PARTIAL	    0x0400 /* nsMsgMessageFlags::Partial */

/* What local_file.place says: what comes at `off`. */
enum { AT_START, AT_FROM, AT_BODY };

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
head_is_partial(struct text head)
{
	struct cursor c = {head, 0};
	struct text line;
	size_t from = strlen(STATUS_LINE);

	while (take_line(&c, &line)) {
		unsigned status = 0;
		if (!text_starts(line, STATUS_LINE))
			continue;
		for (size_t i = from; i < line.len && hex(line.at[i]) >= 0; i++)
			status = (status << 4 | (unsigned)hex(line.at[i])) & 0xffff;
		return status & PARTIAL;
	}
	return false;
}

static bool
may_be_quoted(struct text line, bool single)
{
	size_t n = 0;

	while (n < line.len && line.at[n] == '>')
		n++;
	/* One that stands there bare was not quoted, and in a maildir it ends nothing. */
	if (n == 0 && single)
		return false;
	return text_starts((struct text){line.at + n, line.len - n}, "From ");
}

/* What begins at a "From " line that no client's line follows may be the rest of the
 * message before. */
static int
next_is_message(struct local_file *f, uint64_t off, bool *is, struct err *e)
{
	struct local_line l;

	if (local_line(f, off, HEADER_LINE_MAX, &l, e) < 0 ||
		local_line(f, l.next, HEADER_LINE_MAX, &l, e) < 0)
		return -1;
	*is = mail_line_is_clients(l.text);
	return 0;
}

struct reading {
	struct local_file *f;
	const struct local_sink *sink;
	uint64_t off;
	bool in_body, blank; /* the line before was empty */
	enum local_known known;
	bool ended;
};

/* The rest of the message is not needed: go on from here without looking at lines. What
 * ends it may begin with the empty line just read. */
static void
leave(struct reading *r, enum local_known known)
{
	r->known = known;
	r->ended = true;
	r->f->place = AT_BODY;
	r->f->off = r->off > MAIL_SEPARATOR_MAX && r->blank ? r->off - 3 : r->off;
}

static int
read_line(struct reading *r, struct err *e)
{
	struct local_line l;
	bool is_message = true;

	if (local_line(r->f, r->off, r->in_body ? BODY_LINE_MAX : HEADER_LINE_MAX, &l,
		    e) < 0)
		return -1;
	if (l.end) {
		r->ended = r->f->done = true;
		r->f->off = r->off;
		return 0;
	}
	if (r->blank && !r->f->single && text_starts(l.text, "From ")) {
		if (next_is_message(r->f, r->off, &is_message, e) < 0)
			return -1;
		if (!is_message && r->known == LOCAL_ALL)
			r->known = LOCAL_HEADER;
		r->ended = true;
		r->f->place = AT_FROM;
		r->f->off = r->off;
		return 0;
	}
	r->blank = false;
	if (l.cut || (r->in_body && may_be_quoted(l.text, r->f->single))) {
		leave(r, r->in_body ? LOCAL_HEADER : LOCAL_NOTHING);
		return 0;
	}
	r->sink->line(r->sink->arg, l.text);
	r->off = l.next;
	r->blank = l.text.len == 0;
	while (!r->in_body && l.text.len > 0 && l.text.at[l.text.len - 1] == '\r')
		l.text.len--;
	r->in_body = r->in_body || l.text.len == 0;
	if (r->in_body && r->known == LOCAL_HEADER)
		leave(r, LOCAL_HEADER);
	return 0;
}

static int
read_message(struct local_file *f, const struct local_sink *sink, uint64_t off,
	bool partial, struct err *e)
{
	struct reading r = {.f = f, .sink = sink, .off = off, .known = LOCAL_ALL};

	if (partial || sink->headers_only)
		r.known = LOCAL_HEADER;
	while (!r.ended)
		if (read_line(&r, e) < 0)
			return -1;
	return sink->end(sink->arg, r.known, e);
}

/* From the separator, or the start of a maildir file, on. */
static int
at_message(struct local_file *f, const struct local_sink *sink, bool *told, struct err *e)
{
	struct local_message m = {.at = f->off};
	struct local_line from = {.next = f->off};
	struct mail_head h;
	struct text t;

	if (!f->single && local_line(f, f->off, HEADER_LINE_MAX, &from, e) < 0)
		return -1;
	if (local_bytes(f, from.next, MAIL_HEAD_MAX, &t, e) < 0)
		return -1;
	if (t.len > MAIL_HEAD_MAX)
		t.len = MAIL_HEAD_MAX;
	bool wanted = mail_head_read(&h, t, f->key);
	bool partial = head_is_partial(h.bytes);
	uint64_t behind = from.next + h.bytes.len;
	m.uidl = h.uidl;
	*told = wanted;
	if (wanted && sink->begin(sink->arg, &m, &wanted, e) < 0)
		return -1;
	if (wanted)
		return read_message(f, sink, behind, partial, e);
	f->off = behind;
	f->place = AT_BODY;
	f->done = f->single;
	return 0;
}

static int
at_start(struct local_file *f, struct err *e)
{
	struct text t;

	if (local_bytes(f, f->off, 5, &t, e) < 0)
		return -1;
	f->place = AT_FROM;
	f->done = !f->single && !text_starts(t, "From ");
	return 0;
}

static int
at_body(struct local_file *f, struct err *e)
{
	struct text t;

	if (local_bytes(f, f->off, MAIL_SEPARATOR_MAX + 1, &t, e) < 0)
		return -1;
	size_t n = f->single ? t.len : mail_find_separator(t);
	if (n < t.len) {
		f->place = AT_FROM;
	} else if (f->single || t.len <= MAIL_SEPARATOR_MAX) {
		f->done = true;
		return 0;
	} else {
		n = t.len - MAIL_SEPARATOR_MAX;
	}
	f->off += n;
	return 0;
}

int
mozilla_local(struct local_file *f, const struct local_sink *sink, struct err *e)
{
	uint64_t until = f->off + SLICE;
	bool told = false;
	int rc = 0;

	while (rc == 0 && !told && !f->done && f->off < until) {
		if (f->place == AT_START)
			rc = at_start(f, e);
		else if (f->place == AT_FROM)
			rc = at_message(f, sink, &told, e);
		else
			rc = at_body(f, e);
	}
	return rc;
}
