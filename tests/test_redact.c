/*
 * --redact: whatever is called, and however it ends, nothing of what is whose stands in what
 * is said, logged and reported. tests/redact_cases.py does the same with real servers.
 */
#include "cli.h"

#include <ctype.h>

#include "base/text.h"

TestSuite(redact, .timeout = 120);

#define PROFILE		  ".thunderbird/k3x9 Annas.profile"
#define MAIL		  PROFILE "/Mail/"
#define STORE		  MAIL "pop.alt-anbieter.example/popstate.dat"
#define FOLDER		  MAIL "Local Folders/Scheidung, Akte (2).sbd"
#define PREF(name, value) "user_pref(\"mail." name "\", " value ");\n"

/* A part of each thing, so that a half of it is found, too. */
static const char *const private[] = {"anna", "mueller", "anbieter", "k3x9", "llers Post",
	"Scheidung", "Akte", "Brief 1", "aaaa000", "bbbb000", "xy-z", "4711", "cli.",
	"geheim", "drittes", NULL};

static const char prefs[] = PREF("accountmanager.accounts", "\"account1,account2\"") PREF(
	"account.account1.server", "\"server1\"") PREF("server.server1.type", "\"pop3\"")
	PREF("server.server1.hostname", "\"pop.alt-anbieter.example\"") PREF(
		"server.server1.userName", "\"anna.mueller\"") PREF("server.server1.name",
		"\"M\xc3\xbcllers Post\"") PREF("server.server1.directory-rel",
		"\"[ProfD]Mail/pop.alt-anbieter.example\"")
		PREF("server.server1.leave_on_server", "true")
			PREF("account.account2.server", "\"server2\"")
				PREF("server.server2.type", "\"none\"")
					PREF("server.server2.directory-rel",
						"\"[ProfD]Mail/Local Folders\"");

#define HEADER "# POP3 State File\n# This is a generated file!  Do not edit.\n\n"
#define RECORDS                                                                          \
	"k 00000001aaaa0001 1700000001\nk 00000001aaaa0002 1700000002\n"                 \
	"k xy-z 1700000003\nk 4711 1700000004\nk 00000001aaaa0005 1700000005\n"
#define BLANKS "                                                                "

static const char letter[] =
	"From - x\nX-Account-Key: account1\nX-UIDL: 00000001aaaa0001\n"
	"X-Mozilla-Keys: " BLANKS "\nSubject: geheim\n\nbody\n\n";

static void
make_home(struct cli *c)
{
	static const char *const folders[] = {".thunderbird", PROFILE, PROFILE "/Mail",
		MAIL "pop.alt-anbieter.example", MAIL "Local Folders", FOLDER};

	set_up(c);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		cr_assert_eq(mkdir(folders[i], 0700), 0);
	put(".thunderbird/profiles.ini",
		"[Profile0]\nName=Annas Welt\nIsRelative=1\nPath=k3x9 Annas.profile\n",
		0600);
	put(PROFILE "/prefs.js", prefs, 0600);
	put(STORE, HEADER "*pop.alt-anbieter.example anna.mueller\n" RECORDS, 0600);
	put(FOLDER "/Brief 1", letter, 0600);
	put("annas.csv",
		"old_uidl,new_uidl,evidence\n00000001aaaa0001,00000002bbbb0002,\n"
		"00000001aaaa0002,00000002bbbb0001,\nxy-z,00000002bbbb0003,\n"
		"4711,00000002bbbb0004,\n00000001aaaa0005,,\n,4711,\n",
		0600);
}

static void
expect_none(const char *line, const char *where, const char *said)
{
	for (size_t i = 0; private[i] != NULL; i++)
		for (const char *at = said; *at != '\0'; at++)
			if (strncasecmp(at, private[i], strlen(private[i])) == 0) {
				cr_expect(false, "%s: %s has \"%s\": %.200s", line, where,
					private[i], at);
				break;
			}
}

static void
call(struct cli *c, int code, const char *line)
{
	static const char tail[] = " --redact --log log --report report";
	char whole[1024], more[65536];

	snprintf(whole, sizeof(whole), "%s%s", line, tail);
	unlink("log");
	unlink("report");
	run(c, whole);
	cr_expect_eq(c->code, code, "%s: %d %s", line, c->code, c->err);
	expect_none(line, "stdout", c->out);
	expect_none(line, "stderr", c->err);
	for (int k = 0; k < 2; k++) {
		const char *path = k == 0 ? "log" : "report";
		if (access(path, R_OK) == 0) {
			get(path, more, sizeof(more));
			expect_none(line, path, more);
		}
	}
}

static void
says(const struct cli *c, const char *words)
{
	cr_expect(strstr(c->out, words) != NULL || strstr(c->err, words) != NULL,
		"not \"%s\": %s%s", words, c->out, c->err);
}

Test(redact, nothing_of_it_is_left_wherever_it_is_said)
{
	struct cli c;

	make_home(&c);
	call(&c, 0,
		"map annas.map --import annas.csv --old-account "
		"anna.mueller@pop.alt-anbieter.example --new-account "
		"anna.mueller@pop.neu-anbieter.example");
	call(&c, 0, "map annas.map");
	says(&c, "uidl-1 -> uidl-");
	call(&c, 0, "map annas.map --json");
	call(&c, 0, "map annas.map --export json");
	call(&c, 0, "find");
	says(&c, "account user-");
	call(&c, 0, "find --json");
	says(&c, "\"leave_on_server\":true");
	call(&c, 0, "show .thunderbird");
	call(&c, 0, "show .thunderbird --json");
	says(&c, "\"uidl\":\"uidl-");
	call(&c, 1, "diff --map annas.map --all --verbose");
	says(&c, "-k uidl-");
	says(&c, "local mail: 1 messages in 1 of 1 files");
	says(&c, "5 records: ");
	call(&c, 1, "diff --map annas.map --json");
	call(&c, 0, "apply --map annas.map");
	says(&c, "popstate.dat: ");
	call(&c, 0, "apply --map annas.map --json");
	says(&c, "\"state\":\"already\"");
	call(&c, 0, "undo --list");
	call(&c, 0, "undo --list --json");
	call(&c, 0, "undo");
	says(&c, "as it was before");
	call(&c, 0, "formats");
	says(&c, "~/.thunderbird/*/Mail/*/popstate.dat");
	tear_down(&c);
}

Test(redact, nor_in_what_went_wrong)
{
	struct cli c;

	make_home(&c);
	run(&c, "map annas.map --import annas.csv --old-account "
		"anna.mueller@pop.alt-anbieter.example --new-account "
		"anna.mueller@pop.neu-anbieter.example");
	cr_assert_eq(c.code, 0);
	call(&c, 66, "diff --map annas.map /home/anna/Scheidung");
	call(&c, 66, "diff --map nirgends/anna.map");
	call(&c, 64, "diff --map annas.map --account anna");
	call(&c, 64, "diff --map annas.map --geheim=4711");
	call(&c, 64, "Scheidung annas.map");
	call(&c, 64, "map annas.map --export csv");
	call(&c, 78, "diff --map annas.map --into drittes");
	says(&c, "(account1)");
	call(&c, 78,
		"apply --map annas.map --account drittes@konto.geheim.example --json "
		".thunderbird");
	call(&c, 69,
		"check --new pop3://anna.mueller@localhost:1 --new-tls=off "
		"--new-password-env HOME");
	call(&c, 69,
		"match --old pop3s://anna%40geheim.example@pop.anbieter.invalid "
		"--new pop3://anna.mueller@localhost:1 --map m "
		"--old-password-env HOME --new-password-env HOME");
	call(&c, 64, "check --new pop3://anna:geheim@localhost:1");
	call(&c, 66,
		"check --new pop3://anna@localhost:1 --new-password-file annas.geheim "
		"--no-input");
	/* What a file says, in the sentence that refuses it. */
	put(STORE, HEADER "*pop.alt-anbieter.example anna.mueller\nk\t\n", 0600);
	call(&c, 0, "show .thunderbird");
	put("geheim.csv", "old_uidl,new_uidl\n00000001aaaa0001,\"aaaa0001 mit\"\n", 0600);
	call(&c, 65,
		"map m --import geheim.csv --old-account anna@alt-anbieter.example "
		"--new-account anna@neu-anbieter.example --json");
	put("geheim.csv", "anna,geheim\nxy-z,4711\n", 0600);
	call(&c, 65,
		"map m --import geheim.csv --old-account anna@alt-anbieter.example "
		"--new-account anna@neu-anbieter.example");
	tear_down(&c);
}

/* The same thing, the same token: within a run, in text, report and log. */
Test(redact, one_thing_has_one_name)
{
	char report[32768];
	struct cli c;

	make_home(&c);
	run(&c, "map annas.map --import annas.csv --old-account "
		"anna.mueller@pop.alt-anbieter.example --new-account "
		"anna.mueller@pop.neu-anbieter.example");
	call(&c, 0, "show .thunderbird");
	says(&c,
		"account 0: user-2@host-1\n0 k uidl-1 1700000001\n0 k uidl-2 1700000002\n"
		"0 k uidl-3 1700000003\n0 k uidl-4 1700000004\n0 k uidl-5 1700000005\n");
	call(&c, 1, "diff --map annas.map");
	says(&c, "\n-k uidl-1 1700000001\n+k uidl-");
	get("report", report, sizeof(report));
	cr_expect(strstr(report, "-k uidl-1 1700000001\n+k uidl-") != NULL);
	tear_down(&c);
}
