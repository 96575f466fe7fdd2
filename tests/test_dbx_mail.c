/*
 * Outlook Express's mail as evidence. fixtures/local/Inbox.dbx was made by
 * tests/make_dbx_mail.py, which says what is in it.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "model/dbx_mail.h"
#include "model/source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ME "00000001@pop.example.com"

struct heard {
	struct text file;
	const char *only; /* NULL: all are wanted */
	uint64_t at[16];
	size_t n;
	struct buf words;
	const char *line_end;
};

static int
take(void *arg, uint64_t off, char *to, size_t len, size_t *got, struct err *e)
{
	const struct heard *h = arg;

	(void)e;
	*got = off < h->file.len ? h->file.len - (size_t)off : 0;
	if (*got > len)
		*got = len;
	if (*got > 0)
		memcpy(to, h->file.at + off, *got);
	return 0;
}

static int
begin(void *arg, const struct local_message *m, bool *wanted, struct err *e)
{
	struct heard *h = arg;

	(void)e;
	cr_assert(*wanted);
	*wanted = h->only == NULL || text_equal(m->uidl, text_of(h->only));
	h->at[h->n++ & 15] = m->at;
	if (*wanted && h->line_end[0] == '|')
		buf_print(&h->words, "[%.*s] ", TEXT_ARG(m->uidl));
	return 0;
}

static void
line(void *arg, struct text t)
{
	struct heard *h = arg;

	buf_print(&h->words, "%.*s%s", TEXT_ARG(t), h->line_end);
}

static int
end(void *arg, enum local_known known, struct err *e)
{
	static const char *const names[] = {"= nothing\n", "= header\n", "= all\n"};
	struct heard *h = arg;

	(void)e;
	if (h->line_end[0] == '|')
		buf_print(&h->words, "%s", names[known]);
	return 0;
}

static void
listen(struct heard *h, const char *key, uint64_t off, bool headers_only)
{
	struct local_sink sink = {begin, line, end, h, headers_only};
	struct local_file f = {.path = "Inbox.dbx",
		.size = h->file.len,
		.key = text_of(key),
		.read = take,
		.arg = h,
		.off = off};
	struct err e;

	if (h->line_end == NULL)
		h->line_end = "|";
	buf_init(&h->words, (size_t)1 << 24);
	for (size_t calls = 0; !f.done; calls++) {
		cr_assert_lt(calls, 1000, "no end");
		cr_assert_eq(dbx_local(&f, &sink, &e), 0, "%s", e.message);
	}
	local_release(&f);
}

static void
hears(struct heard *h, const char *words)
{
	cr_expect(text_equal(buf_text(&h->words), text_of(words)), "heard:\n%.*s",
		TEXT_ARG(buf_text(&h->words)));
	buf_release(&h->words);
}

static void
open_fixture(struct source *src)
{
	struct err e;

	cr_assert(source_read(src, "fixtures/local/Inbox.dbx", &e) == 0, "%s", e.message);
}

/* "line 000 of the long message|…" */
static void
add_lines(struct buf *b, int n, const char *rest)
{
	for (int i = 0; i < n; i++)
		buf_print(b, "line %03d%s|", i, rest);
}

Test(dbx_mail, every_message_of_the_account)
{
	struct source src;
	struct heard h = {.n = 0};
	struct buf want;

	open_fixture(&src);
	h.file = src.bytes;
	buf_init(&want, 1 << 16);
	buf_print(&want, "[u1] From: a|Subject: one||first||second|= all\n"
			 "[u2] From: c|Subject: long||");
	add_lines(&want, 40, " of the long message");
	/* Shorter than its record says; of a chain that ends too soon, what is there. */
	buf_print(&want, "= all\n[u6] From: f||shorter than its record says|= header\n"
			 "[u7] From: g||");
	add_lines(&want, 50, "");
	/* A chain that leads astray within the header; no text; no empty line. */
	buf_print(&want, "= header\n[u8] = nothing\n[u9] = nothing\n"
			 "[u10] From: j|Subject: no body|= all\n");
	buf_byte(&want, '\0');
	listen(&h, ME, 0, false);
	hears(&h, want.at);
	buf_release(&want);
	source_release(&src);
}

Test(dbx_mail, other_accounts_have_other_keys)
{
	static const char *const cases[][2] = {
		{"00000002@pop.example.com", "[u3] From: x||another account's|= all\n"},
		{"00000001@pop.example.org", "[u4] From: x||another server's|= all\n"},
		{"00000001@pop.example.co", ""},
		{"0000001@pop.example.com", ""},
		{"00000001@", ""},
	};
	struct source src;
	struct buf key;

	open_fixture(&src);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct heard h = {.file = src.bytes};
		listen(&h, cases[i][0], 0, false);
		hears(&h, cases[i][1]);
	}
	buf_init(&key, 100);
	dbx_mail_key(text_of("pop.example.com"), text_of("00000001"), &key);
	cr_assert(text_equal(buf_text(&key), text_of(ME)));
	buf_release(&key);
	source_release(&src);
}

/* Where a message was told to be, it is found again. */
Test(dbx_mail, from_a_message_on)
{
	struct source src;
	struct heard h = {.only = "u2"};

	open_fixture(&src);
	h.file = src.bytes;
	listen(&h, ME, 0, true);
	cr_assert_eq(h.n, 7);
	hears(&h, "[u2] From: c|Subject: long||= header\n");
	struct heard again = {.file = src.bytes};
	listen(&again, ME, h.at[1], true);
	cr_assert_eq(again.n, 1);
	hears(&again, "[u2] From: c|Subject: long||= header\n");
	source_release(&src);
}

/* Cut anywhere, and each number of the tree and of the blocks a lie: nothing is read that
 * is not there, and it ends. */
Test(dbx_mail, what_does_not_hang_together)
{
	struct source src;

	open_fixture(&src);
	for (size_t n = 0; n < src.bytes.len; n += 97) {
		char *copy = must_alloc(n);
		struct heard h = {.file = {copy, n}};
		memcpy(copy, src.bytes.at, n);
		listen(&h, ME, 0, false);
		buf_release(&h.words);
		free(copy);
	}
	for (size_t off = 0; off + 4 < src.bytes.len; off += 4) {
		char was[4];
		uint32_t word;
		struct heard h = {.file = src.bytes};

		memcpy(&word, src.memory + off, 4);
		if (word == 0)
			continue;
		memcpy(was, src.memory + off, 4);
		memcpy(src.memory + off, off % 8 ? "\xff\xff\xff\xff" : "\x54\xe2\x01",
			4);
		listen(&h, ME, 0, false);
		buf_release(&h.words);
		memcpy(src.memory + off, was, 4);
	}
	source_release(&src);
}

Test(dbx_mail, other_files_hold_none)
{
	static const char *const files[] = {"fixtures/outlook_express/three",
		"fixtures/outlook_express/bad-folders", "fixtures/thunderbird/crlf",
		"fixtures/thunderbird/empty"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct source src;
		struct heard h = {.n = 0};
		struct err e;

		cr_assert(source_read(&src, files[i], &e) == 0, "%s", e.message);
		h.file = src.bytes;
		listen(&h, "", 0, false);
		hears(&h, "");
		source_release(&src);
	}
}

/* A store of 2002; the digest is that of the file that undbx 0.21 extracts from it. */
Test(dbx_mail, a_real_store)
{
	struct source src;
	struct heard h = {.line_end = "\r\n"};
	struct err e;
	char hex[65];

	if (source_read(&src, "../shared/samples/dbx-mail-transport-dbx/test.dbx", &e) <
		0)
		cr_skip_test("no real files in ../shared/samples");
	h.file = src.bytes;
	listen(&h, "00000001@pbox.dialup.rwth-aachen.de", 0, false);
	struct digest d = digest_of(buf_text(&h.words));
	digest_hex(&d, hex);
	cr_assert_str_eq(
		hex, "34934eb0b6b7bac25f3f3cfce518ae63102863b5c60cb74755d04b174121c43d");
	buf_release(&h.words);
	source_release(&src);
}
