/* fdm's configuration. What is wanted is what `fdm -nvvv` of 1.9 says of the same words. */
#include "model/fdmconf.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* "HOST USER PORT keep|delete STORE" a line. */
static void
assert_conf(const char *conf, const char *want)
{
	struct source src;
	struct arena a = {0};
	struct account_list l = {0};
	struct buf b;
	struct err e;

	source_of(&src, "/home/anna/.fdm.conf", text_of(conf));
	cr_assert_eq(fdm_accounts(&src, &a, &l, &e), 0);
	buf_init(&b, SOURCE_MAX);
	for (size_t i = 0; i < l.n; i++) {
		const struct settings *s = &l.at[i].settings;
		cr_assert(s->known);
		buf_print(&b, "%.*s %.*s %u %s %s\n", TEXT_ARG(s->host),
			TEXT_ARG(s->user), (unsigned)s->port,
			s->leave_on_server ? "keep" : "delete", l.at[i].store);
	}
	cr_assert(text_equal(buf_text(&b), text_of(want)), "%s\nreads as\n%.*s", conf,
		TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	free(l.at);
	arena_free(&a);
}

#define ACCOUNT "account \"a\" pop3 server \"h\" user \"u\" pass \"x\" new-only cache "

Test(fdmconf, accounts)
{
	assert_conf(
		"# all\n$dir = \"/var/c\" %port = 1100\n$host = 'pop.example.org'\n"
		"account \"work\" disabled user \"nobody\" pop3s server $host\n"
		"    port %port user \"al\\\"ice\" pass \"x\"\n"
		"    new-only cache \"${dir}/a.${nothing}b\" no-apop keep\n"
		"account 'b' users { \"nobody\" \"root\" } pop3 server \"h\" user \"bob\"\n"
		"    pass $(echo \"a)b\") old-only cache '/x/${dir}'\n"
		"account \"c\" pop3 server \"h\" port \"pop3s\" user \"carl\" pass \"x\"\n"
		"    new-only cache \"/c\"\n"
		"account \"d\" imap server \"h\" user \"dora\" pass \"x\" new-only\n"
		"account \"e\" pop3 server \"h\" user \"eve\" pass \"x\"\n"
		"set lock-file \"/l\"\naction \"keep\" keep\n"
		"match account \"work\" or account \"b\" action \"keep\"\n"
		"account \"f\" pop3 pipe \"x\" user \"f\" pass \"x\" new-only\n"
		"    cache \"/f\"\nmatch all action \"keep\"\n",
		"pop.example.org al\"ice 1100 keep /var/c/a.b\n"
		"h bob 110 delete /x/${dir}\nh carl 995 keep /c\n");
	assert_conf("", "");
}

Test(fdmconf, paths)
{
	assert_conf(ACCOUNT "\"~/c\"", "h u 110 keep /home/anna/c\n");
	assert_conf(ACCOUNT "\"%h/c\"", "h u 110 keep /home/anna/c\n");
	assert_conf(ACCOUNT "\"%[home]/c\"", "h u 110 keep /home/anna/c\n");
	assert_conf(ACCOUNT "\"~bob/c\"", "");
	assert_conf(ACCOUNT "\"/%a/c\"", "");
	assert_conf(ACCOUNT "\"c\"", "");
}

/* The user may stand in ~/.netrc; then nobody here knows it. */
Test(fdmconf, accounts_without_all_that_is_needed)
{
	assert_conf("account \"a\" pop3 server \"h\" new-only cache \"/c\"", "");
	assert_conf(
		"account \"a\" pop3 server \"h\" user \"u\" new-only cache \"/c\" no-uidl",
		"");
	assert_conf("account \"a\" pop3 server $(cat h) user \"u\" new-only cache \"/c\"",
		"");
	assert_conf("$u = \"u\" $u = \"v\" account \"a\" pop3 server \"h\" user ${u} "
		    "new-only cache \"/c\"",
		"h v 110 keep /c\n");
}

/* None at all, rather than half of them. */
Test(fdmconf, what_is_not_understood)
{
	assert_conf(ACCOUNT "\"/c\" account \"b", "");
	assert_conf(ACCOUNT "\"/c\" ifdef $x " ACCOUNT "\"/c\" endif", "");
	assert_conf(ACCOUNT "$nobody", "");
	assert_conf(ACCOUNT "\"/c\" $c = \"\\", "");
	assert_conf(ACCOUNT "\"${nobody\"", "");
	assert_conf("$c = $(date) " ACCOUNT "\"/${c}\"", "");
	assert_conf("$c = $(date ", "");
	assert_conf(ACCOUNT, "");
	assert_conf("account", "");
	assert_conf("account \"a\"", "");
	assert_conf("account \"a\" users { \"x\"", "");
}
