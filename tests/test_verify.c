/* The checks on every output: each kind of lie is caught, and named. */
#include "lying.h"

#include <criterion/parameterized.h>

Test(verify, a_reader_in_another_order_than_the_file_is_refused)
{
	const struct format f = {.name = "backwards", .read = pairs_read};
	struct edit_table table;
	struct source src;
	struct store s;
	struct err e;

	begin(&s, &src, &f, "aabbcc");
	cr_assert(text_equal(store_uidl(&s, 0), text_of("cc")));
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "11"), edit(EDIT_UIDL, 2, "33")};
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"pairs: edit of UIDL 3 (aa): its place overlaps another's");
	/* The output that would be right is not told from others either. */
	cr_assert(edit_table_make(&table, &s, edits, 2, &e) == 0);
	cr_assert(verify_output(&s, &table, text_of("33bb11"), &e) == -1);
	cr_assert_str_eq(e.message,
		"pairs: the output is not right: record 1 (cc): bytes before it have "
		"changed; nothing was written");
	edit_table_release(&table);
	assert_output(&s, edits, 1, "aabb11");
	store_release(&s);
}

Test(verify, what_could_not_be_put_back_is_refused)
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

Test(verify, without_edits_any_other_output_is_refused)
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

ParameterizedTestParameters(verify, a_lying_reader_is_caught)
{
	return cr_make_param_array(
		struct lie, lie_table, sizeof(lie_table) / sizeof(*lie_table));
}

ParameterizedTest(struct lie *lie, verify, a_lying_reader_is_caught)
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

Test(verify, an_output_that_cannot_be_read_again_is_refused)
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

Test(verify, a_wrong_spelling_is_caught)
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

/* A file whose last record is "lie" means something else. */
static int
lines_dump(const struct source *src, struct buf *out, struct err *e)
{
	(void)e;
	buf_print(out, "%s", text_ends(src->bytes, "lie k") ? "another" : "the same");
	return 0;
}

Test(verify, a_rebuilt_file_must_mean_what_it_did)
{
	struct format f = lines;
	struct store s;
	struct source src;

	f.write = lines_write;
	begin(&s, &src, &f, FILE_TEXT);
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "I"), edit(EDIT_UIDL, 3, "lie")};
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"lines.txt: the output of this format cannot be compared with its input; "
		"nothing was written");
	f.dump = lines_dump;
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"lines.txt: the output is not right: more than the edited values has "
		"changed (byte 0 of what the file means); nothing was written");
	store_release(&s);
}

Test(verify, a_rebuilt_file_is_verified_too)
{
	struct format f = lines;
	struct store s;
	struct source src;

	f.write = lines_write;
	f.dump = lines_dump;
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
