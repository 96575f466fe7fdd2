/* lmos.dat: what is written, read by a program that shares nothing with ours. */
#include "model/eudora_hash.h"
#include "model/format.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
change(const char *fixture, const char *path, const struct edit *edits, size_t n,
	struct buf *out, struct err *e)
{
	struct source file, src;
	struct store s;

	cr_assert_eq(source_read(&file, fixture, e), 0, "%s", e->message);
	source_of(&src, path, file.bytes);
	cr_assert_eq(store_read(&s, format_named(text_of("eudora")), &src, e), 0, "%s",
		e->message);
	buf_init(out, 0);
	*e = (struct err){0};
	store_write(&s, edits, n, out, e);
	store_release(&s);
	source_release(&file);
}

static struct edit
edit(uint32_t index, const char *to)
{
	return edit_make(EDIT_UIDL, index, text_of(to));
}

static void
assert_walk(const struct buf *out, const char *personality, const char *want)
{
	char name[] = "/tmp/reuidl-lmos.XXXXXX", command[200], have[2000];
	int fd = mkstemp(name);

	cr_assert_eq(write(fd, out->at, out->len), (ssize_t)out->len);
	close(fd);
	snprintf(command, sizeof(command), "python3 tests/eudora_check.py %s '%s' 2>&1",
		name, personality);
	FILE *f = popen(command, "r");
	cr_assert_not_null(f);
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	cr_assert_eq(pclose(f), 0, "%s", have);
	unlink(name);
	cr_assert_str_eq(have, want);
}

Test(eudora, what_is_written_is_what_eudora_would_have)
{
	const struct edit edits[] = {edit(0, "000000056b02f262"), edit(2, "u"),
		edit(1, "0123456789012345678901234567890123456789012345678901234567890123"
			"456789")};
	struct buf out;
	struct err e;

	change("fixtures/eudora/dominant", "lmos.dat", edits, 3, &out, &e);
	assert_walk(&out, "<Dominant>",
		"alice@pop.example.org\n"
		"000000056b02f262 <m@example.org> 1017765119 0x128a 1234 own\n"
		"0123456789012345678901234567890123456789012345678901234567890123456789 "
		"<m@example.org> 1017765120 0x128a 1234 own\n"
		"u <m@example.org> 1017765121 0x128a 1234 own\n");
	buf_release(&out);
	/* A personality that nothing names but its own hashes. */
	change("fixtures/eudora/unknown-personality", "lmos.dat", &edits[1], 1, &out, &e);
	assert_walk(&out, "never seen",
		"alice@pop.example.org\n"
		"UID1-1795355786 <m@example.org> 1017765119 0x128a 1234 own\n"
		"UID2-1795355786 <m@example.org> 1017765119 0x128a 1234 own\n"
		"u <m@example.org> 1017765119 0x128a 1234 own\n");
	buf_release(&out);
	const struct edit two[] = {edit(0, "new0"), edit(1, "new1")};
	change("fixtures/eudora/some-hashes", "lmos.dat", two, 2, &out, &e);
	assert_walk(&out, "<Dominant>",
		"alice@pop.example.org\n"
		"new0 <m@example.org> 1017765119 0x128a 1234 none\n"
		"new1 <m@example.org> 1017765119 0x128a 1234 own\n"
		"c <m@example.org> 1017765119 0x128a 1234 own\n"
		"d <m@example.org> 1017765119 0x128a 1234 none\n");
	buf_release(&out);
}

Test(eudora, what_it_does_not_keep_is_refused)
{
	static const char *const cases[][2] = {
		{"a b", "Eudora keeps no such character"},
		{"caf\xc3\xa9", "Eudora keeps no such character"},
		{"udef", "Eudora takes that for no UIDL"},
		{"", "Eudora keeps 1 to 70 characters"},
		{"01234567890123456789012345678901234567890123456789012345678901234567890",
			"Eudora keeps 1 to 70 characters"},
	};
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct edit bad = edit(0, cases[i][0]);
		change("fixtures/eudora/dominant", "lmos.dat", &bad, 1, &out, &e);
		cr_assert(strstr(e.message, cases[i][1]) != NULL, "%s", e.message);
		cr_assert_eq(out.len, 0);
		buf_release(&out);
	}
	const struct edit full = edit(0, &cases[4][0][1]);
	change("fixtures/eudora/no-hashes", "lmos.dat", &full, 1, &out, &e);
	cr_assert(strstr(e.message, "its record has no hash") != NULL, "%s", e.message);
	buf_release(&out);
}

/* 513 = 0x0201 and 2147483629 is p, so that both sums can be done by hand. */
Test(eudora, hash)
{
	struct eudora_hash h;

	cr_assert_eq(eudora_hash_alone(text_of("")), 0);
	cr_assert_eq(eudora_hash_alone(text_of("\x02\x01")), 513);
	cr_assert_eq(eudora_hash_alone(text_of("\x7f\xff\xff\xed")), 0);
	eudora_hash_of_name(&h, text_of("\x03"));
	cr_assert_eq(eudora_hash_stored(&h, text_of("\x02\x01")), 513 * 256 + 3 + 1);
	cr_assert(eudora_hash_solve(
		&h, text_of("\x01"), 256 + 3 + 1, text_of("\x02"), 512 + 3 + 1));
	cr_assert_eq(h.mul, 256);
	cr_assert_eq(h.add, 3);
	cr_assert_not(eudora_hash_solve(&h, text_of("\x01"), 0, text_of("\x02"), 516));
	cr_assert_not(eudora_hash_solve(&h, text_of("a"), 7, text_of("a"), 7));
}

Test(eudora, compares_hashes_and_keeps_dashes)
{
	const struct format *f = format_named(text_of("eudora"));
	struct buf a, b;

	buf_init(&a, SOURCE_MAX);
	buf_init(&b, SOURCE_MAX);
	cr_assert(text_equal(
		format_key(f, text_of("a b"), &a), format_key(f, text_of("a-b"), &b)));
	cr_assert(text_equal(
		format_key(f, text_of(""), &a), format_key(f, text_of("udef"), &b)));
	cr_assert_not(text_equal(
		format_key(f, text_of("a"), &a), format_key(f, text_of("b"), &b)));
	cr_assert(text_equal(format_kept(f, text_of("a b"), &a), text_of("a-b")));
	/* The same modulo p. */
	cr_assert(text_equal(format_key(f,
				     text_of("\x7f\xff\xff\xed"
					     "x"),
				     &a),
		format_key(f, text_of("x"), &b)));
	buf_release(&a);
	buf_release(&b);
}
