#include "model/prefs.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STRING_MAX 65536 /* longer values exist (caches), and none concerns us */

/* Of a C comment with both its marks; all there is if it has no end. */
static size_t
comment_len(struct text t)
{
	for (size_t i = 2; i + 1 < t.len; i++)
		if (t.at[i] == '*' && t.at[i + 1] == '/')
			return i + 2;
	return t.len;
}

/* Line ends and blanks, and comments in all three spellings (libpref's parser). */
static void
skip_space(struct cursor *c)
{
	struct text all = c->all;

	while (c->off < all.len) {
		struct text rest = {all.at + c->off, all.len - c->off};
		if (strchr(" \t\r\n\v\f", rest.at[0]) != NULL && rest.at[0] != '\0') {
			c->off++;
		} else if (rest.at[0] == '#' || text_starts(rest, "//")) {
			c->off += text_find(rest, '\n');
		} else if (text_starts(rest, "/*")) {
			c->off += comment_len(rest);
		} else
			return;
	}
}

static bool
take_byte(struct cursor *c, char byte)
{
	skip_space(c);
	if (c->off == c->all.len || c->all.at[c->off] != byte)
		return false;
	c->off++;
	return true;
}

/* A run of letters, digits and what numbers and function names are made of. */
static struct text
take_name(struct cursor *c)
{
	size_t start, n;

	skip_space(c);
	start = c->off;
	for (n = start; n < c->all.len; n++) {
		char b = c->all.at[n];
		if (!(b >= 'a' && b <= 'z') && !(b >= 'A' && b <= 'Z') &&
			!(b >= '0' && b <= '9') && b != '_' && b != '-' && b != '+')
			break;
	}
	c->off = n;
	return (struct text){c->all.at + start, n - start};
}

static bool
take_hex(struct cursor *c, size_t digits, uint32_t *code)
{
	*code = 0;
	for (size_t i = 0; i < digits; i++) {
		char b = c->off < c->all.len ? c->all.at[c->off] : '\0';
		uint32_t digit;
		if (b >= '0' && b <= '9')
			digit = (uint32_t)(b - '0');
		else if (b >= 'a' && b <= 'f')
			digit = (uint32_t)(b - 'a') + 10;
		else if (b >= 'A' && b <= 'F')
			digit = (uint32_t)(b - 'A') + 10;
		else
			return false;
		*code = *code << 4 | digit;
		c->off++;
	}
	return true;
}

static void
add_utf8(struct buf *b, uint32_t code)
{
	if (code < 0x80) {
		buf_byte(b, (char)code);
		return;
	}
	if (code < 0x800)
		buf_byte(b, (char)(0xc0 | code >> 6));
	else {
		if (code < 0x10000)
			buf_byte(b, (char)(0xe0 | code >> 12));
		else {
			buf_byte(b, (char)(0xf0 | code >> 18));
			buf_byte(b, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_byte(b, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_byte(b, (char)(0x80 | (code & 0x3f)));
}

/* \uD83D\uDE00 is one character; half of a pair is none. */
static bool
take_unicode(struct cursor *c, struct buf *b)
{
	uint32_t code, low;

	if (!take_hex(c, 4, &code) || code == 0)
		return false;
	if (code >= 0xd800 && code < 0xdc00) {
		if (c->all.len - c->off < 2 || c->all.at[c->off] != '\\' ||
			c->all.at[c->off + 1] != 'u')
			return false;
		c->off += 2;
		if (!take_hex(c, 4, &low) || low < 0xdc00 || low >= 0xe000)
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code >= 0xdc00 && code < 0xe000)
		return false;
	add_utf8(b, code);
	return true;
}

static bool
take_escape(struct cursor *c, struct buf *b)
{
	uint32_t code;

	if (c->off == c->all.len)
		return false;
	switch (c->all.at[c->off++]) {
	case '\\':
		buf_byte(b, '\\');
		return true;
	case '"':
		buf_byte(b, '"');
		return true;
	case '\'':
		buf_byte(b, '\'');
		return true;
	case 'n':
		buf_byte(b, '\n');
		return true;
	case 'r':
		buf_byte(b, '\r');
		return true;
	case 'x':
		if (!take_hex(c, 2, &code) || code == 0)
			return false;
		add_utf8(b, code);
		return true;
	case 'u':
		return take_unicode(c, b);
	default:
		return false;
	}
}

/* The client writes line breaks as \n, so a bare one is a string without its end. */
static bool
take_string(struct cursor *c, struct buf *b)
{
	char quote;

	skip_space(c);
	buf_clear(b);
	if (c->off == c->all.len)
		return false;
	quote = c->all.at[c->off];
	if (quote != '"' && quote != '\'')
		return false;
	for (c->off++; c->off < c->all.len;) {
		char byte = c->all.at[c->off];
		if (byte == '\n' || byte == '\r' || byte == '\0')
			return false;
		c->off++;
		if (byte == quote)
			return !b->full;
		if (byte != '\\')
			buf_byte(b, byte);
		else if (!take_escape(c, b))
			return false;
	}
	return false;
}

static bool
take_number(struct text t, int64_t *number)
{
	bool minus = text_starts(t, "-");
	uint64_t n;

	if (minus || text_starts(t, "+"))
		t = (struct text){t.at + 1, t.len - 1};
	if (!text_number(t, &n) || n > INT32_MAX)
		return false;
	*number = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool
take_value(struct cursor *c, struct prefs *p, struct pref *pref, struct buf *b)
{
	struct text word;

	skip_space(c);
	if (c->off < c->all.len &&
		(c->all.at[c->off] == '"' || c->all.at[c->off] == '\'')) {
		if (!take_string(c, b))
			return false;
		pref->kind = PREF_STRING;
		pref->string = arena_text(&p->arena, buf_text(b));
		return true;
	}
	word = take_name(c);
	pref->kind = PREF_BOOL;
	pref->number = text_equal(word, text_of("true"));
	if (pref->number == 1 || text_equal(word, text_of("false")))
		return true;
	pref->kind = PREF_NUMBER;
	return take_number(word, &pref->number);
}

static bool
take_pref(struct cursor *c, struct prefs *p, struct buf *b)
{
	struct text word = take_name(c);
	struct pref pref = {.place = (uint32_t)p->n};

	if (!text_equal(word, text_of("user_pref")) &&
		!text_equal(word, text_of("pref")) &&
		!text_equal(word, text_of("sticky_pref")))
		return false;
	if (!take_byte(c, '(') || !take_string(c, b))
		return false;
	pref.name = arena_text(&p->arena, buf_text(b));
	if (!take_byte(c, ',') || !take_value(c, p, &pref, b) || !take_byte(c, ')') ||
		!take_byte(c, ';'))
		return false;
	p->at = array_grow(p->at, &p->cap, p->n + 1, sizeof(*p->at));
	p->at[p->n++] = pref;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct pref *x = a, *y = b;
	int c = text_compare(x->name, y->name);

	return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

static void
read_file(struct prefs *p, struct text bytes, struct buf *b)
{
	struct cursor c = {bytes, 0};

	if (text_starts(bytes, "\xef\xbb\xbf"))
		c.off = 3;
	for (skip_space(&c); c.off < bytes.len; skip_space(&c)) {
		size_t start = c.off;
		if (take_pref(&c, p, b))
			continue;
		/* Something else: go on behind the line in which it begins. */
		c.off = start;
		c.off += text_find(
			(struct text){bytes.at + start, bytes.len - start}, '\n');
	}
}

void
prefs_read_both(struct prefs *p, struct text bytes, struct text user)
{
	struct buf b;
	size_t kept = 0;

	*p = (struct prefs){0};
	buf_init(&b, STRING_MAX);
	read_file(p, bytes, &b);
	read_file(p, user, &b);
	buf_release(&b);
	if (p->n > 0)
		qsort(p->at, p->n, sizeof(*p->at), by_name);
	for (size_t i = 0; i < p->n; i++)
		if (i + 1 == p->n || !text_equal(p->at[i].name, p->at[i + 1].name))
			p->at[kept++] = p->at[i];
	p->n = kept;
}

void
prefs_read(struct prefs *p, struct text bytes)
{
	prefs_read_both(p, bytes, (struct text){"", 0});
}

void
prefs_release(struct prefs *p)
{
	free(p->at);
	arena_free(&p->arena);
	*p = (struct prefs){0};
}

const struct pref *
prefs_find(const struct prefs *p, const char *fmt, ...)
{
	char name[256];
	size_t low = 0, high = p->n;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(name))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = text_compare(p->at[middle].name, text_of(name));
		if (c == 0)
			return &p->at[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool
pref_string(const struct pref *p, struct text *value)
{
	if (p == NULL || p->kind != PREF_STRING)
		return false;
	*value = p->string;
	return true;
}

bool
pref_number(const struct pref *p, int64_t *value)
{
	if (p == NULL || p->kind != PREF_NUMBER)
		return false;
	*value = p->number;
	return true;
}

bool
pref_is_true(const struct pref *p)
{
	return p != NULL && p->kind == PREF_BOOL && p->number != 0;
}
