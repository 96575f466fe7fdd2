/*
 * Names of mailboxes. In LIST a name is an atom, a quoted string or a literal; its
 * letters outside of ASCII stand in modified UTF-7 (RFC 3501, 5.1.3): "&" base64 of
 * UTF-16BE with "," for "/" and no padding, "-"; and "&-" is "&".
 */
#include "mailbox/imap_parse.h"

static const char base64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The next character of UTF-8, which `t` was seen to be. */
static uint32_t
take_character(struct text t, size_t *at)
{
	unsigned char c = (unsigned char)t.at[(*at)++];
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t u = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : c;

	while (more-- > 0 && *at < t.len)
		u = u << 6 | ((unsigned char)t.at[(*at)++] & 63u);
	return u;
}

static void
shifted(struct buf *out, uint32_t *bits, int *n, uint32_t unit)
{
	*bits = *bits << 16 | unit;
	for (*n += 16; *n >= 6; *n -= 6)
		buf_byte(out, base64[*bits >> (*n - 6) & 63]);
	*bits &= (1u << *n) - 1;
}

bool
imap_utf7(struct text utf8, struct buf *out)
{
	bool within = false;
	uint32_t bits = 0;
	int n = 0;

	buf_clear(out);
	if (!text_is_utf8(utf8))
		return false;
	for (size_t at = 0; at < utf8.len;) {
		uint32_t u = take_character(utf8, &at);
		bool plain = u >= 0x20 && u < 0x7f;
		if (plain == within) {
			if (within && n > 0)
				buf_byte(out, base64[bits << (6 - n) & 63]);
			buf_byte(out, within ? '-' : '&');
			within = !within;
			bits = 0;
			n = 0;
		}
		if (plain) {
			buf_byte(out, (char)u);
			if (u == '&')
				buf_byte(out, '-');
		} else if (u >= 0x10000) {
			shifted(out, &bits, &n, 0xd800 | (u - 0x10000) >> 10);
			shifted(out, &bits, &n, 0xdc00 | ((u - 0x10000) & 0x3ff));
		} else {
			shifted(out, &bits, &n, u);
		}
	}
	if (within && n > 0)
		buf_byte(out, base64[bits << (6 - n) & 63]);
	if (within)
		buf_byte(out, '-');
	return true;
}

static void
add_utf8(struct buf *out, uint32_t u)
{
	if (u < 0x80) {
		buf_byte(out, (char)u);
		return;
	}
	if (u >= 0x10000) {
		buf_byte(out, (char)(0xf0 | u >> 18));
		buf_byte(out, (char)(0x80 | (u >> 12 & 63)));
	} else if (u >= 0x800) {
		buf_byte(out, (char)(0xe0 | u >> 12));
	}
	if (u >= 0x800)
		buf_byte(out, (char)(0x80 | (u >> 6 & 63)));
	else
		buf_byte(out, (char)(0xc0 | u >> 6));
	buf_byte(out, (char)(0x80 | (u & 63)));
}

/* What stands between "&" and "-". */
static bool
unshift(struct text t, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	int n = 0;

	for (size_t i = 0; i < t.len; i++) {
		const char *digit = strchr(base64, t.at[i]);
		if (digit == NULL || t.at[i] == '\0')
			return false;
		bits = bits << 6 | (uint32_t)(digit - base64);
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		uint32_t unit = bits >> n & 0xffff;
		bits &= (1u << n) - 1;
		if (unit >= 0xd800 && unit < 0xdc00 && high == 0) {
			high = unit;
			continue;
		}
		if ((unit >= 0xdc00 && unit < 0xe000) != (high != 0))
			return false;
		add_utf8(out, high != 0
				      ? 0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff))
				      : unit);
		high = 0;
	}
	return high == 0;
}

void
imap_utf8(struct text utf7, struct buf *out)
{
	struct cursor c = {utf7, 0};
	struct text part;

	buf_clear(out);
	while (c.off < utf7.len) {
		if (utf7.at[c.off] != '&') {
			buf_byte(out, utf7.at[c.off++]);
			continue;
		}
		c.off++;
		if (!take_until(&c, '-', &part) ||
			(part.len > 0 && !unshift(part, out))) {
			buf_clear(out);
			buf_add(out, utf7);
			return;
		}
		if (part.len == 0)
			buf_byte(out, '&');
	}
}

bool
imap_quote(struct text t, struct buf *out)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		if (c == '\0' || c == '\r' || c == '\n' || c >= 0x80)
			return false;
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (char)c);
	}
	buf_byte(out, '"');
	return true;
}

static bool
take_string(struct cursor *c, struct buf *out)
{
	struct text word;

	while (c->off < c->all.len && c->all.at[c->off] == ' ')
		c->off++;
	if (c->off == c->all.len || c->all.at[c->off] != '"') {
		if (!take_word(c, &word))
			return false;
		buf_add(out, word);
		return true;
	}
	for (c->off++; c->off < c->all.len && c->all.at[c->off] != '"'; c->off++) {
		if (c->all.at[c->off] == '\\' && c->off + 1 < c->all.len)
			c->off++;
		buf_byte(out, c->all.at[c->off]);
	}
	return c->off++ < c->all.len;
}

/* (\HasNoChildren) "/" "Sent &- more" */
bool
imap_list(struct text rest, bool *selectable, struct buf *name)
{
	struct cursor c = {rest, 0}, flags;
	struct text word, within;

	*selectable = true;
	buf_clear(name);
	if (!take_until(&c, '(', &word) || !take_until(&c, ')', &within))
		return false;
	flags = (struct cursor){within, 0};
	while (take_word(&flags, &word))
		if (text_equal_nocase(word, text_of("\\Noselect")) ||
			text_equal_nocase(word, text_of("\\NonExistent")))
			*selectable = false;
	/* The delimiter, which is thrown away. */
	if (!take_string(&c, name))
		return false;
	buf_clear(name);
	return take_string(&c, name) && name->len > 0 && !name->full;
}
