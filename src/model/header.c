/*
 * A header is held as its canonical text, "Name:value\n" a field, and the places of the
 * fields in it. What is dropped for good never gets in.
 */
#include "model/header.h"
#include "base/arena.h"

#include <stdlib.h>

/* RFC 5322 2.2: a field's name is of printable ASCII without the colon. */
static bool
byte_of_name(char c)
{
	return c >= 0x21 && c <= 0x7e;
}

static bool
is_blank(char c)
{
	return (c == ' ') | (c == '\t');
}

/* What some servers replace by '?': 8-bit and control bytes. */
static bool
may_be_damaged(char c)
{
	return (unsigned char)(c - 0x20) >= 0x5f;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static struct text
text_at(const struct header *h, struct span s)
{
	return (struct text){h->text.at + s.off, s.len};
}

void
header_begin(struct header *h)
{
	if (h->text.max == 0) {
		buf_init(&h->text, HEADER_MAX);
		buf_init(&h->scratch, HEADER_MAX + 64); /* write_id() */
	}
	buf_clear(&h->text);
	h->nfields = 0;
	h->octets = 0;
	h->open = h->ended = false;
}

/* Eight bytes that go into a value as they are: printable ASCII, no '?', no blank next to
 * another. May say no to some that could. */
static bool
eight_plain(const char *at)
{
	const uint64_t each = 0x0101010101010101, high = 0x80 * each;
	uint64_t v, mark, blank;

	memcpy(&v, at, 8);
	mark = v ^ '?' * each;
	blank = v ^ ' ' * each;
	mark = (mark - each) & ~mark;
	blank = (blank - each) & ~blank & high;
	return (((v - ' ' * each) | (v + each) | v | mark) & high) == 0 &&
	       (blank & blank << 8) == 0;
}

/* Add a line to the value of the last field: its words, one blank between. It sees every
 * byte of every header, so eight at a time, and else without branches. */
static void
add_words(struct header *h, struct text line)
{
	struct header_field *f = &h->fields[h->nfields - 1];
	char *to = buf_room(&h->text, line.len + 1);
	size_t n = f->value.len > 0;
	bool gap = true, raw = false, mark = false;

	if (to == NULL)
		return;
	to[0] = ' ';
	for (size_t i = 0; i < line.len; i++) {
		char c = line.at[i];
		bool blank = is_blank(c);
		if (!(blank & gap) && line.len - i >= 8 && eight_plain(line.at + i)) {
			memcpy(to + n, line.at + i, 8);
			n += 8;
			i += 7;
			gap = line.at[i] == ' ';
			continue;
		}
		raw |= !blank & may_be_damaged(c);
		mark |= c == '?';
		to[n] = blank ? ' ' : c;
		n += !(blank & gap);
		gap = blank;
	}
	n -= gap && n > 0;
	f->raw |= raw;
	f->odd |= raw | mark;
	f->value.len += (uint32_t)n;
	h->text.len += n;
}

static uint64_t
name_key(struct text name)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < name.len ? (unsigned char)lower(name.at[i]) : 0);
	return key;
}

static void
close_last(struct header *h)
{
	if (h->nfields > 0 && !h->text.full && h->text.at[h->text.len - 1] != '\n')
		buf_byte(&h->text, '\n');
}

/* A line that begins a field, if it is one that we keep. */
static void
add_field(struct header *h, struct text line)
{
	struct text name = {line.at, text_find(line, ':')};
	size_t colon = name.len;

	h->open = false;
	if (colon == line.len)
		return;
	while (name.len > 0 && is_blank(name.at[name.len - 1]))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		if (!byte_of_name(name.at[i]))
			return;
	enum header_what what = header_what(name);
	if (name.len == 0 || what == HEADER_DROPPED)
		return;

	close_last(h);
	struct header_field f = {.key = name_key(name), .what = (uint8_t)what};
	f.name = (struct span){(uint32_t)h->text.len, (uint32_t)name.len};
	buf_add(&h->text, name);
	buf_byte(&h->text, ':');
	f.value.off = (uint32_t)h->text.len;
	h->fields = array_grow(h->fields, &h->cap, h->nfields + 1, sizeof(*h->fields));
	h->fields[h->nfields++] = f;
	h->open = true;
	add_words(h, (struct text){line.at + colon + 1, line.len - colon - 1});
}

bool
header_line(struct header *h, struct text line)
{
	if (h->ended)
		return true;
	if (line.len + 2 > HEADER_MAX || h->octets + line.len + 2 > HEADER_MAX)
		h->text.full = true;
	if (h->octets < UINT32_MAX / 2)
		h->octets +=
			(uint32_t)(line.len < HEADER_MAX ? line.len : HEADER_MAX) + 2;
	/* Courier and solid-pop3d send \r\r\n for files that are stored with CRLF. */
	while (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		h->ended = true;
	else if (h->text.full)
		h->open = false;
	else if (!is_blank(line.at[0]))
		add_field(h, line);
	else if (h->open)
		add_words(h, line);
	return h->ended;
}

static struct digest
digest_buf(struct header *h, const struct buf *b)
{
	hash_begin(&h->hash);
	hash_add(&h->hash, buf_text(b));
	return hash_end(&h->hash);
}

/* By name in lower case; a shorter one first. */
static int
compare_names(const struct header *h, const struct header_field *a,
	const struct header_field *b)
{
	struct text x = text_at(h, a->name), y = text_at(h, b->name);

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	for (size_t i = 8; i < x.len && i < y.len; i++)
		if (lower(x.at[i]) != lower(y.at[i]))
			return lower(x.at[i]) < lower(y.at[i]) ? -1 : 1;
	return (x.len > y.len) - (x.len < y.len);
}

/* Merge two sorted runs; of equal names those of the first run come first. */
static void
merge(const struct header *h, const struct header_field *a, size_t na,
	const struct header_field *b, size_t nb, struct header_field *to)
{
	while (na > 0 || nb > 0) {
		if (nb == 0 || (na > 0 && compare_names(h, a, b) <= 0)) {
			*to++ = *a++;
			na--;
		} else {
			*to++ = *b++;
			nb--;
		}
	}
}

/* The fields of `loose`, sorted by name, equal names in order. Merged by hand because
 * qsort() is not stable, and slow headers are a hostile server's choice. */
static struct header_field *
sort_fields(struct header *h, size_t *n)
{
	h->sorted = array_grow(
		h->sorted, &h->sorted_cap, 2 * h->nfields + 1, sizeof(*h->sorted));
	struct header_field *from = h->sorted, *to = h->sorted + h->nfields;

	*n = 0;
	for (size_t i = 0; i < h->nfields; i++) {
		uint8_t what = h->fields[i].what;
		if (what != HEADER_DELIVERY && what != HEADER_RECEIVED)
			from[(*n)++] = h->fields[i];
	}
	for (size_t run = 1; run < *n; run *= 2) {
		for (size_t at = 0; at < *n; at += 2 * run) {
			size_t na = *n - at < run ? *n - at : run;
			size_t nb = *n - at - na < run ? *n - at - na : run;
			merge(h, from + at, na, from + at + na, nb, to + at);
		}
		struct header_field *swap = from;
		from = to;
		to = swap;
	}
	return from;
}

static void
add_damaged(struct buf *to, struct text value)
{
	bool run = false;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		bool damaged = c == '?' || may_be_damaged(c);
		if (!damaged || !run)
			buf_byte(to, damaged ? '?' : c);
		run = damaged;
	}
}

/* "name:value\n" of the fields, into the scratch buffer. */
static void
write_fields(struct header *h, const struct header_field *f, size_t n, bool damage)
{
	buf_clear(&h->scratch);
	for (; n > 0; f++, n--) {
		struct text name = text_at(h, f->name);
		char *to = buf_room(&h->scratch, name.len + 1);
		if (to == NULL)
			return;
		for (size_t i = 0; i < name.len; i++)
			to[i] = lower(name.at[i]);
		to[name.len] = ':';
		h->scratch.len += name.len + 1;
		if (damage && f->odd)
			add_damaged(&h->scratch, text_at(h, f->value));
		else
			buf_add(&h->scratch, text_at(h, f->value));
		buf_byte(&h->scratch, '\n');
	}
}

static const struct header_field *
first_of(const struct header *h, enum header_what what)
{
	for (size_t i = 0; i < h->nfields; i++)
		if (h->fields[i].what == what)
			return &h->fields[i];
	return NULL;
}

static void
write_id(struct header *h)
{
	static const struct {
		enum header_what what;
		const char *name;
	} rows[] = {
		{HEADER_MESSAGE_ID, "message-id"},
		{HEADER_DATE, "date"},
		{HEADER_FROM, "from"},
		{HEADER_SUBJECT, "subject"},
		{HEADER_TO, "to"},
	};

	buf_clear(&h->scratch);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct header_field *f = first_of(h, rows[i].what);
		buf_add(&h->scratch, text_of(rows[i].name));
		if (f != NULL) {
			buf_byte(&h->scratch, ':');
			buf_add(&h->scratch, text_at(h, f->value));
		}
		buf_byte(&h->scratch, '\n');
	}
}

/* Some senders write "Message-ID: <>", which names nothing. */
static void
note_what_there_is(struct header *h, struct evidence *ev)
{
	const struct header_field *id = first_of(h, HEADER_MESSAGE_ID);
	const struct header_field *date = first_of(h, HEADER_DATE);

	if (id != NULL && id->value.len > 0 &&
		!text_equal(text_at(h, id->value), text_of("<>"))) {
		hash_begin(&h->hash);
		hash_add(&h->hash, text_at(h, id->value));
		struct digest d = hash_end(&h->hash);
		memcpy(&ev->message_id, d.byte, sizeof(ev->message_id));
		ev->flags |= MESSAGE_HAS_ID;
	}
	if (date != NULL && date->value.len > 0)
		ev->flags |= MESSAGE_HAS_DATE;
	if (first_of(h, HEADER_RECEIVED) != NULL)
		ev->flags |= MESSAGE_HAS_RECEIVED;
}

void
header_end(struct header *h, struct evidence *ev)
{
	bool odd = false;
	size_t n, len;

	close_last(h);
	ev->flags &= MESSAGE_BODY | MESSAGE_NO_BODY;
	ev->header_octets = h->octets;
	ev->message_id = 0;
	if (h->text.full) {
		ev->flags |= MESSAGE_NO_HEADER;
		return;
	}
	ev->flags |= MESSAGE_HEADER;
	if (!h->ended)
		ev->flags |= MESSAGE_CUT_HEADER;
	note_what_there_is(h, ev);
	ev->strict = digest_buf(h, &h->text);
	write_id(h);
	ev->id = digest_buf(h, &h->scratch);

	const struct header_field *f = sort_fields(h, &n);
	write_fields(h, f, n, false);
	ev->loose = ev->damaged = digest_buf(h, &h->scratch);
	for (size_t i = 0; i < n; i++) {
		odd |= f[i].odd;
		if (f[i].raw)
			ev->flags |= MESSAGE_8BIT;
	}
	if (!odd)
		return;
	/* Encoded words have many a '?', but no run of them to become shorter. */
	len = h->scratch.len;
	write_fields(h, f, n, true);
	if (h->scratch.len < len || ev->flags & MESSAGE_8BIT)
		ev->damaged = digest_buf(h, &h->scratch);
}

void
header_release(struct header *h)
{
	buf_release(&h->text);
	buf_release(&h->scratch);
	hash_release(&h->hash);
	free(h->fields);
	free(h->sorted);
	*h = (struct header){0};
}
