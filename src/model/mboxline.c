#include "model/mboxline.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "10:00", "10:00:07" */
static bool
is_time(struct text t)
{
	size_t colon = text_find(t, ':');

	if (colon == 0 || colon > 2 || t.len < colon + 3)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!is_digit(t.at[i]) && (t.at[i] != ':' || (i - colon) % 3 != 0))
			return false;
	return t.len == colon + 3 || t.len == colon + 6;
}

static bool
is_month(struct text t)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; t.len == 3 && i < sizeof(months) - 1; i += 3)
		if (text_equal_nocase(t, (struct text){months + i, 3}))
			return true;
	return false;
}

static bool
is_year(struct text t)
{
	uint64_t n;

	return t.len == 4 && text_number(t, &n) && n >= 1970 && n < 2100;
}

/* "2-Nov-2026", as some old servers wrote it. */
static bool
is_date(struct text t)
{
	size_t dash = text_find(t, '-');

	return dash < t.len && t.len >= dash + 5 && t.at[dash + 4] == '-' &&
	       is_month((struct text){t.at + dash + 1, 3});
}

bool
mbox_is_from(struct text line)
{
	struct cursor c = {line, 5};
	bool time = false, month = false, year = false;
	struct text word;

	if (!text_starts(line, "From "))
		return false;
	while (take_word(&c, &word)) {
		bool date = is_date(word);

		time = time || is_time(word);
		month = month || date || is_month(word);
		year = year || date || is_year(word);
	}
	return time && month && year;
}

bool
mbox_header(struct text line, const char *name, struct text *value)
{
	size_t n = strlen(name), colon = text_find(line, ':');
	struct text is = text_trim((struct text){line.at, colon});

	if (colon == line.len || colon < n || line.at[0] == ' ' || line.at[0] == '\t' ||
		!text_equal_nocase(is, text_of(name)))
		return false;
	*value = text_trim((struct text){line.at + colon + 1, line.len - colon - 1});
	return true;
}

bool
mbox_is_internal(struct text subject)
{
	return text_starts(subject, "DON'T DELETE THIS MESSAGE");
}
