/*
 * A map from somebody else's pairs: the CSV of map_csv.c, checked line by line before a
 * file is made.
 */
#include "map/map_db.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

#define CSV_MAX	      ((uint64_t)1 << 30)
#define CSV_LINE_MAX  ((size_t)65536)
#define CSV_FIELD_MAX ((size_t)4096)
#define CSV_FIELDS    4

struct csv {
	const char *path;
	struct text all;
	size_t off;
	size_t line, next; /* of the record at hand, and of the one behind it; from 1 */
	struct text fields[CSV_FIELDS];
	size_t nfields;
	struct arena *arena; /* of fields with doubled quotes, undone */
};

/* One side as it is read; the line stands by each UIDL for the sentences. */
struct entry {
	struct text uidl;
	uint32_t line;
};

struct entries {
	struct entry *at;
	size_t n, cap;
};

struct import {
	struct csv csv;
	size_t columns;
	struct entries side[2];
	uint32_t *partner; /* by old index */
	size_t partner_cap;
};

__attribute__((format(printf, 4, 5))) static int
csv_error(const struct csv *c, size_t line, struct err *e, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_DATA, "format", "%s:%zu: %s", c->path, line, text);
}

static bool
at_end(const struct csv *c)
{
	return c->off >= c->all.len;
}

static struct text
undouble(struct csv *c, struct text t)
{
	char *to = arena_alloc(c->arena, t.len);
	size_t n = 0;
	for (size_t i = 0; i < t.len; i++) {
		to[n++] = t.at[i];
		if (t.at[i] == '"')
			i++; /* its double */
	}
	return (struct text){to, n};
}

/* The opening quote is at hand; line ends inside belong to the field. */
static int
take_quoted(struct csv *c, struct text *field, struct err *e)
{
	size_t begin = ++c->off;
	bool doubled = false;
	for (; c->off < c->all.len; c->off++) {
		char byte = c->all.at[c->off];
		if (byte == '\n')
			c->next++;
		if (byte != '"')
			continue;
		if (c->off + 1 >= c->all.len || c->all.at[c->off + 1] != '"')
			break;
		doubled = true;
		c->off++;
	}
	if (at_end(c))
		return csv_error(c, c->line, e, "a quoted field has no end");
	*field = (struct text){c->all.at + begin, c->off - begin};
	c->off++;
	if (field->len > CSV_LINE_MAX)
		return csv_error(c, c->line, e, "longer than %zu bytes", CSV_LINE_MAX);
	if (doubled)
		*field = undouble(c, *field);
	return 0;
}

static int
take_plain(struct csv *c, struct text *field, struct err *e)
{
	size_t begin = c->off;
	for (; c->off < c->all.len; c->off++) {
		char byte = c->all.at[c->off];
		if (byte == ',' || byte == '\n' || byte == '\r')
			break;
		if (byte == '"')
			return csv_error(c, c->line, e,
				"a quote in the middle of a field that does not begin "
				"with one");
	}
	*field = (struct text){c->all.at + begin, c->off - begin};
	return 0;
}

/* LF, CRLF or the end of the file; false, and nothing moves, at anything else. */
static bool
take_line_end(struct csv *c)
{
	size_t off = c->off;
	if (off < c->all.len && c->all.at[off] == '\r')
		off++;
	if (off < c->all.len && c->all.at[off] != '\n')
		return false;
	c->off = off < c->all.len ? off + 1 : off;
	c->next++;
	return true;
}

static int
check_field(const struct csv *c, struct text field, struct err *e)
{
	if (field.len > CSV_FIELD_MAX)
		return csv_error(
			c, c->line, e, "a field is longer than %zu bytes", CSV_FIELD_MAX);
	if (memchr(field.at, '\0', field.len) != NULL)
		return csv_error(c, c->line, e, "holds a NUL byte; is this a CSV file?");
	return 0;
}

static int
take_record(struct csv *c, struct err *e)
{
	size_t begin = c->off;
	c->line = c->next;
	c->nfields = 0;
	for (;;) {
		struct text field;
		bool quoted = !at_end(c) && c->all.at[c->off] == '"';
		if (c->nfields == CSV_FIELDS)
			return csv_error(
				c, c->line, e, "more than %d fields", CSV_FIELDS);
		if ((quoted ? take_quoted(c, &field, e) : take_plain(c, &field, e)) ==
				-1 ||
			check_field(c, field, e) == -1)
			return -1;
		c->fields[c->nfields++] = field;
		if (c->off - begin > CSV_LINE_MAX)
			return csv_error(
				c, c->line, e, "longer than %zu bytes", CSV_LINE_MAX);
		if (at_end(c) || c->all.at[c->off] != ',')
			break;
		c->off++;
	}
	if (take_line_end(c))
		return 0;
	return csv_error(c, c->line, e,
		c->all.at[c->off] == '\r' ? "a carriage return outside quotes"
					  : "bytes behind the closing quote of a field");
}

static int
take_header(struct import *im, struct err *e)
{
	static const char *const names[] = {"old_uidl", "new_uidl", "evidence"};
	struct csv *c = &im->csv;
	if (text_starts(c->all, "\xEF\xBB\xBF"))
		c->off = 3;
	if (at_end(c))
		return csv_error(c, 1, e, "empty; wanted the header old_uidl,new_uidl");
	if (take_record(c, e) == -1)
		return -1;
	im->columns = c->nfields;
	bool is = im->columns == 2 || im->columns == 3;
	for (size_t i = 0; is && i < im->columns; i++)
		is = text_equal_nocase(text_trim(c->fields[i]), text_of(names[i]));
	if (!is)
		return csv_error(c, c->line, e,
			"not the header old_uidl,new_uidl or old_uidl,new_uidl,evidence");
	return 0;
}

static void
add_entry(struct entries *to, struct text uidl, size_t line)
{
	to->at = array_grow(to->at, &to->cap, to->n + 1, sizeof(*to->at));
	to->at[to->n++] = (struct entry){uidl, (uint32_t)line};
}

static int
check_uidls(const struct csv *c, struct text old, struct text new, struct err *e)
{
	char shown[200];
	if (old.len == 0 && new.len == 0)
		return csv_error(c, c->line, e, "neither an old nor a new UIDL");
	if (memchr(old.at, '\n', old.len) != NULL ||
		memchr(old.at, '\r', old.len) != NULL)
		return csv_error(c, c->line, e, "a line break in the old UIDL");
	if (new.len > 0 && !uidl_is_valid(new))
		return csv_error(c, c->line, e,
			"\"%s\" cannot be a UIDL (1 to 70 characters, no blanks)",
			text_escape(new, shown, sizeof(shown)));
	return 0;
}

static int
take_pair(struct import *im, struct err *e)
{
	struct csv *c = &im->csv;
	if (take_record(c, e) == -1)
		return -1;
	if (c->nfields == 1 && c->fields[0].len == 0)
		return 0; /* an empty line */
	if (c->nfields != im->columns)
		return csv_error(c, c->line, e, "%zu fields where the header has %zu",
			c->nfields, im->columns);
	struct text old = c->fields[0], new = c->fields[1];
	if (check_uidls(c, old, new, e) == -1)
		return -1;
	if (old.len > 0) {
		size_t i = im->side[0].n;
		im->partner = array_grow(
			im->partner, &im->partner_cap, i + 1, sizeof(*im->partner));
		im->partner[i] = new.len > 0 ? (uint32_t)im->side[1].n : MATCH_NONE;
		add_entry(&im->side[0], old, c->line);
	}
	if (new.len > 0)
		add_entry(&im->side[1], new, c->line);
	return 0;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = text_compare(x->uidl, y->uidl);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* The first line that names a UIDL again is the one to tell about. */
static int
check_twice(
	const struct csv *c, const struct entries *of, const char *side, struct err *e)
{
	struct entry *sorted = must_alloc(of->n * sizeof(*sorted));
	const struct entry *again = NULL;
	if (of->n > 0)
		memcpy(sorted, of->at, of->n * sizeof(*sorted));
	qsort(sorted, of->n, sizeof(*sorted), compare_entries);
	for (size_t i = 1; i < of->n; i++)
		if (text_equal(sorted[i - 1].uidl, sorted[i].uidl) &&
			(again == NULL || sorted[i].line < again->line))
			again = &sorted[i];
	int r = 0;
	if (again != NULL) {
		char shown[200];
		r = csv_error(c, again->line, e,
			"the %s UIDL \"%s\" stands in line %u already", side,
			text_escape(again->uidl, shown, sizeof(shown)),
			(unsigned)again[-1].line);
	}
	free(sorted);
	return r;
}

static int
import_read(struct import *im, struct err *e)
{
	if (take_header(im, e) == -1)
		return -1;
	while (!at_end(&im->csv)) {
		if (take_pair(im, e) == -1)
			return -1;
		if (im->csv.next >= UINT32_MAX)
			return csv_error(&im->csv, im->csv.line, e, "too many lines");
	}
	if (check_twice(&im->csv, &im->side[0], "old", e) == -1)
		return -1;
	return check_twice(&im->csv, &im->side[1], "new", e);
}

static int
write_list(struct map *m, enum side side, const struct entries *of, bool whole,
	struct err *e)
{
	struct listing l = {.whole = whole};
	for (size_t i = 0; i < of->n; i++) {
		struct message *one = listing_add(&l, of->at[i].uidl, 0);
		if (!uidl_is_valid(of->at[i].uidl))
			one->flags |= MESSAGE_BAD_UIDL;
	}
	int r = map_list(m, side, &l, true, e);
	listing_release(&l);
	return r;
}

static int
write_match(struct map *m, const struct import *im, int64_t now, struct err *e)
{
	size_t nold = im->side[0].n, nnew = im->side[1].n;
	struct match match = {
		.nold = nold,
		.nnew = nnew,
		.partner = im->partner,
		.evidence = must_alloc(nold),
		.firm = must_alloc(nold),
		.unmatched = must_alloc(nold),
		.copies = must_alloc(nold * sizeof(uint32_t)),
		.new_copies = must_alloc(nnew * sizeof(uint32_t)),
	};
	for (size_t i = 0; i < nold; i++) {
		bool paired = im->partner[i] != MATCH_NONE;
		match.evidence[i] = paired ? EVIDENCE_IMPORT : EVIDENCE_NONE;
		match.unmatched[i] = paired ? UNMATCHED_NOT : UNMATCHED_GONE;
		match.pairs += paired;
	}
	match.by_kind[EVIDENCE_IMPORT] = match.pairs;
	int r = map_pairs(m, &match, now, e);
	free(match.evidence);
	free(match.firm);
	free(match.unmatched);
	free(match.copies);
	free(match.new_copies);
	return r;
}

static int
import_write(const struct import *im, const char *path, const struct map_side sides[2],
	int64_t now, struct err *e)
{
	struct map *m;
	if (map_make(&map_form_map, path, sides, &m, e) == -1)
		return -1;
	int r = 0;
	for (int i = 0; i < 2 && r == 0; i++)
		r = write_list(m, (enum side)i, &im->side[i], sides[i].whole, e);
	if (r == 0)
		r = write_match(m, im, now, e);
	map_close(m);
	if (r == -1)
		remove(path);
	return r;
}

int
map_import_csv(const char *csv, const char *path, const struct map_side sides[2],
	int64_t now, struct err *e)
{
	struct arena arena = {0};
	struct import im = {.csv = {.path = csv, .next = 1, .arena = &arena}};
	struct os_stat st;
	char *bytes;
	if (os_exists(path))
		return map_exists(path, e);
	if (os_read(csv, CSV_MAX, &bytes, &im.csv.all.len, &st, e) == -1)
		return -1;
	im.csv.all.at = bytes;
	int r = import_read(&im, e);
	if (r == 0)
		r = import_write(&im, path, sides, now, e);
	free(im.side[0].at);
	free(im.side[1].at);
	free(im.partner);
	free(bytes);
	arena_free(&arena);
	return r;
}
