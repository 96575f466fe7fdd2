/*
 * For the tests of stores and of the checks on outputs: two small formats, one of which
 * lies when it is asked to, by its name. "lines": the first line is "HOST USER", each
 * other one a UIDL and a letter. "pairs": two bytes a record.
 */
#ifndef TESTS_LYING_H
#define TESTS_LYING_H

#include "model/format.h"
#include "model/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define FILE_TEXT "host user\none k\ntwo d\nthree k\nfour k\n"

/* What the reader does wrong when an output is read again. */
static inline bool
lies(const struct store *s, const char *how)
{
	return s->check != NULL && strcmp(s->format->name, how) == 0;
}

static inline int
lines_account(struct store *s, struct text line)
{
	struct cursor c = {line, 0};
	struct text host = {"", 0}, user = {"", 0};
	struct account a = {0};

	if (strcmp(s->format->name, "user first") == 0 && take_word(&c, &user))
		a.user = (struct value){user, store_span(s, user)};
	if (take_word(&c, &host))
		a.host = (struct value){host, store_span(s, host)};
	if (take_word(&c, &user))
		a.user = (struct value){user, store_span(s, user)};
	if (lies(s, "host"))
		a.host.text = text_of("elsewhere");
	if (lies(s, "user"))
		a.user.text = text_of("somebody");
	if (!lies(s, "one account less"))
		store_add_account(s, a);
	if (lies(s, "one account more"))
		store_add_account(s, a);
	return 0;
}

static inline void
lines_lie(struct store *s, struct record *r)
{
	if (lies(s, "uidl"))
		r->uidl = "abcdefghijklmnopqrstuvw";
	if (lies(s, "state"))
		r->state = RECORD_PARTIAL;
	if (lies(s, "status"))
		r->status = 'x';
	if (lies(s, "time"))
		r->time++;
	if (lies(s, "account"))
		r->account = STORE_NO_ACCOUNT;
	if (lies(s, "beside"))
		r->whole.len--;
	if (lies(s, "outside"))
		r->whole.off = r->at.off + 1;
	if (lies(s, "place")) {
		r->at.off++;
		r->at.len--;
		r->whole.off++;
		r->whole.len--;
	}
}

static inline int
lines_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct text line, uidl, letter;
	size_t n = 0;

	if (lies(s, "refuse"))
		return err_at_line(e, s->source, 0, "want something else");
	s->merged = lies(s, "merged");
	if (take_line(&c, &line))
		lines_account(s, line);
	while (take_line(&c, &line)) {
		struct cursor w = {line, 0};
		if (text_starts(line, "#"))
			continue;
		if (!take_word(&w, &uidl) || !take_word(&w, &letter))
			return err_at_line(e, s->source, (size_t)(line.at - c.all.at),
				"want \"UIDL LETTER\"");
		struct record r = {.uidl = uidl.at,
			.uidl_len = (uint32_t)uidl.len,
			.at = store_span(s, uidl),
			.whole = store_span(s, line),
			.status = letter.at[0],
			.state = letter.at[0] == 'd' ? RECORD_DELETE : RECORD_KNOWN};
		lines_lie(s, &r);
		if (++n == 4 && lies(s, "one record less"))
			continue;
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	if (lies(s, "one record more"))
		return store_add_record(
			s, (struct record){.uidl = "x", .uidl_len = 1}, e);
	return 0;
}

/* Spells "wrong" wrongly, in a way of its own for each word after it. */
static inline int
lines_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	(void)what;
	if (text_equal(value, text_of("unspeakable")))
		return err_set(
			e, ERR_DATA, "format", "%s: cannot say it", s->source->path);
	if (text_equal(value, text_of("wrong-status")))
		value = text_of("wrong-status k\nmore");
	if (text_equal(value, text_of("wrong-record")))
		value = text_of("wrong-record d\nmore");
	if (text_equal(value, text_of("wrong-tail")))
		value = text_of("wrong-tail k\n#");
	if (text_equal(value, text_of("wrong-value")))
		value = text_of("else");
	if (text_equal(value, text_of("wrong-blank")))
		value = text_of("wrong-blank ");
	buf_add(out, value);
	return 0;
}

static const struct format lines = {
	.name = "lines", .client = "none", .read = lines_read, .spell = lines_spell};

/* Two bytes a record, no account; read from the end, or in capitals. */
static inline int
pairs_read(struct store *s, struct err *e)
{
	struct text all = s->source->bytes;
	bool backwards = strcmp(s->format->name, "backwards") == 0;

	for (size_t i = 0; i < all.len / 2; i++) {
		struct text t = {all.at + (backwards ? all.len - 2 * i - 2 : 2 * i), 2};
		struct record r = {.uidl = t.at,
			.uidl_len = 2,
			.at = store_span(s, t),
			.whole = store_span(s, t)};
		if (text_equal(t, text_of("od")))
			r.uidl = "OD"; /* an escape that nobody spells so */
		if (strcmp(s->format->name, "overlap") == 0 && i == 1)
			r.at.off--;
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	return 0;
}

static inline void
begin(struct store *s, struct source *src, const struct format *f, const char *bytes)
{
	struct err e;

	source_of(src, f->read == pairs_read ? "pairs" : "lines.txt", text_of(bytes));
	cr_assert(store_read(s, f, src, &e) == 0, "%s", e.message);
}

static inline struct edit
edit(enum edit_what what, uint32_t index, const char *to)
{
	return edit_make(what, index, text_of(to));
}

static inline void
assert_output(const struct store *s, const struct edit *edits, size_t n, const char *want)
{
	struct buf out;
	struct err e;

	buf_init(&out, 0);
	cr_assert(store_write(s, edits, n, &out, &e) == 0, "%s", e.message);
	cr_assert(text_equal(buf_text(&out), text_of(want)), "have %.*s",
		TEXT_ARG(buf_text(&out)));
	buf_release(&out);
}

static inline void
assert_refused(const struct store *s, const struct edit *edits, size_t n,
	enum err_kind kind, const char *want)
{
	struct buf out;
	struct err e = {0};

	buf_init(&out, 0);
	cr_assert(store_write(s, edits, n, &out, &e) == -1, "not refused: %s", want);
	cr_assert_str_eq(e.message, want);
	cr_assert_eq(e.kind, kind);
	cr_assert_eq(out.len, 0);
	buf_release(&out);
}

#endif
