/*
 * Apple's Mail and Outlook through the whole program, from find to undo. What has been
 * written is read by others: xmllint, the sqlite3 shell, od.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(apple, .timeout = 60);

struct home {
	char dir[32], out[16384];
};

static void
set_up(struct home *h)
{
	const char *program = getenv("REUIDL");
	char path[1024];

	if (realpath(program != NULL ? program : "build/reuidl", path) == NULL)
		cr_skip_test("build/reuidl is not built");
	if (system("command -v xmllint sqlite3 >/dev/null") != 0)
		cr_skip_test("xmllint or sqlite3 is not there");
	snprintf(h->dir, sizeof(h->dir), "/tmp/apple.XXXXXX");
	cr_assert(mkdtemp(h->dir) != NULL);
	cr_assert_eq(chdir(h->dir), 0);
	setenv("HOME", h->dir, 1);
	setenv("R", path, 1);
	unsetenv("XDG_STATE_HOME");
}

static void
tear_down(struct home *h)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", h->dir);
	cr_assert(system(command) == 0);
}

/* The command's exit code; what it said, of both kinds, is in h->out. */
static int
sh(struct home *h, const char *script)
{
	FILE *f;
	int status;

	cr_assert((f = fopen("script", "w")) != NULL);
	fputs(script, f);
	fclose(f);
	status = system("sh script >out 2>&1 </dev/null");
	cr_assert((f = fopen("out", "r")) != NULL);
	h->out[fread(h->out, 1, sizeof(h->out) - 1, f)] = '\0';
	fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
must(struct home *h, const char *script, int want)
{
	int code = sh(h, script);

	cr_assert_eq(code, want, "%s: exit %d: %s", script, code, h->out);
}

static void
says(struct home *h, const char *script, const char *want)
{
	must(h, script, 0);
	cr_assert_str_eq(h->out, want, "%s says\n%s", script, h->out);
}

static void
has(const struct home *h, const char *words)
{
	cr_assert(strstr(h->out, words) != NULL, "no \"%s\" in %s", words, h->out);
}

/* old_uidl,new_uidl of the map "map". */
static void
make_map(struct home *h, const char *pairs)
{
	char script[2048];

	snprintf(script, sizeof(script),
		"cat >pairs.csv <<'EOF'\nold_uidl,new_uidl,evidence\n%sEOF\n"
		"$R map map --import pairs.csv --old-account alice@pop.old.example "
		"--new-account alice@pop.new.example",
		pairs);
	must(h, script, 0);
}

#define PLIST "Library/Mail/POP-alice@pop.old.example/MessageUidsAlreadyDownloaded2"

#define MAKE_PLIST                                                                       \
	"mkdir -p \"${P%/*}\"; cat >\"$P\" <<'EOF'\n"                                    \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                   \
	"<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" "               \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"                          \
	"<plist version=\"1.0\">\n<dict>\n"                                              \
	"\t<key>1154111803.H3&amp;1.old.example,S=22050</key>\n"                         \
	"\t<dict>\n\t\t<key>DateDownloaded</key>\n"                                      \
	"\t\t<date>2006-07-28T19:13:46Z</date>\n\t</dict>\n"                             \
	"\t<key>1154111804.H3P2.old.example,S=22051</key>\n"                             \
	"\t<dict>\n\t\t<key>DateDownloaded</key>\n"                                      \
	"\t\t<date>2006-07-28T19:13:47Z</date>\n\t</dict>\n"                             \
	"\t<key>1154111805.H3P3.old.example,S=22052</key>\n"                             \
	"\t<dict>\n\t\t<key>DateDownloaded</key>\n"                                      \
	"\t\t<date>2006-07-28T19:13:48Z</date>\n\t</dict>\n"                             \
	"</dict>\n</plist>\nEOF\ncp \"$P\" before"

/* string(…) of an XPath expression has no escapes left. */
#define KEYS                                                                             \
	"xmllint --nonet --noout \"$P\" && for i in 1 2 3; do "                          \
	"xmllint --nonet --xpath \"concat(/plist/dict/key[$i],' ',"                      \
	"/plist/dict/dict[$i]/date)\" \"$P\"; done; "                                    \
	"xmllint --nonet --xpath 'count(/plist/dict/key)' \"$P\""

Test(apple, plist)
{
	struct home h;

	set_up(&h);
	setenv("P", PLIST, 1);
	must(&h, MAKE_PLIST, 0);
	make_map(&h,
		"1154111803.H3&1.old.example,0000000a<new>&6b02f262,import\n"
		"\"1154111803.H3&1.old.example,S=22050\",<one>&0000006b02f262,import\n"
		"\"1154111804.H3P2.old.example,S=22051\","
		"\"1154111805.H3P3.old.example,S=22052\",import\n"
		"\"1154111805.H3P3.old.example,S=22052\",three-6b02f262,import\n");
	must(&h, "$R find", 0);
	has(&h, "Apple Mail (Mac OS X up to 10.4), 3 entries");
	has(&h, "account alice@pop.old.example");
	must(&h, "$R diff --map map --before-first-contact --allow-deletes", 1);
	has(&h, "no real client has proved this format yet");
	has(&h, "its account is told by the name of its folder");
	has(&h, "3 get their new UIDL");
	says(&h, "cmp \"$P\" before", "");
	must(&h, "$R apply --map map --before-first-contact --allow-deletes", 0);
	says(&h, KEYS,
		"<one>&0000006b02f262 2006-07-28T19:13:46Z\n"
		"1154111805.H3P3.old.example,S=22052 2006-07-28T19:13:47Z\n"
		"three-6b02f262 2006-07-28T19:13:48Z\n3\n");
	says(&h, "diff before \"$P\" | grep -c '^[<>]'", "6\n");
	must(&h, "$R undo", 0);
	says(&h, "cmp \"$P\" before", "");
	tear_down(&h);
}

#define DATABASE "Library/Mail/V2/MailData/MessageUidsAlreadyDownloaded3"
#define ACCOUNT	 "9D1B7D20-5C9C-4C5A-8E0E-2A1D3C4B5F60@"

/* The second record and the text of the first are in the log alone. */
#define MAKE_DATABASE                                                                    \
	"mkdir -p \"${P%/*}\"; sqlite3 made >/dev/null <<'EOF'\n"                        \
	"PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;\n"                    \
	"CREATE TABLE ZACCOUNT (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER," \
	" ZACCOUNTID VARCHAR);\n"                                                        \
	"CREATE TABLE ZSEENMESSAGE (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, "           \
	"Z_OPT INTEGER, ZACCOUNT INTEGER, ZDATESEEN TIMESTAMP, ZMESSAGEID VARCHAR);\n"   \
	"CREATE UNIQUE INDEX U ON ZSEENMESSAGE (ZACCOUNT, ZMESSAGEID);\n"                \
	"INSERT INTO ZACCOUNT VALUES (4, 1, 1, '9D1B7D20-5C9C-4C5A-8E0E-2A1D3C4B5F60')," \
	" (5, 1, 1, 'another');\n"                                                       \
	"INSERT INTO ZSEENMESSAGE VALUES (1, 2, 1, 4, 1.5, 'x'), (7, 2, 1, 5, 3, "       \
	"'000000076b02f262');\n"                                                         \
	"PRAGMA wal_checkpoint(TRUNCATE);\n"                                             \
	"UPDATE ZSEENMESSAGE SET ZMESSAGEID = '000000016b02f262' WHERE Z_PK = 1;\n"      \
	"INSERT INTO ZSEENMESSAGE VALUES (2, 2, 1, 4, NULL, '000000026b02f262');\n"      \
	".shell cp made \"$P\"; cp made-wal \"$P-wal\"; cp made-shm \"$P-shm\"\nEOF\n"   \
	"mkdir copy; cp \"$P\"* copy; test -s \"$P-wal\"; sqlite3 made .dump >before"

#define APPLY                                                                            \
	"$R apply --map map --before-first-contact --allow-deletes --account " ACCOUNT   \
	" \"$P\""

static void
set_up_database(struct home *h)
{
	set_up(h);
	setenv("P", DATABASE, 1);
	must(h, MAKE_DATABASE, 0);
	make_map(h, "000000016b02f262,000000026b02f262,import\n"
		    "000000026b02f262,000000016b02f262,import\n");
}

static void
is_untouched(struct home *h)
{
	says(h, "cd copy; for f in *; do cmp $f \"../${P%/*}/$f\"; done; ls \"../${P%/*}\"",
		"MessageUidsAlreadyDownloaded3\nMessageUidsAlreadyDownloaded3-shm\n"
		"MessageUidsAlreadyDownloaded3-wal\n");
}

/* Looking at a database that the client has open changes nothing, and sees all of it. */
Test(apple, database_is_looked_at)
{
	struct home h;

	set_up_database(&h);
	must(&h, "$R find", 0);
	has(&h, "Apple Mail (Mac OS X 10.5 and later), 3 entries");
	must(&h, "$R show \"$P\"", 0);
	has(&h, "0 - 000000016b02f262 978307201\n0 - 000000026b02f262 0\n"
		"1 - 000000076b02f262 978307203\n2 accounts, 3 entries\n");
	must(&h, "$R diff --map map \"$P\"", 78);
	has(&h, "say --account " ACCOUNT);
	must(&h, "$R diff --map map --before-first-contact --account " ACCOUNT " \"$P\"",
		1);
	is_untouched(&h);
	tear_down(&h);
}

Test(apple, database_is_rewritten)
{
	struct home h;

	set_up_database(&h);
	must(&h, APPLY, 0);
	says(&h, "ls \"${P%/*}\"", "MessageUidsAlreadyDownloaded3\n");
	says(&h, "od -An -tu1 -j18 -N2 \"$P\"", "   2   2\n");
	says(&h,
		"sqlite3 \"$P\" 'PRAGMA integrity_check'; sqlite3 \"$P\" .dump | "
		"diff before - | grep '^[<>]'",
		"ok\n"
		"< INSERT INTO ZSEENMESSAGE VALUES(1,2,1,4,1.5,'000000016b02f262');\n"
		"< INSERT INTO ZSEENMESSAGE VALUES(2,2,1,4,NULL,'000000026b02f262');\n"
		"> INSERT INTO ZSEENMESSAGE VALUES(1,2,1,4,1.5,'000000026b02f262');\n"
		"> INSERT INTO ZSEENMESSAGE VALUES(2,2,1,4,NULL,'000000016b02f262');\n");
	must(&h, "$R undo", 0);
	says(&h, "sqlite3 \"$P\" .dump | diff before -", "");
	tear_down(&h);
}

/* The client has been at work again, and left what it did in the log. */
Test(apple, database_is_taken_back_after_more_mail)
{
	struct home h;

	set_up_database(&h);
	must(&h, APPLY, 0);
	must(&h,
		"cp \"$P\" made; rm -f made-*; sqlite3 made >/dev/null <<'EOF'\n"
		"PRAGMA wal_autocheckpoint = 0;\n"
		"INSERT INTO ZSEENMESSAGE VALUES (9, 2, 1, 4, 5, 'later');\n"
		".shell cp made-wal \"$P-wal\"\nEOF\ntest -s \"$P-wal\"",
		0);
	must(&h, "$R undo", 0);
	says(&h, "sqlite3 \"$P\" .dump | diff before - | grep '^[<>]'",
		"> INSERT INTO ZSEENMESSAGE VALUES(9,2,1,4,5,'later');\n");
	says(&h, "sqlite3 \"$P\" 'PRAGMA integrity_check'", "ok\n");
	tear_down(&h);
}

Test(apple, database_in_use)
{
	struct home h;

	set_up_database(&h);
	/* Until the file `done` is there, or for ten seconds. */
	must(&h,
		"{ echo 'BEGIN; SELECT count(*) FROM ZSEENMESSAGE;'; touch begun; i=0; "
		"while [ ! -e done ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; } | "
		"sqlite3 \"$P\" >held & while [ ! -s held ]; do sleep 0.05; done; "
		"cp \"$P\"-wal log; " APPLY
		"; code=$?; cmp log \"$P-wal\"; touch done; wait; "
		"exit $code",
		75);
	must(&h, APPLY, 0);
	tear_down(&h);
}

Test(apple, database_with_a_journal)
{
	static const char refusal[] =
		"beside it is a journal (-journal) of a change that "
		"was broken off; start the client once";
	struct home h;

	set_up_database(&h);
	must(&h,
		"printf '\\331\\325\\005\\371\\040\\241\\143\\327%512s' '' >\"$P-journal\"; "
		"cp \"$P-journal\" copy; $R show \"$P\"",
		65);
	has(&h, refusal);
	must(&h, APPLY, 65);
	has(&h, refusal);
	says(&h, "cd copy; for f in *; do cmp $f \"../${P%/*}/$f\"; done", "");
	/* One that is finished. */
	must(&h, "head -c 520 /dev/zero >\"$P-journal\"", 0);
	must(&h, APPLY, 0);
	tear_down(&h);
}

Test(apple, outlook)
{
	struct home h;

	set_up(&h);
	must(&h,
		"printf '\\003\\000\\002\\000+b20120906131138"
		"0BC535DB$2dEA63$2d11E1\\000+b20120906131137143DBBCB$2dEA66\\000' "
		">BlobPOPalice@example.org; cp BlobPOP* before",
		0);
	make_map(&h, "0BC535DB-EA63-11E1,000000016b02f262.7,import\n"
		     "143DBBCB-EA66,0BC535DB-EA63-11E1,import\n");
	must(&h, "$R diff --map map --before-first-contact BlobPOP*", 78);
	has(&h, "say --account alice@pop.old.example");
	must(&h,
		"$R apply --map map --before-first-contact --allow-deletes --account "
		"alice@pop.old.example BlobPOP*",
		0);
	says(&h, "od -An -c -w16 BlobPOP*",
		" 003  \\0 002  \\0   +   b   2   0   1   2   0   9   0   6   1   3\n"
		"   1   1   3   8   0   0   0   0   0   0   0   1   6   b   0   2\n"
		"   f   2   6   2   $   2   e   7  \\0   +   b   2   0   1   2   0\n"
		"   9   0   6   1   3   1   1   3   7   0   B   C   5   3   5   D\n"
		"   B   $   2   d   E   A   6   3   $   2   d   1   1   E   1  \\0\n");
	must(&h, "$R undo BlobPOP*", 0);
	says(&h, "cmp BlobPOP* before", "");
	tear_down(&h);
}
