#include "model/sizelist.h"

#include <stdlib.h>

struct reader {
	struct sizelist *list;
	const char *path;
	size_t line;
	struct err *e;
};

static int
refuse(const struct reader *r, const char *what, struct text t)
{
	char shown[120];

	return err_set(r->e, ERR_DATA, "format", "%s:%zu: %s: \"%s\"", r->path, r->line,
		what, text_escape(t, shown, sizeof(shown)));
}

static int
read_header(const struct reader *r, struct text line)
{
	struct cursor c = {line, 0};
	struct text version, word;
	uint64_t n;

	if (!take_word(&c, &version) || (!text_equal(version, text_of("/2")) &&
						!text_equal(version, text_of("/3"))))
		return refuse(r, "want a courierpop3dsizelist of version 2 or 3", line);
	for (int i = 0; i < 2; i++)
		if (!take_word(&c, &word) || !text_number(word, &n))
			return refuse(r, "want \"/3 NEXT VALIDITY\"", line);
	return 0;
}

/* From the end: names may have blanks in them. */
static bool
take_last(struct text *line, struct text *word)
{
	size_t at = line->len;

	while (at > 0 && line->at[at - 1] != ' ')
		at--;
	if (at == 0)
		return false;
	*word = (struct text){line->at + at, line->len - at};
	line->len = at - 1;
	return true;
}

static bool
take_part(struct cursor *c, uint32_t *to)
{
	struct text t = {c->all.at + c->off, c->all.len - c->off};
	uint64_t n;

	t.len = text_find(t, ':');
	c->off += t.len + (c->off + t.len < c->all.len);
	if (!text_number(t, &n) || n > UINT32_MAX)
		return false;
	*to = (uint32_t)n;
	return true;
}

static int
read_record(const struct reader *r, struct text line)
{
	struct sizelist *l = r->list;
	struct sizelist_record record = {.number = 0};
	struct text rest = line, numbers, size;

	if (!take_last(&rest, &numbers) || !take_last(&rest, &size))
		return refuse(r, "want \"NAME SIZE N:V\"", line);
	struct cursor c = {numbers, 0};
	if (!text_number(size, &record.size) || !take_part(&c, &record.number) ||
		!take_part(&c, &record.validity))
		return refuse(r, "want \"NAME SIZE N:V\"", line);
	if (text_find(rest, '/') < rest.len)
		return refuse(r, "a file's name that leads elsewhere", rest);
	record.name = (struct text){rest.at, text_find(rest, ':')};
	if (record.name.len == 0)
		return refuse(r, "want the file's name", line);
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = record;
	return 0;
}

int
sizelist_read(struct sizelist *l, const char *path, struct text bytes, struct err *e)
{
	struct reader r = {l, path, 1, e};
	struct cursor c = {bytes, 0};
	struct text line;

	*l = (struct sizelist){0};
	if (text_find(bytes, '\0') < bytes.len)
		return err_set(e, ERR_DATA, "format",
			"%s: NUL bytes in it: no courierpop3dsizelist, or a damaged one",
			path);
	if (!take_lf_line(&c, &line))
		return refuse(&r, "want a courierpop3dsizelist", bytes);
	if (read_header(&r, line) < 0)
		return -1;
	/* It is written to another file first, so a last line without its LF is damage. */
	if (bytes.at[bytes.len - 1] != '\n')
		return err_set(e, ERR_DATA, "format", "%s: it is cut off", path);
	for (r.line = 2; take_lf_line(&c, &line); r.line++)
		if (read_record(&r, line) < 0)
			return -1;
	return 0;
}

const char *
sizelist_rule(const struct sizelist_record *r)
{
	if (r->number == 0)
		return "{file:courier}";
	return r->validity != 0 ? "UID{u}-{v}" : "UID{u}";
}

/* atol(3), without its overflow. */
static uint64_t
time_of(struct text name)
{
	uint64_t n = 0;

	for (size_t i = 0; i < name.len && name.at[i] >= '0' && name.at[i] <= '9'; i++) {
		if (n > INT64_MAX / 10 - 1)
			return INT64_MAX;
		n = n * 10 + (uint64_t)(name.at[i] - '0');
	}
	return n;
}

int
sizelist_compare(struct text a, struct text b)
{
	uint64_t x = time_of(a), y = time_of(b);

	return x != y ? (x < y ? -1 : 1) : text_compare(a, b);
}

void
sizelist_release(struct sizelist *l)
{
	free(l->at);
	*l = (struct sizelist){0};
}
