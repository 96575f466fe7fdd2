/* What IMAP servers say, taken apart (imap_parse.h). Examples are from RFC 3501 and from
 * what Dovecot 2.3, Cyrus 3.6 and Courier 5.1 send. */
#include <criterion/criterion.h>

#include "mailbox/imap_parse.h"

static struct imap_line l;
static struct imap_fetch f;

static void
line(const char *s)
{
	imap_line(text_of(s), &l);
}

static bool
equals(struct text t, const char *s)
{
	return text_equal(t, text_of(s));
}

Test(imap_parse, tells_responses_apart)
{
	line("reuidl7 OK [READ-ONLY] Examine completed.");
	cr_assert(l.what == IMAP_TAGGED && l.status == IMAP_OK);
	cr_expect(equals(l.tag, "reuidl7") && equals(l.code, "READ-ONLY"));
	cr_expect(equals(l.words, "[READ-ONLY] Examine completed."));
	line("A2 no [UNAVAILABLE] later");
	cr_expect(l.what == IMAP_TAGGED && l.status == IMAP_NO);
	line("* OK [UIDVALIDITY 3857529045] UIDs valid");
	cr_expect(l.what == IMAP_STATUS && equals(l.code, "UIDVALIDITY 3857529045"));
	line("* BYE Too many connections {3}");
	cr_expect(l.what == IMAP_STATUS && l.status == IMAP_BYE);
	line("* 172 EXISTS");
	cr_expect(l.what == IMAP_EXISTS && l.number == 172);
	line("* 22 EXPUNGE");
	cr_expect(l.what == IMAP_OTHER);
	line("* 12 FETCH (UID 3)");
	cr_expect(l.what == IMAP_FETCH && l.number == 12 && equals(l.rest, "(UID 3)"));
	line("+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+");
	cr_expect(l.what == IMAP_CONTINUE);
	cr_expect(equals(l.rest, "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+"));
	line("+");
	cr_expect(l.what == IMAP_CONTINUE && l.rest.len == 0);
	line("* CAPABILITY IMAP4rev1 AUTH=PLAIN");
	cr_expect(l.what == IMAP_CAPABILITY && equals(l.rest, "IMAP4rev1 AUTH=PLAIN"));
}

Test(imap_parse, garbage_is_called_so)
{
	static const char *const all[] = {"", " ", "*", "* ", "a", "a OOK", "a BYE x",
		"* 12", "+OK POP3 here", "HTTP/1.1 400 Bad Request"};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		line(all[i]);
		if (all[i][0] == '+')
			cr_expect_eq(l.what, IMAP_CONTINUE);
		else
			cr_expect_eq(l.what, IMAP_GARBAGE, "\"%s\": %d", all[i], l.what);
	}
}

Test(imap_parse, literals_are_at_the_end_of_a_line)
{
	static const struct {
		const char *line, *rest;
		uint64_t octets;
	} all[] = {{"(UID 4 BODY[] {342}", "(UID 4 BODY[] ", 342}, {"x {0}", "x ", 0},
		{"x {12+}", "x ", 12}, {"x ~{7}", "x ", 7},
		{"x {1099511627776}", "x ", (uint64_t)1 << 40}},
	  none[] = {{"x", "", 0}, {"}", "", 0}, {"{}", "", 0}, {"x {1", "", 0},
		  {"x 1}", "", 0}, {"x {a}", "", 0}, {"x {-1}", "", 0},
		  {"x {99999999999999999999}", "", 0}, {"x {1} ", "", 0}};
	uint64_t n;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct text t = text_of(all[i].line);
		cr_expect(imap_literal(&t, &n), "%s", all[i].line);
		cr_expect(
			n == all[i].octets && equals(t, all[i].rest), "%s", all[i].line);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct text t = text_of(none[i].line);
		cr_expect_not(imap_literal(&t, &n), "%s", none[i].line);
	}
}

static enum imap_went
fetch(const char *text, bool literal)
{
	imap_fetch_begin(&f);
	return imap_fetch_text(&f, text_of(text), literal);
}

Test(imap_parse, fetch_items_in_any_order)
{
	cr_assert_eq(
		fetch("(UID 4827313 RFC822.SIZE 44827 X-GM-MSGID 1278455344230334865)",
			false),
		IMAP_DONE);
	cr_expect(f.uid == 4827313 && f.size == 44827 && f.gmail == 1278455344230334865);
	cr_assert_eq(fetch("(rfc822.size 1 FLAGS (\\Seen $x) uid 2)", false), IMAP_DONE);
	cr_expect(f.has_uid && f.uid == 2 && f.has_size && f.size == 1 && !f.has_gmail);
	cr_assert_eq(fetch("(FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" UID 9)",
			     false),
		IMAP_DONE);
	cr_expect(f.uid == 9 && f.section == ITEM_OTHER);
}

Test(imap_parse, a_literal_may_stand_before_the_uid)
{
	cr_assert_eq(fetch("(BODY[HEADER] ", true), IMAP_LITERAL);
	cr_expect(f.item == ITEM_HEADER && f.section == ITEM_HEADER && !f.has_uid);
	cr_assert_eq(
		imap_fetch_text(&f, text_of(" UID 5 FLAGS (\\Seen))"), false), IMAP_DONE);
	cr_expect(f.uid == 5 && f.section == ITEM_HEADER);
	/* Two literals. */
	cr_assert_eq(fetch("(ENVELOPE (NIL ", true), IMAP_LITERAL);
	cr_expect_eq(f.item, ITEM_OTHER);
	cr_assert_eq(
		imap_fetch_text(&f, text_of(" \"a)b\\\"(\" (x)) UID 6 BODY[] "), true),
		IMAP_LITERAL);
	cr_expect_eq(f.item, ITEM_WHOLE);
	cr_assert_eq(imap_fetch_text(&f, text_of(")"), false), IMAP_DONE);
	cr_expect_eq(f.uid, 6);
}

Test(imap_parse, sections)
{
	cr_assert_eq(fetch("(UID 1 BODY[HEADER.FIELDS (DATE FROM \"SUB]JECT\")] ", true),
		IMAP_LITERAL);
	cr_expect_eq(f.item, ITEM_FIELDS);
	cr_assert_eq(fetch("(UID 1 BODY[HEADER.FIELDS.NOT (X)] ", true), IMAP_LITERAL);
	cr_assert_eq(fetch("(UID 1 BODY[TEXT] ", true), IMAP_LITERAL);
	cr_expect_eq(f.item, ITEM_OTHER);
	/* A part of it is not the whole. */
	cr_assert_eq(fetch("(UID 1 BODY[]<0> ", true), IMAP_LITERAL);
	cr_expect_eq(f.item, ITEM_OTHER);
	cr_assert_eq(fetch("(UID 1 BODY[HEADER] NIL)", false), IMAP_DONE);
	cr_expect(f.nil && f.section == ITEM_HEADER);
	cr_assert_eq(fetch("(UID 1 BODY[HEADER] \"\")", false), IMAP_DONE);
	cr_expect(!f.nil && f.section == ITEM_HEADER && f.quoted.at != NULL &&
		  f.quoted.len == 0);
	cr_assert_eq(fetch("(UID 1 BODY[HEADER] \"a: \\\"b\")", false), IMAP_DONE);
	cr_expect_eq(f.quoted.len, 6);
}

Test(imap_parse, what_is_no_fetch_response)
{
	static const char *const all[] = {"", "(", ")", "UID 3", "(UID)", "(UID 3",
		"(UID 3))", "(UID 3) x", "(UID x)", "(UID 0)", "(UID 4294967296)",
		"(UID 3RFC822.SIZE 4)", "(UID \"3\")", "(UID (3))", "(RFC822.SIZE NIL)",
		"(RFC822.SIZE 99999999999999999999)", "(FLAGS (a)", "(X \"a)",
		"(X \"a\\\")", "(BODY[ NIL)", "(BODY[] NIL BODY[] NIL)",
		"(BODY[HEADER] x)", "(BODY[] 5)", "(UID 3  X 4)", "( UID 3)"};
	static const char *const literals[] = {"", "(", "(UID ", "(RFC822.SIZE ", "(X 3",
		"(BODY[] NIL ", "(BODY[] NIL BODY[HEADER] ", "(X 3) "};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		cr_expect_eq(fetch(all[i], false), IMAP_BROKEN, "%s", all[i]);
	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++)
		cr_expect_eq(fetch(literals[i], true), IMAP_BROKEN, "%s", literals[i]);
}

static bool
list(const char *rest, const char *name, bool selectable)
{
	struct buf b;
	bool can, right;

	buf_init(&b, 1000);
	right = imap_list(text_of(rest), &can, &b) && can == selectable &&
		equals(buf_text(&b), name);
	buf_release(&b);
	return right;
}

Test(imap_parse, list_responses)
{
	cr_expect(list("(\\HasNoChildren) \"/\" INBOX", "INBOX", true));
	cr_expect(list("() NIL \"a b\"", "a b", true));
	cr_expect(list("(\\noselect \\HasChildren) \".\" \"[Gmail]\"", "[Gmail]", false));
	cr_expect(list("(\\NonExistent) \"/\" x", "x", false));
	cr_expect(list("() \"\\\\\" \"a\\\\b\\\"c\"", "a\\b\"c", true));
	cr_expect_not(list("", "", true));
	cr_expect_not(list("() \"/\"", "", true));
	cr_expect_not(list("() \"/\" \"", "", true));
	cr_expect_not(list("() \"/\" \"\"", "", true));
}

/* The examples of RFC 3501, 5.1.3, and letters beyond 16 bits (by Python's utf-16-be and
 * base64). */
Test(imap_parse, names_in_modified_utf_7)
{
	static const struct {
		const char *utf8, *utf7;
	} all[] = {{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
		{"Entw\xc3\xbcrfe", "Entw&APw-rfe"}, {"A & B", "A &- B"}, {"&", "&-"},
		{"Gel\xc3\xb6scht & \xc3\xa4lter", "Gel&APY-scht &- &AOQ-lter"},
		{"\xf0\x9f\x93\xab", "&2D3c6w-"}, {"\xc3\xbc-", "&APw--"},
		{"INBOX", "INBOX"}};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		cr_expect(imap_utf7(text_of(all[i].utf8), &b));
		cr_expect(equals(buf_text(&b), all[i].utf7), "%s: %.*s", all[i].utf8,
			TEXT_ARG(buf_text(&b)));
		imap_utf8(text_of(all[i].utf7), &b);
		cr_expect(equals(buf_text(&b), all[i].utf8), "%s: %.*s", all[i].utf7,
			TEXT_ARG(buf_text(&b)));
	}
	cr_expect_not(imap_utf7(text_of("\xff"), &b));
	imap_utf8(text_of("a&b"), &b);
	cr_expect(equals(buf_text(&b), "a&b"));
	imap_utf8(text_of("&2D0-"), &b);
	cr_expect(equals(buf_text(&b), "&2D0-"));
	buf_release(&b);
}

Test(imap_parse, quoted_strings)
{
	struct buf b;

	buf_init(&b, 100);
	cr_expect(imap_quote(text_of("a\"b\\c d"), &b));
	cr_expect(equals(buf_text(&b), "\"a\\\"b\\\\c d\""));
	cr_expect_not(imap_quote(text_of("a\r\n"), &b));
	cr_expect_not(imap_quote(text_of("\xc3\xbc"), &b));
	buf_release(&b);
}
