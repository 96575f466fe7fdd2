/*
 * A mailbox that movemail --uidl of GNU mailutils fetches into. It keeps no list: what the
 * messages there bear as X-UIDL has been fetched.
 *
 *     From alice@example.org Thu Nov 19 13:55:07 2026
 *     Subject: hello
 *     X-UIDL: 000000016b02f400
 *     X-UID: 1
 *
 *     text
 *
 * Read from mailutils 3.15: libproto/mbox/mboxrd.c (a message begins with a valid From_
 * line, at the start of the file or behind an empty line of the body), mboxscan.c (older:
 * wherever such a line is), libmailutils/mailbox/header.c and msguidl.c (the first X-UIDL
 * of the header). Where they disagree, what only one of them takes for a header stays as
 * it is. Content-Length counts the body, which stays, too.
 *
 * Any mailbox may be one, so nothing is found by itself: --client movemail says so.
 */
#include "model/format.h"

static const char *const places[] = {NULL};

/* movemail makes FILE.lock; delivery agents lock by fcntl as well. */
static const struct client_lock locks[] = {
	{LOCK_PROCESS, "movemail"},
	{LOCK_DOT, "%s.lock"},
	{LOCK_STORE, NULL},
	{LOCK_NONE, NULL},
};

/* The byte so far before the end is this one. */
static bool
back(struct text t, size_t n, char byte)
{
	return t.len >= n && t.at[t.len - n] == byte;
}

/* Where the time ends, counted from the end of the line: before the year, with a zone
 * before or behind it. 0: there is no time. */
static size_t
time_end(struct text t)
{
	if (back(t, 5, ' ')) {
		if (back(t, 8, ':'))
			return 5; /* 13:55 2026 */
		if (back(t, 9, ' '))
			return 9; /* 13:55 CET 2026 */
		if (back(t, 11, ' ') && (back(t, 10, '+') || back(t, 10, '-')))
			return 11; /* 13:55 +0100 2026 */
		return 0;
	}
	if (back(t, 4, ' '))
		return back(t, 9, ' ') ? 9 : 0; /* 13:55 2026 CET */
	if (back(t, 6, ' ') && (back(t, 5, '+') || back(t, 5, '-')))
		return back(t, 11, ' ') ? 11 : 0; /* 13:55 2026 +0100 */
	return 0;
}

/* "From USER Thu Nov 19 13:55:07 2026" and its kin, maybe "remote from HOST". */
static bool
is_from_line(struct text t)
{
	static const char remote[] = " remote from";
	size_t n = sizeof(remote) - 1, space = t.len, end;

	if (!text_starts(t, "From ") || t.len < 27)
		return false;
	while (space > 0 && t.at[space - 1] != ' ')
		space--;
	if (t.len >= 41 && space > n && memcmp(t.at + space - 1 - n, remote, n) == 0)
		t.len = space - 1 - n;
	end = time_end(t);
	if (t.len < 27 || end == 0 || !back(t, end + 3, ':'))
		return false;
	end += back(t, end + 6, ':') ? 9 : 6;
	return back(t, end, ' ') && back(t, end + 3, ' ') && back(t, end + 7, ' ') &&
	       back(t, end + 11, ' ');
}

/* A line that ends with LF, without that; a CR stays in it, as in mailutils. */
static bool
take_whole_line(struct cursor *c, struct text *line)
{
	return take_until(c, '\n', line);
}

/* The value of an X-UIDL line. */
static bool
take_uidl(struct text line, struct text *uidl)
{
	size_t colon = text_find(line, ':');

	if (colon == line.len ||
		!text_equal_nocase(
			text_trim((struct text){line.at, colon}), text_of("X-UIDL")))
		return false;
	*uidl = (struct text){line.at + colon + 1, line.len - colon - 1};
	while (uidl->len > 0 && (uidl->at[0] == ' ' || uidl->at[0] == '\t')) {
		uidl->at++;
		uidl->len--;
	}
	return true;
}

/* What a server may list (RFC 1939). */
static bool
is_word(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] <= ' ' || t.at[i] >= 0x7f)
			return false;
	return t.len > 0;
}

static bool
is_folded(const struct cursor *c)
{
	return c->off < c->all.len &&
	       (c->all.at[c->off] == ' ' || c->all.at[c->off] == '\t');
}

/* The header behind a From_ line, up to and with its empty line. The first X-UIDL is the
 * message's, and none stands behind a line that is no header's. */
static int
read_header(struct store *s, struct cursor *c, uint32_t account, struct err *e)
{
	struct text line, uidl;
	bool looking = true;

	while (take_whole_line(c, &line) && line.len > 0) {
		bool more = line.at[0] == ' ' || line.at[0] == '\t';

		if (!looking || more)
			continue;
		looking = text_find(line, ':') < line.len;
		if (!take_uidl(line, &uidl))
			continue;
		looking = false;
		if (!is_word(uidl) || is_folded(c))
			continue;
		struct record r = {.account = account,
			.uidl = uidl.at,
			.uidl_len = (uint32_t)uidl.len,
			.at = store_span(s, uidl),
			.whole = store_span(s, line),
			.status = '-'};
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	return 0;
}

static int
movemail_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct text line;
	bool empty = false;
	uint32_t account;

	if (c.all.len == 0)
		return 0;
	if (!take_whole_line(&c, &line) || !is_from_line(line))
		return err_at_line(e, s->source, 0,
			"want \"From ADDRESS DATE\": this is not a mailbox of movemail");
	/* Whose it is, stands nowhere. */
	account = store_add_nobody(s);
	do {
		if ((c.off == line.len + 1 || empty) && is_from_line(line)) {
			if (read_header(s, &c, account, e) < 0)
				return -1;
			empty = false;
		} else
			empty = line.len == 0;
	} while (take_whole_line(&c, &line));
	return 0;
}

static int
movemail_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct text line;

	return src->bytes.len == 0 || (take_whole_line(&c, &line) && is_from_line(line))
		       ? PROBE_CONTENT
		       : PROBE_NO;
}

static int
movemail_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	char shown[120];

	(void)what;
	if (!is_word(value))
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there: an X-UIDL is one word",
			s->source->path, text_escape(value, shown, sizeof(shown)));
	buf_add(out, value);
	return 0;
}

const struct format format_movemail = {
	.name = "movemail",
	.client = "movemail (GNU mailutils)",
	.what = "X-UIDL in the mailbox that it fetches into",
	.proof = "the real movemail (make check-clients CLIENT=movemail)",
	.places = places,
	.locks = locks,
	.probe = movemail_probe,
	.read = movemail_read,
	.spell = movemail_spell,
};
