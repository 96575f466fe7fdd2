/*
 * --into, as a person calls it: a profile with an old account, its new one, and the sentences
 * that say why not. What is expected of the files is written by hand.
 */
#include "cli.h"

#include <criterion/parameterized.h>

#include "base/text.h"

TestSuite(into, .timeout = 60);

#define OLD_STORE	  "p/Mail/old/popstate.dat"
#define NEW_STORE	  "p/Mail/new/popstate.dat"
#define PREF(name, value) "user_pref(\"mail." name "\", " value ");\n"
#define POP3(server, host, user, folder)                                                 \
	PREF("server." server ".type", "\"pop3\"")                                       \
	PREF("server." server ".hostname", "\"" host "\"")                               \
	PREF("server." server ".userName", "\"" user "\"")                               \
	PREF("server." server ".directory-rel", "\"[ProfD]Mail/" folder "\"")
#define ACCOUNTS                                                                         \
	PREF("accountmanager.accounts", "\"account1,account2,account3,account4\"")       \
	PREF("account.account1.server", "\"server1\"")                                   \
	POP3("server1", "old.example.org", "anna", "old")                                \
	PREF("server.server1.leave_on_server", "true")                                   \
	PREF("account.account2.server", "\"server2\"")                                   \
	POP3("server2", "new.example.org", "anna.b", "new")                              \
	PREF("server.server2.name", "\"Annas\"")                                         \
	PREF("account.account3.server", "\"server3\"")                                   \
	POP3("server3", "third.example.org", "anna", "third")                            \
	PREF("account.account4.server", "\"server4\"")                                   \
	POP3("server4", "third.example.org", "anna", "fourth")                           \
	PREF("server.server4.name", "\"Annas\"")
#define LEAVES PREF("server.server2.leave_on_server", "true")
#define BEFORE                                                                           \
	"# POP3 State File\n# This is a generated file!  Do not edit.\n\n"               \
	"*old.example.org anna\nk 00000001aaaa0001 1700000001\n"                         \
	"k 00000001aaaa0002 1700000002\nk 00000001aaaa0003 1700000003"
#define AFTER                                                                            \
	"# POP3 State File\n# This is a generated file!  Do not edit.\n\n"               \
	"*new.example.org anna.b\nk 00000002bbbb0002 1700000001\n"                       \
	"k 00000002bbbb0001 1700000002\nk 00000001aaaa0003 1700000003"

static void
make_profile(struct cli *c, const char *more)
{
	char prefs[8192];

	set_up(c);
	cr_assert_eq(mkdir("p", 0700), 0);
	cr_assert_eq(mkdir("p/Mail", 0700), 0);
	cr_assert_eq(mkdir("p/Mail/old", 0700), 0);
	snprintf(prefs, sizeof(prefs), "%s%s", ACCOUNTS, more);
	put("p/prefs.js", prefs, 0600);
	put(OLD_STORE, BEFORE, 0640);
	put("pairs.csv",
		"old_uidl,new_uidl,evidence\n00000001aaaa0001,00000002bbbb0002,\n"
		"00000001aaaa0002,00000002bbbb0001,\n00000001aaaa0003,,\n"
		",00000002bbbb0003,\n",
		0600);
	run(c, "map m --import pairs.csv --old-account anna@old.example.org "
	       "--new-account anna@new.example.org");
	cr_assert_eq(c->code, 0, "%s", c->err);
}

static void
holds(const char *path, const char *want)
{
	char have[4096];

	get(path, have, sizeof(have));
	cr_expect_str_eq(have, want);
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

Test(into, the_new_account_gets_a_copy_and_undo_removes_it)
{
	struct stat st;
	struct cli c;

	make_profile(&c, LEAVES);
	run(&c, "diff --map m --into account2 p");
	cr_expect_eq(c.code, 1, "%s", c.err);
	cr_expect(
		strstr(c.out, "to anna.b@new.example.org (account2), with the folder") !=
		NULL);
	cr_expect(strstr(c.out, "1 of 3 would be downloaded") != NULL);
	cr_expect(
		strstr(c.out, "deleting an old message in the client does not") != NULL);
	cr_expect(
		strstr(c.out, "apply --map m --into account2 p\n") != NULL, "%s", c.out);
	cr_expect_not(is_there("p/Mail/new"));
	run(&c, "apply --map m --into anna.b@NEW.example.org --json p");
	cr_expect_eq(c.code, 0, "%s", c.err);
	/* What was read, and what has come of it. */
	cr_expect(strstr(c.out, "\"stores\":[{\"path\":\"") != NULL);
	cr_expect(strstr(c.out, "/" OLD_STORE "\",\"client\":\"thunderbird\"") != NULL,
		"%s", c.out);
	const char *new_path = strstr(c.out, "\"new_path\":\"");
	cr_expect(new_path != NULL && strstr(new_path, "/" NEW_STORE "\"") != NULL, "%s",
		c.out);
	cr_expect(strstr(c.out, "\"state\":\"applied\"") != NULL);
	cr_expect(strstr(c.out, "\"renamed\":2,\"kept\":1") != NULL);
	holds(OLD_STORE, BEFORE);
	holds(NEW_STORE, AFTER);
	cr_assert_eq(stat(NEW_STORE, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(st.st_nlink, 1);
	/* Again: for the profile, and for the file. */
	run(&c, "apply --map m --into account2 p");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, "1 store: 1 changed by this map before") != NULL, "%s",
		c.out);
	run(&c, "apply --map m --into account2 --json " OLD_STORE);
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, "\"state\":\"already\"") != NULL);
	run(&c, "undo --list");
	cr_expect(strstr(c.out, NEW_STORE ", 2 renamed") != NULL, "%s", c.out);
	run(&c, "undo");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, NEW_STORE ": removed") != NULL, "%s", c.out);
	cr_expect_not(is_there("p/Mail/new"));
	holds(OLD_STORE, BEFORE);
	run(&c, "undo");
	cr_expect(strstr(c.out, "nothing to take back") != NULL, "%s", c.out);
	/* Taken back, it may be done again; a folder that is there stays. */
	cr_assert_eq(mkdir("p/Mail/new", 0700), 0);
	run(&c, "apply --map m --into account2 p");
	cr_expect_eq(c.code, 0, "%s", c.err);
	holds(NEW_STORE, AFTER);
	run(&c, "undo");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect_not(is_there(NEW_STORE));
	cr_expect(is_there("p/Mail/new"));
	tear_down(&c);
}

Test(into, a_record_that_the_client_has_used_since_is_not_removed_unasked)
{
	struct cli c;

	make_profile(&c, LEAVES);
	run(&c, "apply --map m --into account2 p");
	cr_assert_eq(c.code, 0, "%s", c.err);
	put(NEW_STORE, AFTER "\nk 00000002bbbb0003 1800000000", 0640);
	run(&c, "undo --json");
	cr_expect_eq(c.code, 78);
	cr_expect(strstr(c.out, "\"reason\":\"in-use\"") != NULL, "%s", c.out);
	cr_expect(strstr(c.err, "say --from-backup; nothing was changed") != NULL);
	holds(NEW_STORE, AFTER "\nk 00000002bbbb0003 1800000000");
	run(&c, "undo --from-backup");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect_not(is_there(NEW_STORE));
	/* What was in it is kept all the same. */
	cr_expect_eq(system("grep -rqs 00000002bbbb0003 .local/state/reuidl/runs"), 0);
	/* Gone by somebody else's hand, it is taken back already. */
	run(&c, "apply --map m --into account2 p");
	cr_assert_eq(c.code, 0, "%s", c.err);
	cr_assert_eq(unlink(NEW_STORE), 0);
	run(&c, "undo");
	cr_expect_eq(c.code, 0, "%s", c.err);
	tear_down(&c);
}

struct refusal {
	char prefs[400], into[40], reason[40], words[120];
};

ParameterizedTestParameters(into, refused_in_words)
{
	static struct refusal all[] = {
		{"", "account2", "deletes", "tick \"Leave messages on server\""},
		{LEAVES, "account7", "into",
			"has no POP3 account account7 in /tmp/cli.XXXXXX/p/prefs.js; it "
			"has anna@old.example.org (account1), anna.b@new"},
		{LEAVES, "anna@third.example.org", "into",
			"could be any of anna@third.example.org (account3), "
			"anna@third.example.org (account4);"},
		{LEAVES, "Annas", "into", "could be any of anna.b@new.example.org (acc"},
		{LEAVES, "account1", "into",
			"this is the record of anna@old.example.org"},
		{LEAVES PREF("server.server2.directory-rel", "0"), "account2", "into",
			"has not chosen a folder for anna.b@new.example.org (account2)"},
		{LEAVES PREF("server.server2.directory-rel", "\"[ProfD]Mail/x/y\""),
			"account2", "into", "there is neither this folder"},
		{LEAVES PREF("server.server3.directory-rel", "\"[ProfD]Mail/new\""),
			"account2", "into", "keep their records in one file"},
	};

	return cr_make_param_array(struct refusal, all, sizeof(all) / sizeof(all[0]));
}

ParameterizedTest(struct refusal *p, into, refused_in_words)
{
	char line[200], want[200], *at;
	struct cli c;

	make_profile(&c, p->prefs);
	snprintf(want, sizeof(want), "%s", p->words);
	if ((at = strstr(want, "/tmp/cli.XXXXXX")) != NULL)
		memcpy(at, c.dir, strlen(c.dir));
	for (int apply = 0; apply < 2; apply++) {
		snprintf(line, sizeof(line), "%s --map m --json p --into %s",
			apply ? "apply" : "diff", p->into);
		run(&c, line);
		cr_expect_eq(c.code, 78, "%s: %d", line, c.code);
		cr_expect(strstr(c.err, want) != NULL, "%s: %s", line, c.err);
		snprintf(line, sizeof(line), "\"reason\":\"%s\"", p->reason);
		cr_expect(strstr(c.out, line) != NULL, "%s", c.out);
		cr_expect_not(is_there(NEW_STORE));
		holds(OLD_STORE, BEFORE);
	}
	tear_down(&c);
}

Test(into, what_is_there_is_never_overwritten)
{
	struct cli c;

	make_profile(&c, LEAVES);
	cr_assert_eq(mkdir("p/Mail/new", 0700), 0);
	/* Not even a link to nowhere. */
	cr_assert_eq(symlink("nowhere", NEW_STORE), 0);
	run(&c, "apply --map m --into account2 " OLD_STORE);
	cr_expect_eq(c.code, 78);
	cr_expect(strstr(c.err, NEW_STORE ": the account anna.b@new.example.org "
					  "(account2) has a record of its own") != NULL,
		"%s", c.err);
	cr_assert_eq(unlink(NEW_STORE), 0);
	put(NEW_STORE, "# POP3 State File\n\n*new.example.org anna.b\n", 0600);
	run(&c, "apply --map m --into account2 --json p");
	cr_expect_eq(c.code, 78);
	cr_expect(strstr(c.out, "\"reason\":\"new-name-exists\"") != NULL, "%s", c.out);
	holds(NEW_STORE, "# POP3 State File\n\n*new.example.org anna.b\n");
	/* One that speaks the new server's language already is nothing to copy. */
	cr_assert_eq(unlink(NEW_STORE), 0);
	run(&c, "apply --map m p");
	cr_assert_eq(c.code, 0, "%s", c.err);
	run(&c, "apply --map m --into account2 p");
	cr_expect_eq(c.code, 78);
	cr_expect(
		strstr(c.err, "Take that back first (reuidl undo)") != NULL, "%s", c.err);
	cr_expect_not(is_there(NEW_STORE));
	run(&c, "apply --map m --into account2 --client-host h p");
	cr_expect_eq(c.code, 64);
	run(&c, "apply --map m --into= p");
	cr_expect_eq(c.code, 64);
	tear_down(&c);
}

/* 1700000001 is long ago: "for 14 days" of the new account, not of the old one. */
Test(into, deletions_are_counted_by_the_new_account)
{
	struct cli c;

	make_profile(&c,
		LEAVES PREF("server.server2.delete_by_age_from_server", "true")
			PREF("server.server2.num_days_to_leave_on_server", "14"));
	run(&c, "diff --map m --into account2 --allow-deletes --json p");
	cr_expect_eq(c.code, 1, "%s", c.err);
	cr_expect(strstr(c.out, "\"will_delete\":2") != NULL, "%s", c.out);
	cr_expect(strstr(c.out, "\"check\":{\"download\":1,\"delete\":2") != NULL, "%s",
		c.out);
	run(&c, "diff --map m --json p");
	cr_expect(strstr(c.out, "\"will_delete\":0") != NULL, "%s", c.out);
	/* An import is the administrator's word only; deletions want it twice. */
	run(&c, "apply --map m --into account2 --json p");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, "\"renamed\":0") != NULL, "%s", c.out);
	tear_down(&c);
}
