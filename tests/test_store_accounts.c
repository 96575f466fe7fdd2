/* Stores in which the account stands in every record: "USER@HOST UIDL". */
#include "model/format.h"
#include "model/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define FILE_TEXT "al@old 1\nbo@old 2\n  al@old  3 x\nal@old 1\n"

static int
lines_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct text line, name, uidl;

	s->account_in_records = true;
	while (take_line(&c, &line)) {
		struct cursor words = {line, 0};
		struct record r = {.status = '-'};

		if (!take_word(&words, &name) || !take_word(&words, &uidl))
			return err_at_line(e, s->source, store_span(s, line).off,
				"want \"USER@HOST UIDL\"");
		size_t at = text_find(name, '@');
		struct text user = {name.at, at};
		struct text host = {name.at + at + 1, name.len - at - 1};
		const struct account a = {.host = {host, store_span(s, host)},
			.user = {user, store_span(s, user)},
			.prefix = store_span(s, name)};
		if (store_account_of(s, a, &r.account, e) < 0)
			return -1;
		if (strcmp(s->format->name, "loses") == 0)
			r.account = 0;
		r.uidl = uidl.at;
		r.uidl_len = (uint32_t)uidl.len;
		r.at = store_span(s, uidl);
		r.whole = store_span(s,
			(struct text){name.at, (size_t)(line.at + line.len - name.at)});
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	return 0;
}

static const struct format lines = {.name = "lines", .read = lines_read};

static void
begin(struct store *s, struct source *src, const char *bytes)
{
	struct err e;

	source_of(src, "lines.txt", text_of(bytes));
	cr_assert(store_read(s, &lines, src, &e) == 0, "%s", e.message);
}

static struct edit
edit(enum edit_what what, uint32_t index, const char *to)
{
	return edit_make(what, index, text_of(to));
}

static void
assert_writes(const struct edit *edits, size_t n, int result, const char *want)
{
	struct source src;
	struct store s;
	struct buf out;
	struct err e = {0};

	begin(&s, &src, FILE_TEXT);
	buf_init(&out, 0);
	cr_assert_eq(store_write(&s, edits, n, &out, &e), result, "%s", e.message);
	if (result == 0)
		cr_assert(text_equal(buf_text(&out), text_of(want)), "have %.*s",
			TEXT_ARG(buf_text(&out)));
	else
		cr_assert_str_eq(e.message, want);
	buf_release(&out);
	store_release(&s);
}

Test(store_accounts, the_same_start_is_the_same_account)
{
	struct source src;
	struct store s;

	begin(&s, &src, FILE_TEXT);
	cr_assert_eq(s.naccounts, 2);
	cr_assert(text_equal(s.accounts[1].user.text, text_of("bo")));
	cr_assert_eq(s.nrecords, 4);
	cr_assert_eq(store_record(&s, 0).account, 0);
	cr_assert_eq(store_record(&s, 1).account, 1);
	struct record third = store_record(&s, 2);
	cr_assert_eq(third.account, 0);
	cr_assert_eq(store_account_at(&s, &third, s.accounts[0].host).off, 23);
	store_release(&s);
}

Test(store_accounts, an_edit_is_made_in_every_record)
{
	const struct edit edits[] = {edit(EDIT_UIDL, 2, "three"),
		edit(EDIT_HOST, 0, "new.example"), edit(EDIT_USER, 0, "a"),
		edit(EDIT_UIDL, 1, "zwei")};

	assert_writes(edits, 4, 0,
		"a@new.example 1\nbo@old zwei\n  a@new.example  three x\n"
		"a@new.example 1\n");
	assert_writes(&edits[1], 1, 0,
		"al@new.example 1\nbo@old 2\n  al@new.example  3 x\nal@new.example 1\n");
	assert_writes(edits, 1, 0, "al@old 1\nbo@old 2\n  al@old  three x\nal@old 1\n");
}

Test(store_accounts, two_accounts_must_not_become_one)
{
	const struct edit edits[] = {edit(EDIT_USER, 1, "al")};

	assert_writes(edits, 1, -1,
		"lines.txt: the output is not right: record 2 (2): it has another "
		"account; nothing was written");
}

Test(store_accounts, a_name_that_is_read_otherwise_is_refused)
{
	const struct edit host[] = {edit(EDIT_HOST, 0, "new host")};
	const struct edit user[] = {edit(EDIT_USER, 0, "al@home")};

	assert_writes(host, 1, -1,
		"lines.txt: the output is not right: account 1: a value is not the new "
		"one; nothing was written");
	assert_writes(user, 1, -1,
		"lines.txt: the output is not right: account 1: a value is not the new "
		"one; nothing was written");
}

/* As if one line had been left out, or another one changed too. */
Test(store_accounts, an_output_that_lies_is_refused)
{
	static const char *const lies[][2] = {
		{"al@new 1\nbo@old 2\n  al@old  3 x\nal@new 1\n",
			"account 3: there was none"},
		{"al@new 1\nbo@new 2\n  al@new  3 x\nal@new 1\n",
			"account 2: a value has changed"},
		{"al@new 1\nbo@old 2\n al@new  3 x\nal@new 1\n",
			"record 3 (3): bytes before it have changed"},
		{"al@new 1\nbo@old 2\n  al@new 3 x\nal@new 1\n",
			"record 3 (3): bytes beside its UIDL have changed"},
		{"al@new 1\nbo@old 2\n  al@new  3 x\nal@new 1\n\n",
			"lines.txt:5: want \"USER@HOST UIDL\""},
		{"al@new 1\nbo@old 2\n  al@new  3 x\nal@new 1",
			"bytes behind the last edit have changed"},
	};
	const struct edit host = edit(EDIT_HOST, 0, "new");
	const struct edit *none[2] = {NULL, NULL}, *of_host[2] = {&host, NULL};
	const struct edit_table table = {
		.edits = &host, .n = 1, .of_host = of_host, .of_user = none};
	struct source src;
	struct store s;
	struct err e;

	begin(&s, &src, FILE_TEXT);
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		cr_assert_eq(verify_output(&s, &table, text_of(lies[i][0]), &e), -1);
		cr_assert(strstr(e.message, lies[i][1]) != NULL, "%s", e.message);
	}
	store_release(&s);
}

Test(store_accounts, a_reader_that_loses_the_account_is_caught)
{
	const struct format loses = {.name = "loses", .read = lines_read};
	struct source src;
	struct store s;
	struct err e;

	source_of(&src, "lines.txt", text_of(FILE_TEXT));
	cr_assert_eq(store_read(&s, &loses, &src, &e), -1);
	cr_assert_str_eq(e.message, "lines.txt: byte 0x9: the record does not begin with "
				    "its account's name");
	cr_assert_eq(e.kind, ERR_INTERNAL);
}

Test(store_accounts, too_many_are_refused)
{
	struct buf b;
	struct source src;
	struct store s;
	struct err e;

	buf_init(&b, SOURCE_MAX);
	for (int i = 0; i < 10000; i++)
		buf_print(&b, "u%05d@h 1\n", i);
	source_of(&src, "lines.txt", buf_text(&b));
	cr_assert(store_read(&s, &lines, &src, &e) == 0, "%s", e.message);
	cr_assert_eq(s.naccounts, 10000);
	store_release(&s);
	buf_print(&b, "u@h 1\n");
	source_of(&src, "lines.txt", buf_text(&b));
	cr_assert_eq(store_read(&s, &lines, &src, &e), -1);
	cr_assert_str_eq(e.message, "lines.txt: byte 0x1adb0: this is its account number "
				    "10001: no client has as many");
	buf_release(&b);
}
