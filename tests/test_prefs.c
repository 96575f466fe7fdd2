/* prefs.js, and what Thunderbird's format makes of it. */
#include "model/format.h"
#include "model/prefs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct prefs
prefs_of(const char *bytes)
{
	struct prefs p;

	prefs_read(&p, text_of(bytes));
	return p;
}

static void
assert_string(const struct prefs *p, const char *name, const char *want)
{
	struct text have;

	cr_assert(pref_string(prefs_find(p, "%s", name), &have), "%s: not set", name);
	cr_assert(text_equal(have, text_of(want)), "%s: have %.*s", name, TEXT_ARG(have));
}

static void
assert_number(const struct prefs *p, const char *name, int64_t want)
{
	int64_t have;

	cr_assert(pref_number(prefs_find(p, "%s", name), &have), "%s: not set", name);
	cr_assert_eq(have, want, "%s: have %ld", name, (long)have);
}

Test(prefs, kinds)
{
	struct prefs p = prefs_of("// Mozilla User Preferences\r\n\r\n"
				  "user_pref(\"s\", \"pop.example.org\");\r\n"
				  "user_pref(\"n\", 995);\r\n"
				  "user_pref(\"minus\", -1);\n"
				  "user_pref(\"plus\", +7);\n"
				  "user_pref(\"t\", true);\n"
				  "user_pref(\"f\", false);");
	int64_t number;
	struct text string;

	cr_assert_eq(p.n, 6);
	assert_string(&p, "s", "pop.example.org");
	assert_number(&p, "n", 995);
	assert_number(&p, "minus", -1);
	assert_number(&p, "plus", 7);
	cr_assert(pref_is_true(prefs_find(&p, "t")));
	cr_assert(!pref_is_true(prefs_find(&p, "f")));
	cr_assert(prefs_find(&p, "none") == NULL);
	/* Of another kind is as not set. */
	cr_assert(!pref_is_true(prefs_find(&p, "n")));
	cr_assert(!pref_number(prefs_find(&p, "t"), &number));
	cr_assert(!pref_string(prefs_find(&p, "n"), &string));
	cr_assert(!pref_is_true(NULL) && !pref_number(NULL, &number) &&
		  !pref_string(NULL, &string));
	prefs_release(&p);
}

Test(prefs, long_names)
{
	char name[301], bytes[400];

	memset(name, 'x', sizeof(name));
	name[300] = '\0';
	snprintf(bytes, sizeof(bytes), "user_pref(\"%.255s\", 1);", name);
	struct prefs p = prefs_of(bytes);
	cr_assert(prefs_find(&p, "%.255s", name) != NULL);
	cr_assert(prefs_find(&p, "%s", name) == NULL);
	prefs_release(&p);
}

Test(prefs, escapes)
{
	struct prefs p =
		prefs_of("user_pref(\"a\", \"C:\\\\Mail\\\\\\\"x\\\"\");\n"
			 "user_pref(\"b\", 'it\\'s\\n\\r');\n"
			 "user_pref(\"c\", \"\\x41\\xe9\\u20ac\\uD83D\\uDE00\");\n"
			 "user_pref(\"d\\x2ee\", \"// no /* comment */ # here\");\n"
			 "user_pref(\"f\", \"\");\n"
			 "user_pref(\"g\", \"\\u0416\\u00e9\\uFFFD\");\n");

	assert_string(&p, "a", "C:\\Mail\\\"x\"");
	assert_string(&p, "b", "it's\n\r");
	assert_string(&p, "c", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_string(&p, "d.e", "// no /* comment */ # here");
	assert_string(&p, "f", "");
	assert_string(&p, "g", "\xd0\x96\xc3\xa9\xef\xbf\xbd");
	prefs_release(&p);
}

Test(prefs, byte_order_mark)
{
	struct prefs p = prefs_of("\xef\xbb\xbfuser_pref(\"a\", 1);");

	assert_number(&p, "a", 1);
	prefs_release(&p);
}

Test(prefs, last_line_wins)
{
	struct prefs p = prefs_of("user_pref(\"x\", 1);\nuser_pref(\"y\", true);\n"
				  "user_pref(\"x\", 2);\nuser_pref(\"w\", 9);\n"
				  "user_pref(\"x\", 3);\nuser_pref(\"y\", \"z\");\n");

	cr_assert_eq(p.n, 3);
	assert_number(&p, "x", 3);
	assert_string(&p, "y", "z");
	prefs_release(&p);
}

Test(prefs, comments_and_blanks)
{
	struct prefs p = prefs_of("\xef\xbb\xbf# user_pref(\"a\", 1);\n"
				  "// user_pref(\"b\", 1);\n"
				  "/* user_pref(\"c\", 1);\nuser_pref(\"d\", 1); */ "
				  "user_pref(\"e\", 1); user_pref(\"f\" ,\t2 ) ;\n"
				  "  user_pref ( \"g\", // what\n # so\n 3\n);"
				  "pref(\"h\", 4);\nsticky_pref(\"i\", 5);\n/* no end");

	cr_assert_eq(p.n, 5);
	assert_number(&p, "e", 1);
	assert_number(&p, "f", 2);
	assert_number(&p, "g", 3);
	assert_number(&p, "h", 4);
	assert_number(&p, "i", 5);
	prefs_release(&p);
}

/* Each bad line is skipped, and the line behind it counts. */
Test(prefs, bad_lines_are_skipped)
{
	static const char *const bad[] = {"user_pref(\"x\", 1)", "user_pref(\"x\" 1);",
		"user_pref(\"x\", );", "user_pref(x, 1);", "user_pref(\"x\", 1.5);",
		"user_pref(\"x\", 99999999999);", "user_pref(\"x\", null);",
		"user_pref(\"x\", \"open);", "user_pref(\"x\", \"\\q\");",
		"user_pref(\"x\", \"a\nb\");", "user_pref(\"x\", \"a\rb\");",
		"user_pref(\"x\", \"\\x4\");", "user_pref(\"x\", \"\\xzz\");",
		"user_pref(\"x\", \"\\u12\");", "user_pref(\"x\", \"\\u0000\");",
		"user_pref(\"x\", \"\\x00\");", "user_pref(\"x\", \"\\ud83d\");",
		"user_pref(\"x\", \"\\ud83d\\u0041\");", "user_pref(\"x\", \"\\ude00\");",
		"other_pref(\"x\", 1);", "user_pref", "user_pref(", "}", "\"", "-"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char bytes[200];
		snprintf(bytes, sizeof(bytes),
			"user_pref(\"a\", 1);\n%s\nuser_pref(\"z\", 2);\n", bad[i]);
		struct prefs p = prefs_of(bytes);
		cr_assert(prefs_find(&p, "x") == NULL, "%s", bad[i]);
		assert_number(&p, "a", 1);
		assert_number(&p, "z", 2);
		prefs_release(&p);
	}
}

#define STORE "/home/u/.thunderbird/p.default/Mail/pop.example.org/popstate.dat"
#define PREFS "/home/u/.thunderbird/p.default/prefs.js"

/* Two accounts of POP3, one of IMAP, Local Folders, and a leftover. */
#define ACCOUNTS                                                                         \
	"user_pref(\"mail.account.account1.server\", \"server1\");\n"                    \
	"user_pref(\"mail.account.account2.server\", \"server2\");\n"                    \
	"user_pref(\"mail.account.account3.server\", \"server3\");\n"                    \
	"user_pref(\"mail.account.account4.server\", \"server4\");\n"                    \
	"user_pref(\"mail.account.account9.server\", \"server9\");\n"                    \
	"user_pref(\"mail.accountmanager.accounts\", \"account1, "                       \
	"account2,account3,,account4\");\n"

#define SERVER(key, name, value)                                                         \
	"user_pref(\"mail.server." key "." name "\", " value ");\n"
#define POP3(key, host, user)                                                            \
	SERVER(key, "type", "\"pop3\"")                                                  \
	SERVER(key, "hostname", "\"" host "\"") SERVER(key, "userName", "\"" user "\"")

static struct settings
settings_of(const char *store_path, const char *bytes, struct arena *a)
{
	struct source src;
	struct settings s;
	struct err e = {0};
	const struct format *f = format_named(text_of("thunderbird"));

	source_of(&src, PREFS, text_of(bytes));
	cr_assert(f->settings(store_path, &src, a, &s, &e) == 0);
	return s;
}

static void
assert_account(const struct settings *s, const char *host, const char *user)
{
	cr_assert(s->known, "not known; want %s at %s", user, host);
	cr_assert(text_equal(s->host, text_of(host)), "have %.*s", TEXT_ARG(s->host));
	cr_assert(text_equal(s->user, text_of(user)), "have %.*s", TEXT_ARG(s->user));
}

Test(thunderbird_settings, the_account_whose_folder_it_is)
{
	struct arena a = {0};
	struct settings s = settings_of(STORE,
		ACCOUNTS POP3("server1", "pop.example.net", "bob") SERVER(
			"server1", "directory-rel", "\"[ProfD]Mail/pop.example.net\"")
			POP3("server2", "pop.example.com", "alice b") SERVER("server2",
				"directory-rel", "\"[ProfD]Mail/pop.example.org\"")
				SERVER("server2", "realhostname", "\"other.example\"")
					SERVER("server2", "realuserName", "\"other\""),
		&a);

	/* Not the real ones: the blocks bear the original names (SeaMonkey). */
	assert_account(&s, "pop.example.com", "alice b");
	cr_assert_eq(s.port, 110);
	cr_assert(!s.leave_on_server && !s.until_deleted);
	cr_assert_eq(s.delete_after_days, 0);
	arena_free(&a);
}

Test(thunderbird_settings, leftovers_and_other_kinds_do_not_count)
{
	struct arena a = {0};
	struct settings s = settings_of(STORE,
		ACCOUNTS POP3("server9", "pop.example.org", "old")
			SERVER("server3", "type", "\"imap\"")
				SERVER("server3", "hostname", "\"pop.example.org\""),
		&a);

	cr_assert(!s.known);
	s = settings_of(STORE, "", &a);
	cr_assert(!s.known);
	s = settings_of(STORE, "user_pref(\"mail.accountmanager.accounts\", 5);", &a);
	cr_assert(!s.known);
	arena_free(&a);
}

Test(thunderbird_settings, the_folder_by_its_three_names)
{
	static const char *const same[] = {
		/* directory-rel wins over a directory that is stale */
		ACCOUNTS POP3("server1", "x", "alice") SERVER(
			"server1", "directory", "\"/elsewhere/Mail/x\"") SERVER("server1",
			"directory-rel", "\"[ProfD]Mail/pop.example.org\""),
		ACCOUNTS POP3("server1", "x", "alice") SERVER("server1", "directory-rel",
			"\"[ProfD]../p.default//Mail/./pop.example.org/\""),
		ACCOUNTS POP3("server1", "x", "alice") SERVER("server1", "directory",
			"\"/home/u/.thunderbird/p.default/Mail/pop.example.org\""),
		/* another kind of -rel says nothing */
		ACCOUNTS POP3("server1", "x", "alice") SERVER("server1", "directory-rel",
			"\"[Home]x\"") SERVER("server1", "directory",
			"\"/home/u/.thunderbird/p.default/Mail/pop.example.org\""),
	};
	static const char *const other[] = {
		ACCOUNTS POP3("server1", "pop.example.org", "alice")
			SERVER("server1", "directory-rel", "\"[ProfD]Mail/other\""),
		ACCOUNTS POP3("server1", "pop.example.org", "alice") SERVER(
			"server1", "directory", "\"/home/u/Mail/pop.example.org\""),
		ACCOUNTS SERVER("server1", "type", "\"pop3\""),
	};
	struct arena a = {0};
	struct settings s;

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		s = settings_of(STORE, same[i], &a);
		assert_account(&s, "x", "alice");
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		s = settings_of(STORE, other[i], &a);
		cr_assert(!s.known, "%zu", i);
	}
	s = settings_of(STORE, ACCOUNTS POP3("server4", "pop.example.org", "alice"), &a);
	assert_account(&s, "pop.example.org", "alice");
	arena_free(&a);
}

Test(thunderbird_settings, a_windows_directory)
{
	struct arena a = {0};
	struct settings s = settings_of("C:/Users/u/Mail/pop.example.org/popstate.dat",
		ACCOUNTS POP3("server1", "x", "alice") SERVER("server1", "directory",
			"\"C:\\\\Users\\\\u\\\\Mail\\\\pop.example.org\""),
		&a);

	assert_account(&s, "x", "alice");
	arena_free(&a);
}

Test(thunderbird_settings, two_accounts_with_one_folder_leave_it_unknown)
{
	struct arena a = {0};
	struct settings s = settings_of(STORE,
		ACCOUNTS POP3("server1", "pop.example.org", "alice")
			POP3("server2", "pop.example.org", "bob"),
		&a);

	cr_assert(!s.known);
	arena_free(&a);
}

static struct settings
alice(const char *more, struct arena *a)
{
	char bytes[2000];

	snprintf(bytes, sizeof(bytes), "%s%s",
		ACCOUNTS POP3("server1", "pop.example.org", "alice"), more);
	return settings_of(STORE, bytes, a);
}

Test(thunderbird_settings, what_can_become_a_delete)
{
	struct arena a = {0};
	struct settings s;

	s = alice(SERVER("server1", "leave_on_server", "true"), &a);
	cr_assert(s.known && s.leave_on_server && s.delete_after_days == 0);
	s = alice(SERVER("server1", "leave_on_server", "false"), &a);
	cr_assert(s.known && !s.leave_on_server);
	/* The number alone does nothing; 7 days is the default. */
	s = alice(SERVER("server1", "num_days_to_leave_on_server", "14"), &a);
	cr_assert_eq(s.delete_after_days, 0);
	s = alice(SERVER("server1", "delete_by_age_from_server", "true"), &a);
	cr_assert_eq(s.delete_after_days, 7);
	s = alice(SERVER("server1", "delete_by_age_from_server", "true")
			  SERVER("server1", "num_days_to_leave_on_server", "14"),
		&a);
	cr_assert_eq(s.delete_after_days, 14);
	s = alice(SERVER("server1", "delete_by_age_from_server", "true")
			  SERVER("server1", "num_days_to_leave_on_server", "0"),
		&a);
	cr_assert_eq(s.delete_after_days, 0);
	s = alice(SERVER("server1", "leave_on_server", "true")
			  SERVER("server1", "delete_by_age_from_server", "true")
				  SERVER("server1", "num_days_to_leave_on_server", "-1"),
		&a);
	cr_assert(!s.leave_on_server);
	s = alice(SERVER("server1", "delete_mail_left_on_server", "true"), &a);
	cr_assert(s.until_deleted);
	arena_free(&a);
}

Test(thunderbird_settings, port)
{
	struct arena a = {0};

	cr_assert_eq(alice("", &a).port, 110);
	cr_assert_eq(alice(SERVER("server1", "port", "-1"), &a).port, 110);
	cr_assert_eq(alice(SERVER("server1", "port", "8110"), &a).port, 8110);
	cr_assert_eq(alice(SERVER("server1", "port", "65536"), &a).port, 110);
	cr_assert_eq(alice(SERVER("server1", "socketType", "3"), &a).port, 995);
	cr_assert_eq(alice(SERVER("server1", "socketType", "2"), &a).port, 110);
	cr_assert_eq(alice(SERVER("server1", "isSecure", "true"), &a).port, 995);
	arena_free(&a);
}
