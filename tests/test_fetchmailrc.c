/* fetchmail's run control file. What is wanted is what `fetchmail --configdump` of 6.4.37
 * says of the same words. */
#include "model/fetchmailrc.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* "HOST USER PORT keep|delete STORE" a line. */
static void
assert_rc(const char *rc, const char *want)
{
	struct source src;
	struct arena a = {0};
	struct account_list l = {0};
	struct buf b;
	struct err e;

	source_of(&src, "/home/anna/.fetchmailrc", text_of(rc));
	cr_assert_eq(fetchmail_accounts(&src, &a, &l, &e), 0);
	buf_init(&b, SOURCE_MAX);
	for (size_t i = 0; i < l.n; i++) {
		const struct settings *s = &l.at[i].settings;
		cr_assert(s->known);
		buf_print(&b, "%.*s %.*s %u %s %s%s\n", TEXT_ARG(s->host),
			TEXT_ARG(s->user), (unsigned)s->port,
			s->leave_on_server ? "keep" : "delete", l.at[i].store,
			s->advice != NULL ? " bisects" : "");
	}
	cr_assert(text_equal(buf_text(&b), text_of(want)), "%s\nreads as\n%.*s", rc,
		TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	free(l.at);
	arena_free(&a);
}

#define IDS " /home/anna/.fetchids\n"

Test(fetchmailrc, one_account)
{
	assert_rc("poll pop.example.org proto pop3 user \"alice\" pass \"x\" keep\n",
		"pop.example.org alice 110 keep" IDS);
	assert_rc("poll pop.example.org proto pop3 user alice pass x ssl keep",
		"pop.example.org alice 995 keep" IDS);
	/* Mail is deleted if nothing is said. */
	assert_rc("server h protocol POP3 username a password b", "h a 110 delete" IDS);
	assert_rc("skip h proto pop3 user a pass b keep nokeep", "h a 110 delete" IDS);
	assert_rc("skip h proto pop3 user a pass b no keep keep", "h a 110 keep" IDS);
	assert_rc("poll h proto pop3 user a keep flush", "h a 110 delete" IDS);
	assert_rc("", "");
}

Test(fetchmailrc, where_it_connects_and_who_that_is)
{
	assert_rc("poll label via pop.example.org proto pop3 port 1100 user a keep",
		"pop.example.org a 1100 keep" IDS);
	assert_rc("poll h service pop3s proto pop3 user a keep", "h a 995 keep" IDS);
	assert_rc("poll h proto imap user a keep poll g proto apop user b keep",
		"g b 110 keep" IDS);
	assert_rc("poll h user a keep", "h a 110 keep" IDS); /* AUTO */
}

Test(fetchmailrc, users_of_one_server)
{
	assert_rc(
		"poll h proto pop3 port 995, with options uidl:\n"
		"  user \"a\" there with password \"1\" is \"la\" here options keep ssl\n"
		"  user b there is lb mb here; password 2\n"
		"  user lc here is \"c@d.example\" there password 3 keep\n",
		"h a 995 keep" IDS "h b 995 delete" IDS "h c@d.example 995 keep" IDS);
	assert_rc("poll h proto pop3 user a is x=y z=w * here keep", "h a 110 keep" IDS);
	/* Whose login name it is, nobody says. */
	assert_rc("poll h proto pop3 pass x keep", "");
}

Test(fetchmailrc, defaults)
{
	assert_rc("defaults proto pop3 port 1234 user me keep\n"
		  "poll a.example\n"
		  "poll b.example port 5 user you nokeep user they\n",
		"a.example me 1234 keep" IDS "b.example you 5 delete" IDS
		"b.example they 5 keep" IDS);
}

Test(fetchmailrc, words_and_strings)
{
	assert_rc("# poll x proto pop3 user no\n"
		  "poll 'h' proto pop3 user \"a\\x41\\102\\067b c\" # keep\n"
		  "password 'its \"' \\\nkeep\n",
		"h aAf7b c 110 keep" IDS);
	/* The string ends at the second quote. */
	assert_rc("poll h proto pop3 user \"a\\\"b\" keep\n", "");
	/* A keyword is none in quotes, nor where a name or a password stands. */
	assert_rc("poll h proto pop3 user keep pass flush is \"keep\" here",
		"h keep 110 delete" IDS);
	assert_rc("poll h proto pop3 user a pass b mda \"/bin/x -keep %T\" keep "
		  "folder one, \"keep\" two sslproto '' antispam 1 -2 limit 9",
		"h a 110 keep" IDS);
}

Test(fetchmailrc, global_options)
{
	assert_rc("set idfile /var/ids\nset daemon 300\nset no bouncemail set syslog\n"
		  "set logfile = \"/l\" set postmaster 'keep' set invisible\n"
		  "poll h proto pop3 user a keep fastuidl 0\n"
		  "poll g proto pop3 user a keep\n",
		"h a 110 keep /var/ids\ng a 110 keep /var/ids bisects\n");
	assert_rc("set idfile=ids poll h proto pop3 user a keep fastuidl 1",
		"h a 110 keep /home/anna/ids bisects\n");
	assert_rc("poll h envelope 2 \"X-To:\" interval 3 no envelope no dns user a keep",
		"h a 110 keep" IDS);
}

/* None at all, rather than half of them: the rest may say that mail is deleted. */
Test(fetchmailrc, what_is_not_understood)
{
	assert_rc(
		"poll h proto pop3 user a keep\npoll g proto pop3 user b sometimes", "");
	assert_rc("poll h proto pop3 user a keep \"", "");
	assert_rc("poll h proto pop3 user a keep 'x", "");
	assert_rc("poll h proto pop3 user a keep no", "");
	assert_rc("poll h proto pop3 user a keep no sense", "");
	assert_rc("poll h proto pop3 user a keep port", "");
	assert_rc("poll", "");
	assert_rc("poll h proto pop3 user a keep 7", "");
	assert_rc("= poll h proto pop3 user a keep", "");
}
