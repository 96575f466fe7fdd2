#include "model/format.h"
#include "model/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
store_add_record(struct store *s, struct record record, struct err *e)
{
	if (s->account_in_records && store_check_prefix(s, &record, e) < 0)
		return -1;
	if (s->check != NULL)
		return verify_record(s, &record, e);
	if (s->nrecords == s->records_cap)
		s->records = array_grow(s->records, &s->records_cap, s->nrecords + 1,
			sizeof(*s->records));
	s->records[s->nrecords++] = record;
	return 0;
}

void
store_note(struct store *s, const char *fmt, ...)
{
	char note[512], safe[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(note, sizeof(note), fmt, args);
	va_end(args);
	text_escape(text_of(note), safe, sizeof(safe));
	s->notes = array_grow(s->notes, &s->notes_cap, s->nnotes + 1, sizeof(*s->notes));
	s->notes[s->nnotes++] = arena_string(&s->arena, text_of(safe));
}

struct text
store_at(const struct store *s, struct span at)
{
	struct text all = s->source->bytes;

	if (at.off > all.len || at.len > all.len - at.off)
		return (struct text){"", 0};
	return (struct text){all.at + at.off, at.len};
}

struct span
store_span(const struct store *s, struct text t)
{
	return (struct span){(uint32_t)(t.at - s->source->bytes.at), (uint32_t)t.len};
}

int
store_read(
	struct store *s, const struct format *f, const struct source *src, struct err *e)
{
	*s = (struct store){.format = f, .source = src};
	if (src->bytes.len > SOURCE_MAX)
		return err_set(e, ERR_DATA, "format",
			"%s: %zu bytes: no mail client writes a list of UIDLs of that "
			"size",
			src->path, src->bytes.len);
	if (f->read(s, e) < 0) {
		store_release(s);
		return -1;
	}
	return 0;
}

void
store_release(struct store *s)
{
	free(s->accounts);
	free(s->records);
	free(s->accounts_table);
	free(s->dates);
	free((void *)s->notes);
	arena_free(&s->arena);
	*s = (struct store){0};
}

/* The value that the edit is of; NULL if there is no such account or record. */
static bool
find_value(const struct store *s, const struct edit *edit, struct value *v)
{
	if (edit->what == EDIT_UIDL) {
		if (edit->index >= s->nrecords)
			return false;
		const struct record *r = &s->records[edit->index];
		*v = (struct value){record_uidl(r), r->at};
		return true;
	}
	if (edit->what == EDIT_SERVER) {
		if (!s->server_in_records || edit->index >= s->nrecords)
			return false;
		const struct record *r = &s->records[edit->index];
		*v = (struct value){s->accounts[r->account].host.text, r->whole};
		return true;
	}
	if (edit->index >= s->naccounts)
		return false;
	const struct account *a = &s->accounts[edit->index];
	*v = edit->what == EDIT_HOST ? a->host : a->user;
	return true;
}

struct text
store_value(const struct store *s, const struct edit *edit)
{
	struct value v;

	return find_value(s, edit, &v) ? v.text : (struct text){"", 0};
}

static int
refuse_edit(
	const struct store *s, const struct edit *edit, const char *why, struct err *e)
{
	static const char *const names[] = {[EDIT_UIDL] = "UIDL",
		[EDIT_HOST] = "host",
		[EDIT_USER] = "user",
		[EDIT_SERVER] = "server"};
	char value[120];

	text_escape(store_value(s, edit), value, sizeof(value));
	return err_set(e, ERR_INTERNAL, "edit", "%s: edit of %s %" PRIu32 " (%s): %s",
		s->source->path, names[edit->what], edit->index + 1, value, why);
}

static void
table_release(struct edit_table *t)
{
	free(t->of_record);
	free(t->of_server);
	free(t->of_host);
	free(t->of_user);
	t->of_record = t->of_server = t->of_host = t->of_user = NULL;
}

static uint32_t *
no_edits(size_t n)
{
	uint32_t *at = must_alloc(n * sizeof(*at) + 1);

	for (size_t i = 0; i < n; i++)
		at[i] = EDIT_NONE;
	return at;
}

/* Sort the edits out by value; those that change nothing are left out. */
static int
table_make(struct edit_table *t, const struct store *s, const struct edit *edits,
	size_t n, struct err *e)
{
	struct value v;

	*t = (struct edit_table){.edits = edits,
		.of_record = no_edits(s->nrecords),
		.of_server = s->server_in_records ? no_edits(s->nrecords) : NULL,
		.of_host = no_edits(s->naccounts),
		.of_user = no_edits(s->naccounts)};
	for (size_t i = 0; i < n; i++) {
		const struct edit *edit = &edits[i];
		uint32_t *slot;

		if (edit->what > EDIT_SERVER || !find_value(s, edit, &v))
			return err_set(e, ERR_INTERNAL, "edit",
				"%s: edit of number %" PRIu32
				", which is not in the file",
				s->source->path, edit->index);
		if (text_equal(v.text, edit_text(edit)))
			continue;
		if (v.at.off == 0 && v.at.len == 0)
			return refuse_edit(s, edit, "the value is not in the file", e);
		slot = edit->what == EDIT_UIDL	   ? &t->of_record[edit->index]
		       : edit->what == EDIT_SERVER ? &t->of_server[edit->index]
		       : edit->what == EDIT_HOST   ? &t->of_host[edit->index]
						   : &t->of_user[edit->index];
		if (*slot != EDIT_NONE)
			return refuse_edit(s, edit, "it has two edits", e);
		*slot = (uint32_t)i;
		t->n++;
	}
	return 0;
}

struct place {
	uint32_t off, edit;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static size_t
add_place(struct place *at, size_t n, uint32_t off, uint32_t edit)
{
	if (edit != EDIT_NONE)
		at[n++] = (struct place){off, edit};
	return n;
}

/* The account's edits in each of its records. */
static size_t
places_in_record(const struct store *s, const struct edit_table *t,
	const struct record *r, struct place *at, size_t n)
{
	const struct account *a = &s->accounts[r->account];

	n = add_place(at, n, store_account_at(s, r, a->user).off, t->of_user[r->account]);
	return add_place(
		at, n, store_account_at(s, r, a->host).off, t->of_host[r->account]);
}

static size_t
places_most(const struct store *s, const struct edit_table *t)
{
	return s->account_in_records && t->n > 0 ? t->n + 2 * s->nrecords : t->n;
}

/* The edits with their places, in the order of these: most come in it already. */
static struct place *
splice_places(const struct store *s, const struct edit_table *t, size_t *n)
{
	struct place *at = must_alloc(places_most(s, t) * sizeof(*at) + 1);
	bool sorted = true;

	*n = 0;
	for (size_t i = 0; i < s->naccounts && !s->account_in_records; i++) {
		*n = add_place(at, *n, s->accounts[i].host.at.off, t->of_host[i]);
		*n = add_place(at, *n, s->accounts[i].user.at.off, t->of_user[i]);
	}
	for (size_t i = 0; i < s->nrecords && t->n > 0; i++) {
		if (s->account_in_records)
			*n = places_in_record(s, t, &s->records[i], at, *n);
		if (t->of_server != NULL)
			*n = add_place(at, *n, s->records[i].whole.off, t->of_server[i]);
		*n = add_place(at, *n, s->records[i].at.off, t->of_record[i]);
	}
	for (size_t i = 1; i < *n && sorted; i++)
		sorted = at[i - 1].off <= at[i].off;
	if (!sorted)
		qsort(at, *n, sizeof(*at), by_place);
	return at;
}

/* The new value as it stands in the file: as it is, or spelled into `scratch`. */
static int
spelling(const struct store *s, const struct edit *edit, struct buf *scratch,
	struct text *spelled, struct err *e)
{
	*spelled = edit_text(edit);
	if (s->format->spell == NULL)
		return 0;
	buf_clear(scratch);
	if (s->format->spell(s, edit->what, *spelled, scratch, e) < 0)
		return -1;
	if (scratch->full)
		return refuse_edit(s, edit, "the new value is too long", e);
	*spelled = buf_text(scratch);
	return 0;
}

/* How much of the file the edit replaces, from its place on. */
static size_t
replaced(const struct store *s, const struct edit *edit)
{
	struct value v = {0};

	find_value(s, edit, &v);
	return v.at.len;
}

/* Size of the output, exactly, so that the buffer is not grown by halves. */
static int
splice_size(const struct store *s, const struct edit *edits, const struct place *at,
	size_t n, struct buf *scratch, size_t *size, struct err *e)
{
	size_t end = 0;

	*size = s->source->bytes.len;
	for (size_t i = 0; i < n; i++) {
		const struct edit *edit = &edits[at[i].edit];
		size_t len = replaced(s, edit);
		struct text new;

		if (at[i].off < end || at[i].off + len > s->source->bytes.len)
			return refuse_edit(s, edit, "its place overlaps another's", e);
		if (spelling(s, edit, scratch, &new, e) < 0)
			return -1;
		end = at[i].off + len;
		*size = *size - len + new.len;
	}
	if (*size > SOURCE_MAX)
		return err_set(e, ERR_DATA, "size", "%s: would grow to %zu bytes",
			s->source->path, *size);
	return 0;
}

static int
splice_copy(const struct store *s, const struct edit *edits, const struct place *at,
	size_t n, struct buf *scratch, struct buf *out, struct err *e)
{
	struct text in = s->source->bytes;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct edit *edit = &edits[at[i].edit];
		struct text new;

		if (spelling(s, edit, scratch, &new, e) < 0)
			return -1;
		buf_add(out, (struct text){in.at + done, at[i].off - done});
		buf_add(out, new);
		done = at[i].off + replaced(s, edit);
	}
	buf_add(out, (struct text){in.at + done, in.len - done});
	return 0;
}

/* The table is released on the way: of a million records, its array, the places and the
 * output are not all held at once. */
static int
splice(const struct store *s, struct edit_table *t, struct buf *out, struct err *e)
{
	struct buf scratch;
	size_t n, size;
	struct place *at = splice_places(s, t, &n);
	int result;

	table_release(t);
	buf_init(&scratch, SOURCE_MAX);
	result = splice_size(s, t->edits, at, n, &scratch, &size, e);
	if (result == 0) {
		if (out->max < size)
			out->max = size;
		if (size > 0)
			buf_room(out, size);
		result = splice_copy(s, t->edits, at, n, &scratch, out, e);
	}
	buf_release(&scratch);
	free(at);
	return result;
}

/* For formats that rebuild the file: only the edits that change something. */
static int
rebuild(const struct store *s, const struct edit_table *t, struct buf *out, struct err *e)
{
	size_t n;
	struct place *at = splice_places(s, t, &n);
	struct edit *edits = must_alloc(n * sizeof(*edits) + 1);
	int result;

	if (out->max < SOURCE_MAX)
		out->max = SOURCE_MAX;
	for (size_t i = 0; i < n; i++)
		edits[i] = t->edits[at[i].edit];
	free(at);
	if (n == 0) {
		buf_add(out, s->source->bytes);
		result = 0;
	} else
		result = s->format->write(s, edits, n, out, e);
	free(edits);
	return result;
}

int
store_write(const struct store *s, const struct edit *edits, size_t n, struct buf *out,
	struct err *e)
{
	struct edit_table table;
	int result;

	buf_clear(out);
	result = table_make(&table, s, edits, n, e);
	if (result == 0)
		result = s->format->write != NULL ? rebuild(s, &table, out, e)
						  : splice(s, &table, out, e);
	if (result == 0 && out->full)
		result = err_set(e, ERR_INTERNAL, "size", "%s: the output is too large",
			s->source->path);
	table_release(&table);
	if (result == 0)
		result = table_make(&table, s, edits, n, e);
	if (result == 0)
		result = verify_output(s, &table, buf_text(out), e);
	table_release(&table);
	if (result < 0)
		buf_clear(out);
	return result;
}
