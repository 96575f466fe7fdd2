#include "model/kconfig.h"

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text
trim(struct text t)
{
	while (t.len > 0 && is_space(t.at[0]))
		t = (struct text){t.at + 1, t.len - 1};
	while (t.len > 0 && is_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

/* A header that does not end leaves the group as it was. "[$i]" behind it only says that
 * nobody may change the group. */
static void
take_group(struct kconfig *k, struct text line)
{
	size_t end = line.len;

	while (end > 0 && line.at[end - 1] != ']')
		end--;
	if (end < 2)
		return;
	line.len = end;
	if (line.len > 5 && text_ends(line, "][$i]"))
		line.len -= 4;
	k->group = (struct text){line.at + 1, line.len - 2};
	if (k->group.len == 0)
		k->group = line; /* not that before the first header */
}

bool
kconfig_next(struct kconfig *k)
{
	struct text line;

	while (take_line(&k->at, &line)) {
		line = trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (line.at[0] == '[') {
			take_group(k, line);
			continue;
		}
		size_t equals = text_find(line, '=');
		if (equals == line.len)
			continue;
		struct text key = trim((struct text){line.at, equals});
		size_t bracket = text_find(key, '[');
		k->key = (struct text){key.at, bracket};
		k->marks = (struct text){key.at + bracket, key.len - bracket};
		k->value =
			trim((struct text){line.at + equals + 1, line.len - equals - 1});
		if (k->key.len > 0)
			return true;
	}
	return false;
}

bool
kconfig_is_plain(const struct kconfig *k)
{
	return k->marks.len == 0 || text_starts(k->marks, "[$");
}

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape, at its backslash, into `to`; how long it is. What is none stays. */
static size_t
unescape(struct text t, char *to)
{
	static const char letters[] = "stnr\\", meant[] = " \t\n\r\\";
	const char *at;

	*to = '\\';
	if (t.len < 2)
		return 1;
	if ((at = memchr(letters, t.at[1], sizeof(letters) - 1)) != NULL) {
		*to = meant[at - letters];
		return 2;
	}
	if (t.at[1] == 'x' && t.len >= 4 && hex_of(t.at[2]) >= 0 &&
		hex_of(t.at[3]) >= 0) {
		*to = (char)(hex_of(t.at[2]) * 16 + hex_of(t.at[3]));
		return 4;
	}
	return 1;
}

struct text
kconfig_text(struct text value, struct arena *a)
{
	size_t n = 0, i = 0;
	char *to;

	if (text_find(value, '\\') == value.len)
		return value;
	to = arena_alloc(a, value.len);
	while (i < value.len)
		if (value.at[i] == '\\')
			i += unescape(
				(struct text){value.at + i, value.len - i}, &to[n++]);
		else
			to[n++] = value.at[i++];
	return (struct text){to, n};
}

bool
kconfig_bool(struct text value, bool standard)
{
	static const char *const yes[] = {"true", "on", "yes", "1"};
	static const char *const no[] = {"false", "off", "no", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (text_equal_nocase(value, text_of(yes[i])))
			return true;
		if (text_equal_nocase(value, text_of(no[i])))
			return false;
	}
	return standard;
}

int32_t
kconfig_number(struct text value, int32_t standard)
{
	bool negative = text_starts(value, "-");
	uint64_t number;

	if (negative)
		value = (struct text){value.at + 1, value.len - 1};
	if (!text_number(value, &number) || number > INT32_MAX)
		return standard;
	return negative ? -(int32_t)number : (int32_t)number;
}

/* "\\,", "\\\\" or a byte that stands for itself: its length. 0: none of them. */
static size_t
item_unit(struct text t)
{
	if (t.at[0] != '\\')
		return 1;
	if (text_starts(t, "\\\\,"))
		return 3;
	return text_starts(t, "\\\\\\\\") ? 4 : 0;
}

int
kconfig_item(struct kconfig_list *l, struct text *item)
{
	struct text v = l->value;
	size_t from, n;

	if (!l->begun && (v.len == 0 || text_equal(v, text_of("\\\\0")))) {
		l->begun = true;
		l->off = v.len;
		*item = (struct text){v.at, 0};
		return v.len > 0;
	}
	if (l->begun && l->off == v.len)
		return 0;
	from = l->begun ? l->off + 1 : 0; /* over the comma */
	l->begun = true;
	l->off = from;
	while (l->off < v.len && v.at[l->off] != ',') {
		n = item_unit((struct text){v.at + l->off, v.len - l->off});
		if (n == 0)
			return -1;
		l->off += n;
	}
	*item = (struct text){v.at + from, l->off - from};
	return 1;
}

struct text
kconfig_item_text(struct text item, struct arena *a)
{
	size_t n = 0, i = 0;
	char *to;

	if (text_find(item, '\\') == item.len)
		return item;
	to = arena_alloc(a, item.len);
	while (i < item.len) {
		size_t unit = item_unit((struct text){item.at + i, item.len - i});
		to[n++] = item.at[i + (unit > 0 ? unit - 1 : 0)];
		i += unit > 0 ? unit : 1;
	}
	return (struct text){to, n};
}

void
kconfig_spell_item(struct text item, struct buf *out)
{
	for (size_t i = 0; i < item.len; i++) {
		if (item.at[i] == '\\')
			buf_add(out, text_of("\\\\\\"));
		else if (item.at[i] == ',')
			buf_add(out, text_of("\\\\"));
		buf_byte(out, item.at[i]);
	}
}
