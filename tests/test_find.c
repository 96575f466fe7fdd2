/*
 * Which stores are found, and which of them a client reads: homes made of literal files
 * in a folder of their own. HOME is that folder, so nothing of this machine is seen.
 */
#include "base/os.h"
#include "work/find.h"
#include "work/replace.h"
#include "work/running.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[64];
static struct arena arena;

static void
set_up(void)
{
	char made[] = "/tmp/reuidl-find.XXXXXX";

	cr_assert_not_null(mkdtemp(made));
	char *real = realpath(made, NULL);
	snprintf(home, sizeof(home), "%s", real);
	free(real);
	setenv("HOME", home, 1);
}

static void
tear_down(void)
{
	char command[100];
	pid_t child;

	snprintf(command, sizeof(command), "%s", home);
	if ((child = fork()) == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	arena_free(&arena);
}

TestSuite(find, .init = set_up, .fini = tear_down);

static char *
at(const char *path)
{
	return arena_print(&arena, "%s/%s", home, path);
}

static void
put(const char *path, const char *bytes)
{
	char *full = at(path);
	struct err e;

	*strrchr(full, '/') = '\0';
	cr_assert_eq(os_make_folders(full, &e), 0, "%s", e.message);
	FILE *f = fopen(at(path), "w");
	cr_assert_not_null(f);
	fputs(bytes, f);
	fclose(f);
}

#define STATE                                                                            \
	"# POP3 State File\n\n*pop.example.org alice\nk 0123456789abcdef 1400000001\n"
#define PROFILE_LINE(n, name, relative, path)                                            \
	"[Profile" n "]\nName=" name "\nIsRelative=" relative "\nPath=" path "\n"
#define ACCOUNT(n, host, folder)                                                         \
	"user_pref(\"mail.account.account" n ".server\", \"server" n "\");\n"            \
	"user_pref(\"mail.server.server" n ".type\", \"pop3\");\n"                       \
	"user_pref(\"mail.server.server" n ".hostname\", \"" host "\");\n"               \
	"user_pref(\"mail.server.server" n ".userName\", \"alice\");\n" folder
#define REL(n, path)                                                                     \
	"user_pref(\"mail.server.server" n ".directory-rel\", \"[ProfD]" path "\");\n"
#define LIST(accounts) "user_pref(\"mail.accountmanager.accounts\", \"" accounts "\");\n"
#define ONE	       LIST("account1") ACCOUNT("1", "pop.example.org", REL("1", "Mail/pop"))

/* A root with one profile of one account. */
static void
put_root(const char *root)
{
	put(arena_print(&arena, "%s/profiles.ini", root),
		PROFILE_LINE("0", "mine", "1", "p.default"));
	put(arena_print(&arena, "%s/p.default/prefs.js", root), ONE);
	put(arena_print(&arena, "%s/p.default/Mail/pop/popstate.dat", root), STATE);
}

static const char *const states[] = {
	[FOUND_LIVE] = "live",
	[FOUND_ABSENT] = "absent",
	[FOUND_COPY] = "copy",
	[FOUND_STRAY] = "stray",
	[FOUND_LEFTOVER] = "leftover",
};

/* "live .thunderbird/…\n" for each, below the home. `folder` NULL: without STORE. */
static struct found_list
look(const char *folder, const char *want)
{
	struct found_list l = {0};
	struct err e = {0};
	char have[2000] = "";
	size_t used = 0;
	int rc = folder == NULL ? find_all(NULL, &arena, &l, &e)
				: find_in(at(folder), NULL, &arena, &l, &e);

	cr_assert(rc == 0 || l.n == 0);
	for (size_t i = 0; i < l.n; i++)
		used += (size_t)snprintf(have + used, sizeof(have) - used, "%s %s\n",
			states[l.at[i].state], l.at[i].path + strlen(home) + 1);
	cr_assert_str_eq(have, want, "found:\n%swant:\n%s", have, want);
	return l;
}

static void
expect(const char *folder, const char *want)
{
	struct found_list l = look(folder, want);

	found_release(&l);
}

Test(find, every_root_of_the_clients)
{
	static const char *const roots[] = {".icedove", ".mozilla/seamonkey",
		".thunderbird", ".var/app/eu.betterbird.Betterbird/.thunderbird",
		".var/app/net.thunderbird.Thunderbird/.thunderbird",
		".var/app/org.mozilla.Thunderbird/.thunderbird",
		".var/app/org.mozilla.thunderbird/.thunderbird",
		"AppData/Local/Packages/MozillaThunderbird.MZLA_x1/LocalCache/Roaming/"
		"Thunderbird",
		"AppData/Roaming/Mozilla/SeaMonkey", "AppData/Roaming/Thunderbird",
		"Library/Application Support/SeaMonkey", "Library/Thunderbird",
		"snap/thunderbird/common/.thunderbird"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		put_root(roots[i]);
		char *want = arena_print(
			&arena, "live %s/p.default/Mail/pop/popstate.dat\n", roots[i]);
		struct found_list l = look(NULL, want);
		cr_assert_str_eq(l.at[0].profile, "mine");
		cr_assert(l.at[0].account.known);
		cr_assert_str_eq(l.at[0].settings,
			at(arena_print(&arena, "%s/p.default/prefs.js", roots[i])));
		found_release(&l);
		unlink(at(arena_print(&arena, "%s/profiles.ini", roots[i])));
		unlink(at(arena_print(
			&arena, "%s/p.default/Mail/pop/popstate.dat", roots[i])));
		unlink(at(arena_print(&arena, "%s/p.default/prefs.js", roots[i])));
	}
}

Test(find, icedove_as_a_link_is_found_once)
{
	put_root(".thunderbird");
	cr_assert_eq(symlink(".thunderbird", at(".icedove")), 0);
	expect(NULL, "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
}

Test(find, every_profile_of_the_list)
{
	put(".thunderbird/profiles.ini",
		PROFILE_LINE("0", "release", "1", "b") PROFILE_LINE(
			"1", "empty", "1", "a") "Default=1\n[InstallAB]\nDefault=b\n");
	put(".thunderbird/a/times.json", "{}");
	put(".thunderbird/b/prefs.js", ONE);
	put(".thunderbird/b/Mail/pop/popstate.dat", STATE);
	expect(NULL, "live .thunderbird/b/Mail/pop/popstate.dat\n");
}

Test(find, a_profile_elsewhere_by_its_absolute_path)
{
	put(".thunderbird/profiles.ini",
		arena_print(
			&arena, PROFILE_LINE("0", "away", "0", "%s/data/mail"), home));
	put("data/mail/prefs.js", ONE);
	put("data/mail/Mail/pop/popstate.dat", STATE);
	struct found_list l = look(NULL, "live data/mail/Mail/pop/popstate.dat\n");
	cr_assert_str_eq(l.at[0].profile, "away");
	cr_assert_str_eq(l.at[0].client, "Thunderbird");
	found_release(&l);
}

Test(find, a_profile_that_no_list_names)
{
	put(".thunderbird/x.old/prefs.js", ONE);
	put(".thunderbird/x.old/Mail/pop/popstate.dat", STATE);
	expect(NULL, "live .thunderbird/x.old/Mail/pop/popstate.dat\n");
}

Test(find, mail_outside_the_profile)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js",
		arena_print(&arena,
			LIST("account1") ACCOUNT("1", "pop.example.org",
				"") "user_pref(\"mail.server.server1.directory\", "
				    "\"%s/mail/pop\");\n",
			home));
	put("mail/pop/popstate.dat", STATE);
	unlink(at(".thunderbird/p.default/Mail/pop/popstate.dat"));
	expect(NULL, "live mail/pop/popstate.dat\n");
	/* Named by itself, or by its folder, it is known by the home's lists. */
	struct found_list l = look("mail", "live mail/pop/popstate.dat\n");
	cr_assert_str_eq(l.at[0].settings, at(".thunderbird/p.default/prefs.js"));
	cr_assert(l.at[0].account.known);
	found_release(&l);
	l = look("mail/pop/popstate.dat", "live mail/pop/popstate.dat\n");
	cr_assert_str_eq(l.at[0].settings, at(".thunderbird/p.default/prefs.js"));
	found_release(&l);
}

Test(find, a_mail_folder_that_is_a_link)
{
	put_root(".thunderbird");
	put("disk/pop/popstate.dat", STATE);
	unlink(at(".thunderbird/p.default/Mail/pop/popstate.dat"));
	rmdir(at(".thunderbird/p.default/Mail/pop"));
	rmdir(at(".thunderbird/p.default/Mail"));
	cr_assert_eq(symlink(at("disk"), at(".thunderbird/p.default/Mail")), 0);
	struct found_list l = look(NULL, "live disk/pop/popstate.dat\n");
	cr_assert_str_eq(
		l.at[0].named, at(".thunderbird/p.default/Mail/pop/popstate.dat"));
	cr_assert(l.at[0].account.known);
	found_release(&l);
}

Test(find, settings_that_are_a_link_belong_to_the_folder_they_are_linked_in)
{
	put_root(".thunderbird");
	put("dotfiles/prefs.js", ONE);
	unlink(at(".thunderbird/p.default/prefs.js"));
	cr_assert_eq(
		symlink(at("dotfiles/prefs.js"), at(".thunderbird/p.default/prefs.js")),
		0);
	struct found_list l =
		look(NULL, "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
	cr_assert_str_eq(l.at[0].settings, at(".thunderbird/p.default/prefs.js"));
	found_release(&l);
}

Test(find, accounts_without_a_record_yet)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js",
		LIST("account1,account2")
			ACCOUNT("1", "pop.example.org", REL("1", "Mail/pop"))
				ACCOUNT("2", "pop.new.example", REL("2", "Mail/new")));
	struct found_list l =
		look(NULL, "absent .thunderbird/p.default/Mail/new/popstate.dat\n"
			   "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
	cr_assert(text_equal(l.at[0].account.host, text_of("pop.new.example")));
	found_keep_live(&l);
	cr_assert_eq(l.n, 1);
	cr_assert_eq(l.at[0].state, FOUND_LIVE);
	found_release(&l);
}

Test(find, an_account_in_user_js)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js", "");
	put(".thunderbird/p.default/user.js", ONE);
	struct found_list l =
		look(NULL, "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
	cr_assert(text_equal(l.at[0].account.user, text_of("alice")));
	found_release(&l);
}

Test(find, strays_and_leftovers_are_not_live)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/Mail/pop/popstate-1.dat", STATE);
	put(".thunderbird/p.default/Mail/pop/popstate-x.dat", STATE);
	put(".thunderbird/p.default/Mail/gone/popstate.dat", STATE);
	put(".thunderbird/p.default/Mail/gone/popstate-2.dat", STATE);
	expect(NULL, "stray .thunderbird/p.default/Mail/gone/popstate-2.dat\n"
		     "leftover .thunderbird/p.default/Mail/gone/popstate.dat\n"
		     "stray .thunderbird/p.default/Mail/pop/popstate-1.dat\n"
		     "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
}

/* Their stores may have any name; what lies beside them is told by its ending. */
Test(find, stores_whose_name_is_the_account)
{
	put(".claws-mail/accountrc",
		"[Account: 1]\nprotocol=0\nreceive_server=pop.example.org\n"
		"user_id=a/b\nremove_mail=0\n");
	put(".claws-mail/uidl/pop.example.org-a_b", "one\t1400000001\t0\n");
	put(".claws-mail/uidl/pop.example.org-a_b.tmp", "one\t1400000001\t0\n");
	put(".claws-mail/uidl/pop.gone.example-x", "one\t1400000001\t0\n");
	put(".claws-mail/uidl/.reuidl-1.tmp", "");
	put(".sylpheed-2.0/uidl/pop.example.org-alice", "one\t1400000001\n");
	put(".sylpheed-2.0/uidl/pop.example.org-alice.bak", "two\t1400000001\n");
	put("other/notes.bak", "");
	static const char want[] = "live .claws-mail/uidl/pop.example.org-a_b\n"
				   "stray .claws-mail/uidl/pop.example.org-a_b.tmp\n"
				   "leftover .claws-mail/uidl/pop.gone.example-x\n"
				   "live .sylpheed-2.0/uidl/pop.example.org-alice\n"
				   "stray .sylpheed-2.0/uidl/pop.example.org-alice.bak\n";
	struct found_list l = look(NULL, want);
	cr_assert(l.at[0].account.known);
	cr_assert(text_equal(l.at[0].account.user, text_of("a/b")));
	cr_assert_str_eq(l.at[0].settings, at(".claws-mail/accountrc"));
	found_release(&l);
	expect(".", want);
	/* Named as a file, it is what the user wants. */
	expect(".sylpheed-2.0/uidl/pop.example.org-alice.bak",
		"live .sylpheed-2.0/uidl/pop.example.org-alice.bak\n");
}

Test(find, settings_without_an_account_leave_a_store_live)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js", "user_pref(\"a\", 1);\n");
	expect(NULL, "live .thunderbird/p.default/Mail/pop/popstate.dat\n");
}

#define SNAP "snap/thunderbird/common/.thunderbird/p.default/Mail/pop/popstate.dat"
#define OUT  ".thunderbird/p.default/Mail/pop/popstate.dat"

static void
set_time(const char *path, time_t seconds)
{
	struct timespec t[2] = {{seconds, 0}, {seconds, 0}};

	cr_assert_eq(utimensat(AT_FDCWD, at(path), t, 0), 0);
}

Test(find, what_the_snap_has_copied_is_stale)
{
	put_root(".thunderbird");
	put_root("snap/thunderbird/common/.thunderbird");
	set_time(OUT, 1700000000);
	set_time(SNAP, 1700000000);
	struct found_list l = look(NULL, "copy " OUT "\nlive " SNAP "\n");
	cr_assert_str_eq(l.at[0].live, at(SNAP));
	cr_assert_str_eq(l.at[1].client, "Thunderbird (snap)");
	found_keep_live(&l);
	cr_assert_eq(l.n, 1);
	cr_assert_str_eq(l.at[0].path, at(SNAP));
	found_release(&l);
}

Test(find, a_copied_record_that_was_changed_later_is_live_too)
{
	put_root(".thunderbird");
	put_root("snap/thunderbird/common/.thunderbird");
	set_time(SNAP, 1700000000);
	set_time(OUT, 1700000001);
	struct found_list l = look(NULL, "live " OUT "\nlive " SNAP "\n");
	cr_assert_str_eq(l.at[0].copy, at(SNAP));
	found_release(&l);
}

Test(find, a_snap_whose_folder_is_a_link_is_no_copy)
{
	put_root(".thunderbird");
	put("snap/thunderbird/common/x", "");
	cr_assert_eq(
		symlink(at(".thunderbird"), at("snap/thunderbird/common/.thunderbird")),
		0);
	expect(NULL, "live " OUT "\n");
}

Test(find, what_the_snap_has_not_is_not_shown_twice)
{
	static const char prefs[] = LIST("account1,account2")
		ACCOUNT("1", "pop.example.org", REL("1", "Mail/pop"))
			ACCOUNT("2", "pop.new.example", REL("2", "Mail/new"));

	put_root(".thunderbird");
	put_root("snap/thunderbird/common/.thunderbird");
	put(".thunderbird/p.default/prefs.js", prefs);
	put("snap/thunderbird/common/.thunderbird/p.default/prefs.js", prefs);
	unlink(at(OUT));
	expect(NULL,
		"absent "
		"snap/thunderbird/common/.thunderbird/p.default/Mail/new/popstate.dat\n"
		"live " SNAP "\n");
	/* Not there in the snap, but outside: that one may be read by somebody. */
	put(OUT, STATE);
	unlink(at(SNAP));
	expect(NULL,
		"live " OUT "\n"
		"absent "
		"snap/thunderbird/common/.thunderbird/p.default/Mail/new/popstate.dat\n"
		"absent " SNAP "\n");
}

Test(find, another_profile_of_the_snap_makes_nothing_stale)
{
	put_root(".thunderbird");
	put_root("snap/thunderbird/common/.thunderbird");
	cr_assert_eq(rename(at("snap/thunderbird/common/.thunderbird/p.default"),
			     at("snap/thunderbird/common/.thunderbird/q.default")),
		0);
	put("snap/thunderbird/common/.thunderbird/profiles.ini",
		PROFILE_LINE("0", "other", "1", "q.default"));
	expect(NULL,
		"live " OUT "\n"
		"live "
		"snap/thunderbird/common/.thunderbird/q.default/Mail/pop/popstate.dat\n");
}

Test(find, store_may_be_a_home_a_root_a_profile_a_mail_folder_or_the_file)
{
	put_root("other/.thunderbird");
	static const char *const stores[] = {"other", "other/.thunderbird",
		"other/.thunderbird/p.default", "other/.thunderbird/p.default/Mail",
		"other/.thunderbird/p.default/Mail/pop",
		"other/.thunderbird/p.default/Mail/pop/popstate.dat"};

	for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
		struct found_list l = look(stores[i],
			"live other/.thunderbird/p.default/Mail/pop/popstate.dat\n");
		cr_assert(l.at[0].account.known, "%s", stores[i]);
		cr_assert_str_eq(l.at[0].profile, "mine", "%s", stores[i]);
		found_release(&l);
	}
	expect(NULL, "");
}

Test(find, a_profile_in_no_list_as_with_dash_profile)
{
	put("lab/prefs.js", ONE);
	put("lab/Mail/pop/popstate.dat", STATE);
	struct found_list l = look("lab", "live lab/Mail/pop/popstate.dat\n");
	cr_assert_null(l.at[0].profile);
	found_release(&l);
}

Test(find, a_portable_one)
{
	put("usb/Data/profile/prefs.js", ONE);
	put("usb/Data/profile/Mail/pop/popstate.dat", STATE);
	expect("usb", "live usb/Data/profile/Mail/pop/popstate.dat\n");
}

Test(find, a_mail_folder_of_one_account_shows_no_other)
{
	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js",
		LIST("account1,account2")
			ACCOUNT("1", "pop.example.org", REL("1", "Mail/pop"))
				ACCOUNT("2", "pop.new.example", REL("2", "Mail/new")));
	expect(".thunderbird/p.default/Mail/pop",
		"live .thunderbird/p.default/Mail/pop/popstate.dat\n");
	put(".thunderbird/p.default/Mail/new/Inbox", "");
	expect(".thunderbird/p.default/Mail/new",
		"absent .thunderbird/p.default/Mail/new/popstate.dat\n");
}

Test(find, a_bare_copy_without_settings)
{
	put("backup/popstate.dat", STATE);
	struct found_list l = look("backup", "live backup/popstate.dat\n");
	cr_assert_null(l.at[0].settings);
	found_release(&l);
}

Test(find, nothing)
{
	struct found_list l = {0};
	struct err e = {0};

	put("empty/x", "");
	expect(NULL, "");
	cr_assert_eq(find_in(at("empty"), NULL, &arena, &l, &e), -1);
	cr_assert_eq(e.kind, ERR_NO_STORE);
	cr_assert_eq(find_in(at("gone"), NULL, &arena, &l, &e), -1);
	cr_assert_eq(e.kind, ERR_NO_STORE);
	found_release(&l);
}

Test(find, lists_that_are_damaged_hide_nothing_else)
{
	put_root(".thunderbird");
	put(".thunderbird/profiles.ini", "[Profile0\nPath=\n\xff\xfe[[[=\nName");
	put(".mozilla/seamonkey/profiles.ini", "");
	expect(NULL, "live " OUT "\n");
}

/* --- the lock of a client whose mail lies apart --- */

static pid_t
run_client(const char *profile)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *path = arena_print(&arena, "%s/.parentlock", profile);
	int ready[2];
	char c;

	cr_assert_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ||
			write(ready[1], "x", 1) != 1)
			_exit(1);
		alarm(10); /* not longer than a test that fails */
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

Test(find, mail_outside_the_profile_is_locked_by_the_profiles_client)
{
	struct target t;
	struct err e = {0};

	put_root(".thunderbird");
	put(".thunderbird/p.default/prefs.js",
		arena_print(&arena,
			LIST("account1") ACCOUNT("1", "pop.example.org",
				"") "user_pref(\"mail.server.server1.directory\", "
				    "\"%s/mail/pop\");\n",
			home));
	put("mail/pop/popstate.dat", STATE);
	struct running look = {.format = format_named(text_of("thunderbird")),
		.store = at("mail/pop/popstate.dat"),
		.settings = at(".thunderbird/p.default/prefs.js")};
	bool runs;
	cr_assert(running_look(&look, NULL, &arena, &runs, &e) == 0 && !runs);
	pid_t child = run_client(at(".thunderbird/p.default"));
	cr_assert(running_look(&look, NULL, &arena, &runs, &e) == 0 && runs);
	cr_assert_eq(look.pid, child);
	cr_assert_eq(
		target_open(&t, at("mail/pop/popstate.dat"), NULL, true, at("state"), &e),
		-1);
	cr_assert_str_eq(e.reason, "client-running", "%s", e.message);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_assert_eq(
		target_open(&t, at("mail/pop/popstate.dat"), NULL, true, at("state"), &e),
		0, "%s", e.message);
	target_close(&t);
}

Test(find, user_js_is_read_wherever_settings_are)
{
	struct target t;
	struct settings s;
	struct err e = {0};

	put_root(".thunderbird");
	put(".thunderbird/p.default/user.js",
		"user_pref(\"mail.server.server1.leave_on_server\", true);\n");
	put(".thunderbird/p.default/compatibility.ini",
		"[Compatibility]\nLastVersion=91.0_1/1\n");
	cr_assert_eq(target_open(&t, at(OUT), NULL, false, at("state"), &e), 0, "%s",
		e.message);
	cr_assert_eq(t.format->settings(t.path, &t.settings, &t.arena, &s, &e), 0);
	cr_assert(s.known && s.leave_on_server);
	cr_assert_eq(s.version, 91);
	target_close(&t);
}

/* --- Evolution: settings that lie apart, older ones that do not say where ------------ */

#define EVOLUTION(host)                                                                  \
	"[Mail Account]\nBackendName=pop\n[Authentication]\nHost=" host "\nUser=alice\n" \
	"[Pop Backend]\nKeepOnServer=true\n"
#define GCONF                                                                               \
	"<gconf><entry name=\"accounts\" type=\"list\" ltype=\"string\"><li><stringvalue>"  \
	"&lt;account uid=&quot;9.1@box&quot;&gt;&lt;source keep-on-server=&quot;true&quot;" \
	"&gt;&lt;url&gt;pop://alice@pop.example.org/&lt;/url&gt;&lt;/source&gt;"            \
	"&lt;/account&gt;</stringvalue></li></entry></gconf>"

Test(find, evolutions_accounts_and_what_is_left_of_others)
{
	put(".config/evolution/sources/abc.source", EVOLUTION("pop.example.org"));
	put(".config/evolution/sources/new.source", EVOLUTION("pop.example.net"));
	put(".config/evolution/sources/local.source",
		"[Mail Account]\nBackendName=maildir\n");
	put(".local/share/evolution/mail/abc/uid-cache", "000000016b02f262\n");
	put(".local/share/evolution/mail/gone/uid-cache", "000000016b02f262\n");
	put(".local/share/evolution/mail/abc/cache/1f/uid-cache", "#Subject: x\n\n");
	struct found_list l =
		look(NULL, "live .local/share/evolution/mail/abc/uid-cache\n"
			   "leftover .local/share/evolution/mail/gone/uid-cache\n"
			   "absent .local/share/evolution/mail/new/uid-cache\n");
	cr_assert(text_equal(l.at[0].account.host, text_of("pop.example.org")));
	cr_assert(l.at[0].account.leave_on_server);
	found_release(&l);
}

Test(find, evolution_2_is_found_in_the_place_that_it_has)
{
	put(".gconf/apps/evolution/mail/%gconf.xml", GCONF);
	put(".evolution/mail/pop/alice@pop.example.org/uid-cache", "000000016b02f262\n");
	struct found_list l =
		look(NULL, "live .evolution/mail/pop/alice@pop.example.org/uid-cache\n");
	cr_assert(l.at[0].account.known);
	found_release(&l);
}

/* 3.6 has taken the account over; what GConf still says is of the past. */
Test(find, evolutions_key_file_comes_before_gconf)
{
	put(".gconf/apps/evolution/mail/%gconf.xml", GCONF);
	put(".config/evolution/sources/9.1@box.source", EVOLUTION("pop.example.net"));
	put(".local/share/evolution/mail/9.1@box/uid-cache", "000000016b02f262\n");
	struct found_list l =
		look(NULL, "live .local/share/evolution/mail/9.1@box/uid-cache\n");
	cr_assert(text_equal(l.at[0].account.host, text_of("pop.example.net")));
	found_release(&l);
}
