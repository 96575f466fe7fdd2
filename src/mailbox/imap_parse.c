#include "mailbox/imap_parse.h"

enum { WANT_OPEN, WANT_NAME, WANT_VALUE, IN_LIST, WANT_NEXT, ENDED };

static bool
is(struct text t, const char *word)
{
	return text_equal_nocase(t, text_of(word));
}

static bool
take_byte(struct cursor *c, char byte)
{
	if (c->off == c->all.len || c->all.at[c->off] != byte)
		return false;
	c->off++;
	return true;
}

static struct text
rest_of(const struct cursor *c)
{
	return (struct text){c->all.at + c->off, c->all.len - c->off};
}

/* --- lines ------------------------------------------------------------------------ */

static bool
status_of(struct text word, enum imap_status *status)
{
	static const char *const names[] = {[IMAP_OK] = "OK",
		[IMAP_NO] = "NO",
		[IMAP_BAD] = "BAD",
		[IMAP_BYE] = "BYE",
		[IMAP_PREAUTH] = "PREAUTH"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(word, names[i])) {
			*status = (enum imap_status)i;
			return true;
		}
	return false;
}

static void
take_words(struct cursor *c, struct imap_line *out)
{
	struct cursor code;

	out->words = text_trim(rest_of(c));
	code = (struct cursor){out->words, 0};
	if (take_byte(&code, '[') && !take_until(&code, ']', &out->code))
		out->code = (struct text){"", 0};
}

static void
untagged(struct cursor *c, struct imap_line *out)
{
	struct text word;

	out->what = IMAP_OTHER;
	if (!take_word(c, &word)) {
		out->what = IMAP_GARBAGE;
	} else if (text_number(word, &out->number)) {
		if (!take_word(c, &word))
			out->what = IMAP_GARBAGE;
		else if (is(word, "FETCH"))
			out->what = IMAP_FETCH;
		else if (is(word, "EXISTS"))
			out->what = IMAP_EXISTS;
	} else if (status_of(word, &out->status)) {
		out->what = IMAP_STATUS;
		take_words(c, out);
	} else if (is(word, "CAPABILITY")) {
		out->what = IMAP_CAPABILITY;
	} else if (is(word, "LIST")) {
		out->what = IMAP_LIST;
	}
	out->rest = text_trim(rest_of(c));
}

void
imap_line(struct text line, struct imap_line *out)
{
	struct cursor c = {line, 0};
	struct text word;

	*out = (struct imap_line){.code = {"", 0}, .words = {"", 0}, .rest = {"", 0}};
	if (line.len > 0 && line.at[0] == '+') {
		out->what = IMAP_CONTINUE;
		out->rest = text_trim((struct text){line.at + 1, line.len - 1});
		return;
	}
	if (!take_word(&c, &out->tag))
		return;
	if (out->tag.len == 1 && out->tag.at[0] == '*') {
		untagged(&c, out);
		return;
	}
	if (!take_word(&c, &word) || !status_of(word, &out->status) ||
		out->status > IMAP_BAD)
		return;
	out->what = IMAP_TAGGED;
	take_words(&c, out);
}

bool
imap_literal(struct text *line, uint64_t *octets)
{
	size_t open = line->len;
	struct text digits;

	if (line->len < 3 || line->at[line->len - 1] != '}')
		return false;
	while (open > 0 && line->at[open - 1] != '{')
		open--;
	if (open == 0)
		return false;
	digits = (struct text){line->at + open, line->len - 1 - open};
	if (digits.len > 0 && digits.at[digits.len - 1] == '+')
		digits.len--;
	if (!text_number(digits, octets))
		return false;
	line->len = open - 1;
	if (line->len > 0 && line->at[line->len - 1] == '~')
		line->len--;
	return true;
}

/* --- FETCH ------------------------------------------------------------------------ */

void
imap_fetch_begin(struct imap_fetch *f)
{
	*f = (struct imap_fetch){.quoted = {NULL, 0}};
}

/* Behind the opening quote, up to the one that closes. */
static bool
take_quoted(struct cursor *c, struct text *out)
{
	size_t from = c->off;

	for (; c->off < c->all.len; c->off++) {
		if (c->all.at[c->off] == '\\')
			c->off++;
		else if (c->all.at[c->off] == '"')
			break;
	}
	if (c->off >= c->all.len)
		return false;
	*out = (struct text){c->all.at + from, c->off - from};
	c->off++;
	return true;
}

static enum imap_item
item_of(struct text name)
{
	size_t open = text_find(name, '[');

	if (is(name, "UID"))
		return ITEM_UID;
	if (is(name, "RFC822.SIZE"))
		return ITEM_SIZE;
	if (is(name, "X-GM-MSGID"))
		return ITEM_GMAIL;
	if (is(name, "BODY[]"))
		return ITEM_WHOLE;
	if (is(name, "BODY[HEADER]"))
		return ITEM_HEADER;
	if (open < name.len && name.at[name.len - 1] == ']' &&
		is((struct text){name.at, open}, "BODY") && name.len > open + 15 &&
		is((struct text){name.at + open + 1, 13}, "HEADER.FIELDS"))
		return ITEM_FIELDS;
	return ITEM_OTHER;
}

/* "BODY[HEADER.FIELDS (Date "a]b")]<0>": blanks and quotes within the brackets. */
static bool
take_name(struct cursor *c, struct text *name)
{
	size_t from = c->off;
	struct text skipped;
	bool within = false;

	while (c->off < c->all.len) {
		char b = c->all.at[c->off];
		if (!within && (b == ' ' || b == '(' || b == ')' || b == '"'))
			break;
		c->off++;
		if (b == '[')
			within = true;
		else if (b == ']')
			within = false;
		else if (b == '"' && !take_quoted(c, &skipped))
			return false;
	}
	*name = (struct text){c->all.at + from, c->off - from};
	return name->len > 0 && !within;
}

static bool
is_section(enum imap_item item)
{
	return item == ITEM_HEADER || item == ITEM_FIELDS || item == ITEM_WHOLE;
}

/* A number, or NIL, or a word that means nothing to us. */
static bool
take_atom(struct imap_fetch *f, struct cursor *c)
{
	size_t from = c->off;
	struct text atom;
	uint64_t n = 0;
	bool number;

	while (c->off < c->all.len && c->all.at[c->off] != ' ' &&
		c->all.at[c->off] != ')' && c->all.at[c->off] != '(')
		c->off++;
	atom = (struct text){c->all.at + from, c->off - from};
	number = text_number(atom, &n);
	if (f->item == ITEM_UID) {
		f->uid = (uint32_t)n;
		f->has_uid = number && n > 0 && n <= UINT32_MAX;
		return f->has_uid;
	}
	if (f->item == ITEM_SIZE) {
		f->size = n;
		return f->has_size = number;
	}
	if (f->item == ITEM_GMAIL) {
		f->gmail = n;
		return f->has_gmail = number;
	}
	if (is_section(f->item)) {
		f->nil = is(atom, "NIL");
		return f->nil;
	}
	return atom.len > 0;
}

/* Through a list within the list, wherever it ends. */
static bool
skip_list(struct imap_fetch *f, struct cursor *c)
{
	struct text skipped;

	while (f->depth > 0 && c->off < c->all.len) {
		char b = c->all.at[c->off++];
		if (b == '(')
			f->depth++;
		else if (b == ')')
			f->depth--;
		else if (b == '"' && !take_quoted(c, &skipped))
			return false;
	}
	if (f->depth == 0)
		f->state = WANT_NEXT;
	return true;
}

static bool
take_value(struct imap_fetch *f, struct cursor *c)
{
	if (is_section(f->item)) {
		if (f->section != ITEM_OTHER)
			return false; /* which of the two? */
		f->section = f->item;
	}
	if (take_byte(c, '(')) {
		if (f->item != ITEM_OTHER)
			return false;
		f->depth = 1;
		f->state = IN_LIST;
		return true;
	}
	f->state = WANT_NEXT;
	if (take_byte(c, '"')) {
		struct text quoted;
		if (!take_quoted(c, &quoted))
			return false;
		if (is_section(f->item))
			f->quoted = quoted;
		return f->item == ITEM_OTHER || is_section(f->item);
	}
	return take_atom(f, c);
}

/* One thing; false if it cannot stand here. */
static bool
take_one(struct imap_fetch *f, struct cursor *c)
{
	struct text name;

	switch (f->state) {
	case WANT_OPEN:
		f->state = WANT_NAME;
		return take_byte(c, '(');
	case WANT_NAME:
		if (take_byte(c, ')')) {
			f->state = ENDED;
			return true;
		}
		if (!take_name(c, &name) || !take_byte(c, ' '))
			return false;
		f->item = item_of(name);
		f->state = WANT_VALUE;
		return true;
	case WANT_VALUE:
		return take_value(f, c);
	case IN_LIST:
		return skip_list(f, c);
	case WANT_NEXT:
		f->state = WANT_NAME;
		return take_byte(c, ' ') ||
		       (c->off < c->all.len && c->all.at[c->off] == ')');
	default:
		return take_byte(c, ' '); /* blanks behind the end: servers do that */
	}
}

enum imap_went
imap_fetch_text(struct imap_fetch *f, struct text t, bool literal)
{
	struct cursor c = {t, 0};

	f->quoted = (struct text){NULL, 0};
	while (c.off < t.len)
		if (!take_one(f, &c))
			return IMAP_BROKEN;
	if (!literal)
		return f->state == ENDED ? IMAP_DONE : IMAP_BROKEN;
	if (f->state == IN_LIST) {
		f->item = ITEM_OTHER;
		return IMAP_LITERAL;
	}
	if (f->state != WANT_VALUE)
		return IMAP_BROKEN;
	f->state = WANT_NEXT;
	if (is_section(f->item)) {
		if (f->section != ITEM_OTHER)
			return IMAP_BROKEN;
		f->section = f->item;
	} else if (f->item != ITEM_OTHER) {
		return IMAP_BROKEN;
	}
	return IMAP_LITERAL;
}
