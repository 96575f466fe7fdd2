#include "model/uidlist.h"
#include "base/arena.h"

#include <stdlib.h>

struct reader {
	struct uidlist *list;
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

static bool
take_uid(struct text t, uint32_t *to)
{
	uint64_t n;

	if (!text_number(t, &n) || n == 0 || n > UINT32_MAX)
		return false;
	*to = (uint32_t)n;
	return true;
}

static int
read_header(struct reader *r)
{
	struct uidlist *l = r->list;
	struct cursor c = {l->header, 0};
	struct text word;

	if (!take_word(&c, &word))
		return refuse(r, "want a dovecot-uidlist", l->header);
	if (text_equal(word, text_of("1"))) {
		struct text next;

		l->version = 1;
		if (!take_word(&c, &word) || !take_uid(word, &l->validity) ||
			!take_word(&c, &next) || !take_uid(next, &l->next))
			return refuse(r, "want \"1 UIDVALIDITY NEXT-UID\"", l->header);
		return 0;
	}
	if (!text_equal(word, text_of("3")))
		return refuse(r, "want a dovecot-uidlist of version 1 or 3", l->header);
	l->version = 3;
	while (take_word(&c, &word)) {
		struct text value = {word.at + 1, word.len - 1};

		if ((word.at[0] == 'V' && !take_uid(value, &l->validity)) ||
			(word.at[0] == 'N' && !take_uid(value, &l->next)))
			return refuse(r, "want a number from 1 to 4294967295", word);
	}
	if (l->validity == 0 || l->next == 0)
		return refuse(r, "want V and N, UIDVALIDITY and the next UID", l->header);
	return 0;
}

/* Blanks alone part them, as with Dovecot: a tab is a byte of a field. */
static bool
take_field(struct cursor *c, struct text *word)
{
	while (c->off < c->all.len && c->all.at[c->off] == ' ')
		c->off++;
	*word = (struct text){c->all.at + c->off, c->all.len - c->off};
	word->len = text_find(*word, ' ');
	c->off += word->len;
	return word->len > 0;
}

static int
read_field(struct reader *r, struct uidlist_record *to, struct text word)
{
	struct text value = {word.at + 1, word.len - 1};
	uint64_t n;

	switch (word.at[0]) {
	case 'P':
		to->pop3 = value;
		to->has_pop3 = true;
		return 0;
	case 'G':
		to->guid = value;
		return 0;
	case 'O':
		if (!text_number(value, &n) || n > UINT32_MAX)
			return refuse(r, "want a number behind O", word);
		to->order = (uint32_t)n;
		to->has_order = true;
		return 0;
	case 'W':
		to->has_vsize = text_number(value, &to->vsize);
		return to->has_vsize ? 0 : refuse(r, "want a number behind W", word);
	default:
		if (word.at[0] < 'A' || word.at[0] > 'Z')
			return refuse(
				r, "want fields, and : before the file's name", word);
		return 0;
	}
}

static int
read_record(struct reader *r, struct text line)
{
	struct uidlist *l = r->list;
	struct uidlist_record record = {.line = line};
	struct cursor c = {line, 0};
	struct text word;
	uint32_t last = l->n > 0 ? l->at[l->n - 1].uid : 0;

	if (!take_until(&c, ' ', &word) || !take_uid(word, &record.uid))
		return refuse(r, "want a UID", line);
	if (record.uid <= last)
		return refuse(r, "UIDs that do not go up", line);
	/* Up to the name, which begins with the first ':' that begins a word. */
	while (l->version == 3) {
		if (!take_field(&c, &word))
			return refuse(r, "want : and the file's name", line);
		if (word.at[0] == ':') {
			c.off -= word.len - 1;
			break;
		}
		if (read_field(r, &record, word) < 0)
			return -1;
	}
	record.name = (struct text){line.at + c.off, line.len - c.off};
	if (text_find(record.name, '/') < record.name.len)
		return refuse(r, "a file's name that leads elsewhere", record.name);
	record.name.len = text_find(record.name, ':');
	if (record.name.len == 0)
		return refuse(r, "want the file's name", line);
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = record;
	return 0;
}

int
uidlist_read(struct uidlist *l, const char *path, struct text bytes, struct err *e)
{
	struct reader r = {l, path, 1, e};
	struct cursor c = {bytes, 0};
	struct text line;

	*l = (struct uidlist){0};
	if (text_find(bytes, '\0') < bytes.len)
		return err_set(e, ERR_DATA, "format",
			"%s: NUL bytes in it: no dovecot-uidlist, or a damaged one",
			path);
	if (!take_until(&c, '\n', &l->header))
		return refuse(&r, "want a dovecot-uidlist", bytes);
	if (read_header(&r) < 0)
		return -1;
	for (r.line = 2; take_until(&c, '\n', &line); r.line++)
		if (read_record(&r, line) < 0)
			return -1;
	l->torn = (struct text){bytes.at + c.off, bytes.len - c.off};
	return 0;
}

/* Without the P field that it has, and with the new one before the name. */
static void
write_record(const struct uidlist_record *r, struct text pop3, struct buf *out)
{
	/* The name in the record has lost its flags; the place is its own. */
	size_t name = (size_t)(r->name.at - r->line.at) - 1;
	struct cursor c = {{r->line.at, name}, 0};
	struct text word;
	bool first = true;

	for (; take_field(&c, &word); first = false) {
		if (!first && word.at[0] == 'P')
			continue;
		buf_add(out, word);
		buf_byte(out, ' ');
	}
	buf_byte(out, 'P');
	buf_add(out, pop3);
	buf_byte(out, ' ');
	buf_add(out, (struct text){r->line.at + name, r->line.len - name});
}

void
uidlist_write(const struct uidlist *l, const struct text *pop3, struct buf *out)
{
	buf_add(out, l->header);
	buf_byte(out, '\n');
	for (size_t i = 0; i < l->n; i++) {
		if (pop3[i].len > 0)
			write_record(&l->at[i], pop3[i], out);
		else
			buf_add(out, l->at[i].line);
		buf_byte(out, '\n');
	}
}

void
uidlist_release(struct uidlist *l)
{
	free(l->at);
	*l = (struct uidlist){0};
}
