#include "base/text.h"

#include <stdio.h>

bool
text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static unsigned char
fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.at[i]) != fold(b.at[i]))
			return false;
	return true;
}

int
text_compare(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.at, b.at, n) : 0;

	if (c != 0)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
text_starts(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.len >= n && memcmp(t.at, prefix, n) == 0;
}

bool
text_ends(struct text t, const char *suffix)
{
	size_t n = strlen(suffix);

	return t.len >= n && memcmp(t.at + t.len - n, suffix, n) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct text
text_trim(struct text t)
{
	while (t.len > 0 && is_blank(t.at[t.len - 1]))
		t.len--;
	while (t.len > 0 && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	return t;
}

bool
text_number(struct text t, uint64_t *number)
{
	uint64_t n = 0;

	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(t.at[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*number = n;
	return true;
}

size_t
text_find(struct text t, char byte)
{
	const char *found = t.len > 0 ? memchr(t.at, byte, t.len) : NULL;

	return found != NULL ? (size_t)(found - t.at) : t.len;
}

/* Length of the UTF-8 sequence at the start of t, 0 if there is none (RFC 3629: no
 * surrogates, nothing overlong, nothing over U+10FFFF). */
static size_t
utf8_sequence(struct text t, uint32_t *code)
{
	const unsigned char *b = (const unsigned char *)t.at;
	size_t n;

	if (t.len == 0)
		return 0;
	if (b[0] < 0x80) {
		*code = b[0];
		return 1;
	}
	n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (b[0] < 0xc2 || b[0] > 0xf4 || t.len < n)
		return 0;
	*code = b[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (b[i] & 0x3f);
	}
	if ((n == 3 && *code < 0x800) || (n == 4 && *code < 0x10000) ||
		*code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

bool
text_is_utf8(struct text t)
{
	uint32_t code;

	while (t.len > 0) {
		uint64_t word;
		/* Eight at a time as long as it is ASCII. */
		if (t.len >= sizeof(word)) {
			memcpy(&word, t.at, sizeof(word));
			if ((word & 0x8080808080808080u) == 0) {
				t.at += sizeof(word);
				t.len -= sizeof(word);
				continue;
			}
		}
		size_t n = utf8_sequence(t, &code);
		if (n == 0)
			return false;
		t.at += n;
		t.len -= n;
	}
	return true;
}

uint32_t
text_hash(struct text t)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ t.len, word;

	for (; t.len >= sizeof(word); t.at += sizeof(word), t.len -= sizeof(word)) {
		memcpy(&word, t.at, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (unsigned char)t.at[i]) * 0xc4ceb9fe1a85ec53u;
	/* The low bits index tables, and counters differ only in their last digits. */
	h ^= h >> 29;
	h *= 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32);
}

bool
take_lf_line(struct cursor *c, struct text *line)
{
	struct text rest = {c->all.at + c->off, c->all.len - c->off};
	size_t n;

	if (rest.len == 0)
		return false;
	n = text_find(rest, '\n');
	c->off += n < rest.len ? n + 1 : n;
	*line = (struct text){rest.at, n};
	return true;
}

bool
take_line(struct cursor *c, struct text *line)
{
	if (!take_lf_line(c, line))
		return false;
	/* A last line without LF keeps its CR. */
	if (text_ends(*line, "\r") && c->all.at[c->off - 1] == '\n')
		line->len--;
	return true;
}

bool
take_until(struct cursor *c, char byte, struct text *t)
{
	struct text rest = {c->all.at + c->off, c->all.len - c->off};
	size_t n = text_find(rest, byte);

	if (n == rest.len)
		return false;
	*t = (struct text){rest.at, n};
	c->off += n + 1;
	return true;
}

bool
take_word(struct cursor *c, struct text *word)
{
	size_t start = c->off, end;

	while (start < c->all.len && is_blank(c->all.at[start]))
		start++;
	for (end = start; end < c->all.len && !is_blank(c->all.at[end]);)
		end++;
	if (start == end)
		return false;
	*word = (struct text){c->all.at + start, end - start};
	c->off = end;
	return true;
}

/* Characters that reorder what a terminal shows: a hostile UIDL could make a diff lie. */
static bool
reorders(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0x200e || code == 0x200f || code == 0x61c;
}

char *
text_escape(struct text t, char *out, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return out;
	while (t.len > 0) {
		char piece[12];
		uint32_t code = 0;
		size_t n = utf8_sequence(t, &code);
		int len;

		if (n == 0)
			len = snprintf(
				piece, sizeof(piece), "\\x%02x", (unsigned char)t.at[0]);
		else if (code == '\n')
			len = snprintf(piece, sizeof(piece), "\\n");
		else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			len = snprintf(piece, sizeof(piece), "\\x%02x", (unsigned)code);
		else if (reorders(code) || code == 0x2028 || code == 0x2029)
			len = snprintf(piece, sizeof(piece), "\\u%04x", (unsigned)code);
		else
			len = snprintf(piece, sizeof(piece), "%.*s", (int)n, t.at);
		if (used + (size_t)len + 1 > size)
			break;
		memcpy(out + used, piece, (size_t)len);
		used += (size_t)len;
		n = n > 0 ? n : 1;
		t.at += n;
		t.len -= n;
	}
	out[used] = '\0';
	return out;
}
