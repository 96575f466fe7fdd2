#include "model/keyfile.h"

/* g_ascii_isspace() */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static struct text
skip_space(struct text t)
{
	while (t.len > 0 && is_space(t.at[0]))
		t = (struct text){t.at + 1, t.len - 1};
	return t;
}

static struct text
cut_space(struct text t)
{
	while (t.len > 0 && is_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

struct line {
	struct text group, key, value; /* key.len 0: the start of the group */
};

enum taken { TAKEN_LINE, TAKEN_NOTHING, TAKEN_NONSENSE };

/* "[NAME]", and blanks behind it. */
static bool
take_group(struct text t, struct text *name)
{
	t = cut_space(t);
	if (t.len < 2 || t.at[0] != '[' || t.at[t.len - 1] != ']')
		return false;
	*name = (struct text){t.at + 1, t.len - 2};
	return name->len > 0 && text_find(*name, '[') == name->len &&
	       text_find(*name, ']') == name->len;
}

static enum taken
take(struct text t, struct line *l)
{
	t = skip_space(t);
	if (t.len == 0 || t.at[0] == '#')
		return TAKEN_NOTHING;
	l->key = (struct text){t.at, 0};
	if (t.at[0] == '[')
		return take_group(t, &l->group) ? TAKEN_LINE : TAKEN_NONSENSE;
	size_t equals = text_find(t, '=');
	l->key = cut_space((struct text){t.at, equals});
	if (equals == t.len || l->key.len == 0 || l->group.at == NULL)
		return TAKEN_NONSENSE;
	l->value = skip_space((struct text){t.at + equals + 1, t.len - equals - 1});
	return TAKEN_LINE;
}

bool
keyfile_is_sound(struct text bytes)
{
	struct cursor c = {bytes, 0};
	struct line l = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct text t;

	if (text_find(bytes, '\0') < bytes.len)
		return false;
	while (take_line(&c, &t))
		if (take(t, &l) == TAKEN_NONSENSE)
			return false;
	return true;
}

bool
keyfile_raw(struct text bytes, const char *group, const char *key, struct text *raw)
{
	struct cursor c = {bytes, 0};
	struct line l = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct text t;
	bool found = false;

	if (!keyfile_is_sound(bytes))
		return false;
	while (take_line(&c, &t)) {
		if (take(t, &l) != TAKEN_LINE || l.key.len == 0 ||
			!text_equal(l.key, text_of(key)) ||
			!text_equal(l.group, text_of(group)))
			continue;
		*raw = l.value;
		found = true;
	}
	return found;
}

struct text
keyfile_string(struct text bytes, const char *group, const char *key, struct arena *a)
{
	static const char names[] = "sntr\\", means[] = " \n\t\r\\";
	struct text raw, none = {"", 0};

	if (!keyfile_raw(bytes, group, key, &raw) || !text_is_utf8(raw))
		return none;
	char *to = arena_alloc(a, raw.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.at[i] != '\\') {
			to[n++] = raw.at[i];
			continue;
		}
		const char *name = NULL;
		if (++i < raw.len)
			name = memchr(names, raw.at[i], sizeof(names) - 1);
		if (name == NULL)
			return none;
		to[n++] = means[name - names];
	}
	return (struct text){to, n};
}

bool
keyfile_bool(struct text bytes, const char *group, const char *key, bool otherwise)
{
	struct text raw;

	if (!keyfile_raw(bytes, group, key, &raw))
		return otherwise;
	raw = cut_space(raw);
	if (text_equal(raw, text_of("true")) || text_equal(raw, text_of("1")))
		return true;
	if (text_equal(raw, text_of("false")) || text_equal(raw, text_of("0")))
		return false;
	return otherwise;
}

uint32_t
keyfile_number(struct text bytes, const char *group, const char *key, uint32_t otherwise)
{
	struct text raw;
	uint64_t number;

	if (!keyfile_raw(bytes, group, key, &raw) ||
		!text_number(cut_space(raw), &number) || number > INT32_MAX)
		return otherwise;
	return (uint32_t)number;
}
