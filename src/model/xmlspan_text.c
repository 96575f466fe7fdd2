/* Text between tags, as it stands in a file and as what it means. */
#include "model/xmlspan.h"

static bool
add_utf8(struct buf *out, uint64_t c)
{
	static const struct {
		uint64_t below;
		unsigned char mark;
		int more;
	} sizes[] = {
		{0x80, 0, 0}, {0x800, 0xc0, 1}, {0x10000, 0xe0, 2}, {0x110000, 0xf0, 3}};
	size_t i = 0;

	if (c == 0 || (c >= 0xd800 && c < 0xe000) || c >= 0x110000)
		return false;
	while (c >= sizes[i].below)
		i++;
	buf_byte(out, (char)(sizes[i].mark | (c >> (6 * sizes[i].more))));
	for (int k = sizes[i].more; k-- > 0;)
		buf_byte(out, (char)(0x80 | ((c >> (6 * k)) & 0x3f)));
	return true;
}

/* "#65" or "#x41" */
static bool
add_number(struct buf *out, struct text t)
{
	bool hex = t.len > 1 && t.at[1] == 'x';
	uint64_t c = 0;
	size_t i = hex ? 2 : 1;

	if (i == t.len || t.len > 10)
		return false;
	for (; i < t.len; i++) {
		char d = t.at[i];
		uint64_t digit = d >= '0' && d <= '9'	       ? (uint64_t)(d - '0')
				 : hex && d >= 'a' && d <= 'f' ? (uint64_t)(d - 'a' + 10)
				 : hex && d >= 'A' && d <= 'F' ? (uint64_t)(d - 'A' + 10)
							       : 99;
		if (digit == 99)
			return false;
		c = c * (hex ? 16 : 10) + digit;
	}
	return add_utf8(out, c);
}

static bool
add_reference(struct buf *out, struct text name)
{
	static const struct {
		const char *name;
		char means;
	} known[] = {
		{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

	if (name.len > 0 && name.at[0] == '#')
		return add_number(out, name);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (text_equal(name, text_of(known[i].name))) {
			buf_byte(out, known[i].means);
			return true;
		}
	return false;
}

/* Line ends are LF for the reader of XML, whatever they are in the file. */
static void
add_plain(struct buf *out, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] != '\r')
			buf_byte(out, t.at[i]);
		else if (i + 1 == t.len || t.at[i + 1] != '\n')
			buf_byte(out, '\n');
}

#define CDATA "<![CDATA["

bool
xmlspan_unescape(struct text raw, struct buf *out)
{
	size_t i = 0;

	while (i < raw.len) {
		struct text rest = {raw.at + i, raw.len - i};
		size_t n = 0;

		if (rest.at[0] == '&') {
			struct text name = {rest.at + 1, text_find(rest, ';')};
			if (name.len == rest.len || name.len == 0)
				return false;
			name.len--;
			if (!add_reference(out, name))
				return false;
			i += name.len + 2;
		} else if (rest.at[0] == '<') {
			if (!text_starts(rest, CDATA))
				return false;
			for (n = sizeof(CDATA) - 1; n + 3 <= rest.len; n++)
				if (memcmp(rest.at + n, "]]>", 3) == 0)
					break;
			if (n + 3 > rest.len)
				return false;
			add_plain(out, (struct text){rest.at + sizeof(CDATA) - 1,
					       n - (sizeof(CDATA) - 1)});
			i += n + 3;
		} else {
			while (n < rest.len && rest.at[n] != '&' && rest.at[n] != '<')
				n++;
			add_plain(out, (struct text){rest.at, n});
			i += n;
		}
	}
	return !out->full;
}

bool
xmlspan_spell(struct text t, struct buf *out)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];

		/* XML knows neither U+FFFE nor U+FFFF. */
		if (c < ' ' || c == 0x7f ||
			(c == 0xef && t.len - i >= 3 &&
				(memcmp(t.at + i, "\xef\xbf\xbe", 3) == 0 ||
					memcmp(t.at + i, "\xef\xbf\xbf", 3) == 0)))
			return false;
		if (c == '&')
			buf_add(out, text_of("&amp;"));
		else if (c == '<')
			buf_add(out, text_of("&lt;"));
		else if (c == '>')
			buf_add(out, text_of("&gt;"));
		else
			buf_byte(out, t.at[i]);
	}
	return text_is_utf8(t);
}
