/*
 * The files by which a Mozilla mail client knows its profiles and accounts. The profiles
 * are literal; facts that were seen with a real client, or read in its source, say so.
 */
#include "model/format.h"
#include "model/ini.h"
#include "model/mozilla.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define PROFILE "/home/u/.thunderbird/p.default"
#define STORE	PROFILE "/Mail/pop.example.org/popstate.dat"

static void
assert_text(struct text have, const char *want)
{
	cr_assert(text_equal(have, text_of(want)), "have \"%.*s\", want \"%s\"",
		TEXT_ARG(have), want);
}

/* --- INI --- */

static void
assert_ini(const char *bytes, const char *want)
{
	struct ini i = {.at = {text_of(bytes), 0}};
	char have[400] = "";
	size_t used = 0;

	while (ini_next(&i))
		used += (size_t)snprintf(have + used, sizeof(have) - used,
			"%.*s|%.*s|%.*s\n", TEXT_ARG(i.section), TEXT_ARG(i.key),
			TEXT_ARG(i.value));
	cr_assert_str_eq(have, want);
}

Test(mozilla_ini, sections_keys_and_values)
{
	assert_ini("[A]\nk=v\nempty=\n\n[B c]\n  x = a=b \n",
		"A|k|v\nA|empty|\nB c|x | a=b \n");
}

Test(mozilla_ini, line_ends_comments_and_a_mark)
{
	assert_ini("\xef\xbb\xbf[A]\r\n; c\r\n# c\r\nk=v\r\n;x=y\r\nlast=one",
		"A|k|v\nA|last|one\n");
}

Test(mozilla_ini, lines_of_another_shape)
{
	assert_ini("k=outside\n[A]\nword\n=v\nk=v\n[cut\nk=lost\n[B]\nk=w",
		"A|k|v\nB|k|w\n");
}

Test(mozilla_ini, nothing)
{
	assert_ini("", "");
	assert_ini("[", "");
	assert_ini("[A]", "");
}

/* --- profiles.ini and installs.ini --- */

static void
assert_profiles(const char *profiles, const char *installs, const char *want)
{
	struct profile_list l = {0};
	struct arena a = {0};
	struct err e = {0};
	char have[1000] = "";
	size_t used = 0;

	cr_assert_eq(
		mozilla_profiles("/r", text_of(profiles), text_of(installs), &a, &l, &e),
		0);
	for (size_t i = 0; i < l.n; i++)
		used += (size_t)snprintf(have + used, sizeof(have) - used, "%s %s%s\n",
			l.at[i].name, l.at[i].folder, l.at[i].standard ? " *" : "");
	cr_assert_str_eq(have, want);
	free(l.at);
	arena_free(&a);
}

/* As Thunderbird 153 leaves it after its first start. */
#define FRESH                                                                            \
	"[Profile1]\nName=default\nIsRelative=1\nPath=a.default\nDefault=1\n\n"          \
	"[Profile0]\nName=default-release\nIsRelative=1\nPath=b.default-release\n\n"     \
	"[General]\nStartWithLastProfile=1\nVersion=2\n"

Test(mozilla_profiles, all_of_them_count_and_the_installed_one_is_opened)
{
	assert_profiles(FRESH
		"\n[Install8B4E2C1D0F9A7B6C]\nDefault=b.default-release\nLocked=1\n",
		"", "default /r/a.default\ndefault-release /r/b.default-release *\n");
}

Test(mozilla_profiles, installs_ini_says_it_too)
{
	assert_profiles(FRESH,
		"[8B4E2C1D0F9A7B6C]\nDefault=b.default-release\nLocked=1\n",
		"default /r/a.default\ndefault-release /r/b.default-release *\n");
}

Test(mozilla_profiles, without_an_installation_default_1_counts)
{
	assert_profiles(FRESH, "",
		"default /r/a.default *\ndefault-release /r/b.default-release\n");
	assert_profiles(FRESH, "[X]\nDefault=gone\n",
		"default /r/a.default *\ndefault-release /r/b.default-release\n");
}

Test(mozilla_profiles, betterbird_and_thunderbird_share_the_list)
{
	assert_profiles(FRESH "[InstallAAAA]\nDefault=b.default-release\n"
			      "[InstallBBBB]\nDefault=a.default\n",
		"", "default /r/a.default *\ndefault-release /r/b.default-release *\n");
}

Test(mozilla_profiles, relative_and_absolute_paths)
{
	assert_profiles("[Profile0]\nName=n\nIsRelative=0\nPath=/data/mail\n"
			"[Profile1]\nName=up\nIsRelative=1\nPath=../other//p/\n"
			"[Profile12]\nName=deep\nIsRelative=1\nPath=Profiles/x\n",
		"", "n /data/mail\nup /other/p\ndeep /r/Profiles/x\n");
}

Test(mozilla_profiles, sections_without_name_or_path_are_none)
{
	assert_profiles(
		"[Profile0]\nName=n\nIsRelative=1\n[Profile1]\nPath=p\nIsRelative=1\n"
		"[ProfileX]\nName=x\nPath=x\nIsRelative=1\n[Profile]\nName=x\nPath=x\n"
		"[Profile2]\nName=y\nIsRelative=1\nPath=y\n",
		"", "y /r/y\n");
	assert_profiles("", "", "");
}

/* --- settings --- */

#define ACCOUNTS                                                                         \
	"user_pref(\"mail.accountmanager.accounts\", \"account1,account2,account3\");\n" \
	"user_pref(\"mail.account.account1.server\", \"server1\");\n"                    \
	"user_pref(\"mail.account.account2.server\", \"server2\");\n"                    \
	"user_pref(\"mail.account.account3.server\", \"server3\");\n"
#define SERVER(key, name, value)                                                         \
	"user_pref(\"mail.server." key "." name "\", " value ");\n"
#define POP3(key, host, user)                                                            \
	SERVER(key, "type", "\"pop3\"")                                                  \
	SERVER(key, "hostname", "\"" host "\"") SERVER(key, "userName", "\"" user "\"")

/* The settings of STORE in a profile with these files; NULL: it has no such file. */
static struct settings
settings_of(const char *prefs, const char *user, const char *version, struct arena *a)
{
	struct source main, two, three;
	struct settings s;
	struct err e = {0};

	source_of(&main, PROFILE "/prefs.js", text_of(prefs));
	source_of(&two, PROFILE "/user.js", text_of(user != NULL ? user : ""));
	source_of(&three, PROFILE "/compatibility.ini",
		text_of(version != NULL ? version : ""));
	if (version != NULL)
		main.beside = &three;
	if (user != NULL) {
		two.beside = main.beside;
		main.beside = &two;
	}
	cr_assert_eq(mozilla_settings(STORE, &main, a, &s, &e), 0);
	return s;
}

#define ALICE ACCOUNTS POP3("server1", "pop.example.org", "alice")

Test(mozilla_user_js, decides_over_prefs_js)
{
	struct arena a = {0};
	struct settings s =
		settings_of(ALICE SERVER("server1", "leave_on_server", "true"),
			SERVER("server1", "leave_on_server", "false") SERVER("server1",
				"userName", "\"bob\"") SERVER("server1", "port", "8110"),
			NULL, &a);

	cr_assert(s.known && !s.leave_on_server);
	assert_text(s.user, "bob");
	assert_text(s.host, "pop.example.org");
	cr_assert_eq(s.port, 8110);
	arena_free(&a);
}

Test(mozilla_user_js, its_own_last_line_wins)
{
	struct arena a = {0};
	struct settings s = settings_of(ALICE,
		SERVER("server1", "leave_on_server", "false")
			SERVER("server1", "leave_on_server", "true"),
		NULL, &a);

	cr_assert(s.leave_on_server);
	arena_free(&a);
}

Test(mozilla_user_js, may_be_all_there_is)
{
	struct arena a = {0};
	struct settings s = settings_of("", ALICE, NULL, &a);

	cr_assert(s.known);
	assert_text(s.user, "alice");
	arena_free(&a);
}

Test(mozilla_accounts, what_an_account_says_of_itself)
{
	struct arena a = {0};
	struct settings s = settings_of(
		ALICE SERVER("server1", "name", "\"Alice \\\"A\\\" \\u00e9\"")
			SERVER("server1", "deferred_to_account", "\"account2\"")
				SERVER("server1", "storeContractID",
					"\"@mozilla.org/msgstore/maildirstore;1\""),
		NULL, NULL, &a);

	assert_text(s.name, "Alice \"A\" \xc3\xa9");
	assert_text(s.key, "account1");
	assert_text(s.deferred_to, "account2");
	cr_assert(s.maildir);
	s = settings_of(ALICE SERVER("server1", "storeContractID",
				"\"@mozilla.org/msgstore/berkeleystore;1\""),
		NULL, NULL, &a);
	cr_assert(!s.maildir && s.deferred_to.len == 0);
	arena_free(&a);
}

Test(mozilla_accounts, all_that_the_list_leads_to)
{
	struct account_list l = {0};
	struct arena a = {0};
	struct source src;
	struct err e = {0};

	source_of(&src, PROFILE "/prefs.js",
		text_of(ACCOUNTS POP3("server1", "pop.example.org", "alice") SERVER(
			"server2", "type", "\"imap\"") POP3("server3", "x",
			"b") SERVER("server3", "directory-rel",
			"\"[ProfD]Mail/pop-1.example.org\"") SERVER("server3",
			"directory", "\"/stale\"") POP3("server9", "left", "over")));
	cr_assert_eq(mozilla_accounts(&src, &a, &l, &e), 0);
	cr_assert_eq(l.n, 2);
	cr_assert_str_eq(l.at[0].store, STORE);
	cr_assert_str_eq(l.at[1].store, PROFILE "/Mail/pop-1.example.org/popstate.dat");
	assert_text(l.at[1].settings.user, "b");
	assert_text(l.at[1].settings.key, "account3");
	free(l.at);
	arena_free(&a);
}

Test(mozilla_accounts, one_server_of_two_accounts_is_one)
{
	struct arena a = {0};
	struct settings s = settings_of(ALICE
		"user_pref(\"mail.account.account2.server\", \"server1\");\n",
		NULL, NULL, &a);

	cr_assert(s.known);
	arena_free(&a);
}

/* --- which version --- */

#define LAST(version, abi)                                                               \
	"[Compatibility]\nLastVersion=" version "\nLastOSABI=" abi                       \
	"\nLastPlatformDir=/usr/lib/thunderbird\n"
#define LINUX "Linux_x86_64-gcc3"

Test(mozilla_version, compatibility_ini)
{
	struct arena a = {0};
	struct settings s =
		settings_of(ALICE, NULL, LAST("153.7.0_20261101120000/2026", LINUX), &a);

	cr_assert_eq(s.version, 153);
	cr_assert(!s.windows);
	s = settings_of("", NULL, LAST("128.0_1/1", "WINNT_x86_64-msvc"), &a);
	cr_assert(!s.known && s.windows);
	cr_assert_eq(s.version, 128);
	s = settings_of(ALICE, "", LAST("2.53.18_1/1", LINUX), &a);
	cr_assert_eq(s.version, 2);
	cr_assert_eq(settings_of(ALICE, NULL, NULL, &a).version, 0);
	cr_assert_eq(settings_of(ALICE, NULL, LAST("x.1", LINUX), &a).version, 0);
	cr_assert_eq(
		settings_of(ALICE, NULL, "[Other]\nLastVersion=99.0\n", &a).version, 0);
	arena_free(&a);
}

#define REAL                                                                             \
	ALICE SERVER("server1", "realhostname", "\"new.example.org\"")                   \
		SERVER("server1", "realuserName", "\"alice2\"")

/* The original name stays the one of the block; the real one is where it connects. */
Test(mozilla_version, the_original_host_is_the_line_and_the_real_one_the_server)
{
	struct arena a = {0};
	struct settings s = settings_of(REAL, NULL, LAST("91.13.0_1/1", LINUX), &a);

	assert_text(s.host, "pop.example.org");
	assert_text(s.user, "alice");
	assert_text(s.server_host, "new.example.org");
	assert_text(s.server_user, "alice2");
	/* 129 and later neither read nor migrate them. */
	s = settings_of(REAL, NULL, LAST("129.0_1/1", LINUX), &a);
	assert_text(s.host, "pop.example.org");
	assert_text(s.server_host, "");
	arena_free(&a);
}

struct adapted {
	const char *path, *bytes, *version;
	bool merged, rewritten, windows_note;
};

#define LINES "# POP3 State File\n\n*pop.example.org alice\nk one 1400000001\n"
#define CRLF_LINES                                                                       \
	"# POP3 State File\r\n\r\n*pop.example.org alice\r\nk one 1400000001\r\n"
#define SEAMONKEY   "/home/u/.mozilla/seamonkey/p.default/Mail/h/popstate.dat"
#define WINDOWS_ABI "WINNT_x86_64-msvc"

static void
assert_adapted(struct adapted want)
{
	const struct format *f = format_named(text_of("thunderbird"));
	struct arena a = {0};
	struct source src;
	struct store st;
	struct err e = {0};
	struct settings s = settings_of(ALICE, NULL, want.version, &a);

	source_of(&src, want.path, text_of(want.bytes));
	cr_assert_eq(store_read(&st, f, &src, &e), 0, "%s", e.message);
	size_t before = st.nnotes;
	f->adapt(&st, &s);
	cr_assert_eq(st.merged, want.merged, "%s", want.version);
	cr_assert_eq(st.account_rewritten, want.rewritten, "%s", want.version);
	cr_assert_eq(st.nnotes - before, want.windows_note ? 1 : 0, "%s", want.version);

	/* What adapt says is no part of the bytes, and does not stop a write. */
	struct edit edit = {.index = 0, .what = EDIT_UIDL, .to = "two", .len = 3};
	struct buf out;
	buf_init(&out, 0);
	cr_assert_eq(store_write(&st, &edit, 1, &out, &e), 0, "%s", e.message);
	buf_release(&out);
	store_release(&st);
	arena_free(&a);
}

Test(mozilla_version, below_96_the_old_reader_wants_its_own_block)
{
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("91.13.0_1/1", LINUX), 0, 0, 0});
	assert_adapted((struct adapted){STORE, LINES, LAST("95.0_1/1", LINUX), 0, 0, 0});
	assert_adapted(
		(struct adapted){SEAMONKEY, LINES, LAST("2.53.18_1/1", LINUX), 0, 0, 0});
}

Test(mozilla_version, from_96_to_98_it_may_be_either)
{
	assert_adapted((struct adapted){STORE, LINES, LAST("96.0_1/1", LINUX), 1, 0, 0});
	assert_adapted((struct adapted){STORE, LINES, LAST("98.0_1/1", LINUX), 1, 0, 0});
}

Test(mozilla_version, since_99_all_blocks_are_one)
{
	assert_adapted((struct adapted){STORE, LINES, LAST("99.0_1/1", LINUX), 1, 1, 0});
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("153.7.0_1/1", LINUX), 1, 1, 0});
}

Test(mozilla_version, unknown_the_path_decides)
{
	assert_adapted((struct adapted){STORE, LINES, NULL, 1, 1, 0});
	assert_adapted((struct adapted){SEAMONKEY, LINES, NULL, 0, 0, 0});
}

Test(mozilla_version, lf_on_windows_is_unreadable_from_96_to_135)
{
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("95.0_1/1", WINDOWS_ABI), 0, 0, 0});
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("96.0_1/1", WINDOWS_ABI), 1, 0, 1});
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("135.0_1/1", WINDOWS_ABI), 1, 1, 1});
	assert_adapted(
		(struct adapted){STORE, LINES, LAST("136.0_1/1", WINDOWS_ABI), 1, 1, 0});
	assert_adapted((struct adapted){
		STORE, CRLF_LINES, LAST("115.0_1/1", WINDOWS_ABI), 1, 1, 0});
	assert_adapted(
		(struct adapted){STORE, CRLF_LINES, LAST("115.0_1/1", LINUX), 1, 1, 0});
}
