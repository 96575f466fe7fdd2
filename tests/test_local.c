/*
 * Local mail as evidence: what the reader tells of Thunderbird's mbox and maildir files.
 */
#include "hearing.h"

#include "base/buf.h"
#include "model/mozilla_mail.h"

#define FROM "From - Sat Jan 03 10:00:00 2026\n"
#define HEAD(key, uidl, status)                                                          \
	"X-Account-Key: " key "\nX-UIDL: " uidl "\nX-Mozilla-Status: " status            \
	"\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys:         \n"
#define OURS(uidl) FROM HEAD("account1", uidl, "0001")

static struct heard
listen_from(const char *file, size_t len, bool single, uint64_t off, bool picky,
	bool headers_only)
{
	struct heard h = {.file = file, .len = len, .picky = picky ? "22" : NULL};
	struct local_file f = {
		.path = "x", .single = single, .key = {"account1", 8}, .off = off};

	hear(&h, mozilla_local, &f, headers_only);
	return h;
}

static void
hears(const char *file, bool single, const char *words)
{
	struct heard h = listen_from(file, strlen(file), single, 0, false, false);

	cr_assert_str_eq(h.words, words, "got:\n%s", h.words);
}

Test(local, every_message_of_the_account_in_an_mbox)
{
	hears(OURS("11") "From: a\nSubject: s\n\none\n\ntwo\n\n" FROM HEAD("account2",
		      "99", "0001") "From: b\n\nother\n\n" OURS("22") "From: c\n\nx\n\n",
		false,
		"[11] From: a|Subject: s||one||two||= all\n[22] From: c||x||= all\n");
}

Test(local, crlf_and_the_bare_separator_of_newer_versions)
{
	hears("From \r\nX-Account-Key: account1\r\nX-UIDL: 11\r\nX-Mozilla-Status: "
	      "0001\r\nFrom: a\r\n\r\none\r\n\r\nFrom \r\nX-Account-Key: "
	      "account1\r\nX-UIDL: 22\r\n\r\nx\r\n",
		false, "[11] From: a||one||= all\n[22] |x|= all\n");
}

Test(local, deleted_and_not_yet_gone_is_evidence_as_well)
{
	hears(FROM HEAD("account1", "11", "0009") "From: a\n\none\n", false,
		"[11] From: a||one|= all\n");
}

/* Partial, with other bits, in letters of either case. */
Test(local, of_a_stub_the_header_only)
{
	hears(FROM HEAD("account1", "11", "0400") "From: a\n\none\ntwo\n\n" FROM HEAD(
		      "account1", "22", "8c01") "From: b\n\none\n\n" FROM HEAD("account1",
		      "33", "8C01") "From: b\n\n\n" FROM HEAD("account1", "44",
		      "0300") "From: c\n\none\n",
		false,
		"[11] From: a||= header\n[22] From: b||= header\n[33] From: b||= "
		"header\n[44] From: c||one|= all\n");
	hears(HEAD("account1", "11", "0400") "From: a\n\none\ntwo\n", true,
		"[11] From: a||= header\n");
}

Test(local, a_line_that_may_have_been_quoted_leaves_the_header)
{
	hears(OURS("11") "From: a\n\none\n>From me\n\n" OURS(
		      "22") "From: b\n\none\n>>From "
			    "me\n\n" OURS("33") "From: c\n\none\nFrom me\nmore\n\n" OURS(
				    "44") "From: d\n\n>Fromage\n>"
					  " From "
					  "you\n",
		false,
		"[11] From: a||one|= header\n[22] From: b||one|= header\n[33] From: "
		"c||one|= header\n[44] From: d||>Fromage|> From you|= all\n");
	/* A maildir file needs no quoting; the versions that quoted did it there too. */
	hears(HEAD("account1", "11", "0001") "From: a\n\n\nFrom me\n", true,
		"[11] From: a|||From me|= all\n");
	hears(HEAD("account1", "11", "0001") "From: a\n\n>From me\n", true,
		"[11] From: a||= header\n");
}

/* A version that did not quote: what follows is no message, so this is not its end. */
Test(local, a_separator_that_no_head_follows_may_be_the_messages)
{
	hears(OURS("11") "From: a\n\none\n\nFrom me to you\nmore\n\n" OURS(
		      "22") "From: b\n\nx\n",
		false, "[11] From: a||one||= header\n[22] From: b||x|= all\n");
	hears(OURS("11") "From: a\n\none\n\nFrom me", false,
		"[11] From: a||one||= header\n");
}

Test(local, no_body_no_header_no_end)
{
	hears(OURS("11") "From: a\n\n" OURS("22") "From: b\n\n\n" OURS(
		      "33") "\nx\n\n" OURS("44") "From: d\nTo: e",
		false,
		"[11] From: a||= all\n[22] From: b|||= all\n[33] |x||= all\n[44] From: "
		"d|To: e|= all\n");
}

Test(local, what_is_no_mail)
{
	hears("", false, "");
	hears("", true, "");
	hears("{\"a\": 1}\n\n" OURS("11") "\nx\n", false, "");
	hears("From: a\n\nsent, not fetched\n", true, "");
	hears(FROM, false, "");
	hears("From", false, "");
}

static void
add_run(struct buf *b, size_t lines, size_t len)
{
	for (size_t k = 0; k < lines; k++) {
		memset(buf_room(b, len), 'x', len);
		b->len += len;
		buf_byte(b, '\n');
	}
}

/* Files of many windows, messages longer than one, and the places to begin at. */
Test(local, windows)
{
	static const char *const uidls[] = {"11", "22", "33"};
	struct buf b;

	buf_init(&b, (size_t)1 << 30);
	for (int i = 0; i < 3; i++) {
		buf_print(&b, FROM HEAD("account1", "%s", "0001") "Subject: %d\n\n",
			uidls[i], i);
		add_run(&b, 50000, 63);
		buf_byte(&b, '\n');
	}
	struct heard h = listen_from(b.at, b.len, false, 0, true, true);
	cr_assert_str_eq(h.words, "[11]-[22] Subject: 1||= header\n[33]-", "%s", h.words);
	cr_assert_lt(h.reads, 15);
	uint64_t at = h.at[1];
	h = listen_from(b.at, b.len, false, at, true, true);
	cr_assert_str_eq(h.words, "[22] Subject: 1||= header\n[33]-");
	buf_release(&b);
}

Test(local, lines_without_end)
{
	struct buf b;

	buf_init(&b, (size_t)1 << 30);
	buf_print(&b, OURS("11") "Subject: a\n\none\n");
	add_run(&b, 1, (size_t)17 << 20);
	buf_print(&b, "\n" OURS("22") "Subject: ");
	add_run(&b, 1, (size_t)2 << 20);
	buf_print(&b, "\nx\n\n" OURS("33") "Subject: c\n\nx\n");
	struct heard h = listen_from(b.at, b.len, false, 0, false, false);
	cr_assert_str_eq(h.words,
		"[11] Subject: a||one|= header\n[22] = nothing\n[33] Subject: c||x|= "
		"all\n",
		"%s", h.words);
	buf_release(&b);
}

static int
broken(void *arg, uint64_t off, char *to, size_t len, size_t *got, struct err *e)
{
	(void)arg, (void)off, (void)to, (void)len, (void)got;
	return err_set(e, ERR_IO, "io", "Inbox: cannot be read");
}

Test(local, what_cannot_be_read_is_an_error)
{
	struct local_sink sink = {.begin = hear_begin};
	struct local_file f = {.path = "x", .size = 5, .read = broken};
	struct err e;

	cr_assert_eq(mozilla_local(&f, &sink, &e), -1);
	cr_assert_str_eq(e.message, "Inbox: cannot be read");
	local_release(&f);
}
