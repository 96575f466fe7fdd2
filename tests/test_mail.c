/*
 * Local mail that follows its store: which UIDL becomes which, and what is written when
 * files are not as they were. The order of the phases is proved by tests/crash.sh.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"
#include "work/companions.h"
#include "work/mail_drive.h"
#include "work/undo.h"

#define BLANKS40 "                                        "
#define HEAD(key, uidl, pad)                                                             \
	"X-Account-Key: " key "\nX-UIDL: " uidl "\nX-Mozilla-Keys: " pad "\n"
#define MAIL(uidl) "From - x\n" HEAD("account1", uidl, BLANKS40 BLANKS40) "\nbody\n\n"
#define POP	   "# POP3 State File\n\n*old.example ann\n"
/* UIDLs that no counter makes. */
#define A(n) "00000001aaaa000" #n
#define B(n) "00000002bbbb000" #n

static char dir[64];
static struct arena arena;
static struct journal *journal;
static struct err e;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static char *
in(const char *name)
{
	return arena_print(&arena, "%s/%s", dir, name);
}

static void
put(const char *name, const char *bytes)
{
	FILE *f = fopen(in(name), "w");

	cr_assert_not_null(f, "%s", name);
	cr_assert_geq(fputs(bytes, f), 0);
	fclose(f);
}

static char *
get(const char *name)
{
	struct os_stat st;
	char *bytes;
	size_t len;

	cr_assert_eq(
		os_read(in(name), 1 << 20, &bytes, &len, &st, &e), 0, "%s", e.message);
	char *kept = arena_string(&arena, (struct text){bytes, len});
	free(bytes);
	return kept;
}

static void
begin(void)
{
	static const char *const folders[] = {"", "/Mail", "/Mail/h", "/Mail/h/Box.sbd",
		"/Mail/h/md", "/Mail/h/md/cur", "/Mail/h/md/tmp", "/Mail/h/Box.mozmsgs",
		"/Mail/L"};

	snprintf(dir, sizeof(dir), "/tmp/reuidl-mail-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	for (size_t i = 1; i < sizeof(folders) / sizeof(*folders); i++)
		cr_assert_eq(mkdir(in(folders[i] + 1), 0700), 0);
	put("prefs.js",
		"user_pref(\"mail.accountmanager.accounts\", \"account1,account2\");\n"
		"user_pref(\"mail.account.account1.server\", \"server1\");\n"
		"user_pref(\"mail.server.server1.type\", \"pop3\");\n"
		"user_pref(\"mail.server.server1.hostname\", \"old.example\");\n"
		"user_pref(\"mail.server.server1.userName\", \"ann\");\n"
		"user_pref(\"mail.server.server1.leave_on_server\", true);\n"
		"user_pref(\"mail.server.server1.directory-rel\", "
		"\"[ProfD]Mail/h\");\n"
		"user_pref(\"mail.account.account2.server\", \"server2\");\n"
		"user_pref(\"mail.server.server2.type\", \"none\");\n"
		"user_pref(\"mail.server.server2.directory-rel\", "
		"\"[ProfD]Mail/L\");\n");
	cr_assert_eq(journal_open(in("state"), &journal, &e), 0, "%s", e.message);
}

static void
end(void)
{
	journal_close(journal);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(&arena);
}

TestSuite(mail, .init = begin, .fini = end);

/* --- the whole way ----------------------------------------------------------------- */

/* Applies the pairs (CSV lines) to the store and its mail, as `apply` does. */
static void
apply(const char *pairs, struct mail *mail)
{
	struct map_side sides[2] = {{.host = (char[]){"old.example"},
					    .user = (char[]){"ann"},
					    .scheme = (char[]){""}},
		{.host = (char[]){"new.example"},
			.user = (char[]){"ann"},
			.scheme = (char[]){""}}};
	struct plan_options o = {.now = os_now(), .before_first_contact = true};
	struct settings settings = {.known = true,
		.leave_on_server = true,
		.host = text_of("old.example"),
		.user = text_of("ann")};
	struct target t;
	struct store s;
	struct plan p;
	struct map *m;
	struct buf out;

	put("pairs.csv", arena_print(&arena, "old_uidl,new_uidl,evidence\n%s", pairs));
	cr_assert_eq(map_import_csv(in("pairs.csv"), in("map"), sides, o.now, &e), 0,
		"%s", e.message);
	cr_assert_eq(map_open(in("map"), &m, &e), 0, "%s", e.message);
	cr_assert_eq(
		target_open(&t, in("Mail/h/popstate.dat"), NULL, true, in("state"), &e),
		0, "%s", e.message);
	cr_assert_eq(store_read(&s, t.format, &t.source, &e), 0, "%s", e.message);
	cr_assert_eq(
		plan_make(&p, &s, &settings, m, journal, &o, &e), 0, "%s", e.message);
	cr_assert_eq(p.state, PLAN_READY, "%s", p.refusal.message);
	buf_init(&out, 0);
	cr_assert_eq(store_write(&s, p.edits, p.nedits, &out, &e), 0, "%s", e.message);
	cr_assert_eq(mail_plan(mail, &t, &p, &s, m, &e), 0, "%s", e.message);
	struct journal_file record = {
		.run = journal_new_run(&arena), .map_id = (char[]){"1"}};
	cr_assert_eq(mail_prepare(mail, journal, &t, record.run, &e), 0, "%s", e.message);
	cr_assert_eq(target_replace(&t, buf_text(&out), journal, &record, &e), 0, "%s",
		e.message);
	cr_assert_eq(mail_finish(mail, journal, &e), 0, "%s", e.message);
	buf_release(&out);
	plan_release(&p);
	store_release(&s);
	target_close(&t);
	map_close(m);
}

/* The X-UIDL lines of a file, in words; those of a tombstone are "-". */
static char *
uidls(const char *name)
{
	char *bytes = get(name), *words = arena_string(&arena, text_of("")), *at = bytes;

	while ((at = strstr(at, "\nX-UIDL: ")) != NULL) {
		at += 9;
		struct text u = {at, strcspn(at, "\r\n")};
		if (plan_is_tombstone(u))
			u = text_of("-");
		words = arena_print(
			&arena, "%s%s%.*s", words, *words ? " " : "", TEXT_ARG(u));
	}
	return words;
}

Test(mail, follows_in_every_folder_and_no_other_file)
{
	struct mail mail;
	struct os_stat was, is;

	put("Mail/h/popstate.dat", POP "k " A(1) " 1700000001\nk " A(2) " 1700000002\n");
	put("Mail/h/Inbox",
		MAIL(A(1)) MAIL(A(2)) "From - x\n"
				      "X-Account-Key: account3\nX-UIDL: " A(1) "\n\nb\n");
	put("Mail/h/Box.sbd/Deep", MAIL(A(2)));
	put("Mail/h/md/cur/1.eml",
		HEAD("account1", A(1), BLANKS40) "\nX-UIDL: " A(1) "\n");
	put("Mail/h/md/tmp/1.eml", HEAD("account1", A(1), BLANKS40) "\nbody\n");
	put("Mail/L/Archive", MAIL(A(1)));
	put("Mail/h/Inbox.msf", MAIL(A(1)));
	put("Mail/h/Old~", MAIL(A(1)));
	put("Mail/h/Box.mozmsgs/1", MAIL(A(1)));
	cr_assert_eq(symlink("../Outside", in("Mail/h/Link")), 0);
	put("Mail/Outside", MAIL(A(1)));
	cr_assert_eq(os_stat(in("Mail/h/Inbox"), &was, &e), 0);

	apply(A(1) "," B(1) ",import\n" A(2) "," B(2) ",import\n", &mail);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), B(1) " " B(2) " " A(1));
	cr_assert_str_eq(uidls("Mail/h/Box.sbd/Deep"), B(2));
	cr_assert_str_eq(uidls("Mail/h/md/cur/1.eml"), B(1) " " A(1));
	cr_assert_str_eq(uidls("Mail/L/Archive"), B(1));
	cr_assert_str_eq(uidls("Mail/h/md/tmp/1.eml"), A(1));
	cr_assert_str_eq(uidls("Mail/h/Inbox.msf"), A(1));
	cr_assert_str_eq(uidls("Mail/h/Old~"), A(1));
	cr_assert_str_eq(uidls("Mail/h/Box.mozmsgs/1"), A(1));
	cr_assert_str_eq(uidls("Mail/Outside"), A(1));
	cr_assert_eq(mail.patched, 5);
	cr_assert_eq(mail.stuck, 0);
	cr_assert_eq(os_stat(in("Mail/h/Inbox"), &is, &e), 0);
	cr_assert_eq(is.size, was.size);
	cr_assert_eq(is.mtime, was.mtime);
	cr_assert_eq(is.inode, was.inode);
	mail_release(&mail);
}

Test(mail, without_a_record_only_what_is_sure)
{
	struct mail mail;

	/* The client has forgotten 2 (both servers have it), A(3) and A(4) (of no list), and
	 * 77, which may come again; 9 is the new server's. */
	put("Mail/h/popstate.dat", POP "k " A(1) " 1700000001\nk 5 1700000002\n");
	put("Mail/h/Inbox", MAIL(A(1)) MAIL("2") MAIL(A(3)) MAIL(A(4)) MAIL("77")
				    MAIL("9") MAIL("5"));
	apply(A(1) ",2,import\n2,9,import\n" A(3) "," B(3) ",import\n5,6,import\n",
		&mail);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "2 - " B(3) " " A(4) " - - 6");
	mail_release(&mail);
}

Test(mail, one_without_room_stays_and_is_counted)
{
	struct mail mail;
	const char *tight = "From - x\n" HEAD("account1", A(1), "") "\nbody\n\n";
	char *before;

	put("Mail/h/popstate.dat", POP "k " A(1) " 1700000001\nk " A(2) " 1700000002\n");
	before = arena_print(&arena, "%s%s", tight, MAIL(A(2)));
	put("Mail/h/Inbox", before);
	apply(A(1) "," B(1) "-longer,import\n" A(2) "," B(2) "-longer,import\n", &mail);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), A(1) " " B(2) "-longer");
	cr_assert_eq(mail.patched, 1);
	cr_assert_eq(mail.stuck, 1);
	cr_assert_eq(strlen(get("Mail/h/Inbox")), strlen(before));
	mail_release(&mail);
}

Test(mail, a_file_that_is_not_to_be_read_changes_nothing)
{
	struct mail mail;

	/* root may read everything: a folder in the place of a file that was listed. */
	put("Mail/h/popstate.dat", POP "k " A(1) " 1700000001\n");
	put("Mail/h/Inbox", MAIL(A(1)));
	struct target t;
	cr_assert_eq(
		target_open(&t, in("Mail/h/popstate.dat"), NULL, true, in("state"), &e),
		0);
	mail = (struct mail){.known = true, .may_stay = true};
	mail.where.key = text_of("account1");
	mail_wish_add(&mail.wishes,
		(struct mail_wish){
			.from = text_of(A(1)), .via = text_of("v"), .to = text_of("w")});
	mail.files.at = must_alloc(2 * sizeof(*mail.files.at));
	mail.files.at[0] = (struct mail_file){.path = in("Mail/h/Inbox")};
	mail.files.at[1] = (struct mail_file){.path = in("Mail/h/gone")};
	mail.files.n = 2;
	cr_assert_eq(mail_prepare(&mail, journal, &t, NULL, &e), -1);
	cr_assert(strstr(e.message, "gone: cannot open") != NULL, "%s", e.message);
	cr_assert(strstr(e.message, "; --no-mail leaves all local mail as it is") != NULL,
		"%s", e.message);
	cr_assert(strstr(e.message, "nothing was changed") != NULL, "%s", e.message);
	cr_assert_str_eq(get("Mail/h/Inbox"), MAIL(A(1)));
	struct journal_mail *sets;
	size_t n;
	cr_assert_eq(journal_mail_open(journal, &arena, &sets, &n, &e), 0);
	cr_assert_eq(n, 0);
	target_close(&t);
	mail_release(&mail);
}

Test(mail, undo_finds_what_the_client_has_moved)
{
	struct undo_result r;
	struct journal_file *files;
	struct mail mail;
	size_t n;

	put("Mail/h/popstate.dat",
		POP "k 1 1700000001\nk 2 1700000002\nk 3 1700000003\n");
	put("Mail/h/Inbox",
		MAIL("1") "From - x\n" HEAD("account1", "2", "") "\nb\n\n" MAIL("3"));
	apply("1,2,import\n2,1,import\n3,33,import\n", &mail);
	cr_assert_eq(mail.stuck, 1);
	mail_release(&mail);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "2 2 33");

	/* The last one goes to another folder, and new mail comes. */
	put("Mail/h/Inbox",
		MAIL("2") "From - x\n" HEAD("account1", "2", "") "\nb\n\n" MAIL(B(7)));
	put("Mail/h/Box.sbd/Kept", MAIL("33"));
	cr_assert_eq(journal_files(journal, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(
		undo_file(journal, &files[0], false, NULL, &r, &e), 0, "%s", e.message);
	cr_assert(r.whole);
	/* Of the two that say 2, nobody knows which is which: neither may say it where 2 is
	 * another message again, but the one without room for that. */
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "- 2 " B(7));
	cr_assert_str_eq(uidls("Mail/h/Box.sbd/Kept"), "3");
	cr_assert_eq(r.mail_back, 2);
	cr_assert_eq(r.mail_left, 1);
}

/* --- a run that has broken off, and a file that is not as it was --------------------- */

/* A set whose one file is the Inbox, with a patch for each message: "FROM VIA TO" each;
 * the store's own row is done or is not there. */
static struct journal_mail
keep(const char *inbox, const char *const (*words)[3], size_t n)
{
	put("Mail/h/popstate.dat", POP "k 1 1700000001\n");
	struct journal_mail set = {
		.run = arena_string(&arena, text_of("00000000000000aa")),
		.path = os_resolve(&arena, in("Mail/h/popstate.dat"), &e),
		.format = arena_string(&arena, text_of("thunderbird")),
		.key = arena_string(&arena, text_of("account1"))};
	struct os_stat st;

	put("Mail/h/Inbox", inbox);
	cr_assert_eq(os_stat(in("Mail/h/Inbox"), &st, &e), 0);
	struct journal_mail_file f = {
		.path = in("Mail/h/Inbox"), .size = st.size, .mtime = st.mtime};
	cr_assert_eq(journal_mail_begin(journal, &set, &e), 0, "%s", e.message);
	for (size_t i = 0; i < n; i++) {
		const char *at =
			strstr(inbox, arena_print(&arena, "X-UIDL: %s\n", words[i][0]));
		struct mail_head h;
		cr_assert_not_null(at);
		at -= strlen("X-Account-Key: account1\n");
		cr_assert(mail_head_read(&h, text_of(at), text_of("account1")));
		struct journal_patch p = {.off = (uint64_t)(at - inbox),
			.head = h.bytes,
			.from = text_of(words[i][0]),
			.via = text_of(words[i][1]),
			.to = text_of(words[i][2])};
		cr_assert_eq(
			journal_mail_add(journal, &set, &f, &p, &e), 0, "%s", e.message);
	}
	cr_assert_eq(journal_mail_commit(journal, &e), 0, "%s", e.message);
	return set;
}

static struct mail_driven
drive(const struct journal_mail *set, enum mail_want want)
{
	struct mail_driven d;

	cr_assert_eq(mail_drive(journal, set, want, true, &d, &e), 0, "%s", e.message);
	return d;
}

#define V "reuidl-00000000000000000000000000000001"
#define W "reuidl-00000000000000000000000000000002"

Test(mail, there_and_back_to_the_very_bytes)
{
	static const char *const words[][3] = {
		{"1", V, "2"}, {"2", W, "1"}, {A(3), "", B(3)}};
	const char *inbox = MAIL("1") MAIL("2") MAIL(A(3));
	struct journal_mail set = keep(inbox, words, 3);

	drive(&set, WANT_VIA);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "- - " A(3));
	drive(&set, WANT_TO);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "2 1 " B(3));
	drive(&set, WANT_VIA);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "- - " B(3));
	struct mail_driven d = drive(&set, WANT_FROM);
	cr_assert_eq(d.written, 3);
	cr_assert_eq(d.lost, 0);
	cr_assert_str_eq(get("Mail/h/Inbox"), inbox);
}

Test(mail, a_file_that_was_compacted_is_looked_through)
{
	static const char *const words[][3] = {
		{"1", V, "2"}, {"2", W, "1"}, {A(3), "", B(3)}};
	struct journal_mail set =
		keep(MAIL(A(9)) MAIL("1") MAIL("2") MAIL(A(3)), words, 3);

	/* 1 had its tombstone; the client compacted the file and fetched a 2. */
	put("Mail/h/Inbox", MAIL(V) MAIL("2") MAIL(A(3)));
	struct mail_driven d = drive(&set, WANT_TO);
	/* What it says of itself is not believed where both servers count. */
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "2 2 " B(3));
	cr_assert_eq(d.lost, 1);
	/* And it is in the journal where it is now. */
	d = drive(&set, WANT_FROM);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "1 2 " A(3));
}

Test(mail, a_torn_write_is_finished)
{
	static const char *const words[][3] = {{A(1), "", B(1) "-longer"}};
	const char *inbox = MAIL(A(1));
	struct journal_mail set = keep(inbox, words, 1);
	char *torn = arena_string(&arena, text_of(inbox));
	int fd = open(in("Mail/h/Inbox"), O_WRONLY);

	memcpy(strstr(torn, A(1)), "00000002bbbb", 12);
	cr_assert_eq(pwrite(fd, torn, strlen(torn), 0), (ssize_t)strlen(torn));
	close(fd);
	drive(&set, WANT_TO);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), B(1) "-longer");
	drive(&set, WANT_FROM);
	cr_assert_str_eq(get("Mail/h/Inbox"), inbox);
}

Test(mail, a_file_that_is_gone_is_no_error)
{
	static const char *const words[][3] = {{A(1), "", B(1)}};
	struct journal_mail set = keep(MAIL(A(1)), words, 1);

	cr_assert_eq(unlink(in("Mail/h/Inbox")), 0);
	cr_assert_eq(drive(&set, WANT_TO).lost, 1);
}

Test(mail, without_the_store_the_mail_goes_back)
{
	static const char *const words[][3] = {{"1", V, "2"}};
	const char *inbox = MAIL("1");
	struct journal_mail set = keep(inbox, words, 1), *sets;
	size_t n;

	drive(&set, WANT_VIA);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "-");
	cr_assert_eq(companions_recover(journal, NULL, NULL, &e), 0, "%s", e.message);
	cr_assert_str_eq(get("Mail/h/Inbox"), inbox);
	cr_assert_eq(journal_mail_open(journal, &arena, &sets, &n, &e), 0);
	cr_assert_eq(n, 0);
}

Test(mail, a_run_whose_mail_is_not_finished_is_not_forgotten)
{
	static const char *const words[][3] = {{"1", V, "2"}};
	struct journal_mail set = keep(MAIL("1"), words, 1), *sets;
	struct journal_file f = {.run = set.run,
		.path = set.path,
		.temporary = set.path,
		.map_id = (char[]){"1"}};
	size_t n;

	cr_assert_eq(
		journal_keep(journal, &arena, &f, text_of("a"), text_of("b"), &e), 0);
	cr_assert_eq(journal_prepare(journal, &f, &e), 0, "%s", e.message);
	cr_assert_eq(journal_finish(journal, &f, JOURNAL_DONE, &e), 0);
	cr_assert_eq(journal_forget(journal, f.time + 10, &n, &e), 0, "%s", e.message);
	cr_assert_eq(n, 0);
	cr_assert_eq(companions_recover(journal, NULL, NULL, &e), 0, "%s", e.message);
	cr_assert_str_eq(uidls("Mail/h/Inbox"), "2");
	cr_assert_eq(journal_forget(journal, f.time + 10, &n, &e), 0, "%s", e.message);
	cr_assert_eq(n, 1);
	cr_assert_eq(journal_mail_open(journal, &arena, &sets, &n, &e), 0);
	cr_assert_eq(n, 0);
}
