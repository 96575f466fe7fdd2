/* The accounts in Balsa's two settings files. */
#include "model/format.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const char config[] =
	"[Globals]\nServer=not.a.mailbox\n\n"
	"[mailbox-Inbox]\nType=LibBalsaMailboxMbox\nPath=/home/anna/Mail/inbox\n\n"
	"[mailbox-1]\nType=LibBalsaMailboxPOP3\nName=Anna\nServer=pop.example.org\n"
	"Check=true\nDelete=false\n\n"
	"[mailbox-2]\nServer=mail.example.net:995\nDelete=true\n"
	"Type=LibBalsaMailboxPop3\n\n"
	"[mailbox-3]\nType=LibBalsaMailboxImap\nServer=imap.example.org\n\n"
	"[mailbox-4]\nType=LibBalsaMailboxPOP3\nServer=no.user.example\n\n"
	"[mailbox-5]\nType=LibBalsaMailboxPOP3\nServer=odd\\sserver\n\n"
	"[folder-6]\nType=LibBalsaMailboxPOP3\nServer=no.mailbox\n\n"
	"[mailbox-7]\nType=LibBalsaMailboxPOP3\nServer=[::1]\n";
static const char secret[] =
	"[mailbox-2]\nPassword=x\nUsername=bob@example.net\n[mailbox-1]\nUsername=anna\n"
	"[mailbox-3]\nUsername=c\n[mailbox-5]\nUsername=e\n[mailbox-7]\nUsername=g\n";

static void
list(struct account_list *l, struct arena *a, const char *path, const char *beside)
{
	struct source main, users;
	struct err e;

	*l = (struct account_list){0};
	source_of(&main, path, text_of(config));
	source_of(&users, beside, text_of(secret));
	main.beside = &users;
	const struct format *f = format_named(text_of("balsa"));
	cr_assert_eq(f->accounts(&main, a, l, &e), 0);
}

static void
assert_text(struct text have, const char *want)
{
	cr_assert(text_equal(have, text_of(want)), "have %.*s, want %s", TEXT_ARG(have),
		want);
}

Test(balsa, accounts_of_both_files)
{
	struct account_list l;
	struct arena a = {0};

	list(&l, &a, "/home/anna/.balsa/config", "/home/anna/.balsa/config-private");
	cr_assert_eq(l.n, 3);
	for (size_t i = 0; i < l.n; i++)
		cr_assert_str_eq(l.at[i].store, "/home/anna/.balsa/pop-uids");
	const struct settings *s = &l.at[0].settings;
	cr_assert(s->known && s->leave_on_server);
	assert_text(s->host, "pop.example.org");
	assert_text(s->user, "anna");
	assert_text(s->key, "mailbox-1");
	cr_assert_eq(s->port, 0);
	cr_assert_eq(s->server_host.len, 0);
	s = &l.at[1].settings;
	cr_assert(s->known && !s->leave_on_server);
	assert_text(s->host, "mail.example.net:995");
	assert_text(s->user, "bob@example.net");
	assert_text(s->server_host, "mail.example.net");
	cr_assert_eq(s->port, 995);
	s = &l.at[2].settings;
	assert_text(s->host, "[::1]");
	cr_assert_eq(s->port, 0);
	free(l.at);
	arena_free(&a);
}

Test(balsa, newer_versions_keep_them_elsewhere)
{
	struct account_list l;
	struct arena a = {0};

	list(&l, &a, "/home/anna/.config/balsa/config",
		"/home/anna/.config/balsa/config-private");
	cr_assert_eq(l.n, 3);
	cr_assert_str_eq(l.at[0].store, "/home/anna/.local/state/balsa/pop-uids");
	free(l.at);
	list(&l, &a, "/elsewhere/config", "/elsewhere/config-private");
	cr_assert_eq(l.n, 0, "whose store it is cannot be said");
	free(l.at);
	list(&l, &a, "/home/anna/.balsa/config", "/home/anna/.balsa/other");
	cr_assert_eq(l.n, 0, "no user names");
	free(l.at);
	arena_free(&a);
}
