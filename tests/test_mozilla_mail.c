#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "model/mozilla.h"
#include "model/mozilla_mail.h"

#define BLANKS40 "                                        "
#define PAD	 BLANKS40 BLANKS40
#define FROM	 "From - Sat Jan 03 10:00:00 2026\n"
#define HEAD(key, uidl)                                                                  \
	"X-Account-Key: " key "\nX-UIDL: " uidl "\nX-Mozilla-Status: 0001\n"             \
	"X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: " PAD "\n"
#define PROPER "From: a@example.org\nSubject: s\n\nbody\n"

static struct text ours = {"account1", 8};

/* The UIDLs found, in words, and whether each stands where it is said to. */
struct seen {
	const char *file;
	char words[512];
};

static int
see(void *arg, const struct mail_head *h, struct err *e)
{
	struct seen *s = arg;
	size_t n = strlen(s->words);

	(void)e;
	cr_assert_eq(memcmp(s->file + h->off, h->bytes.at, h->bytes.len), 0);
	snprintf(s->words + n, sizeof(s->words) - n, "%s%.*s", n > 0 ? " " : "",
		TEXT_ARG(h->uidl));
	return 0;
}

static void
scan(const char *file, size_t len, bool single, size_t cut, struct seen *s)
{
	struct mail_scan scanner = {
		.key = ours, .single = single, .found = see, .arg = s};
	size_t used;
	struct err e;

	*s = (struct seen){.file = file};
	cr_assert_eq(
		mail_scan_window(&scanner, (struct text){file, cut}, 0, false, &used, &e),
		0);
	cr_assert_leq(used, cut);
	/* A copy of just the rest: what lies before it must not be needed. */
	char *rest = malloc(len - used + 1);
	memcpy(rest, file + used, len - used);
	cr_assert_eq(mail_scan_window(&scanner, (struct text){rest, len - used}, used,
			     true, &used, &e),
		0);
	free(rest);
}

static void
finds(const char *file, const char *words)
{
	size_t len = strlen(file);
	struct seen s;

	for (size_t cut = 0; cut <= len; cut++) {
		scan(file, len, false, cut, &s);
		cr_assert_str_eq(s.words, words, "cut at %zu: %s", cut, s.words);
	}
}

Test(mozilla_mail, every_message_wherever_the_window_ends)
{
	finds(FROM HEAD("account1", "11") PROPER "\n" FROM HEAD("account1", "22 ") PROPER
		"\n" FROM HEAD("account1", "33") PROPER,
		"11 22  33");
}

Test(mozilla_mail, crlf)
{
	finds("From - Sat\r\nX-Account-Key: account1\r\nX-UIDL: 11\r\n"
	      "X-Mozilla-Keys: " PAD "\r\nFrom: a\r\n\r\nbody\r\n\r\n"
	      "From - Sun\r\nX-Account-Key: account1\r\nX-UIDL: 22\r\n\r\nbody\r\n",
		"11 22");
}

Test(mozilla_mail, other_accounts_are_passed_over)
{
	finds(FROM HEAD("account2", "11") PROPER "\n" FROM HEAD("account11", "22") PROPER
		"\n" FROM HEAD("account", "33") PROPER "\n" FROM HEAD("account1", "44")
			PROPER,
		"44");
}

Test(mozilla_mail, what_is_in_the_message_is_not_looked_at)
{
	/* A server's own line, one behind another header, a body that looks like mail. */
	finds(FROM "X-Account-Key: account1\nX-Mozilla-Status: 0001\nFrom: a\n"
		   "X-UIDL: 11\n\nbody\n\n" FROM
		   "From: b\nX-Account-Key: account1\nX-UIDL: 22\n\nbody\n" FROM HEAD(
			   "account1", "33") "\n>From - x\n" HEAD("account1",
			   "44") "\n" FROM HEAD("account1", "55") PROPER,
		"55");
}

Test(mozilla_mail, the_key_comes_first)
{
	/* GetUidlFromFolder looks for X-UIDL in the lines behind X-Account-Key. */
	finds(FROM "X-UIDL: 11\nX-Account-Key: account1\n" PROPER, "");
	finds(FROM "X-UIDL: 11\nX-Account-Key: account1\nX-UIDL: 22\nX-UIDL: 33\n" PROPER,
		"22");
	finds(FROM "X-Mozilla-Keys: " PAD
		   "\nX-Account-Key: account1\nX-UIDL: 22\n" PROPER,
		"22");
	finds(FROM "X-Account-Key: account1\nX-UIDL: \n" PROPER, "");
}

Test(mozilla_mail, a_file_that_is_no_mail)
{
	finds("", "");
	finds("Fro", "");
	finds("# filters\n\n" FROM HEAD("account1", "11") PROPER, "");
	finds("From - and no line's end", "");
}

Test(mozilla_mail, maildir_has_one_message_a_file)
{
	const char *file = HEAD("account1", "11") PROPER "\n" FROM HEAD("account1", "22");
	struct seen s;

	for (size_t cut = 0; cut <= strlen(file); cut++) {
		scan(file, strlen(file), true, cut, &s);
		cr_assert_str_eq(s.words, "11");
	}
}

Test(mozilla_mail, a_window_is_used_unless_it_is_small)
{
	size_t len = 3 * MAIL_HEAD_MAX, used;
	char *file = malloc(len + 1);
	struct seen s = {.file = file};
	struct mail_scan scanner = {.key = ours, .found = see, .arg = &s};
	struct err e;

	/* A head without an end. */
	memset(file, 'x', len);
	memcpy(file, FROM "X-Mozilla-Keys: ", sizeof(FROM "X-Mozilla-Keys: ") - 1);
	cr_assert_eq(
		mail_scan_window(&scanner, (struct text){file, len}, 0, false, &used, &e),
		0);
	cr_assert_gt(used, len - 100);
	free(file);
}

/* --- another UIDL in the same length ---------------------------------------------- */

static void
patches(const char *head, const char *to, const char *want)
{
	struct mail_head h, back;
	char out[1024], again[1024];

	cr_assert(mail_head_read(&h, text_of(head), ours));
	bool can = mail_head_patch(&h, text_of(to), out);
	cr_assert_eq(can, want != NULL);
	if (!can)
		return;
	cr_assert_eq(strlen(want), h.bytes.len, "a wrong expectation");
	cr_assert_eq(memcmp(out, want, h.bytes.len), 0, "%.*s", (int)h.bytes.len, out);
	cr_assert(mail_head_read(&back, (struct text){out, h.bytes.len}, ours));
	cr_assert(text_equal(back.uidl, text_of(to)));
	cr_assert(mail_head_patch(&back, h.uidl, again));
	cr_assert_eq(memcmp(again, head, h.bytes.len), 0, "it cannot be taken back");
}

#define K(uidl, keys)                                                                    \
	"X-Account-Key: account1\nX-UIDL: " uidl "\nX-Mozilla-Keys: " keys "\n"

Test(mozilla_mail, length_comes_from_the_blanks)
{
	patches(K("123", "    "), "456", K("456", "    "));
	patches(K("123", "    "), "4567", K("4567", "   "));
	patches(K("123", "    "), "4567890", K("4567890", ""));
	patches(K("123", "    "), "45678901", NULL);
	patches(K("123", "    "), "4", K("4", "      "));
	patches(K("123", "$label1 work  "), "45678", K("45678", "$label1 work"));
	patches(K("123", "$label1 work  "), "456789", NULL);
	patches(K("123", "work"), "4", K("4", "work  "));
}

Test(mozilla_mail, without_blanks_only_the_same_length)
{
	patches("X-Account-Key: account1\nX-UIDL: 123\n", "456",
		"X-Account-Key: account1\nX-UIDL: 456\n");
	patches("X-Account-Key: account1\nX-UIDL: 123\n", "4567", NULL);
	patches("X-Account-Key: account1\nX-UIDL: 123\n", "45", NULL);
	/* Another line's blanks are not ours to take. */
	patches("X-Account-Key: account1\nX-UIDL: 123\nX-Mozilla-Other:      \n", "4567",
		NULL);
}

Test(mozilla_mail, the_blanks_may_come_first)
{
	patches("X-Mozilla-Keys:     \r\nX-Account-Key: account1\r\nX-UIDL: 123\r\n",
		"4567",
		"X-Mozilla-Keys:    \r\nX-Account-Key: account1\r\nX-UIDL: 4567\r\n");
}

/* --- where the mail is ------------------------------------------------------------- */

#define PREF(name, value) "user_pref(\"" name "\", \"" value "\");\n"

Test(mozilla_mail, key_and_folders_of_the_account)
{
	struct arena a = {0};
	struct source prefs;
	struct local_mail m;

	source_of(&prefs, "/p/prefs.js",
		text_of(PREF("mail.accountmanager.accounts",
			"account1,account2,account3,"
			"account7") PREF("mail.account.account1.server",
			"server1") PREF("mail.account.account2.server",
			"server2") PREF("mail.account.account3.server",
			"server3") PREF("mail.account.account7.server",
			"server4") PREF("mail.account.account8.server",
			"server5") PREF("mail.server.server1.type",
			"pop3") PREF("mail.server.server1.directory-rel",
			"[ProfD]Mail/a") PREF("mail.server.server2.type",
			"none") PREF("mail.server.server2.directory-rel",
			"[ProfD]Mail/Local Folders") PREF("mail.server.server3.type",
			"imap") PREF("mail.server.server3.directory-rel",
			"[ProfD]ImapMail/c") PREF("mail.server.server4.type", "pop3")
				PREF("mail.server.server4.directory-rel", "[ProfD]Mail/d")
					PREF("mail.server.server5.type", "pop3")
						PREF("mail.server.server5.directory-rel",
							"[ProfD]Mail/leftover")));
	cr_assert(mozilla_mail("/p/Mail/d/popstate.dat", &prefs, &a, &m));
	cr_assert(text_equal(m.key, text_of("account7")));
	cr_assert_eq(m.nfolders, 3);
	cr_assert(text_equal(m.folders[0], text_of("/p/Mail/d")));
	cr_assert(text_equal(m.folders[1], text_of("/p/Mail/a")));
	cr_assert(text_equal(m.folders[2], text_of("/p/Mail/Local Folders")));
	cr_assert_not(mozilla_mail("/p/Mail/leftover/popstate.dat", &prefs, &a, &m));
	arena_free(&a);
}
