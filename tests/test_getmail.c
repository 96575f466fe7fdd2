/* getmail's settings, the name of its list, and what it makes of a UIDL. What is wanted
 * is what getmail 6.18.11 does (--dump, and the file that it writes). */
#include "model/format.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct format *
getmail(void)
{
	return format_named(text_of("getmail"));
}

#define RC "/home/anna/.getmail/getmailrc"

/* "HOST USER PORT keep|delete DAYS STORE", or nothing. */
static void
assert_rc(const char *path, const char *rc, const char *want)
{
	struct source src;
	struct arena a = {0};
	struct account_list l = {0};
	struct buf b;
	struct err e;

	source_of(&src, path, text_of(rc));
	cr_assert_eq(getmail()->accounts(&src, &a, &l, &e), 0);
	buf_init(&b, SOURCE_MAX);
	for (size_t i = 0; i < l.n; i++) {
		const struct settings *s = &l.at[i].settings;
		cr_assert(s->known);
		buf_print(&b, "%.*s %.*s %u %s %u %s\n", TEXT_ARG(s->host),
			TEXT_ARG(s->user), (unsigned)s->port,
			s->leave_on_server ? "keep" : "delete",
			(unsigned)s->delete_after_days, l.at[i].store);
	}
	cr_assert(text_equal(buf_text(&b), text_of(want)), "%s\nreads as\n%.*s", rc,
		TEXT_ARG(buf_text(&b)));
	buf_release(&b);
	free(l.at);
	arena_free(&a);
}

#define RETRIEVER "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\n"
#define KEPT	  "h u 110 keep 0 /home/anna/.getmail/oldmail-h-110-u\n"

Test(getmail, settings)
{
	assert_rc(RC, RETRIEVER, KEPT);
	assert_rc(RC,
		"# all\n[retriever]\nType: SimplePOP3SSLRetriever\nSERVER=pop.example.org\n"
		"username = a b@c\npassword = x\n  = y\n\n[destination]\ntype = Maildir\n"
		"[options]\ndelete = No\ndelete_after = 30\n",
		"pop.example.org a b@c 995 keep 30 "
		"/home/anna/.getmail/oldmail-pop.example.org-995-a b@c\n");
	assert_rc("/home/anna/.config/getmail/work",
		"[retriever]\ntype = MultidropPOP3Retriever\nserver = ::1\nport = 1100\n"
		"username = d/u<v>\n[options]\ndelete = true\n",
		"::1 d/u<v> 1100 delete 0 /home/anna/.config/getmail/oldmail--1-1100-d-u-v-\n");
}

Test(getmail, settings_of_other_things)
{
	assert_rc(RC, "", "");
	assert_rc(RC,
		"[retriever]\ntype = SimpleIMAPRetriever\nserver = h\nusername = u\n",
		"");
	assert_rc(RC,
		"[retriever]\ntype = BrokenUIDLPOP3Retriever\nserver = h\nusername = u\n",
		"");
	assert_rc(RC, "[retriever]\ntype = SimplePOP3Retriever\nserver = h\n", "");
	assert_rc("/home/anna/.getmail/getmailrc.bak", RETRIEVER, "");
	assert_rc("/home/anna/.getmail/getmailrc~", RETRIEVER, "");
	assert_rc("/home/anna/.getmail/.getmailrc", RETRIEVER, "");
	assert_rc("/home/anna/.getmail/oldmail-h-110-u", RETRIEVER, "");
}

/* None at all, rather than half of it: the rest may say that mail is deleted. */
Test(getmail, settings_that_are_not_understood)
{
	assert_rc(RC, RETRIEVER "[options]\ndelete = maybe\n", "");
	assert_rc(RC, RETRIEVER "[options]\ndelete = false\n  true\n", "");
	assert_rc(RC, RETRIEVER "[options]\ndelete_after = soon\n", "");
	assert_rc(RC, "[DEFAULT]\ndelete = true\n" RETRIEVER, "");
	assert_rc(RC, RETRIEVER "port = many\n", "");
	assert_rc(RC, RETRIEVER "[options\ndelete = true\n", "");
	assert_rc(RC, RETRIEVER "port 995\n", "");
}

static void
assert_name(const char *now, const char *host, uint32_t port, const char *user,
	const char *want)
{
	struct buf b;
	struct err e = {0};

	buf_init(&b, SOURCE_MAX);
	int rc = getmail()->rename(
		text_of(now), text_of(host), text_of(user), port, &b, &e);
	if (rc < 0)
		cr_assert_str_eq(e.message, want);
	else
		cr_assert(text_equal(buf_text(&b), text_of(want)), "%s: have %.*s", now,
			TEXT_ARG(buf_text(&b)));
	buf_release(&b);
}

Test(getmail, the_file_is_named_after_the_account)
{
	assert_name("oldmail-old-110-u", "new.example", 995, "u",
		"oldmail-new.example-995-u");
	assert_name("oldmail-old-110-u", "a\\b", 1, "/:;<>|c//", "oldmail-a\\b-1--c-");
	assert_name("my-list", "new", 1, "u", "my-list");
	assert_name("oldmail-old-110-u", "new", 0, "u",
		"oldmail-old-110-u: the port stands in its name, and it is not known which "
		"one getmail will use: say --client-port");
}

Test(getmail, a_slash_is_a_dash)
{
	struct buf b;

	buf_init(&b, SOURCE_MAX);
	cr_assert(text_equal(
		format_key(getmail(), text_of("1/(2)/"), &b), text_of("1-(2)-")));
	buf_release(&b);
}
