/* Maildirs of qmail, Courier and Dovecot as one side of a match. */
#include "folder.h"

TestSuite(maildir, .timeout = 20);

static struct folder f;

#define HEAD(n) "Message-ID: <" n "@x>\nSubject: letter " n "\n\n"

#define FIRST  HEAD("1") "one\n"
#define SECOND HEAD("2") "two\r\n.\r\n"

Test(maildir, qmails_names_are_the_uidls)
{
	struct digest body = digest_of(text_of("two\n.\n"));

	folder_make(&f);
	folder_put("new/1000000010.1.h", FIRST);
	folder_put("cur/999999999.2.h:2,S", SECOND);
	folder_put("cur/.hidden", FIRST);
	cr_assert(mkdir(".Sent", 0700) == 0 && mkdir(".Sent/cur", 0700) == 0);
	folder_put(".Sent/cur/1.sent:2,S", FIRST);
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), 0, "%s", f.e.message);
	folder_lists(&f, "999999999.2.h 1000000010.1.h");
	cr_expect(f.box.listing.whole);
	cr_expect_eq(f.box.listing.at[1].size, strlen(FIRST) + 4);
	cr_expect_eq(f.box.listing.at[0].size, strlen(SECOND) + 3);
	cr_expect(folder_noted(
		&f, "the UIDLs of 2 messages are by the rule {file}, which"));
	folder_headers(&f);
	cr_expect_eq(f.nseen, 2);
	cr_expect(f.seen[0].flags & MESSAGE_HEADER && f.seen[1].flags & MESSAGE_HEADER);
	/* As TOP gives it: three lines with CRLF. */
	cr_expect_eq(f.seen[0].header_octets, strlen(HEAD("2")) + 3);
	folder_bodies(&f);
	cr_expect(digest_equal(&f.seen[0].body, &body));
	folder_describe(&f);
	cr_expect_str_eq(f.words[0], "letter 2");
	cr_expect_str_eq(f.words[1], "letter 1");
	folder_end(&f);
}

Test(maildir, a_rule_that_nothing_proves_wants_to_be_trusted)
{
	folder_make(&f);
	folder_put("new/1.h", FIRST);
	cr_assert_eq(folder_open(&f, "maildir", NULL, false), -1);
	cr_expect_eq(f.e.kind, ERR_USAGE);
	cr_expect(
		strstr(f.e.message, "no POP3 server has left a list there, and nothing "
				    "proves that its UIDLs are the files' names") != NULL,
		"%s", f.e.message);
	cr_expect(strstr(f.e.message, "--trust-rule") != NULL);
	folder_end(&f);
}

Test(maildir, tpop3ds_md5)
{
	folder_make(&f);
	folder_put("cur/1094503722.V902Ifc4M123.mx1:2,S", FIRST);
	cr_assert_eq(folder_open(&f, "maildir", "tpop3d", true), 0, "%s", f.e.message);
	folder_lists(&f, "3bc43dba32058c95501c858bf53f01e4");
	folder_end(&f);
}

/* The list is what Courier 1.0 wrote; its order is by the number in front. */
Test(maildir, couriers_list_is_its_own_word)
{
	folder_make(&f);
	folder_put("courierpop3dsizelist", "/3 7 1795865844\n"
					   "9.b.lab:2, 300 4:1795865844:0\n"
					   "10.a.lab 200 1:1795865844:0\n"
					   "11.c+d.lab 100 0:0:0\n"
					   "12.gone.lab 100 5:0:0\n");
	folder_put("cur/10.a.lab:2,S", FIRST);
	folder_put("cur/9.b.lab:2,", SECOND);
	folder_put("cur/11.c+d.lab:2,", SECOND);
	folder_put("new/13.later", SECOND);
	cr_assert_eq(folder_open(&f, "maildir", NULL, false), 0, "%s", f.e.message);
	folder_lists(&f, "UID4-1795865844 UID1-1795865844 11.c+2Bd.lab");
	cr_expect_eq(f.box.listing.at[0].size, 300);
	cr_expect_not(f.box.listing.whole, "a message is there that has no UIDL yet");
	cr_expect(folder_noted(&f, "1 messages are not in the server's list there"));
	folder_end(&f);
}

/* What a Dovecot 2.3.19 listed for this file, see test_uidlist.c. */
static void
put_dovecot(void)
{
	folder_put("dovecot-uidlist",
		"3 V1775808377 N71 G4a543e3593d0fce361c6d428b00255dd P%25v.%25u\n"
		"1 W200 Pab%c :1767225601.M1P1.lab\n"
		"2 P W200 :1767225602.M2P1.lab\n"
		"3 O5 Ga1b2c3d4e5f60718293a4b5c6d7e8f90 W182 :1767225603.M3P1.lab\n"
		"4 O1 Pab:c W201 :1767225604.M4P1.lab\n"
		"5 Zx O3 W188 :1767225605.M5P1.lab\n"
		"70 :1767225606.M6P1.lab\n");
	folder_put("cur/1767225601.M1P1.lab:2,", FIRST);
	folder_put("cur/1767225602.M2P1.lab:2,", FIRST);
	folder_put("cur/1767225603.M3P1.lab:2,", FIRST);
	folder_put("cur/1767225604.M4P1.lab:2,", FIRST);
	folder_put("cur/1767225605.M5P1.lab:2,", FIRST);
	folder_put("new/1767225606.M6P1.lab,W=123", FIRST);
	folder_put("new/1767225606.M6P1.lab", SECOND);
}

Test(maildir, dovecots_list_with_its_rule)
{
	folder_make(&f);
	put_dovecot();
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), 0, "%s", f.e.message);
	folder_lists(&f, "ab:c 0000000569d8af79 0000000369d8af79 ab%c "
			 "1767225602.M2P1.lab 0000004669d8af79");
	cr_expect_eq(f.box.listing.at[0].size, 201);
	cr_expect_eq(f.box.listing.at[5].size, strlen(SECOND) + 3);
	cr_expect_not(f.box.listing.whole);
	folder_end(&f);
}

Test(maildir, dovecots_guids)
{
	folder_make(&f);
	put_dovecot();
	cr_assert_eq(folder_open(&f, "maildir", "{guid}", true), 0, "%s", f.e.message);
	folder_lists(&f, "ab:c 1767225605.M5P1.lab a1b2c3d4e5f60718293a4b5c6d7e8f90 ab%c "
			 "1767225602.M2P1.lab 1767225606.M6P1.lab");
	folder_end(&f);
}

Test(maildir, without_trust_only_what_dovecot_stored)
{
	folder_make(&f);
	put_dovecot();
	cr_assert_eq(folder_open(&f, "maildir", NULL, false), 0, "%s", f.e.message);
	folder_lists(&f, "ab:c ab%c 1767225602.M2P1.lab");
	cr_expect_not(f.box.listing.whole);
	cr_expect(folder_noted(&f, "of 3 messages Dovecot has stored no UIDL"));
	folder_end(&f);
}

Test(maildir, two_servers_lists_are_not_guessed_between)
{
	folder_make(&f);
	put_dovecot();
	folder_put("courierpop3dsizelist", "/3 7 9\n1767225601.M1P1.lab 200 1:9:0\n");
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), -1);
	cr_expect_eq(f.e.kind, ERR_USAGE);
	cr_expect(strstr(f.e.message, "has been Courier's") != NULL, "%s", f.e.message);
	mailbox_release(&f.box);
	cr_assert_eq(folder_open(&f, "maildir", "courier", false), 0, "%s", f.e.message);
	folder_lists(&f, "UID1-9");
	mailbox_release(&f.box);
	cr_assert_eq(folder_open(&f, "maildir", "dovecot", true), 0, "%s", f.e.message);
	cr_expect_eq(f.box.listing.n, 6);
	folder_end(&f);
}

Test(maildir, a_rule_wants_what_is_there)
{
	folder_make(&f);
	folder_put("new/1.h", FIRST);
	cr_assert_eq(folder_open(&f, "maildir", "dovecot", true), -1);
	cr_expect_eq(f.e.kind, ERR_USAGE);
	cr_expect(strstr(f.e.message, "nothing there says what the UIDL rule "
				      "{u:08x}{v:08x} wants") != NULL,
		"%s", f.e.message);
	folder_end(&f);
}

Test(maildir, gzipped_as_dovecot_does)
{
	struct digest body = digest_of(text_of("one\n"));

	folder_make(&f);
	folder_gzip("cur/1.M1.h,S=40:2,SZ", FIRST);
	folder_put("cur/2.M2.h:2,S", SECOND);
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), 0, "%s", f.e.message);
	folder_bodies(&f);
	cr_expect_eq(f.box.listing.at[0].size, strlen(FIRST) + 4);
	cr_expect(digest_equal(&f.seen[0].body, &body));
	folder_end(&f);
}

/* Cut off in its compressed data, of another kind, no file at all, a way out. */
Test(maildir, what_cannot_be_read_is_left_apart)
{
	char whole[4096];

	folder_make(&f);
	folder_gzip("cur/1.cut", FIRST FIRST FIRST);
	FILE *g = fopen("cur/1.cut", "rb");
	size_t n = fread(whole, 1, sizeof(whole), g);
	fclose(g);
	cr_assert_eq(truncate("cur/1.cut", (off_t)n - 12), 0);
	folder_put("cur/2.xz", "\xfd"
			       "7zXZ");
	g = fopen("cur/2.xz", "ab");
	fputc(0, g);
	fclose(g);
	cr_assert_eq(mkdir("cur/3.folder", 0700), 0);
	folder_put("elsewhere", FIRST);
	cr_assert_eq(symlink("../elsewhere", "cur/4.link"), 0);
	folder_put("cur/5.fine", FIRST);
	folder_put("cur/6.bad\nname", FIRST);
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), 0, "%s", f.e.message);
	folder_lists(&f, "1.cut 2.xz 3.folder 4.link 5.fine");
	folder_headers(&f);
	for (size_t i = 0; i < 4; i++)
		cr_expect(f.seen[i].flags & MESSAGE_NO_HEADER, "%zu", i);
	cr_expect(f.seen[4].flags & MESSAGE_HEADER);
	cr_expect(folder_noted(&f, "1 files have names that no message has"));
	cr_expect(folder_noted(&f, "3.folder: cannot read what is no regular file"));
	struct mailbox *m = &f.box;
	mailbox_close(&m, 1);
	cr_expect(folder_noted(&f, "2 messages cannot be read (damaged"));
	folder_end(&f);
}

/* The server is in use: a message is read, one goes, one comes. */
Test(maildir, what_changes_meanwhile_is_no_failure)
{
	folder_make(&f);
	folder_put("new/1.M1.h,W=40", FIRST);
	folder_put("cur/2.M2.h,W=50:2,", FIRST);
	folder_put("cur/3.M3.h,W=60:2,", SECOND);
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), 0, "%s", f.e.message);
	cr_expect_eq(f.box.listing.at[2].size, 60);
	cr_assert_eq(rename("new/1.M1.h,W=40", "cur/1.M1.h,W=40:2,S"), 0);
	cr_assert_eq(unlink("cur/2.M2.h,W=50:2,"), 0);
	folder_put("new/4.M4.h", FIRST);
	folder_headers(&f);
	cr_expect(f.seen[0].flags & MESSAGE_HEADER);
	cr_expect(f.seen[1].flags & MESSAGE_NO_HEADER);
	cr_expect(f.seen[2].flags & MESSAGE_HEADER);
	struct mailbox *m = &f.box;
	mailbox_close(&m, 1);
	cr_expect(folder_noted(&f, "1 messages went away while they were read"));
	cr_expect(folder_noted(&f, "1 messages have come since the list was made"));
	folder_end(&f);
}

Test(maildir, no_maildir)
{
	folder_make(&f);
	cr_assert_eq(rmdir("cur"), 0);
	cr_assert_eq(folder_open(&f, "maildir", NULL, true), -1);
	cr_expect(strstr(f.e.message, "/cur: cannot list") != NULL, "%s", f.e.message);
	mailbox_release(&f.box);
	cr_assert_eq(symlink("/tmp", "cur"), 0);
	cr_assert_eq(
		folder_open(&f, "maildir", NULL, true), -1, "a way out of the folder");
	folder_end(&f);
}
