#include "model/rule.h"
#include "base/digest.h"

#include <inttypes.h>

#define MAX_UIDL   4096 /* longer than any file name; a UIDL has 70 bytes (RFC 1939) */
#define MAX_DIGITS 20	/* of 2^64 in decimal */

const struct rule_row rule_table[] = {
	{"dovecot", "{u:08x}{v:08x}",
		"default of pop3_uidl_format, mail-storage-settings.c, 1.0 to 2.4"},
	{"cyrus", "{v}.{u}", "uidl_format: cyrus, the default since 2.1.4; pop3d.c"},
	{"uw", "{v:08x}{u:08x}", "ipop3d.c, %08lx%08lx"},
	{"panda", "{v:08x}{u:08x}", "UW's ipop3d.c, which Panda goes on with"},
	{"courier", "UID{u}-{v}",
		"format 2, pop3dserver.c; the numbers are courierpop3dsizelist's, which need not "
		"be IMAP's"},
	{"courier", "UID{u}", "format 1, pop3dserver.c: the list states no validity"},
	{"courier", "{file:courier}", "format 0, pop3dserver.c: no list of numbers"},
	{"qmail", "{file}", "qmail-pop3d.c; notqmail is the same"},
	{"gmail", "GmailId{gmail}", "Dovecot's imapc-mail.c, feature gmail-migration"},
	{"mirapoint", "{v}.{u}", "reported by who moved from it; no source was read"},
	{"critical-path", "{v}-{u}", "Dovecot's pop3-uidl-migrate documentation"},
	{"citadel", "{u}", "Dovecot's wiki, Migration"},
	{"hmailserver", "{u}", "its source, POP3Connection.cpp"},
	{"cyrus", "{u}", "2.1.3 and before, and uidl_format: uidonly; pop3d.c"},
	{"cyrus", "{u:08x}{v:08x}", "uidl_format: dovecot, 3.x; pop3d.c"},
	{"cyrus", "{v}-{u}", "uidl_format: courier, 3.x; pop3d.c"},
	{"dovecot", "{guid}", "pop3_uidl_format=%g, its documentation"},
	{"dovecot", "{file}", "pop3_uidl_format=%f, its documentation"},
	{"dovecot", "{md5file}", "pop3_uidl_format=%Mf, its documentation"},
	{"dovecot", "{v}.{u}", "pop3_uidl_format=%v.%u, its documentation"},
	{"dovecot", "{v:08x}{u:08x}", "pop3_uidl_format=%08Xv%08Xu, its documentation"},
	{"dovecot-0.99", "{v}.{u}", "Dovecot's wiki, Migration"},
	{"tpop3d", "{md5file}", "for Maildir; Dovecot's wiki, Migration"},
	{"teapop", "{md5file}", "for Maildir; Dovecot's wiki, Migration"},
	{NULL, NULL, NULL},
};

enum field {
	FIELD_TEXT,
	FIELD_U,
	FIELD_V,
	FIELD_GMAIL,
	FIELD_FILE,
	FIELD_COURIER,
	FIELD_MD5,
	FIELD_GUID,
	FIELD_PREFIX
};

/* Names of fields; a number may have a form behind it. */
static const struct field_row {
	const char *name;
	enum field field;
	unsigned need;
	bool number, tells; /* tells: differs between messages */
} fields[] = {
	{"u", FIELD_U, RULE_UID, true, true},
	{"v", FIELD_V, RULE_VALIDITY, true, false},
	{"gmail", FIELD_GMAIL, RULE_GMAIL, false, true},
	{"gmail:x", FIELD_GMAIL, RULE_GMAIL, false, true},
	{"file", FIELD_FILE, RULE_FILE, false, true},
	{"file:courier", FIELD_COURIER, RULE_FILE, false, true},
	{"md5file", FIELD_MD5, RULE_FILE, false, true},
	{"guid", FIELD_GUID, RULE_GUID, false, true},
	{"prefix", FIELD_PREFIX, RULE_PREFIX, false, false},
};

struct piece {
	enum field field;
	struct text text; /* FIELD_TEXT */
	int width;	  /* of a number; 0: as few digits as it takes */
	char base;	  /* 'd', 'x' or 'X' */
	const struct field_row *row;
};

/* "08x", "x", "010": at least so many digits, filled with zeros. */
static bool
take_form(struct text form, struct piece *p)
{
	uint64_t width;

	p->base = 'd';
	if (form.len > 0 &&
		(form.at[form.len - 1] == 'x' || form.at[form.len - 1] == 'X'))
		p->base = form.at[--form.len];
	if (form.len == 0)
		return p->base != 'd';
	if (form.at[0] != '0' || form.len < 2 || form.at[1] == '0' ||
		!text_number(form, &width) || width > MAX_DIGITS)
		return false;
	p->width = (int)width;
	return true;
}

static bool
take_field(struct text t, struct piece *p)
{
	struct text name = {t.at, text_find(t, ':')};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const struct field_row *r = &fields[i];
		bool form = r->number && name.len < t.len;

		if (!text_equal(form ? name : t, text_of(r->name)))
			continue;
		*p = (struct piece){.field = r->field, .base = 'd', .row = r};
		return !form ||
		       take_form((struct text){t.at + name.len + 1, t.len - name.len - 1},
			       p);
	}
	return false;
}

enum took { TOOK_PIECE, TOOK_END, TOOK_BAD };

static enum took
take_piece(struct cursor *c, struct piece *p)
{
	struct text rest = {c->all.at + c->off, c->all.len - c->off}, name;

	if (rest.len == 0)
		return TOOK_END;
	*p = (struct piece){.field = FIELD_TEXT, .text = {rest.at, 1}};
	if (rest.at[0] == '{' || rest.at[0] == '}') {
		if (rest.len > 1 && rest.at[1] == rest.at[0]) {
			c->off += 2;
			return TOOK_PIECE;
		}
		if (rest.at[0] == '}')
			return TOOK_BAD;
		c->off++;
		return take_until(c, '}', &name) && take_field(name, p) ? TOOK_PIECE
									: TOOK_BAD;
	}
	while (p->text.len < rest.len && rest.at[p->text.len] != '{' &&
		rest.at[p->text.len] != '}')
		p->text.len++;
	c->off += p->text.len;
	return TOOK_PIECE;
}

static bool
fits_uidl(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < 0x21 || t.at[i] > 0x7e)
			return false;
	return true;
}

int
rule_check(const char *rule, unsigned *needs, struct err *e)
{
	struct cursor c = {text_of(rule), 0};
	struct piece p;
	enum took took;
	unsigned need = 0;
	bool tells = false;

	while ((took = take_piece(&c, &p)) == TOOK_PIECE) {
		if (p.field == FIELD_TEXT && !fits_uidl(p.text))
			return err_set(e, ERR_USAGE, "",
				"UIDL rule \"%s\": a UIDL has no blanks, and ASCII only",
				rule);
		if (p.field == FIELD_TEXT)
			continue;
		if (p.field == FIELD_PREFIX && (need & RULE_PREFIX) != 0)
			return err_set(e, ERR_USAGE, "",
				"UIDL rule \"%s\": {prefix} can stand there once only",
				rule);
		need |= p.row->need;
		tells = tells || p.row->tells;
	}
	if (took == TOOK_BAD)
		return err_set(e, ERR_USAGE, "",
			"UIDL rule \"%s\": what stands at \"%s\" is none of {u} {v} {u:08x} "
			"{file} {file:courier} {md5file} {guid} {gmail} {prefix}",
			rule, rule + c.off);
	if (!tells)
		return err_set(e, ERR_USAGE, "",
			"UIDL rule \"%s\": all messages would have one UIDL", rule);
	if (needs != NULL)
		*needs = need;
	return 0;
}

/* Bytes that could be quoted away by who reads UIDLs (pop3dserver.c). */
static void
add_courier(struct buf *out, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c < 0x21 || c > 0x7e || c == '\'' || c == '"' || c == '+')
			buf_print(out, "+%02X", c);
		else
			buf_byte(out, t.at[i]);
	}
}

static void
add_number(struct buf *out, const struct piece *p, uint64_t n)
{
	if (p->base == 'd')
		buf_print(out, "%0*" PRIu64, p->width, n);
	else if (p->base == 'x')
		buf_print(out, "%0*" PRIx64, p->width, n);
	else
		buf_print(out, "%0*" PRIX64, p->width, n);
}

static bool
is_known(const struct piece *p, const struct rule_fields *f)
{
	switch (p->row->need) {
	case RULE_UID:
		return f->has_uid;
	case RULE_VALIDITY:
		return f->has_validity;
	case RULE_GMAIL:
		return f->has_gmail;
	case RULE_FILE:
		return f->file.len > 0;
	case RULE_GUID:
		return f->guid.len > 0;
	default:
		return f->prefix.len > 0;
	}
}

static bool
add_piece(struct buf *out, const struct piece *p, const struct rule_fields *f)
{
	char hex[33];

	if (p->field != FIELD_TEXT && !is_known(p, f))
		return false;
	switch (p->field) {
	case FIELD_TEXT:
		buf_add(out, p->text);
		break;
	case FIELD_U:
		add_number(out, p, f->uid);
		break;
	case FIELD_V:
		add_number(out, p, f->validity);
		break;
	case FIELD_GMAIL:
		buf_print(out, "%" PRIx64, f->gmail);
		break;
	case FIELD_FILE:
		buf_add(out, f->file);
		break;
	case FIELD_COURIER:
		add_courier(out, f->file);
		break;
	case FIELD_MD5:
		md5_hex(f->file, (struct text){"", 0}, hex);
		buf_add(out, text_of(hex));
		break;
	case FIELD_GUID:
		buf_add(out, f->guid);
		break;
	case FIELD_PREFIX:
		buf_add(out, f->prefix);
		break;
	}
	return !out->full;
}

/* `before` is set to the place of {prefix} in what comes out, if it is there. */
static bool
make(const char *rule, const struct rule_fields *f, struct buf *out, size_t *before)
{
	struct cursor c = {text_of(rule), 0};
	struct piece p;
	enum took took;

	buf_clear(out);
	while ((took = take_piece(&c, &p)) == TOOK_PIECE) {
		if (before != NULL && p.field == FIELD_PREFIX)
			*before = out->len;
		else if (!add_piece(out, &p, f))
			return false;
	}
	return took == TOOK_END && (out->len > 0 || before != NULL);
}

bool
rule_uidl(const char *rule, const struct rule_fields *f, struct buf *out)
{
	return make(rule, f, out, NULL);
}

bool
rule_prefix(const char *rule, const struct rule_fields *f, struct text uidl,
	struct text *prefix)
{
	size_t before = SIZE_MAX, len = 0;
	struct buf rest;

	buf_init(&rest, MAX_UIDL);
	if (make(rule, f, &rest, &before) && before != SIZE_MAX && uidl.len > rest.len) {
		struct text head = {rest.at, before},
			    tail = {rest.at + before, rest.len - before};

		if (text_equal(head, (struct text){uidl.at, head.len}) &&
			text_equal(tail,
				(struct text){uidl.at + uidl.len - tail.len, tail.len}))
			len = uidl.len - rest.len;
	}
	buf_release(&rest);
	*prefix = (struct text){len > 0 ? uidl.at + before : "", len};
	return len > 0;
}

static bool
is_listed(const char *const *list, size_t n, const char *rule)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], rule) == 0)
			return true;
	return false;
}

static int
no_such_rule(const char *words, struct err *e)
{
	struct buf names;
	int r;

	buf_init(&names, MAX_UIDL);
	for (const struct rule_row *row = rule_table; row->name != NULL; row++) {
		const struct rule_row *first = rule_table;

		while (strcmp(first->name, row->name) != 0)
			first++;
		if (first == row)
			buf_print(&names, "%s%s", names.len > 0 ? ", " : "", row->name);
	}
	r = err_set(e, ERR_USAGE, "",
		"\"%s\" is no UIDL rule: it is auto, a template such as {u:08x}{v:08x}, or "
		"one of %.*s",
		words, TEXT_ARG(buf_text(&names)));
	buf_release(&names);
	return r;
}

int
rule_named(const char *words, struct arena *a, const char ***out, struct err *e)
{
	bool all = words == NULL || strcmp(words, "auto") == 0;
	size_t n = 0;

	*out = arena_alloc(a, sizeof(rule_table) / sizeof(*rule_table) * sizeof(**out));
	for (const struct rule_row *row = rule_table; row->name != NULL; row++)
		if ((all || strcmp(row->name, words) == 0) &&
			!is_listed(*out, n, row->rule))
			(*out)[n++] = row->rule;
	if (n > 0)
		return 0;
	if (strpbrk(words, "{}") == NULL)
		return no_such_rule(words, e);
	(*out)[0] = arena_string(a, text_of(words));
	return rule_check(words, NULL, e);
}
