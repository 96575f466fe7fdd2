/* The accounts of Windows Mail: the documented example, and what is no such file. */
#include "model/format.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define VISTA                                                                            \
	"/home/u/AppData/Local/Microsoft/Windows Mail/Local Folders/account{1}.oeaccount"
#define LIVE                                                                             \
	"/home/u/AppData/Local/Microsoft/Windows Live Mail/Example (don)/"               \
	"account{2}.oeaccount"
#define DECLARED "<?xml version=\"1.0\" encoding=\"utf-16\" ?>\r\n"
#define ACCOUNT                                                                          \
	"<MessageAccount>\r\n    <Account_Name type=\"SZ\">mypop3account</Account_Name>" \
	"\r\n    <POP3_Server type=\"SZ\">mail.example.com</POP3_Server>\r\n    "        \
	"<POP3_User_Name type=\"SZ\">don</POP3_User_Name>\r\n    <POP3_Port "            \
	"type=\"DWORD\">3e3</POP3_Port>\r\n    <POP3_Secure_Connection "                 \
	"type=\"DWORD\">1</POP3_Secure_Connection>\r\n    <Leave_Mail_On_Server "        \
	"type=\"DWORD\">1</Leave_Mail_On_Server>\r\n</MessageAccount>\r\n"

/* How ASCII is written. */
enum coding { UTF_8, UTF_16, UTF_16_BIG, UTF_16_BARE };

static void
list(const char *path, const char *xml, enum coding coding, struct arena *a,
	struct account_list *to)
{
	struct source src;
	struct buf b;
	struct err e;

	buf_init(&b, SOURCE_MAX);
	if (coding == UTF_16)
		buf_print(&b, "\xff\xfe");
	if (coding == UTF_16_BIG)
		buf_print(&b, "\xfe\xff");
	for (const char *c = xml; *c != '\0'; c++) {
		if (coding == UTF_16_BIG)
			buf_byte(&b, '\0');
		buf_byte(&b, *c);
		if (coding == UTF_16 || coding == UTF_16_BARE)
			buf_byte(&b, '\0');
	}
	source_of(&src, path, buf_text(&b));
	const struct format *f = format_named(text_of("windows_mail"));
	*to = (struct account_list){0};
	cr_assert_eq(f->accounts(&src, a, to, &e), 0);
	/* What is listed does not need the file any more. */
	if (b.len > 0)
		memset(b.at, '#', b.len);
	buf_release(&b);
}

static void
assert_text(struct text have, const char *want)
{
	cr_assert(text_equal(have, text_of(want)), "have \"%.*s\", want \"%s\"",
		TEXT_ARG(have), want);
}

static void
is_dons(const char *path, enum coding coding, const char *store)
{
	struct account_list l;
	struct arena a = {0};

	list(path, DECLARED ACCOUNT, coding, &a, &l);
	cr_assert_eq(l.n, 1, "as %d", coding);
	const struct settings *s = &l.at[0].settings;
	cr_assert_str_eq(l.at[0].store, store);
	cr_assert(s->known);
	assert_text(s->host, "mail.example.com");
	assert_text(s->user, "don");
	assert_text(s->name, "mypop3account");
	cr_assert_eq(s->port, 995);
	cr_assert(s->leave_on_server);
	cr_assert_eq(s->delete_after_days, 0);
	cr_assert_not(s->until_deleted);
	free(l.at);
	arena_free(&a);
}

Test(windows_mail, the_documented_account)
{
	is_dons(VISTA, UTF_16,
		"/home/u/AppData/Local/Microsoft/Windows Mail/"
		"WindowsMail.MSMessageStore");
	is_dons(LIVE, UTF_16_BIG,
		"/home/u/AppData/Local/Microsoft/Windows Live Mail/Mail.MSMessageStore");
	is_dons(LIVE, UTF_16_BARE,
		"/home/u/AppData/Local/Microsoft/Windows Live Mail/Mail.MSMessageStore");
}

/* What is not written is the standard: port 110, nothing left on the server. */
Test(windows_mail, what_is_not_written)
{
	struct account_list l;
	struct arena a = {0};

	list(VISTA,
		DECLARED
		"<MessageAccount><POP3_Server type=\"SZ\">h</POP3_Server><POP3_Port "
		"type=\"DWORD\">x</POP3_Port><Remove_When_Deleted type=\"DWORD\">1"
		"</Remove_When_Deleted><Remove_When_Expired type=\"DWORD\">1"
		"</Remove_When_Expired><Expire_Days type=\"DWORD\">1E</Expire_Days>"
		"</MessageAccount>",
		UTF_16, &a, &l);
	cr_assert_eq(l.n, 1);
	assert_text(l.at[0].settings.user, "");
	cr_assert_eq(l.at[0].settings.port, 110);
	cr_assert_not(l.at[0].settings.leave_on_server);
	cr_assert(l.at[0].settings.until_deleted);
	cr_assert_eq(l.at[0].settings.delete_after_days, 30);
	free(l.at);
	arena_free(&a);
}

/* Other accounts, what is cut off, and all that a file could want to have read for it. */
Test(windows_mail, no_account)
{
	static const char *const files[] = {
		"",
		"x",
		DECLARED,
		DECLARED "<MessageAccount/>",
		DECLARED "<MessageAccount><IMAP_Server type=\"SZ\">h</IMAP_Server>"
			 "</MessageAccount>",
		DECLARED "<MessageAccount><POP3_Server type=\"SZ\">h</POP3_Server>",
		DECLARED "<!DOCTYPE MessageAccount []>" ACCOUNT,
		DECLARED "<!DOCTYPE m [<!ENTITY h \"mail.example.com\">]><MessageAccount>"
			 "<POP3_Server type=\"SZ\">&h;</POP3_Server></MessageAccount>",
		DECLARED "<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><MessageAccount>"
			 "<POP3_Server type=\"SZ\">h</POP3_Server></MessageAccount>",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		for (int coding = UTF_8; coding <= UTF_16_BARE; coding++) {
			struct account_list l;
			struct arena a = {0};

			list(VISTA, files[i], (enum coding)coding, &a, &l);
			cr_expect_eq(l.n, 0, "file %zu as %d", i, coding);
			free(l.at);
			arena_free(&a);
		}
}
