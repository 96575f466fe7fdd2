/* Mailboxes against a POP3 server that does what real and hostile ones do:
 * tests/hostile_pop3.py, one for each test. */
#include "hostile.h"

TestSuite(mailbox, .timeout = 10);

static struct hostile h;

/* It answers as it should, or is lived with. */
static void
works(const char *behaviour, size_t n)
{
	hostile_start(&h, behaviour);
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, n);
	hostile_end(&h);
}

static void
fails(const char *behaviour, enum err_kind kind, const char *words)
{
	hostile_start(&h, behaviour);
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, kind, words);
	hostile_end(&h);
}

Test(mailbox, reads_all_headers_in_large_windows)
{
	works("n=2000", 2000);
	cr_expect(strstr(h.seen, "connections=1 ") != NULL);
	/* A block of 32 and its marker at least, and mostly hundreds, in one write. */
	cr_expect(strstr(h.seen, "batch=1 ") == NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "tops=2000 ") != NULL, "%s", h.seen);
	cr_expect_str_empty(h.notes);
}

Test(mailbox, lists_uidls_and_sizes)
{
	hostile_start(&h, "n=12");
	cr_assert_eq(hostile_open(&h), 0, "%s", h.e.message);
	cr_assert_eq(h.mailbox.listing.n, 12);
	cr_expect(h.mailbox.listing.whole);
	cr_expect_str_eq(h.mailbox.listing.at[11].uidl, "uidl-11-0123456789");
	cr_expect_eq(h.mailbox.listing.at[11].number, 12);
	cr_expect_eq(h.mailbox.listing.at[11].size,
		hostile_octets(11) + strlen("Hello\r\n..dot\r\n.\r\nbye 11\r\n"));
	cr_expect_str_eq(h.mailbox.account, "u");
	hostile_end(&h);
}

Test(mailbox, reads_only_the_headers_that_are_wanted)
{
	uint8_t want[50] = {[3] = 1, [49] = 1}, *wants = want;
	struct mailbox *m = &h.mailbox;

	hostile_start(&h, "n=50");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_headers(&m, 1, &wants, hostile_take, &h, NULL, &h.e), 0);
	cr_expect(h.n == 2 && h.times[3] == 1 && h.times[49] == 1);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "tops=2 ") != NULL);
}

Test(mailbox, reads_bodies_without_their_dots)
{
	struct mailbox *m = &h.mailbox;
	struct digest body = digest_of(text_of("Hello\n..dot\n.\nbye 7\n"));

	hostile_start(&h, "n=50;no_end=9");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_bodies(&m, 1, NULL, hostile_take, &h, NULL, &h.e), 0);
	cr_assert_eq(h.n, 50);
	cr_expect(h.evidence[7].flags & MESSAGE_BODY);
	cr_expect(digest_equal(&h.evidence[7].body, &body));
	cr_expect(h.evidence[9].flags & MESSAGE_NO_BODY);
	hostile_end(&h);
}

Test(mailbox, describes_messages)
{
	struct mailbox *m = &h.mailbox;

	hostile_start(&h, "n=50");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_describe(&m, 1, NULL, hostile_describe, &h, NULL, &h.e), 0);
	cr_expect_str_eq(h.subjects[0], "message 0");
	cr_expect_str_eq(h.subjects[49], "message 9");
	hostile_end(&h);
}

Test(mailbox, empty_mailbox)
{
	works("n=0", 0);
	cr_expect_str_empty(h.notes);
}

Test(mailbox, capa_refused)
{
	works("no_capa;bare", 50);
	cr_expect(strstr(h.seen, "batch=1 ") != NULL, "%s", h.seen);
}

Test(mailbox, line_ends_of_lf_only)
{
	hostile_start(&h, "lf");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 50);
	hostile_end(&h);
}

Test(mailbox, without_pipelining_one_command_at_a_time)
{
	works("no_pipelining;n=100", 100);
	cr_expect(strstr(h.seen, "batch=1 ") != NULL, "%s", h.seen);
}

Test(mailbox, pipelining_is_announced_after_login_only)
{
	works("late_pipelining;n=100", 100);
	cr_expect(strstr(h.seen, "batch=1 ") == NULL, "%s", h.seen);
}

Test(mailbox, pipelining_is_switched_off)
{
	hostile_start(&h, "n=100");
	h.options.pipelining = false;
	cr_assert_eq(hostile_run(&h), 0);
	hostile_all_right(&h, 100);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "batch=1 ") != NULL, "%s", h.seen);
}

Test(mailbox, wrong_password)
{
	hostile_start(&h, "");
	h.options.password = "a wrong one";
	cr_assert_eq(hostile_run(&h), -1);
	/* The server's words, without its escape sequence; not the password. */
	hostile_fails(&h, ERR_LOGIN, "-ERR [AUTH] \\x1b[31mno");
	cr_expect(strstr(h.e.message, "a wrong one") == NULL);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "logins=1 ") != NULL);
}

Test(mailbox, password_in_the_servers_words_is_not_shown)
{
	fails("refuse_login=-ERR bad command PASS secret", ERR_LOGIN, "not shown");
	cr_expect(strstr(h.e.message, "secret") == NULL);
}

Test(mailbox, auth_plain_when_it_is_announced)
{
	works("plain", 50);
	cr_expect(strstr(h.seen, "AUTH,") != NULL && strstr(h.seen, "PASS") == NULL);
}

Test(mailbox, auth_plain_with_the_name_of_the_mailbox)
{
	hostile_start(&h, "authzid=somebody");
	h.options.authzid = "somebody";
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect_str_eq(h.mailbox.account, "somebody");
	hostile_end(&h);
}

Test(mailbox, auth_plain_in_two_steps_when_the_line_is_long)
{
	char behaviour[400], password[300];

	memset(password, 'p', sizeof(password));
	password[299] = '\0';
	snprintf(behaviour, sizeof(behaviour), "plain;password=%s", password);
	hostile_start(&h, behaviour);
	h.options.password = password;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_end(&h);
}

Test(mailbox, user_and_pass_when_told_so)
{
	hostile_start(&h, "plain");
	h.options.auth = "user";
	cr_assert_eq(hostile_run(&h), 0);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "AUTH,") == NULL && strstr(h.seen, "PASS") != NULL);
}

Test(mailbox, unknown_way_to_log_in)
{
	hostile_start(&h, "");
	h.options.auth = "telepathy";
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_USAGE, "telepathy");
	hostile_end(&h);
}

Test(mailbox, password_with_a_line_end_is_not_sent)
{
	hostile_start(&h, "");
	h.options.password = "x\r\nDELE 1";
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_USAGE, "line end");
	cr_expect(strstr(h.e.message, "DELE") == NULL);
	hostile_end(&h);
}

Test(mailbox, waits_while_the_mailbox_is_in_use)
{
	hostile_start(&h, "in_use=1");
	h.options.wait = 10;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 50);
	cr_expect(
		strstr(h.said, "[IN-USE] somebody else reads it") != NULL, "%s", h.said);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "logins=2 ") != NULL);
}

Test(mailbox, in_use_for_ever)
{
	double began = os_seconds();

	hostile_start(&h, "in_use=1000;busy=-ERR maildrop already locked");
	h.options.wait = 2;
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_BUSY, "maildrop already locked");
	cr_expect_str_eq(h.e.reason, "locked");
	cr_expect(os_seconds() - began > 1.9 && os_seconds() - began < 6);
	hostile_end(&h);
}

Test(mailbox, busy_greeting_is_waited_for)
{
	fails("greeting=-ERR [SYS/TEMP] too many connections;greeting_end", ERR_BUSY,
		"too many connections");
}

Test(mailbox, not_a_pop3_server)
{
	fails("greeting=SSH-2.0-OpenSSH_9.2", ERR_PROTOCOL, "SSH-2.0-OpenSSH_9.2");
}

Test(mailbox, hangs_up_in_the_middle_then_works)
{
	works("n=200;hangup;after=70", 200);
	cr_expect(strstr(h.said, "hung up") != NULL, "%s", h.said);
	cr_expect(strstr(h.notes, "connected again") != NULL);
	cr_expect(strstr(h.seen, "connections=2 ") != NULL);
}

Test(mailbox, hangs_up_at_once)
{
	fails("greeting=;greeting_end", ERR_UNREACHABLE, "hangs up before");
}

Test(mailbox, hangs_up_always)
{
	fails("n=200;hangup;after=20;conns=99", ERR_UNREACHABLE, "hung up");
	cr_expect(strstr(h.seen, "connections=2 ") != NULL, "%s", h.seen);
}

Test(mailbox, hangs_up_after_the_password)
{
	fails("hang_pass;conns=99", ERR_UNREACHABLE, "PASS");
	cr_expect(strstr(h.seen, "connections=2 ") != NULL, "%s", h.seen);
}

Test(mailbox, hangs_up_while_nobody_asks)
{
	hostile_start(&h, "n=60;hangup;after=59");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(hostile_headers(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 60);
	hostile_end(&h);
}

Test(mailbox, falls_silent_once)
{
	works("n=100;silence;after=20", 100);
	cr_expect(strstr(h.said, "silent") != NULL, "%s", h.said);
}

Test(mailbox, falls_silent_always)
{
	fails("n=100;silence;after=20;conns=99", ERR_UNREACHABLE, "silent");
}

Test(mailbox, silent_before_its_greeting)
{
	fails("silent_greeting", ERR_UNREACHABLE, "does not answer");
}

Test(mailbox, nobody_listens)
{
	hostile_start(&h, "");
	h.options.url.port = 1;
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_UNREACHABLE, "cannot reach 127.0.0.1:1");
	hostile_end(&h);
}

struct lie {
	char behaviour[60];
};

ParameterizedTestParameters(mailbox, lies_about_pipelining)
{
	static struct lie lies[] = {{"lie=drop"}, {"lie=drop_second"}, {"lie=garble"},
		{"lie=hang"}, {"lie=close"}, {"lie=drop;conns=99"},
		{"lie=garble;conns=99"}, {"lie=hang;conns=99"}, {"lie=close;conns=99"},
		{"lie=shift;conns=99"}};

	return cr_make_param_array(struct lie, lies, sizeof(lies) / sizeof(*lies));
}

ParameterizedTest(struct lie *lie, mailbox, lies_about_pipelining)
{
	char behaviour[100];

	snprintf(behaviour, sizeof(behaviour), "n=150;%s", lie->behaviour);
	works(behaviour, 150);
	cr_expect(
		strstr(h.notes, "PIPELINING") != NULL, "%s: %s", lie->behaviour, h.notes);
}

Test(mailbox, wrong_marker_once)
{
	works("n=200;wrong_marker;after=70", 200);
	cr_expect(strstr(h.seen, "connections=2 ") != NULL, "%s", h.seen);
}

Test(mailbox, wrong_marker_always)
{
	fails("n=200;wrong_marker;conns=99", ERR_PROTOCOL, "the reply to LIST ");
}

Test(mailbox, garbage_once)
{
	works("n=100;garbage;after=40", 100);
}

Test(mailbox, garbage_always)
{
	fails("n=100;garbage;after=40;conns=99", ERR_PROTOCOL, "want +OK or -ERR");
	cr_expect(strchr(h.e.message, '\x1b') == NULL);
}

Test(mailbox, message_numbers_that_have_moved)
{
	hostile_start(&h, "n=200;hangup;after=0;renumber");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_assert_eq(h.n, 200);
	cr_expect_eq(h.evidence[0].flags, MESSAGE_NO_HEADER);
	for (size_t i = 1; i < 200; i++) {
		cr_assert_eq(h.times[i], 1);
		cr_assert_eq(h.evidence[i].header_octets, hostile_octets(i), "%zu", i);
	}
	hostile_end(&h);
	cr_expect(strstr(h.notes, "1 messages were gone") != NULL);
}

Test(mailbox, sizes_that_have_grown_between_sessions)
{
	size_t grown = 0;

	hostile_start(&h, "n=200;hangup;after=100;grows");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 200);
	/* Each size is of the session in which the header was read. */
	for (size_t i = 0; i < 200; i++)
		grown += h.mailbox.listing.at[i].size > hostile_octets(i) + 55;
	cr_expect_eq(h.mailbox.listing.at[0].size,
		hostile_octets(0) + strlen("Hello\r\n..dot\r\n.\r\nbye 0\r\n"));
	cr_expect(grown > 90 && grown < 200, "%zu", grown);
	hostile_end(&h);
}

Test(mailbox, top_unknown)
{
	fails("no_top", ERR_PROTOCOL, "has no TOP");
}

Test(mailbox, top_unknown_and_no_capa)
{
	fails("no_top;no_capa", ERR_PROTOCOL, "has no TOP");
}

Test(mailbox, uidl_unknown)
{
	fails("no_uidl", ERR_PROTOCOL, "refuses UIDL");
}

Test(mailbox, one_top_refused)
{
	hostile_start(&h, "n=150;refuse=77");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_assert_eq(h.n, 150);
	cr_expect_eq(h.evidence[77].flags, MESSAGE_NO_HEADER);
	for (size_t i = 0; i < 150; i++) {
		if (i != 77)
			cr_assert_eq(h.evidence[i].header_octets, hostile_octets(i));
	}
	hostile_end(&h);
}

Test(mailbox, one_header_with_an_overlong_line)
{
	hostile_start(&h, "n=150;long_line=77");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_assert_eq(h.n, 150);
	cr_expect(h.evidence[77].flags & MESSAGE_NO_HEADER);
	cr_expect_eq(h.evidence[78].header_octets, hostile_octets(78));
	hostile_end(&h);
}

Test(mailbox, header_cut_off)
{
	hostile_start(&h, "n=40;no_end=30");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect(h.evidence[30].flags & MESSAGE_CUT_HEADER);
	cr_expect(!(h.evidence[31].flags & MESSAGE_CUT_HEADER));
	hostile_end(&h);
}

Test(mailbox, endless_line)
{
	fails("endless=line", ERR_PROTOCOL, "reply to TOP 4)");
}

Test(mailbox, endless_header)
{
	fails("endless=header", ERR_PROTOCOL, "reply to TOP 4)");
}

Test(mailbox, endless_body)
{
	fails("endless=body", ERR_PROTOCOL, "reply to TOP 4)");
}

Test(mailbox, endless_greeting)
{
	fails("endless_greeting", ERR_PROTOCOL, "has no end");
}

Test(mailbox, endless_capa)
{
	fails("endless_capa", ERR_PROTOCOL, "has no end");
}

Test(mailbox, endless_uidl_line)
{
	fails("endless_uidl_line", ERR_PROTOCOL, "line 1 of the reply to UIDL");
}

Test(mailbox, odd_uidls_are_kept_as_data)
{
	const struct message *at;

	hostile_start(&h, "n=50;odd_uidls");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 50);
	at = h.mailbox.listing.at;
	cr_expect_str_eq(at[1].uidl, "has a space");
	for (int i = 0; i < 50; i++) {
		bool bad = i == 1 || i == 2 || i == 3 || i == 6 || i == 7;
		bool twice = i == 4 || i == 5;
		cr_expect_eq((at[i].flags & MESSAGE_BAD_UIDL) != 0, bad, "%d", i);
		cr_expect_eq((at[i].flags & MESSAGE_TWICE) != 0, twice, "%d", i);
	}
	hostile_end(&h);
}

Test(mailbox, stat_and_uidl_disagree)
{
	hostile_start(&h, "n=50;stat=60");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	cr_expect(!h.mailbox.listing.whole);
	hostile_end(&h);
	cr_expect(strstr(h.notes, "STAT says 60 messages, UIDL lists 50") != NULL);
}

Test(mailbox, list_lacks_a_message)
{
	hostile_start(&h, "n=50;list_gap=31");
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 50);
	cr_expect(!h.mailbox.listing.whole);
	hostile_end(&h);
	cr_expect(strstr(h.notes, "1 messages only in UIDL") != NULL);
}

Test(mailbox, two_servers_at_the_same_time)
{
	static struct hostile other;
	struct mailbox *both[2] = {&h.mailbox, &other.mailbox};
	double began;

	hostile_start(&h, "slow=1;n=30");
	hostile_start(&other, "slow=1;n=40");
	cr_assert_eq(mailbox_init(both[0], &h.options, &h.e), 0);
	cr_assert_eq(mailbox_init(both[1], &other.options, &h.e), 0);
	h.mailbox.options.silence = other.mailbox.options.silence = 5;
	began = os_seconds();
	cr_assert_eq(mailbox_open(both, 2, NULL, &h.e), 0, "%s", h.e.message);
	cr_expect(os_seconds() - began < 1.8);
	cr_expect_eq(both[0]->listing.n, 30);
	cr_expect_eq(both[1]->listing.n, 40);
	mailbox_close(both, 2);
	hostile_end(&other);
	hostile_end(&h);
}

static int
refuse_late(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	(void)arg;
	(void)m;
	(void)ev;
	return index < 100 ? 0 : err_set(e, ERR_IO, "io", "disk full");
}

Test(mailbox, a_job_that_was_broken_off_leaves_no_replies_behind)
{
	struct mailbox *m = &h.mailbox;

	hostile_start(&h, "n=300");
	cr_assert_eq(hostile_open(&h), 0);
	cr_assert_eq(mailbox_headers(&m, 1, NULL, refuse_late, NULL, NULL, &h.e), -1);
	hostile_fails(&h, ERR_IO, "disk full");
	cr_assert_eq(hostile_headers(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 300);
	hostile_end(&h);
}

Test(mailbox, no_answer_to_quit)
{
	double began;
	struct mailbox *m = &h.mailbox;

	hostile_start(&h, "silent_quit");
	cr_assert_eq(hostile_run(&h), 0);
	began = os_seconds();
	mailbox_close(&m, 1);
	cr_expect(os_seconds() - began < 5);
	hostile_end(&h);
}

Test(mailbox, close_without_open)
{
	struct mailbox m = {0}, *at = &m;

	mailbox_close(&at, 1);
	mailbox_release(&m);
}
