/* Sylpheed and Claws Mail: the name of the file, and what accountrc says. */
#include "model/format.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct format *
format(const char *name)
{
	return format_named(text_of(name));
}

static bool
is_named(const char *client, const char *now, const char *host, const char *user,
	const char *want)
{
	struct err e = {0};
	struct buf b;
	bool same;

	buf_init(&b, 1000);
	int rc = format(client)->rename(
		text_of(now), text_of(host), text_of(user), 110, &b, &e);
	same = want == NULL ? rc < 0 && e.message[0] != '\0'
			    : rc == 0 && text_equal(buf_text(&b), text_of(want));
	if (!same)
		cr_log_error("%d %.*s", rc, TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	return same;
}

/* Names that the clients themselves gave: make check-clients-all, and their sources. */
Test(sylph, rename)
{
	cr_assert(is_named(
		"sylpheed", "x", "pop.example.org", "alice", "pop.example.org-alice"));
	cr_assert(is_named("sylpheed", "x", "pop.example.org", "alice@example.org",
		"pop.example.org-alice@example.org"));
	cr_assert(is_named("sylpheed", "x", "h", "a b%\t\r\n\"'\\/:;*?<>|",
		"h-a b%%09%0d%0a%22%27%5c%2f%3a%3b%2a%3f%3c%3e%7c"));
	cr_assert(is_named("sylpheed", "x", "h", "\xc3\xbc", "h-\xc3\xbc"));
	cr_assert(is_named("sylpheed", "x", "h-i", "j-k", "h-i-j-k"));
	cr_assert(is_named("claws", "x", "pop.example.org", "alice@example.org",
		"pop.example.org-alice@example.org"));
	cr_assert(is_named(
		"claws", "x", "h", "a b%\t\r\n\"'\\/:;*?<>|", "h-a b%___\"'__:;_?<>|"));
	/* The old name, with the user's as it is. */
	cr_assert(is_named("claws", "uidl-h-x", "pop.example.org", "al*ice",
		"uidl-pop.example.org-al*ice"));
	cr_assert(is_named("claws", "uidl-h-x", "h", "a/b", NULL));
	for (int i = 0; i < 2; i++) {
		const char *client = i == 0 ? "sylpheed" : "claws";
		cr_assert(is_named(client, "x", "a/b", "c", NULL));
		cr_assert(is_named(client, "x", "", "c", NULL));
		cr_assert(is_named(client, "x", "h", "", NULL));
	}
}

#define ACCOUNT(n, rest)                                                                 \
	"[Account: " n "]\naccount_name=Box " n "\nreceive_server=h" n "\nuser_id=u" n   \
	"\n" rest

static const char accountrc[] = ACCOUNT(
	"1", "remove_mail=0\nmessage_leave_time=7\nset_popport=1\npop_port=2110\n")
	ACCOUNT("2", "protocol=0\nssl_pop=1\n") "\n" ACCOUNT(
		"3", "protocol=3\n") /* IMAP */
	ACCOUNT("4", "remove_mail=1\nmessage_leave_time=0\nset_popport=0\npop_port=99\n")
		ACCOUNT("5", "ssl_pop=2\nremove_mail=1\nmessage_leave_time=0\n"
			     "message_leave_hour=5\n")
			ACCOUNT("6", "protocol=1\nmessage_leave_time=30\n") /* APOP */
	"[Account: 7]\nuser_id=nobody\n"
	"[Other]\nreceive_server=h8\nuser_id=u8\n" ACCOUNT("9", "user_id=a/b\n");

static void
is_account(const struct listed_account *l, const char *store, uint32_t port, bool leaves,
	uint32_t days)
{
	cr_assert_str_eq(l->store, store);
	cr_assert(l->settings.known);
	cr_assert_eq(l->settings.port, port, "%s: %u", store, (unsigned)l->settings.port);
	cr_assert_eq(l->settings.leave_on_server, leaves, "%s", store);
	cr_assert_eq(l->settings.delete_after_days, days, "%s", store);
}

Test(sylph, accounts)
{
	struct account_list list = {0};
	struct arena a = {0};
	struct source src;
	struct err e;

	source_of(&src, "/h/.claws-mail/accountrc", text_of(accountrc));
	cr_assert_eq(format("claws")->accounts(&src, &a, &list, &e), 0);
	cr_assert_eq(list.n, 6);
	is_account(&list.at[0], "/h/.claws-mail/uidl/h1-u1", 2110, true, 0);
	/* Not said: removed after 7 days, as both clients have it. */
	is_account(&list.at[1], "/h/.claws-mail/uidl/h2-u2", 995, true, 7);
	is_account(&list.at[2], "/h/.claws-mail/uidl/h4-u4", 110, false, 0);
	is_account(&list.at[3], "/h/.claws-mail/uidl/h5-u5", 110, false, 0);
	is_account(&list.at[4], "/h/.claws-mail/uidl/h6-u6", 110, true, 30);
	is_account(&list.at[5], "/h/.claws-mail/uidl/h9-a_b", 110, true, 7);
	cr_assert_str_eq(list.at[0].server, "Account: 1");
	cr_assert(text_equal(list.at[0].settings.name, text_of("Box 1")));
	cr_assert(text_equal(list.at[5].settings.host, text_of("h9")));
	cr_assert(text_equal(list.at[5].settings.user, text_of("a/b")));
	free(list.at);
	list = (struct account_list){0};
	cr_assert_eq(format("sylpheed")->accounts(&src, &a, &list, &e), 0);
	cr_assert_eq(list.n, 6);
	cr_assert_str_eq(list.at[5].store, "/h/.claws-mail/uidl/h9-a%2fb");
	free(list.at);
	arena_free(&a);
}

/* White space ends a word for these clients, and a NUL the line. */
Test(sylph, spells_no_white_space)
{
	static const char bad[] = " \t\n\v\f\r";
	const struct format *f = format("claws");
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	source_of(&src, "uidl/h-u", text_of("one\t1400000001\t0\n"));
	cr_assert_eq(store_read(&s, f, &src, &e), 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(bad); i++) {
		char value[] = {'a', bad[i], 'b'};
		struct edit edit = {0, EDIT_UIDL, sizeof(value), value};
		cr_assert_eq(store_write(&s, &edit, 1, &out, &e), -1, "%zu", i);
		cr_assert_eq(e.kind, ERR_DATA, "%s", e.message);
	}
	cr_assert_str_eq(e.message,
		"uidl/h-u: \"a\\x00b\" cannot be written there as a UIDL: Claws Mail has "
		"no way to quote it");
	struct edit hash = {0, EDIT_UIDL, 5, "#[a]="};
	cr_assert_eq(store_write(&s, &hash, 1, &out, &e), 0, "%s", e.message);
	cr_assert(text_equal(buf_text(&out), text_of("#[a]=\t1400000001\t0\n")));
	buf_release(&out);
	store_release(&s);
}
