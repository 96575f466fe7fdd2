/*
 * ~/.pop3-uidl of pop3.el, which Gnus and Rmail fetch with (Emacs 24.4 and later, where a
 * mail source says :leave):
 *
 *     (("pop.example.org"
 *       ("alice"
 *        "000000016b02f262" (27394 62597)
 *        "000000026b02f262" (27394 62597))))
 *
 * One Lisp expression, which `read` reads: servers, their users, and for each UIDL when it
 * was first seen, HI * 65536 + LO seconds (cut to two numbers by all versions up to 30).
 * No port. A UIDL is written by %S since Emacs 27, " and \ escaped; before, and servers
 * and users to this day, between quotes as it is (pop3-uidl-save). What `read` would make
 * of another escape is not what the server said, so such a file is refused.
 *
 * Nothing is evaluated, and nothing recurses: the expression has this one shape.
 */
#include "model/format.h"

/* HOME is the folder of roaming application data on Windows. Numbered backups have other
 * names (.pop3-uidl.~1~). */
static const char *const places[] = {".pop3-uidl", "AppData/Roaming/.pop3-uidl", NULL};

/* A running Emacs reads the file when it fetches, and writes it when it has fetched: most
 * people never end theirs. What it shows is a buffer that visits the file and has been
 * changed. */
static const struct client_lock locks[] = {
	{LOCK_FILE, ".#.pop3-uidl"},
	{LOCK_NONE, NULL},
};

struct reading {
	struct store *store;
	struct cursor c;
	struct err *e;
};

static int
refuse(const struct reading *r, const char *what)
{
	return err_at_line(r->e, r->store->source, r->c.off, "%s", what);
}

/* Blanks and comments; the next byte, or -1 at the end. */
static int
next(struct cursor *c)
{
	for (; c->off < c->all.len; c->off++) {
		char at = c->all.at[c->off];
		if (at == ';')
			while (c->off < c->all.len && c->all.at[c->off] != '\n')
				c->off++;
		else if (at != ' ' && at != '\t' && at != '\n' && at != '\r' &&
			 at != '\f')
			return (unsigned char)at;
		if (c->off == c->all.len)
			break;
	}
	return -1;
}

static bool
take(struct cursor *c, char byte)
{
	if (next(c) != byte)
		return false;
	c->off++;
	return true;
}

/* The inside of a string, escapes and all. */
static int
take_quoted(struct reading *r, struct text *t, size_t *escapes)
{
	struct text all = r->c.all;
	size_t start = r->c.off;

	*escapes = 0;
	for (; r->c.off < all.len; r->c.off++) {
		char c = all.at[r->c.off];
		if (c == '"') {
			*t = (struct text){all.at + start, r->c.off++ - start};
			return 0;
		}
		if (c == '\n' || c == '\0')
			return refuse(r, "a string does not end in its line");
		if (c != '\\')
			continue;
		r->c.off++;
		if (r->c.off == all.len)
			break;
		if (all.at[r->c.off] != '"' && all.at[r->c.off] != '\\')
			return refuse(r,
				"a \\ before another byte than \" and \\: Emacs reads "
				"something else there than the server said");
		++*escapes;
	}
	return refuse(r, "a string does not end");
}

static int
take_string(struct reading *r, struct value *v)
{
	size_t escapes, n = 0;

	if (!take(&r->c, '"'))
		return refuse(r, "want a string");
	if (take_quoted(r, &v->text, &escapes) < 0)
		return -1;
	if (v->text.len == 0)
		return refuse(r, "a string is empty");
	v->at = store_span(r->store, v->text);
	if (escapes == 0)
		return 0;
	char *plain = arena_alloc(&r->store->arena, v->text.len - escapes);
	for (size_t i = 0; i < v->text.len; i++) {
		if (v->text.at[i] == '\\')
			i++;
		plain[n++] = v->text.at[i];
	}
	v->text = (struct text){plain, n};
	return 0;
}

static bool
take_digits(struct cursor *c, uint64_t *number)
{
	size_t start, end;

	next(c);
	for (start = end = c->off; end < c->all.len; end++)
		if (c->all.at[end] < '0' || c->all.at[end] > '9')
			break;
	if (!text_number((struct text){c->all.at + start, end - start}, number))
		return false;
	c->off = end;
	return true;
}

/* (HI LO), or with microseconds and picoseconds behind it. */
static int
take_time(struct reading *r, uint32_t *time)
{
	uint64_t number[4] = {0};
	size_t n = 0;

	if (!take(&r->c, '('))
		return refuse(r, "want the time of the UIDL, \"(HIGH LOW)\"");
	while (n < 4 && take_digits(&r->c, &number[n]))
		n++;
	if (n < 2 || !take(&r->c, ')'))
		return refuse(r, "want the time of the UIDL, \"(HIGH LOW)\"");
	*time = number[0] <= UINT16_MAX && number[1] <= UINT16_MAX
			? (uint32_t)(number[0] << 16 | number[1])
			: 0;
	return 0;
}

static int
read_records(struct reading *r, uint32_t account)
{
	while (next(&r->c) == '"') {
		struct record record = {.account = account, .status = '-'};
		size_t start = r->c.off;
		struct value uidl;

		if (take_string(r, &uidl) < 0 || take_time(r, &record.time) < 0)
			return -1;
		record.uidl = uidl.text.at;
		record.uidl_len = (uint32_t)uidl.text.len;
		record.at = uidl.at;
		record.whole = store_span(
			r->store, (struct text){r->c.all.at + start, r->c.off - start});
		if (store_add_record(r->store, record, r->e) < 0)
			return -1;
	}
	return 0;
}

/* Whether a second user follows in this server's list; what is wrong, the reading tells. */
static bool
has_more_users(struct cursor c)
{
	size_t depth = 0, users = 0;
	int byte;

	for (; (byte = next(&c)) >= 0; c.off++) {
		if (byte == '(' && depth++ == 0 && ++users == 2)
			return true;
		if (byte == ')' && depth-- == 0)
			return false;
		if (byte == '"')
			for (c.off++; c.off < c.all.len && c.all.at[c.off] != '"';
				c.off++)
				c.off += c.all.at[c.off] == '\\' && c.off + 1 < c.all.len;
		if (c.off == c.all.len)
			return false;
	}
	return false;
}

/* A name that several users share can be changed for none of them alone. */
static void
share(struct reading *r, struct value *host)
{
	char name[120];

	host->at = (struct span){0, 0};
	text_escape(host->text, name, sizeof(name));
	store_note(r->store,
		"several users share the entry of the server \"%s\": its name stays, and "
		"if the mail source of one of them names another server, move the user's "
		"list to that by hand",
		name);
}

static int
read_server(struct reading *r)
{
	struct value host, user;

	if (take_string(r, &host) < 0)
		return -1;
	if (has_more_users(r->c))
		share(r, &host);
	while (take(&r->c, '(')) {
		if (take_string(r, &user) < 0)
			return -1;
		const struct account a = {.host = host, .user = user};
		if (read_records(r, store_add_account(r->store, a)) < 0)
			return -1;
		if (!take(&r->c, ')'))
			return refuse(r, "want a UIDL, or the end of the user's list");
	}
	return take(&r->c, ')')
		       ? 0
		       : refuse(r, "want a user's list, or the end of the server's");
}

static int
emacs_read(struct store *s, struct err *e)
{
	struct reading r = {s, {s->source->bytes, 0}, e};

	if (!take(&r.c, '('))
		return refuse(&r, "want a list of servers: this is not what pop3.el of "
				  "Emacs writes");
	while (take(&r.c, '('))
		if (read_server(&r) < 0)
			return -1;
	if (!take(&r.c, ')'))
		return refuse(&r, "want a server's list, or the end of all");
	if (next(&r.c) >= 0)
		return refuse(&r, "more behind the end of the list: Emacs does not read "
				  "that");
	return 0;
}

/* "((" and a string, or an empty list. */
static int
emacs_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};

	if (!take(&c, '('))
		return PROBE_NO;
	if (take(&c, ')'))
		return next(&c) < 0 ? PROBE_CONTENT : PROBE_NO;
	return take(&c, '(') && next(&c) == '"' ? PROBE_CONTENT : PROBE_NO;
}

static int
emacs_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	(void)what;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		/* What take_quoted() does not take; Emacs takes all others as they are. */
		if (c == '\n' || c == '\0') {
			char shown[120];
			return err_set(e, ERR_DATA, "format",
				"%s: \"%s\" cannot be written there: it has a line end or "
				"a NUL",
				s->source->path,
				text_escape(value, shown, sizeof(shown)));
		}
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, c);
	}
	return 0;
}

const struct format format_emacs = {
	.name = "emacs",
	.client = "Emacs (Gnus, Rmail: pop3.el)",
	.what = ".pop3-uidl",
	.proof = "the real Emacs (make check-clients CLIENT=emacs)",
	.places = places,
	.locks = locks,
	.probe = emacs_probe,
	.read = emacs_read,
	.spell = emacs_spell,
};
