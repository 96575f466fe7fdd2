#include <criterion/criterion.h>

#include "mailbox/mailbox.h"

TestSuite(mailbox_url);

static struct mailbox_url url;
static struct arena arena;
static struct err e;

static void
means(const char *text, const char *scheme, const char *user, const char *host, int port)
{
	cr_assert_eq(mailbox_url_parse(text, &arena, &url, &e), 0, "%s", e.message);
	cr_expect_str_eq(url.scheme, scheme);
	cr_expect_str_eq(url.user, user);
	cr_expect_str_eq(url.host, host);
	cr_expect_eq(url.port, port);
	arena_free(&arena);
}

static void
refused(const char *text, const char *words)
{
	cr_assert_eq(mailbox_url_parse(text, &arena, &url, &e), -1, "%s", text);
	cr_expect_eq(e.kind, ERR_USAGE);
	cr_expect(strstr(e.message, words) != NULL, "%s: %s", text, e.message);
	arena_free(&arena);
}

Test(mailbox_url, ports)
{
	means("pop3://u@h.example.org", "pop3", "u", "h.example.org", 110);
	means("pop3s://u@h.example.org", "pop3s", "u", "h.example.org", 995);
	means("POP3S://u@h:1995/", "pop3s", "u", "h", 1995);
}

Test(mailbox_url, the_last_at_sign_splits)
{
	means("pop3://me@home.org@pop.home.org:11", "pop3", "me@home.org", "pop.home.org",
		11);
}

Test(mailbox_url, escapes)
{
	means("pop3://a%3Ab%40c%25%20d@h", "pop3", "a:b@c% d", "h", 110);
	means("pop3://u@%68", "pop3", "u", "h", 110);
	refused("pop3://a%4@h", "%25");
	refused("pop3://a%@h", "%25");
	refused("pop3://a%zz@h", "%25");
	refused("pop3://a@h%4", "%25");
	refused("pop3://a%0d%0aDELE@h", "control");
	refused("pop3://a%00@h", "control");
}

static void
names_mailbox(const char *text, const char *host, const char *mailbox)
{
	cr_assert_eq(mailbox_url_parse(text, &arena, &url, &e), 0, "%s", e.message);
	cr_expect_str_eq(url.host, host);
	if (mailbox == NULL)
		cr_expect_null(url.mailbox);
	else
		cr_expect_str_eq(url.mailbox, mailbox);
	arena_free(&arena);
}

Test(mailbox_url, imap_may_name_a_mailbox)
{
	means("imap://u@h", "imap", "u", "h", 143);
	means("imaps://me@home.org@h/", "imaps", "me@home.org", "h", 993);
	means("imap://u@h:1143/Archive/2020", "imap", "u", "h", 1143);
	names_mailbox("imap://u@h", "h", NULL);
	names_mailbox("imap://u@h/", "h", NULL);
	names_mailbox("imap://u@h/Archive/2020@home", "h", "Archive/2020@home");
	names_mailbox("imap://u@h/Entw%C3%BCrfe%2F%20a/", "h", "Entw\xc3\xbcrfe/ a");
	names_mailbox("imap://u%2Fv@[::1]:1143/*", "::1", "*");
	refused("imap://u@h/a%0d", "control");
	refused("pop3://u@h/Archive", "host name");
}

Test(mailbox_url, addresses)
{
	means("pop3://u@[::1]", "pop3", "u", "::1", 110);
	means("pop3://u@[fe80::1]:2110", "pop3", "u", "fe80::1", 2110);
	means("pop3://u@127.0.0.1:2110", "pop3", "u", "127.0.0.1", 2110);
	refused("pop3://u@[::1", "]");
	refused("pop3://u@[::1]x", "port");
}

Test(mailbox_url, password_is_refused_and_not_said)
{
	refused("pop3://u:geheim@h", "password does not belong");
	cr_expect(strstr(e.message, "geheim") == NULL);
	refused("pop3://u:ge@heim@h", "password does not belong");
	cr_expect(strstr(e.message, "heim") == NULL);
	refused("http://u:geheim@h", "want pop3://");
	cr_expect(strstr(e.message, "geheim") == NULL);
}

Test(mailbox_url, kinds_that_are_none)
{
	refused("nntp://u@h", "maildir:PATH, mbox:FILE, capture:FILE or store:PATH");
}

Test(mailbox_url, a_path_is_taken_as_it_stands)
{
	cr_assert_eq(mailbox_url_parse("store:/home/x/%41 b@c", &arena, &url, &e), 0,
		"%s", e.message);
	cr_assert_str_eq(url.scheme, "store");
	cr_assert_str_eq(url.path, "/home/x/%41 b@c");
	cr_assert_null(url.host);
	refused("store:", "want store:PATH");
	refused("store", "pop3://user@host");
}

Test(mailbox_url, nonsense)
{
	refused("", "pop3://user@host");
	refused("pop3", "pop3://user@host");
	refused("pop3:u@h", "pop3://user@host");
	refused("pop3://h", "want a user");
	refused("pop3://@h", "want a user");
	refused("pop3://u@", "host");
	refused("pop3://u@h/x", "host");
	refused("pop3://u@h%2fx", "host");
	refused("pop3://u@x%40h", "host");
	refused("pop3://u@h:0", "65535");
	refused("pop3://u@h:65536", "65535");
	refused("pop3://u@h:x", "65535");
}
