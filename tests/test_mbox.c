/* mbox files of qpopper, Dovecot and UW as one side of a match. */
#include "folder.h"
#include "model/mboxline.h"

TestSuite(mbox, .timeout = 20);

static struct folder f;

#define FROM	"From ann@example.org Mon Nov  2 10:00:00 2026\n"
#define HEAD(n) "Message-ID: <" n "@x>\nSubject: letter " n "\n"

static void
point_at_file(void)
{
	size_t len = strlen(f.dir);

	snprintf(f.dir + len, sizeof(f.dir) - len, "/box");
}

static void
open_file(const char *bytes)
{
	folder_make(&f);
	folder_put("box", bytes);
	point_at_file();
	cr_assert_eq(folder_open(&f, "mbox", NULL, false), 0, "%s", f.e.message);
}

static void
end_file(void)
{
	*strrchr(f.dir, '/') = '\0';
	folder_end(&f);
}

static void
fails(const char *bytes, enum err_kind kind, const char *words)
{
	folder_make(&f);
	folder_put("box", bytes);
	point_at_file();
	cr_assert_eq(folder_open(&f, "mbox", NULL, false), -1);
	cr_expect_eq(f.e.kind, kind);
	cr_expect(strstr(f.e.message, words) != NULL, "%s", f.e.message);
	end_file();
}

static bool
is_body(size_t i, const char *lines)
{
	struct digest d = digest_of(text_of(lines));

	return (f.seen[i].flags & MESSAGE_BODY) && digest_equal(&f.seen[i].body, &d);
}

Test(mbox, uidls_are_the_x_uidl_headers)
{
	open_file(FROM HEAD("1") "X-UIDL: 2f\"!ab~\"!!8K \n\none\n>From quoted\n\n" FROM
			HEAD("2") "x-uidl :second\nX-UIDL: third\n\n\n" FROM HEAD(
				"3") "X-UIDL: 3\n\nthree");
	folder_lists(&f, "2f\"!ab~\"!!8K second 3");
	cr_expect(f.box.listing.whole);
	/* Lines by hand, each with CRLF; not the empty one before the next message. */
	cr_expect_eq(f.box.listing.at[0].size,
		strlen(HEAD("1") "X-UIDL: 2f\"!ab~\"!!8K \n\none\n>From quoted\n") + 6);
	cr_expect_eq(f.box.listing.at[1].size,
		strlen(HEAD("2") "x-uidl :second\nX-UIDL: third\n\n") + 5);
	cr_expect_eq(
		f.box.listing.at[2].size, strlen(HEAD("3") "X-UIDL: 3\n\nthree") + 4);
	folder_bodies(&f);
	cr_expect(is_body(0, "one\n>From quoted\n"));
	cr_expect(is_body(1, ""));
	cr_expect(is_body(2, "three\n"));
	folder_headers(&f);
	cr_expect_eq(f.nseen, 3);
	folder_describe(&f);
	cr_expect_str_eq(f.words[2], "letter 3");
	end_file();
}

Test(mbox, without_one_there_is_no_uidl)
{
	open_file(FROM HEAD("1") "\none\nX-UIDL: in-the-body\n\n" FROM HEAD(
		"2") "X-UIDL: b\n\ntwo\n");
	folder_lists(&f, "b");
	cr_expect_not(f.box.listing.whole);
	cr_expect(folder_noted(&f, "1 messages have no X-UIDL header"));
	end_file();
}

/* What UW and Dovecot keep there is no message; one of that Subject may be. */
Test(mbox, the_folders_own_data)
{
	open_file(
		"From MAILER-DAEMON Mon Nov  2 10:00:00 2026\n"
		"From: Mail System Internal Data <MAILER-DAEMON@h>\n"
		"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
		"X-IMAP: 1017764095 0000000062\nStatus: RO\n\nThis text is part of\n\n" FROM
		"Subject: DON'T DELETE THIS MESSAGE, please\nX-UIDL: a\n\none\n");
	folder_lists(&f, "a");
	cr_expect(f.box.listing.whole);
	end_file();
}

Test(mbox, what_only_looks_like_a_beginning)
{
	open_file(
		FROM HEAD("1") "X-UIDL: a\n\none\nFrom ann, Mon Nov  2 10:00:00 2026\n\n"
			       "From the start\n\n" FROM HEAD("2") "X-UIDL: b\n\ntwo\n");
	folder_lists(&f, "a b");
	folder_bodies(&f);
	cr_expect(is_body(
		0, "one\nFrom ann, Mon Nov  2 10:00:00 2026\n\nFrom the start\n"));
	end_file();
}

/* "\n" FROM "\n" are 48 bytes: a length that leads to a beginning, or to the end, is right;
 * one that leads elsewhere is not. */
Test(mbox, content_length)
{
	open_file(FROM HEAD("1") "X-UIDL: a\nContent-Length: 48\n\n\n" FROM "\n\n" FROM
			HEAD("2") "X-UIDL: b\nContent-Length: 40\n\n\n" FROM HEAD(
				"3") "X-UIDL: c\n"
				     "Content-Length:"
				     " 48\n\n\n" FROM "\n");
	folder_lists(&f, "a b c");
	folder_bodies(&f);
	cr_expect(is_body(0, "\n" FROM));
	cr_expect(is_body(1, ""));
	cr_expect(is_body(2, "\n" FROM));
	end_file();
}

Test(mbox, gzipped_and_with_crlf)
{
	folder_make(&f);
	folder_gzip("box",
		"From a@b Mon Nov  2 10:00:00 2026\r\nX-UIDL: a\r\n\r\none\r\n\r\n"
		"From a@b Mon Nov  2 10:00:00 2026\r\nX-UIDL: b\r\n\r\ntwo\r\n");
	point_at_file();
	cr_assert_eq(folder_open(&f, "mbox", NULL, false), 0, "%s", f.e.message);
	folder_lists(&f, "a b");
	cr_expect_eq(f.box.listing.at[0].size, strlen("X-UIDL: a\r\n\r\none\r\n"));
	folder_describe(&f);
	end_file();
}

Test(mbox, none)
{
	fails("Hello\n", ERR_DATA, "want an mbox, which begins with");
	fails("From me\n", ERR_DATA, "want an mbox, which begins with");
	open_file("");
	cr_expect_eq(f.box.listing.n, 0);
	end_file();
}

Test(mbox, from_lines)
{
	static const char *const yes[] = {"From a@b Fri Jul  8 12:08:34 2011",
		"From MAILER-DAEMON Fri Jul  8 12:08 2011",
		"From a@b Fri Jul  8 12:08:34 MET 2011",
		"From - Tue, 8 Jul 2011 2:08:34 +0200",
		"From a b Fri, 8-Jul-2011 12:08:34 CET"};
	static const char *const no[] = {"From the start", "From a@b Fri Jul  8 12:08:34",
		"From a@b Fri 8 12:08:34 2011", "From a@b Fri Jul 8 2011", ">From a@b",
		"From: a@b Fri Jul  8 12:08:34 2011", "From a@b Fri Jul 8 12:0834 2011",
		"from a@b Fri Jul  8 12:08:34 2011", "From a@b Fri Jul 8 12:08:34 20111"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		cr_expect(mbox_is_from(text_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		cr_expect_not(mbox_is_from(text_of(no[i])), "%s", no[i]);
}
