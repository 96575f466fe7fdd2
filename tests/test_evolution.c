/*
 * Evolution: the names in its message cache, its accounts, and what the plan makes of them.
 * The names are what libcamel 3.46.4 and GLib gave (camel_file_util_safe_filename(),
 * g_str_hash()), not ours.
 */
#include "model/camel.h"
#include "model/evolution.h"
#include "work/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct arena arena;
static struct account_list list;

static void
end(void)
{
	free(list.at);
	arena_free(&arena);
}

TestSuite(evolution, .fini = end);

#define W60 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"

static const struct {
	const char *uidl, *name;
} names[] = {
	{"UID27-1795356005", "3b/UID27-1795356005"},
	{"000000166b02f55b", "3d/000000166b02f55b"},
	{"1", "2e/1"},
	{"12", "06/12"},
	{"1/(V),?", "27/1%2f%28V%29,%3f"},
	{"<%a@b*'1>$#,V=x\\y\"z;", "0c/%3c%25a@b%2a%271%3e$%23,V=x%5cy%22z;"},
	{"reuidl-0123456789abcdef0123456789abcdef",
		"00/reuidl-0123456789abcdef0123456789abcdef"},
	{"\\7%20%" W60, "10/%5c7%2520%25" W60},
	{"#{n}[c]|{d}~^`&+=!:._-", "08/%23%7bn%7d%5bc%5d%7c%7bd%7d~%5e%60&+=!:._-"},
	{"\xc3\xa9\x80\xff", "0e/%c3%a9%80%ff"},
	{"a\x7f\x01 b", "2f/a%7f%01%20b"},
	{"q+/r0A==", "1c/q+%2fr0A=="},
	{"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
	 "abcdefghijklmnopqrstuvwxyz{|}~",
		"36/!%22%23$%25&%27%28%29%2a+,-.%2f0123456789:;%3c=%3e%3f@"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ%5b%5c%5d%5e_%60abcdefghijklmnopqrstuvwxyz"
		"%7b%7c%7d~"},
};

Test(evolution, cache_names)
{
	struct buf b;

	buf_init(&b, 1 << 12);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct text name = text_of(names[i].name);
		buf_clear(&b);
		camel_cache_name(text_of(names[i].uidl), &b);
		cr_expect(text_equal(buf_text(&b), name), "%s: %.*s", names[i].uidl,
			TEXT_ARG(buf_text(&b)));
		buf_clear(&b);
		cr_expect(camel_cache_uidl(name, &b), "%s", names[i].name);
		cr_expect(text_equal(buf_text(&b), text_of(names[i].uidl)), "%s",
			names[i].name);
	}
	buf_release(&b);
}

/* What camel would not have called so is left alone. */
Test(evolution, names_of_others)
{
	static const char *const others[] = {"2f/1", "2e/1~", "2e/.1", "1", "2e/", "",
		"2e1", "2E/1", "27/1%2F%28V%29,%3f", "27/1/(V),?", "0c/%", "0c/%3",
		"0c/%zz", "2e/%31"};
	struct buf b;

	buf_init(&b, 1 << 12);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		buf_clear(&b);
		cr_expect_not(camel_cache_uidl(text_of(others[i]), &b), "%s", others[i]);
	}
	buf_release(&b);
}

/* --- accounts ---------------------------------------------------------------------- */

static void
list_of(const char *path, const char *bytes)
{
	struct source src;
	struct err e;

	free(list.at);
	list = (struct account_list){0};
	source_of(&src, path, text_of(bytes));
	cr_assert_eq(evolution_accounts(&src, &arena, &list, &e), 0);
}

static void
assert_account(
	size_t i, const char *store, const char *user, const char *host, uint32_t port)
{
	cr_assert_lt(i, list.n);
	const struct settings *s = &list.at[i].settings;

	cr_expect_str_eq(list.at[i].store, store);
	cr_expect(s->known && s->by_message_date);
	cr_expect(text_equal(s->host, text_of(host)), "%.*s", TEXT_ARG(s->host));
	cr_expect(text_equal(s->user, text_of(user)), "%.*s", TEXT_ARG(s->user));
	cr_expect_eq(s->port, port);
}

#define SOURCES	   "/home/x/.config/evolution/sources/"
#define POP	   "[Data Source]\nDisplayName=Anna\n[Mail Account]\nBackendName=pop\n"
#define STORE(uid) "/home/x/.local/share/evolution/mail/" uid "/uid-cache"

Test(evolution, key_file)
{
	list_of(SOURCES "0123abcd.source",
		"\n[Data Source]\nDisplayName=lab \\\\ 1\nDisplayName[de]=Labor\nEnabled=true\n"
		"Parent=\n\n[Mail Account]\nBackendName=pop\nIdentityUid=lab-identity\n\n"
		"[Authentication]\nHost=127.0.0.1\nMethod=none\nPort=22491\nUser=user\n\n"
		"[Security]\nMethod=none\n\n[Pop Backend]\nAutoFetch=true\n"
		"DeleteAfterDays=7\nDeleteExpunged=true\nKeepOnServer=true\n");
	cr_assert_eq(list.n, 1);
	assert_account(0, STORE("0123abcd"), "user", "127.0.0.1", 22491);
	const struct settings *s = &list.at[0].settings;
	cr_expect(s->leave_on_server && s->until_deleted && s->delete_after_days == 7);
	cr_expect(text_equal(s->name, text_of("lab \\ 1")));
	cr_expect(text_equal(s->key, text_of("0123abcd")));
	cr_expect_not(list.at[0].one_of_several);
}

/* camel-pop3-settings.c: nothing is left on the server unless it is said. */
Test(evolution, key_file_defaults)
{
	list_of(SOURCES "a.b.source", POP "[Authentication]\nHost=h\nUser=u\n");
	cr_assert_eq(list.n, 1);
	assert_account(0, STORE("a.b"), "u", "h", 110);
	const struct settings *s = &list.at[0].settings;
	cr_expect_not(s->leave_on_server || s->until_deleted);
	cr_expect_eq(s->delete_after_days, 0);
	list_of(SOURCES "a.source", POP "[Authentication]\nHost=h\nUser=u\nPort=0\n"
					"[Security]\nMethod=ssl-on-alternate-port\n"
					"[Pop Backend]\nDeleteExpunged=true\n");
	assert_account(0, STORE("a"), "u", "h", 995);
	cr_expect_not(list.at[0].settings.until_deleted);
	list_of(SOURCES "a.source", POP "[Authentication]\nHost=h\nUser=u\n"
					"[Security]\nMethod=starttls-on-standard-port\n");
	assert_account(0, STORE("a"), "u", "h", 110);
}

Test(evolution, key_file_of_others)
{
	list_of(SOURCES "a.source", "[Mail Account]\nBackendName=imapx\n");
	cr_expect_eq(list.n, 0);
	list_of(SOURCES "a.source", "[Calendar]\nBackendName=pop\n");
	cr_expect_eq(list.n, 0);
	list_of(SOURCES "a.source", POP "nonsense\n");
	cr_expect_eq(list.n, 0);
	list_of(SOURCES ".source", POP);
	cr_expect_eq(list.n, 0);
	list_of("/elsewhere/a.source", POP);
	cr_expect_eq(list.n, 0);
	/* One that is switched off today is read when it is switched on. */
	list_of(SOURCES "a.source", "[Data Source]\nEnabled=false\n" POP);
	cr_expect_eq(list.n, 1);
}

Test(evolution, flatpak)
{
	list_of("/home/x/.var/app/org.gnome.Evolution/config/evolution/sources/a.source",
		POP "[Authentication]\nHost=h\nUser=u\n");
	assert_account(0,
		"/home/x/.var/app/org.gnome.Evolution/data/evolution/mail/a/uid-cache",
		"u", "h", 110);
}

#define ENTRY(account)                                                                    \
	"<entry name=\"accounts\" mtime=\"1160000000\" type=\"list\" ltype=\"string\">\n" \
	"\t\t<li type=\"string\">\n\t\t\t<stringvalue>" account                           \
	"</stringvalue>\n\t\t</li>\n\t</entry>\n"
#define GCONF(account) "<?xml version=\"1.0\"?>\n<gconf>\n\t" ENTRY(account) "</gconf>\n"
#define ACCOUNT(keep, url)                                                                 \
	"&lt;?xml version=&quot;1.0&quot;?&gt;\n&lt;account name=&quot;Anna&quot; "        \
	"uid=&quot;1160000000.1.0@box&quot; enabled=&quot;true&quot;&gt;&lt;identity/&gt;" \
	"&lt;source save-passwd=&quot;true&quot; keep-on-server=&quot;" keep               \
	"&quot;&gt;"                                                                       \
	"&lt;url&gt;" url "&lt;/url&gt;&lt;/source&gt;&lt;/account&gt;\n"
#define FOLDER "/home/x/.gconf/apps/evolution/mail/%gconf.xml"

Test(evolution, gconf)
{
	list_of(FOLDER, GCONF(ACCOUNT("true", "pop://anna;auth=+APOP@pop.example.org/;"
					      "delete_after=7;use_ssl=always")));
	cr_assert_eq(list.n, 3);
	assert_account(0,
		"/home/x/.evolution/mail/pop/anna_auth=+APOP@pop.example.org/uid-cache",
		"anna", "pop.example.org", 995);
	assert_account(1,
		"/home/x/.local/share/evolution/mail/pop/"
		"anna_auth=+APOP@pop.example.org/uid-cache",
		"anna", "pop.example.org", 995);
	assert_account(2, STORE("1160000000.1.0@box"), "anna", "pop.example.org", 995);
	const struct settings *s = &list.at[0].settings;
	cr_expect(s->leave_on_server && s->delete_after_days == 7 && !s->until_deleted);
	cr_expect(text_equal(s->name, text_of("Anna")));
	cr_expect(list.at[0].one_of_several && list.at[2].one_of_several);
}

Test(evolution, gconf_urls)
{
	list_of(FOLDER,
		GCONF(ACCOUNT("false", "pop://anna%40home:pw@pop.example.org:1110/;"
				       "delete_after=-7;delete_expunged;"
				       "use_ssl=when-possible")));
	assert_account(0,
		"/home/x/.evolution/mail/pop/anna@home@pop.example.org/uid-cache",
		"anna@home", "pop.example.org", 1110);
	const struct settings *s = &list.at[0].settings;
	cr_expect(!s->leave_on_server && s->delete_after_days == 0 && !s->until_deleted);
	list_of(FOLDER, GCONF(ACCOUNT("true", "pop://a%20b%2fc@h/;delete_expunged")));
	assert_account(
		0, "/home/x/.evolution/mail/pop/a_b_c@h/uid-cache", "a b/c", "h", 110);
	cr_expect(list.at[0].settings.until_deleted);
	list_of(FOLDER, GCONF(ACCOUNT("true", "imap://anna@h/")));
	cr_expect_eq(list.n, 0);
	list_of(FOLDER, GCONF(ACCOUNT("true", "pop://nobody")));
	cr_expect_eq(list.n, 0);
}

Test(evolution, gconf_tree)
{
	list_of("/home/x/.gconf/%gconf-tree.xml",
		"<gconf><dir name=\"system\">" ENTRY(ACCOUNT("true",
			"pop://b@h/")) "</dir>"
				       "<dir name=\"apps\"><dir name=\"evolution\"><dir name=\"mail\">" ENTRY(
					       ACCOUNT("true",
						       "pop://a@h/")) "</dir></dir></dir></gconf>");
	cr_assert_eq(list.n, 3);
	assert_account(0, "/home/x/.evolution/mail/pop/a@h/uid-cache", "a", "h", 110);
	list_of("/home/x/.gconf/%gconf-tree.xml", "<gconf><dir name=\"apps\"/></gconf>");
	cr_expect_eq(list.n, 0);
}

/* Nothing is loaded, and nothing is replaced. */
Test(evolution, gconf_refused)
{
	static const char *const bad[] = {
		"",
		"<gconf>",
		"no XML",
		"<!DOCTYPE gconf [<!ENTITY a \"b\">]><gconf>" ENTRY(
			ACCOUNT("true", "pop://a@h/")) "</gconf>",
		"<!DOCTYPE gconf SYSTEM \"file:///etc/passwd\"><gconf>" ENTRY(
			ACCOUNT("true", "pop://a@h/")) "</gconf>",
		"<other>" ENTRY(ACCOUNT("true", "pop://a@h/")) "</other>",
		GCONF("&lt;account"),
		GCONF("&lt;!DOCTYPE account [&lt;!ENTITY u 'pop://a@h/'&gt;]&gt;&lt;account&gt;"
		      "&lt;source&gt;&lt;url&gt;&amp;u;&lt;/url&gt;&lt;/source&gt;&lt;/account&gt;"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		list_of(FOLDER, bad[i]);
		cr_expect_eq(list.n, 0, "%s", bad[i]);
	}
}

/* --- the plan ---------------------------------------------------------------------- */

/* Its days are counted from the message's Date, and no record has that. */
Test(evolution, what_may_be_old_enough)
{
	struct settings set = {.known = true, .leave_on_server = true};
	struct packed_record r = {.state = RECORD_KNOWN};
	struct source src;
	struct store s = {.source = &src, .records = &r, .nrecords = 1};
	uint32_t date;
	int64_t now = 1700000000;

	source_of(&src, "uid-cache", text_of(""));
	cr_expect_not(check_deletes(&s, 0, &set, now));
	set.delete_after_days = 365;
	cr_expect_not(check_deletes(&s, 0, &set, now));
	set.by_message_date = true;
	cr_expect(check_deletes(&s, 0, &set, now));
	s.dates = &date;
	date = 0;
	cr_expect(check_deletes(&s, 0, &set, now));
	date = (uint32_t)(now - 364 * 86400 - 1);
	cr_expect(check_deletes(&s, 0, &set, now));
	date = (uint32_t)(now - 363 * 86400);
	cr_expect_not(check_deletes(&s, 0, &set, now));
	set.leave_on_server = false;
	cr_expect(check_deletes(&s, 0, &set, now));
}

static size_t
folders_of(const char *store, const struct settings *set, const char *folders[])
{
	const struct format *f = format_named(text_of("evolution"));
	size_t n = f->cache->folders(store, set, &arena, folders);

	cr_assert_leq(n, CACHE_FOLDERS);
	return n;
}

Test(evolution, cache_folders)
{
	const char *at[CACHE_FOLDERS];
	struct settings set = {
		.known = true, .user = text_of("a b"), .host = text_of("h"), .port = 110};

	cr_expect_eq(folders_of(STORE("a"), &set, at), 1);
	cr_expect_str_eq(at[0], "/home/x/.local/share/evolution/mail/a/cache");
	cr_expect_eq(
		folders_of("/x/.evolution/mail/pop/a_b_auth=+APOP@h/uid-cache", &set, at),
		4);
	cr_expect_str_eq(at[0], "/x/.evolution/mail/pop/a_b_auth=+APOP@h/cache");
	cr_expect_str_eq(at[1], "/x/.evolution/mail/pop/a_b@h/cache");
	cr_expect_str_eq(at[2], "/x/.evolution/mail/pop/a b@h/cache");
	cr_expect_str_eq(at[3], "/x/.evolution/mail/pop/a b@h:110/cache");
	set.known = false;
	cr_expect_eq(folders_of("/x/.evolution/mail/pop/a@h/uid-cache", &set, at), 2);
	cr_expect_eq(folders_of("uid-cache", &set, at), 1);
}
