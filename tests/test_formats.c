/*
 * Every fixture of every format goes through every property; fixtures/README says what
 * the files are. A new fixture, and a new format, needs no line here.
 */
#include "model/format.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
	char format[40], name[80];
};

/* A fixture at work: its bytes, what is expected, and the path it stands for. */
struct work {
	char file[160], path[512];
	const struct format *format;
	struct source on_disk, expect, source;
};

static size_t
add_fixtures(
	struct fixture *at, size_t n, size_t max, struct arena *a, const char *format)
{
	char folder[64], **names;
	size_t nnames;
	struct err e;

	snprintf(folder, sizeof(folder), "fixtures/%s", format);
	if (os_list(a, folder, &names, &nnames, &e) < 0)
		return n;
	for (size_t i = 0; i < nnames; i++) {
		struct text name = text_of(names[i]);
		if (text_starts(name, ".") || text_ends(name, ".expect") || n == max ||
			name.len >= sizeof(at->name))
			continue;
		snprintf(at[n].format, sizeof(at[n].format), "%s", format);
		snprintf(at[n].name, sizeof(at[n].name), "%s", names[i]);
		n++;
	}
	return n;
}

static size_t
list_fixtures(struct fixture *at, size_t max)
{
	struct arena a = {0};
	size_t n = 0;

	for (size_t i = 0; formats[i] != NULL; i++)
		n = add_fixtures(at, n, max, &a, formats[i]->name);
	arena_free(&a);
	return n;
}

static void
work_begin(struct work *w, const struct fixture *f)
{
	char expect[200];
	struct cursor c;
	struct text line;
	struct err e;

	memset(w, 0, sizeof(*w));
	w->format = format_named(text_of(f->format));
	snprintf(w->file, sizeof(w->file), "fixtures/%s/%s", f->format, f->name);
	snprintf(expect, sizeof(expect), "%s.expect", w->file);
	cr_assert(source_read(&w->on_disk, w->file, &e) == 0, "%s", e.message);
	cr_assert(source_read(&w->expect, expect, &e) == 0, "%s", e.message);
	c = (struct cursor){w->expect.bytes, 0};
	cr_assert(take_line(&c, &line) && text_starts(line, "path ") &&
			  line.len < sizeof(w->path),
		"%s: want \"path PATH\" first", expect);
	memcpy(w->path, line.at + 5, line.len - 5);
	source_of(&w->source, w->path, w->on_disk.bytes);
}

static void
work_end(struct work *w)
{
	source_release(&w->on_disk);
	source_release(&w->expect);
}

static void
read_all(const struct work *w, struct store *s, const struct source *src)
{
	struct err e;

	cr_assert(store_read(s, w->format, src, &e) == 0, "%s: %s", w->file, e.message);
}

/* Apply the edits; the output in `out`. */
static void
write_all(const struct work *w, const struct store *s, const struct edit *edits, size_t n,
	struct buf *out)
{
	struct err e;

	buf_init(out, 0);
	cr_assert(store_write(s, edits, n, out, &e) == 0, "%s: %s", w->file, e.message);
}

static void
assert_input(const struct work *w, const struct buf *out, const char *what)
{
	cr_assert(text_equal(buf_text(out), w->source.bytes), "%s: %s", w->file, what);
}

static void
dump_text(struct buf *b, struct text t)
{
	char *shown = must_alloc(t.len * 8 + 1);

	text_escape(t, shown, t.len * 8 + 1);
	buf_print(b, "%s", shown);
	free(shown);
}

static void
dump_store(struct buf *b, const struct store *s)
{
	static const char *const states[] = {[RECORD_KNOWN] = "known",
		[RECORD_DELETE] = "delete",
		[RECORD_PARTIAL] = "partial"};

	buf_print(b, "path %s\nmerged %s\n", s->source->path, s->merged ? "yes" : "no");
	for (size_t i = 0; i < s->naccounts; i++) {
		buf_print(b, "account ");
		dump_text(b, s->accounts[i].host.text);
		buf_byte(b, '|');
		dump_text(b, s->accounts[i].user.text);
		buf_byte(b, '\n');
	}
	for (size_t i = 0; i < s->nrecords; i++) {
		struct record rec = store_record(s, i), *r = &rec;
		buf_print(b, "record %s %c %lu ", states[r->state], r->status,
			(unsigned long)r->time);
		if (r->account == STORE_NO_ACCOUNT)
			buf_print(b, "- ");
		else
			buf_print(b, "%lu ", (unsigned long)r->account);
		dump_text(b, record_uidl(r));
		buf_byte(b, '\n');
	}
	for (size_t i = 0; i < s->nnotes; i++)
		buf_print(b, "note %s\n", s->notes[i]);
}

static void
means_what_expect_says(const struct work *w)
{
	struct store s;
	struct buf b;
	struct err e;

	buf_init(&b, SOURCE_MAX);
	if (store_read(&s, w->format, &w->source, &e) < 0) {
		buf_print(&b, "path %s\nerror %s\n", w->path, e.message);
		cr_assert(s.records == NULL && s.accounts == NULL && s.nrecords == 0,
			"%s: refused, but the store is not empty", w->file);
	} else
		dump_store(&b, &s);
	cr_assert(text_equal(buf_text(&b), w->expect.bytes), "%s: it reads as\n%.*s",
		w->file, TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	store_release(&s);
}

/* Over path and content: many stores have one grammar. */
static void
recognised_by_one(const struct work *w)
{
	const struct format *f;
	struct err e = {0};

	/* Of files that lie anywhere, only the user can say so. */
	bool anywhere = w->format->places[0] == NULL;
	f = format_for(&w->source, anywhere ? w->format->name : NULL, &e);
	cr_assert(f == w->format, "%s: recognised as %s: %s", w->file,
		f != NULL ? f->name : "nothing", e.message);
	for (size_t i = 0; formats[i] != NULL; i++)
		cr_assert(formats[i] == w->format ||
				  formats[i]->probe(&w->source) == PROBE_NO ||
				  !format_place(formats[i], w->path),
			"%s: %s claims it too", w->file, formats[i]->name);
}

static void
no_edits(const struct work *w, const struct store *s)
{
	struct buf out;

	write_all(w, s, NULL, 0, &out);
	assert_input(w, &out, "no edits change the file");
	buf_release(&out);
}

/* An edit of each value; `to` is the present one. */
static struct edit *
edit_all(const struct store *s, size_t *n)
{
	struct edit *edits =
		must_alloc(2 * (s->nrecords + s->naccounts) * sizeof(*edits) + 1);
	size_t k = 0;

	for (size_t i = 0; i < s->naccounts; i++)
		for (uint8_t what = EDIT_HOST; what <= EDIT_USER; what++)
			edits[k++] = edit_make(what, i, (struct text){NULL, 0});
	for (size_t i = 0; i < s->nrecords; i++)
		edits[k++] = edit_make(EDIT_UIDL, i, (struct text){NULL, 0});
	for (size_t i = 0; i < s->nrecords && s->server_in_records; i++)
		edits[k++] = edit_make(EDIT_SERVER, i, (struct text){NULL, 0});
	*n = k;
	for (size_t i = 0; i < k; i++) {
		edits[i] = edit_make(
			edits[i].what, edits[i].index, store_value(s, &edits[i]));
	}
	return edits;
}

static void
same_values(const struct work *w, const struct store *s)
{
	size_t n;
	struct edit *edits = edit_all(s, &n);
	struct buf out;

	write_all(w, s, edits, n, &out);
	assert_input(w, &out, "the same values change the file");
	buf_release(&out);
	free(edits);
}

/* What the values must be after the edits, asked of a second reading. */
static void
assert_values(
	const struct work *w, const struct store *s, const struct edit *edits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_assert(text_equal(store_value(s, &edits[i]), edit_text(&edits[i])),
			"%s: edit %zu: want %.*s, have %.*s", w->file, i,
			TEXT_ARG(edit_text(&edits[i])),
			TEXT_ARG(store_value(s, &edits[i])));
}

/* A file that is built anew need not have the same bytes, but must mean the same. */
static void
assert_means_input(const struct work *w, struct buf *out, const char *what)
{
	struct source src;
	struct buf was, is;
	struct err e;

	source_of(&src, w->path, buf_text(out));
	buf_init(&was, SIZE_MAX);
	buf_init(&is, SIZE_MAX);
	cr_assert(w->format->dump(&w->source, &was, &e) == 0, "%s", e.message);
	cr_assert(w->format->dump(&src, &is, &e) == 0, "%s", e.message);
	cr_assert(text_equal(buf_text(&was), buf_text(&is)), "%s: %s", w->file, what);
	buf_release(&was);
	buf_release(&is);
}

/* Apply, read again, take back: the file must be the very one of before. */
static void
there_and_back(const struct work *w, const struct store *s, const struct edit *edits,
	size_t n, const char *what)
{
	struct edit *back = must_alloc(n * sizeof(*back) + 1);
	struct buf out, again;
	struct source src;
	struct store now;

	write_all(w, s, edits, n, &out);
	source_of(&src, w->path, buf_text(&out));
	read_all(w, &now, &src);
	cr_assert(now.nrecords == s->nrecords &&
			  (now.naccounts == s->naccounts || s->server_in_records),
		"%s: %s: other counts", w->file, what);
	assert_values(w, &now, edits, n);
	for (size_t i = 0; i < n; i++) {
		back[i] = edit_make(
			edits[i].what, edits[i].index, store_value(s, &edits[i]));
	}
	write_all(w, &now, back, n, &again);
	if (w->format->write != NULL)
		assert_means_input(w, &again, what);
	else
		assert_input(w, &again, what);
	buf_release(&again);
	buf_release(&out);
	store_release(&now);
	free(back);
}

/* Accounts may stand in the path, and be no part of the bytes. */
static bool
is_in_file(const struct store *s, const struct edit *edit)
{
	if (edit->what == EDIT_UIDL || edit->what == EDIT_SERVER)
		return edit->len > 0;
	const struct account *a = &s->accounts[edit->index];
	return (edit->what == EDIT_HOST ? a->host : a->user).at.len > 0;
}

/* New values of a length that differs from one to the next, last places first. */
static void
other_values(const struct work *w, const struct store *s, bool longer)
{
	struct arena a = {0};
	struct edit *edits;
	size_t n, k = 0;

	edits = edit_all(s, &n);
	for (size_t i = 0; i < n; i++) {
		struct edit edit = edits[i];
		if (!is_in_file(s, &edit))
			continue;
		const char *to =
			longer ? arena_print(&a, "n%0*zu.example", (int)(40 + i % 30), i)
			       : arena_print(&a, "%zx", i);
		edits[k++] = edit_make(edit.what, edit.index, text_of(to));
	}
	for (size_t i = 0; i < k / 2; i++) {
		struct edit edit = edits[i];
		edits[i] = edits[k - 1 - i];
		edits[k - 1 - i] = edit;
	}
	there_and_back(w, s, edits, k, longer ? "longer values" : "shorter values");
	arena_free(&a);
	free(edits);
}

static void
permutation(const struct work *w, const struct store *s, size_t by)
{
	struct edit *edits = must_alloc(s->nrecords * sizeof(*edits) + 1);

	for (size_t i = 0; i < s->nrecords; i++) {
		struct text to = store_uidl(s, (i + by) % s->nrecords);
		/* Even ones first: in no order of place. */
		size_t k = i % 2 == 0 ? i / 2 : (s->nrecords + 1) / 2 + i / 2;
		edits[k] = edit_make(EDIT_UIDL, i, to);
	}
	there_and_back(w, s, edits, s->nrecords, "a permutation");
	free(edits);
}

/* Of large files, which are large for their padding, not all between the ends. */
static size_t
next_prefix(size_t n, size_t len)
{
	return n < 2048 || n + 2048 > len ? n + 1 : n + 61;
}

/* Each in memory of its own size, so that a step outside is seen. */
static void
every_prefix(const struct work *w)
{
	size_t len = w->source.bytes.len;

	for (size_t n = 0; n < len; n = next_prefix(n, len)) {
		char *bytes = must_alloc(n);
		struct source src;
		struct store s;
		struct err e = {0};

		memcpy(bytes, w->source.bytes.at, n);
		src = (struct source){.path = w->path, .bytes = {bytes, n}};
		if (store_read(&s, w->format, &src, &e) < 0)
			cr_assert(strstr(e.message, w->path) != NULL,
				"%s: %zu bytes: no words: %s", w->file, n, e.message);
		else {
			struct buf out;
			write_all(w, &s, NULL, 0, &out);
			cr_assert(text_equal(buf_text(&out), src.bytes),
				"%s: %zu bytes: no edits change it", w->file, n);
			buf_release(&out);
			store_release(&s);
		}
		free(bytes);
	}
}

static struct criterion_test_params
fixture_parameters(void)
{
	static struct fixture at[2000];

	return cr_make_param_array(
		struct fixture, at, list_fixtures(at, sizeof(at) / sizeof(*at)));
}

ParameterizedTestParameters(formats, fixture)
{
	return fixture_parameters();
}

ParameterizedTest(struct fixture *f, formats, fixture)
{
	struct work w;
	struct store s;

	work_begin(&w, f);
	means_what_expect_says(&w);
	every_prefix(&w);
	if (!text_starts(text_of(f->name), "bad-")) {
		recognised_by_one(&w);
		read_all(&w, &s, &w.source);
		no_edits(&w, &s);
		same_values(&w, &s);
		other_values(&w, &s, true);
		other_values(&w, &s, false);
		for (size_t by = 1; by <= 3; by++)
			permutation(&w, &s, by);
		store_release(&s);
	}
	work_end(&w);
}

Test(formats, sorted_with_fixtures)
{
	static struct fixture at[2000];
	size_t n = list_fixtures(at, sizeof(at) / sizeof(*at));

	for (size_t i = 0; formats[i] != NULL; i++) {
		bool found = false;
		cr_assert(i == 0 || strcmp(formats[i - 1]->name, formats[i]->name) < 0);
		cr_assert(format_named(text_of(formats[i]->name)) == formats[i]);
		for (size_t k = 0; k < n && !found; k++)
			found = strcmp(at[k].format, formats[i]->name) == 0;
		cr_assert(found, "%s has no fixture", formats[i]->name);
	}
}
