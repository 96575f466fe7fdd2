/*
 * Splicing and the checks on every output, with a small format that can lie: its first
 * line is "HOST USER", each other one a UIDL and a letter.
 */
#include "model/format.h"
#include "model/verify.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#define FILE_TEXT "host user\none k\ntwo d\nthree k\nfour k\n"

/* What the reader does wrong when an output is read again */
static bool
lies(const struct store *s, const char *how)
{
	return s->check != NULL && strcmp(s->format->name, how) == 0;
}

static int
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

static void
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

static int
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
static int
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
static int
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

static void
begin(struct store *s, struct source *src, const struct format *f, const char *bytes)
{
	struct err e;

	source_of(src, f->read == pairs_read ? "pairs" : "lines.txt", text_of(bytes));
	cr_assert(store_read(s, f, src, &e) == 0, "%s", e.message);
}

static struct edit
edit(enum edit_what what, uint32_t index, const char *to)
{
	return (struct edit){index, (uint8_t)what, (uint32_t)strlen(to), to};
}

static void
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

static void
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

Test(store, edits_in_any_order)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit edits[] = {edit(EDIT_UIDL, 3, "4"),
		edit(EDIT_USER, 0, "somebody"), edit(EDIT_UIDL, 0, "a-longer-one"),
		edit(EDIT_HOST, 0, "h"), edit(EDIT_UIDL, 1, "ii")};
	assert_output(&s, edits, 5, "h somebody\na-longer-one k\nii d\nthree k\n4 k\n");
	store_release(&s);
}

Test(store, a_reader_in_another_order_than_the_file_is_refused)
{
	const struct format f = {.name = "backwards", .read = pairs_read};
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	begin(&s, &src, &f, "aabbcc");
	cr_assert(text_equal(record_uidl(&s.records[0]), text_of("cc")));
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "11"), edit(EDIT_UIDL, 2, "33")};
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"pairs: the output is not right: record 1 (cc): bytes before it have "
		"changed; "
		"nothing was written");
	/* Spliced by place all the same: what stays in the cleared buffer. */
	buf_init(&out, 0);
	cr_assert(store_write(&s, edits, 2, &out, &e) == -1);
	cr_assert(memcmp(out.at, "33bb11", 6) == 0);
	buf_release(&out);
	assert_output(&s, edits, 1, "aabb11");
	store_release(&s);
}

Test(store, places_that_overlap_are_refused)
{
	const struct format f = {.name = "overlap", .read = pairs_read};
	struct source src;
	struct store s;

	begin(&s, &src, &f, "aabb");
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "11"), edit(EDIT_UIDL, 1, "22")};
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"pairs: edit of UIDL 2 (bb): its place overlaps another's");
	store_release(&s);
}

Test(store, what_could_not_be_put_back_is_refused)
{
	const struct format f = {.name = "odd", .read = pairs_read};
	struct source src;
	struct store s;

	begin(&s, &src, &f, "aaod");
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "11"), edit(EDIT_UIDL, 1, "22")};
	assert_output(&s, edits, 1, "11od");
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"pairs: the output is not right: record 2 (OD): its old value could not "
		"be "
		"put back; nothing was written");
	store_release(&s);
}

Test(store, an_account_may_stand_as_user_and_host)
{
	struct format f = lines;
	struct source src;
	struct store s;

	f.name = "user first";
	begin(&s, &src, &f, "me there\none k\n");
	const struct edit edits[] = {
		edit(EDIT_HOST, 0, "elsewhere"), edit(EDIT_USER, 0, "I")};
	assert_output(&s, edits, 2, "I elsewhere\none k\n");
	store_release(&s);
}

Test(store, a_buffer_may_be_used_again)
{
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	begin(&s, &src, &lines, FILE_TEXT);
	buf_init(&out, 0);
	for (int i = 0; i < 2; i++) {
		cr_assert(store_write(&s, NULL, 0, &out, &e) == 0, "%s", e.message);
		cr_assert(text_equal(buf_text(&out), text_of(FILE_TEXT)));
	}
	buf_release(&out);
	store_release(&s);
}

Test(store, without_edits_any_other_output_is_refused)
{
	struct edit_table none = {0};
	struct source src;
	struct store s;
	struct err e;

	begin(&s, &src, &lines, FILE_TEXT);
	cr_assert(verify_output(&s, &none, text_of(FILE_TEXT "five k\n"), &e) == -1);
	cr_assert_str_eq(e.message,
		"lines.txt: the output differs although nothing was to "
		"change; nothing was written");
	store_release(&s);
}

Test(store, edits_that_change_nothing_are_dropped)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit same[] = {edit(EDIT_UIDL, 1, "two"), edit(EDIT_HOST, 0, "host"),
		edit(EDIT_UIDL, 1, "two")};
	assert_output(&s, same, 3, FILE_TEXT);
	assert_output(&s, NULL, 0, FILE_TEXT);
	store_release(&s);
}

Test(store, a_swap_is_no_special_case)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit edits[] = {
		edit(EDIT_UIDL, 0, "three"), edit(EDIT_UIDL, 2, "one")};
	assert_output(&s, edits, 2, "host user\nthree k\ntwo d\none k\nfour k\n");
	store_release(&s);
}

Test(store, bad_edits_are_refused)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, "host\none k\ntwo d\n");
	const struct edit twice[] = {edit(EDIT_UIDL, 1, "a"), edit(EDIT_UIDL, 1, "b")};
	assert_refused(&s, twice, 2, ERR_INTERNAL,
		"lines.txt: edit of UIDL 2 (two): it has two edits");
	const struct edit same[] = {edit(EDIT_UIDL, 1, "a"), edit(EDIT_UIDL, 1, "a")};
	assert_refused(&s, same, 2, ERR_INTERNAL,
		"lines.txt: edit of UIDL 2 (two): it has two edits");
	const struct edit user = edit(EDIT_USER, 0, "u");
	assert_refused(&s, &user, 1, ERR_INTERNAL,
		"lines.txt: edit of user 1 (): the value is not in the file");
	const struct edit none[] = {edit(EDIT_UIDL, 2, "a"), edit(EDIT_HOST, 1, "a"),
		{.index = 0, .what = 3}};
	assert_refused(&s, &none[0], 1, ERR_INTERNAL,
		"lines.txt: edit of number 2, which is not in the file");
	assert_refused(&s, &none[1], 1, ERR_INTERNAL,
		"lines.txt: edit of number 1, which is not in the file");
	assert_refused(&s, &none[2], 1, ERR_INTERNAL,
		"lines.txt: edit of number 0, which is not in the file");
	const struct edit bad = edit(EDIT_UIDL, 0, "unspeakable");
	assert_refused(&s, &bad, 1, ERR_DATA, "lines.txt: cannot say it");
	store_release(&s);
}

Test(store, a_store_that_cannot_be_read_is_empty)
{
	struct source src;
	struct store s;
	struct err e;

	source_of(&src, "lines.txt", text_of("host user\none k\nbroken\n"));
	cr_assert(store_read(&s, &lines, &src, &e) == -1);
	cr_assert_str_eq(e.message, "lines.txt:3: want \"UIDL LETTER\"");
	cr_assert(s.records == NULL && s.nrecords == 0 && s.accounts == NULL);
	src.bytes.len = (size_t)SOURCE_MAX + 1;
	cr_assert(store_read(&s, &lines, &src, &e) == -1);
	cr_assert_str_eq(e.message, "lines.txt: 1073741825 bytes: no mail client writes "
				    "a list of UIDLs of that "
				    "size");
}

Test(store, notes_are_safe_for_a_terminal)
{
	struct store s = {0};

	store_note(&s, "entry %d: %s", 7, "\033[31m\xff");
	cr_assert_eq(s.nnotes, 1);
	cr_assert_str_eq(s.notes[0], "entry 7: \\x1b[31m\\xff");
	store_release(&s);
}

Test(store, places_outside_the_file_are_empty)
{
	struct source src;
	struct store s = {.source = &src};

	source_of(&src, "x", text_of("abc"));
	cr_assert(text_equal(store_at(&s, (struct span){1, 2}), text_of("bc")));
	cr_assert_eq(store_at(&s, (struct span){1, 3}).len, 0);
	cr_assert_eq(store_at(&s, (struct span){4, 0}).len, 0);
	cr_assert_eq(store_at(&s, (struct span){3, UINT32_MAX}).len, 0);
}

struct lie {
	char how[24], want[160];
};

static struct lie lie_table[] = {
	{"uidl", "record 1 (one): its UIDL has changed"},
	{"state", "record 1 (one): its status has changed"},
	{"status", "record 1 (one): its status has changed"},
	{"time", "record 1 (one): its time has changed"},
	{"account", "record 1 (one): it has another account"},
	{"beside", "record 1 (one): bytes beside its UIDL have changed"},
	{"outside", "record 1 (one): bytes beside its UIDL have changed"},
	{"place", "record 2 (two): bytes before it have changed"},
	{"one record less", "record 4 (four): it is missing"},
	{"one record more", "record 5: there was none"},
	{"one account more", "account 2: there was none"},
	{"one account less", "account 1: it is missing"},
	{"host", "account 1: a value has changed"},
	{"user", "account 1: a value is not the new one"},
	{"merged", "account 1: the file reads as another kind"},
};

ParameterizedTestParameters(store, a_lying_reader_is_caught)
{
	return cr_make_param_array(
		struct lie, lie_table, sizeof(lie_table) / sizeof(*lie_table));
}

ParameterizedTest(struct lie *lie, store, a_lying_reader_is_caught)
{
	struct format f = lines;
	struct store s;
	struct source src;
	char want[300];

	f.name = lie->how;
	begin(&s, &src, &f, FILE_TEXT);
	const struct edit edits[] = {
		edit(EDIT_UIDL, 1, "ABCDE"), edit(EDIT_USER, 0, "another")};
	snprintf(want, sizeof(want),
		"lines.txt: the output is not right: %s; nothing was written", lie->want);
	/* A missing account is told by its edit, too. */
	size_t n = strcmp(lie->how, "one account less") == 0 ? 1 : 2;
	assert_refused(&s, edits, n, ERR_INTERNAL, want);
	store_release(&s);
}

Test(store, an_output_that_cannot_be_read_again_is_refused)
{
	struct format f = lines;
	struct store s;
	struct source src;

	f.name = "refuse";
	begin(&s, &src, &f, FILE_TEXT);
	assert_refused(&s, NULL, 0, ERR_INTERNAL,
		"the output cannot be read again (lines.txt:1: want something else); "
		"nothing "
		"was written");
	store_release(&s);
}

Test(store, a_wrong_spelling_is_caught)
{
	static const char *const cases[][2] = {
		{"wrong-status", "record 2 (two): its status has changed"},
		{"wrong-record", "record 3 (three): its UIDL has changed"},
		{"wrong-value", "record 2 (two): its UIDL is not the new one"},
		{"wrong-blank", "record 2 (two): bytes beside its UIDL have changed"},
	};
	struct store s;
	struct source src;
	char want[300];

	begin(&s, &src, &lines, FILE_TEXT);
	for (size_t i = 0; i < 4; i++) {
		const struct edit bad = edit(EDIT_UIDL, 1, cases[i][0]);
		snprintf(want, sizeof(want),
			"lines.txt: the output is not right: %s; nothing was written",
			cases[i][1]);
		assert_refused(&s, &bad, 1, ERR_INTERNAL, want);
	}
	const struct edit tail = edit(EDIT_UIDL, 3, "wrong-tail");
	assert_refused(&s, &tail, 1, ERR_INTERNAL,
		"lines.txt: the output is not right: bytes behind the last edit have "
		"changed; "
		"nothing was written");
	store_release(&s);
}

/* Formats that rebuild the file get the edits that change something, in order. */
static int
lines_write(const struct store *s, const struct edit *edits, size_t n, struct buf *out,
	struct err *e)
{
	(void)s;
	(void)e;
	for (size_t i = 0; i < n; i++)
		cr_assert(i == 0 || edits[i - 1].index < edits[i].index);
	buf_print(out, "host user\n%s k\ntwo d\nthree k\n%s k\n",
		n > 0 ? edits[0].to : "one", n > 1 ? edits[1].to : "four");
	out->len--; /* without its last newline */
	return 0;
}

Test(store, a_rebuilt_file_is_verified_too)
{
	struct format f = lines;
	struct store s;
	struct source src;

	f.write = lines_write;
	begin(&s, &src, &f, FILE_TEXT);
	const struct edit good[] = {edit(EDIT_UIDL, 3, "IV"), edit(EDIT_UIDL, 1, "two"),
		edit(EDIT_UIDL, 0, "I")};
	assert_output(&s, good, 3, "host user\nI k\ntwo d\nthree k\nIV k");
	assert_output(&s, &good[1], 1, FILE_TEXT);
	const struct edit bad = edit(EDIT_UIDL, 1, "II");
	assert_refused(&s, &bad, 1, ERR_INTERNAL,
		"lines.txt: the output is not right: record 1 (one): its UIDL has "
		"changed; "
		"nothing was written");
	store_release(&s);
}
