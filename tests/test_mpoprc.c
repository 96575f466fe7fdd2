/* mpop's configuration, and the name that its list of UIDLs has. What is wanted is what
 * `mpop --pretend` of 1.4.18 says of the same lines. */
#include "model/mpoprc.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* "HOST USER PORT keep|delete STORE" a line. */
static void
assert_rc(const char *path, const char *rc, const char *want)
{
	struct source src;
	struct arena a = {0};
	struct account_list l = {0};
	struct buf b;
	struct err e;

	source_of(&src, path, text_of(rc));
	cr_assert_eq(mpop_accounts(&src, &a, &l, &e), 0);
	buf_init(&b, SOURCE_MAX);
	for (size_t i = 0; i < l.n; i++) {
		const struct settings *s = &l.at[i].settings;
		cr_assert(s->known);
		buf_print(&b, "%.*s %.*s %u %s %s\n", TEXT_ARG(s->host),
			TEXT_ARG(s->user), (unsigned)s->port,
			s->leave_on_server ? "keep" : "delete", l.at[i].store);
	}
	cr_assert(text_equal(buf_text(&b), text_of(want)), "%s\nreads as\n%.*s", rc,
		TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	free(l.at);
	arena_free(&a);
}

#define RC "/home/anna/.mpoprc"
#define IN " /home/anna/.mpop_uidls/"

Test(mpoprc, accounts)
{
	assert_rc(RC,
		"# all\ndefaults\nkeep on\n\naccount a\nhost pop.example.org\n"
		"  user \"alice\"  \nport 1100\naccount b\nhost h\nuser bob\nkeep off\n"
		"account c\nhost h\nuser carl\nkeep\ntls on\ntls_starttls off\n",
		"pop.example.org alice 1100 keep" IN "alice_at_pop.example.org\n"
		"h bob 110 delete" IN "bob_at_h\nh carl 995 keep" IN "carl_at_h\n");
	/* Mail is deleted if nothing is said; tls starts within the session. */
	assert_rc("/home/anna/.config/mpop/config", "account a\nhost h\nuser u\ntls\n",
		"h u 110 delete" IN "u_at_h\n");
	assert_rc(RC, "account a\r\nhost h\r\nuser u\r\nkeep on\r\n",
		"h u 110 keep" IN "u_at_h\n");
	assert_rc(RC, "", "");
}

Test(mpoprc, accounts_made_from_others)
{
	assert_rc(RC,
		"account a\nhost h\nuser u\nkeep on\naccount b\nport 9\n"
		"account c : a,b\nuser v\ndefaults\nkeep on\naccount d : b\nhost i\nuser w\n",
		"h u 110 keep" IN "u_at_h\nh v 9 keep" IN "v_at_h\ni w 9 keep" IN
		"w_at_i\n");
	assert_rc(RC, "account a\nhost h\nuser u\naccount b : nobody\n", "");
}

Test(mpoprc, files)
{
	assert_rc(RC,
		"account a\nhost h\nuser u\nuidls_file /var/%H-%U-%%U\n"
		"account b\nhost h\nuser u\nuidls_file \"~/all of them\"\n"
		"account c\nhost h\nuser u\nuidls_file here\n",
		"h u 110 delete /var/h-u-%u\nh u 110 delete /home/anna/all of them\n");
}

/* None at all, rather than half of them: the rest may say that mail is deleted. */
Test(mpoprc, what_is_not_understood)
{
	assert_rc(RC, "account a\nhost h\nuser u\nkeep on\neval echo keep off\n", "");
	assert_rc(RC, "account a\nhost h\nuser u\nkeep maybe\n", "");
	assert_rc(RC, "account a\nhost h\nuser u\nport many\n", "");
	assert_rc(RC, "account a\nhost h\nuser u\nport 70000\n", "");
	assert_rc(RC, "keep on\naccount a\nhost h\nuser u\n", "");
}

static void
assert_name(const char *now, const char *host, const char *user, const char *want)
{
	struct buf b;
	struct err e;

	buf_init(&b, SOURCE_MAX);
	cr_assert_eq(
		format_named(text_of("mpop"))
			->rename(text_of(now), text_of(host), text_of(user), 110, &b, &e),
		0);
	cr_assert(text_equal(buf_text(&b), text_of(want)), "%s: have %.*s", now,
		TEXT_ARG(buf_text(&b)));
	buf_release(&b);
}

Test(mpop, the_file_is_named_after_the_account)
{
	assert_name(
		"alice_at_old.example", "new.example", "alice", "alice_at_new.example");
	assert_name("a@b_at_old", "new", "c@d", "c@d_at_new");
	assert_name("alice_at_old.txt", "new", "alice", "alice_at_new.txt");
	/* A file for all accounts, or of the user's own naming. */
	assert_name(".mpop_uidls", "new", "alice", ".mpop_uidls");
	assert_name("uidls-old", "new", "alice", "uidls-old");
	assert_name("_at_old", "new", "alice", "_at_old");
	assert_name("alice_at_old", "", "", "alice_at_old");
}
