/* Mailboxes against an IMAP server that does what broken and hostile ones do:
 * tests/hostile_imap.py, one for each test. The rule is taken on trust here; its proof is
 * in tests/imap_cases.py. */
#define HOSTILE_SCRIPT "tests/hostile_imap.py"
#define HOSTILE_SCHEME "imap"
#include "hostile.h"

TestSuite(imap, .timeout = 20);

static struct hostile h;

static void
start(const char *behaviour)
{
	hostile_start(&h, behaviour);
	h.options.no_pop3 = h.options.trust_rule = true;
	h.options.uidl_rule = "{v}.{u}";
}

/* It answers as it should, or is lived with. */
static void
works(const char *behaviour, size_t n, const char *connections)
{
	start(behaviour);
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, n);
	hostile_end(&h);
	cr_expect(strstr(h.seen, connections) != NULL, "%s", h.seen);
}

static void
fails(const char *behaviour, enum err_kind kind, const char *words)
{
	start(behaviour);
	cr_expect_eq(hostile_run(&h), -1);
	hostile_fails(&h, kind, words);
	hostile_end(&h);
}

Test(imap, reads_all_headers_by_one_fetch)
{
	works("n=2000", 2000, "connections=1 ");
	cr_expect(strstr(h.seen, "fetches=1 ") != NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "UID FETCH 10:4008 (UID BODY.PEEK[HEADER])") != NULL,
		"%s", h.seen);
}

Test(imap, lists_uidls_by_the_rule_and_sizes)
{
	start("n=12;reverse");
	cr_assert_eq(hostile_open(&h), 0, "%s", h.e.message);
	cr_assert_eq(h.mailbox.listing.n, 12);
	cr_expect(h.mailbox.listing.whole);
	cr_expect_str_eq(h.mailbox.listing.at[11].uidl, "77.32");
	cr_expect_eq(h.mailbox.listing.at[11].size,
		hostile_octets(11) + strlen("Hello\r\n.dot\r\n\r\nbye 11"));
	cr_expect_str_eq(h.mailbox.scheme, "imap+{v}.{u}");
	hostile_end(&h);
	cr_expect(strstr(h.notes, "nothing has proved") != NULL, "%s", h.notes);
}

/* 1278455344230334865 is the example of Gmail's own page, 0x11bdfc5cae0c8191 by Python. */
Test(imap, gmails_own_numbers_where_they_are_announced)
{
	start("n=2;capability=IMAP4rev1+AUTH=PLAIN+SASL-IR+X-GM-EXT-1");
	h.options.uidl_rule = "gmail";
	cr_assert_eq(hostile_open(&h), 0, "%s", h.e.message);
	cr_expect_str_eq(h.mailbox.listing.at[1].uidl, "GmailId11bdfc5cae0c8192");
	hostile_end(&h);
}

Test(imap, and_not_elsewhere)
{
	start("n=2");
	h.options.uidl_rule = "gmail";
	cr_expect_eq(hostile_open(&h), -1);
	hostile_fails(&h, ERR_DATA, "needs what this server does not tell");
	hostile_end(&h);
}

/* Taken on trust is a rule that is named, alone. */
Test(imap, trust_wants_one_rule)
{
	start("n=2");
	h.options.uidl_rule = "cyrus";
	cr_expect_eq(hostile_open(&h), -1);
	hostile_fails(&h, ERR_USAGE, "wants one rule, and \"cyrus\" stands for");
	hostile_end(&h);
}

Test(imap, asks_only_for_what_is_wanted)
{
	uint8_t want[50] = {[3] = 1, [4] = 1, [5] = 1, [9] = 1, [49] = 1}, *wants = want;
	struct mailbox *m = &h.mailbox;

	start("n=50");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_headers(&m, 1, &wants, hostile_take, &h, NULL, &h.e), 0);
	cr_expect(h.n == 5 && h.times[3] == 1 && h.times[49] == 1);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "UID FETCH 16:20,28,108 ") != NULL, "%s", h.seen);
}

/* Every other one of 2000: more than a line may hold. */
Test(imap, long_sets_are_split)
{
	uint8_t want[2000] = {0}, *wants = want;
	struct mailbox *m = &h.mailbox;

	for (size_t i = 0; i < 2000; i += 2)
		want[i] = 1;
	start("n=2000");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_headers(&m, 1, &wants, hostile_take, &h, NULL, &h.e), 0);
	cr_expect_eq(h.n, 1000);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "fetches=2 ") != NULL, "%s", h.seen);
}

Test(imap, reads_bodies)
{
	struct mailbox *m = &h.mailbox;
	struct digest body = digest_of(text_of("Hello\n.dot\n\nbye 7\n"));

	start("n=50;nil=9");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_bodies(&m, 1, NULL, hostile_take, &h, NULL, &h.e), 0);
	cr_assert_eq(h.n, 50);
	cr_expect(h.evidence[7].flags & MESSAGE_BODY);
	cr_expect(digest_equal(&h.evidence[7].body, &body));
	cr_expect_eq(h.evidence[7].header_octets, hostile_octets(7));
	cr_expect(h.evidence[9].flags & MESSAGE_NO_BODY);
	hostile_end(&h);
}

Test(imap, describes_messages)
{
	struct mailbox *m = &h.mailbox;

	start("n=12");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_describe(&m, 1, NULL, hostile_describe, &h, NULL, &h.e), 0);
	cr_expect(h.n == 12);
	cr_expect_str_eq(h.subjects[11], "message 1");
	hostile_end(&h);
	cr_expect(strstr(h.seen, "HEADER.FIELDS (DATE FROM SUBJECT)") != NULL, "%s",
		h.seen);
}

Test(imap, responses_of_others_in_between)
{
	works("n=50;between", 50, "connections=1 ");
}

Test(imap, the_uid_may_stand_last)
{
	works("n=50;uid_last", 50, "connections=1 ");
}

Test(imap, nil_and_an_empty_header)
{
	start("n=5;nil=1;quoted=2");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect_eq(h.n, 5);
	cr_expect(h.evidence[1].flags == MESSAGE_NO_HEADER);
	cr_expect(h.evidence[2].flags & MESSAGE_CUT_HEADER);
	cr_expect(h.evidence[3].flags & MESSAGE_HEADER);
	hostile_end(&h);
}

/* --- what goes wrong, once: on from what has not come --------------------------------- */

Test(imap, hangs_up_in_a_message)
{
	works("n=50;cut=20", 50, "connections=2 ");
	cr_expect(strstr(h.seen, "UID FETCH 50:108 ") != NULL, "%s", h.seen);
	cr_expect(strstr(h.notes, "connected again") != NULL);
}

Test(imap, hangs_up_in_the_list)
{
	works("n=50;cut_list", 50, "connections=2 ");
}

Test(imap, says_goodbye)
{
	works("n=50;bye=20", 50, "connections=2 ");
	cr_expect(strstr(h.notes, "going down") != NULL, "%s", h.notes);
}

Test(imap, garbage_between_messages)
{
	works("n=50;garbage=20", 50, "connections=2 ");
}

Test(imap, falls_silent)
{
	works("n=50;silence=20", 50, "connections=2 ");
}

Test(imap, breaks_fetch_responses)
{
	works("n=50;no_fetch=3", 50, "connections=2 ");
}

Test(imap, two_sections_of_one_message)
{
	works("n=50;two=3", 50, "connections=2 ");
}

Test(imap, asks_to_go_on)
{
	works("n=50;question=3", 50, "connections=2 ");
}

Test(imap, ends_with_another_tag)
{
	works("n=50;wrong_tag", 50, "connections=2 ");
}

Test(imap, a_line_without_end)
{
	works("n=50;endless_line=3", 50, "connections=2 ");
}

Test(imap, responses_without_end)
{
	works("n=50;endless=3", 50, "connections=2 ");
}

/* --- what cannot be lived with -------------------------------------------------------- */

Test(imap, always_hangs_up)
{
	fails("n=50;cut=2;conns=9", ERR_UNREACHABLE,
		"a second connection went no further");
}

Test(imap, a_literal_that_nobody_can_take)
{
	fails("n=50;literal=3;octets=1099511627776", ERR_PROTOCOL, "1099511627776");
}

Test(imap, made_anew_between_two_connections)
{
	fails("n=50;cut=20;again=78", ERR_PROTOCOL, "made anew");
}

Test(imap, one_uid_and_two_sizes)
{
	fails("n=50;twice=9", ERR_PROTOCOL, "lists UID 10 twice");
}

Test(imap, one_uid_and_one_size)
{
	char behaviour[40];

	snprintf(behaviour, sizeof(behaviour), "n=50;twice=%zu",
		hostile_octets(0) + strlen("Hello\r\n.dot\r\n\r\nbye 0"));
	works(behaviour, 50, "connections=1 ");
}

Test(imap, no_such_mailbox)
{
	fails("n=50;no_examine", ERR_USAGE, "does not open the mailbox \"INBOX\"");
}

Test(imap, gives_nothing_at_all)
{
	fails("n=50;never;conns=9", ERR_PROTOCOL, "refuses UID FETCH");
}

/* --- what is missing ------------------------------------------------------------------ */

Test(imap, a_message_that_is_not_listed)
{
	start("n=50;unlisted=7");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect_eq(h.n, 49);
	cr_expect_not(h.mailbox.listing.whole);
	hostile_end(&h);
	cr_expect(strstr(h.notes, "of 50 messages in \"INBOX\" 49 were listed") != NULL,
		"%s", h.notes);
}

Test(imap, a_message_that_is_gone)
{
	start("n=50;skip=7");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect(h.n == 50 && h.times[7] == 1);
	cr_expect_eq(h.evidence[7].flags, MESSAGE_NO_HEADER);
	cr_expect(h.evidence[8].flags & MESSAGE_HEADER);
	hostile_end(&h);
}

/* NO ends the FETCH: those behind it are asked for one by one, and only it has none. */
Test(imap, a_message_that_is_refused)
{
	start("n=50;no=47");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect(h.n == 50 && h.times[47] == 1);
	cr_expect_eq(h.evidence[47].flags, MESSAGE_NO_HEADER);
	cr_expect(h.evidence[48].flags & MESSAGE_HEADER);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "fetches=4 ") != NULL, "%s", h.seen);
}

/* --- mailboxes and logins ------------------------------------------------------------- */

Test(imap, lists_all_mailboxes)
{
	start("n=5");
	h.options.mailbox = "*";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect(h.n == 5);
	cr_expect_not(h.mailbox.listing.whole);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "| EXAMINE \"INBOX\" |") != NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "| EXAMINE \"a\\\"b\\\\c\" |") != NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "| EXAMINE \"inbox2\" |") != NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "[All]") == NULL, "%s", h.seen);
	cr_expect(strstr(h.notes, "left out") != NULL, "%s", h.notes);
}

Test(imap, names_go_in_modified_utf_7)
{
	start("n=5");
	h.options.mailbox = "Entw\xc3\xbcrfe";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "EXAMINE \"Entw&APw-rfe\"") != NULL, "%s", h.seen);
}

Test(imap, login_by_quoted_strings)
{
	start("n=5;capability=IMAP4rev1+AUTH=CRAM-MD5");
	h.options.url.user = "a \"b";
	h.options.password = "back\\slash";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "LOGIN \"a \\\"b\" \"back\\\\slash\" |") != NULL, "%s",
		h.seen);
}

Test(imap, login_by_literals)
{
	start("n=5;capability=IMAP4rev1");
	h.options.url.user = "\xc3\xbc";
	h.options.password = "\xc3\xb6l";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(
		strstr(h.seen, "LOGIN {2}<c3bc> |  {3}<c3b66c> |") != NULL, "%s", h.seen);
}

Test(imap, login_with_one_literal)
{
	start("n=5;capability=IMAP4rev1");
	h.options.password = "\xc3\xb6l";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "LOGIN \"u\" {3}<c3b66c> |  |") != NULL, "%s", h.seen);
}

Test(imap, authenticate_without_initial_response)
{
	start("n=5;capability=IMAP4rev1+AUTH=PLAIN;bare");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	/* NUL u NUL secret */
	cr_expect(strstr(h.seen, "AUTHENTICATE PLAIN | AHUAc2VjcmV0 |") != NULL, "%s",
		h.seen);
}

Test(imap, no_way_to_log_in)
{
	fails("n=5;capability=IMAP4rev1+LOGINDISABLED+AUTH=NTLM", ERR_LOGIN,
		"no LOGIN here");
}

Test(imap, refused_logins_are_not_repeated)
{
	fails("n=5;refuse=[AUTHENTICATIONFAILED]+no;conns=9", ERR_LOGIN,
		"refuses the login of u by PLAIN");
	cr_expect(strstr(h.seen, "logins=1 ") != NULL, "%s", h.seen);
}

Test(imap, busy_servers_are_waited_for)
{
	start("n=5;refuse=[UNAVAILABLE]+later;conns=1");
	h.options.wait = 5;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 5);
	hostile_end(&h);
	cr_expect(strstr(h.said, "trying again") != NULL, "%s", h.said);
}

Test(imap, busy_greetings_too)
{
	start("n=5;busy_greeting;conns=1");
	h.options.wait = 5;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "connections=2 ") != NULL, "%s", h.seen);
}

Test(imap, busy_for_ever)
{
	fails("n=5;refuse=[INUSE]+locked;conns=99", ERR_BUSY, "lets nobody in now");
}
