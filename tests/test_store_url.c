/*
 * store: URLs, on profiles of literal mail: which account, what is listed, what its mail
 * proves; and the same mail as a witness. tests/local_cases.py has it with real servers.
 */
#include <criterion/criterion.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/mailbox.h"
#include "model/header.h"
#include "work/store_side.h"
#include "work/witness.h"

#define HEAD(key, uidl, status)                                                          \
	"From - x\nX-Account-Key: " key "\nX-UIDL: " uidl "\nX-Mozilla-Status: " status  \
	"\nX-Mozilla-Keys:         \n"
#define OURS(uidl) HEAD("account1", uidl, "0001")
#define PROPER(n)                                                                        \
	"Message-ID: <" #n "@x>\nDate: d\nSubject: letter " #n "\n\n"                    \
	"one\n\n"

/* printf 'one\n' | sha256sum */
static const char one[] =
	"2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";

static char dir[64];
static struct arena arena;
static struct err e;
static struct store_side side;
static struct mailbox box;

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

static void
begin(void)
{
	static const char *const folders[] = {"Mail", "Mail/h", "Mail/h/Box.sbd",
		"Mail/h/md", "Mail/h/md/cur", "Mail/L", "Mail/o"};

	snprintf(dir, sizeof(dir), "/tmp/reuidl-url-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		cr_assert_eq(mkdir(in(folders[i]), 0700), 0);
	put("prefs.js",
		"user_pref(\"mail.accountmanager.accounts\", "
		"\"account1,account2,account3\");\n"
		"user_pref(\"mail.account.account1.server\", \"server1\");\n"
		"user_pref(\"mail.server.server1.type\", \"pop3\");\n"
		"user_pref(\"mail.server.server1.hostname\", \"old.example\");\n"
		"user_pref(\"mail.server.server1.userName\", \"ann\");\n"
		"user_pref(\"mail.server.server1.directory-rel\", \"[ProfD]Mail/h\");\n"
		"user_pref(\"mail.account.account2.server\", \"server2\");\n"
		"user_pref(\"mail.server.server2.type\", \"none\");\n"
		"user_pref(\"mail.server.server2.directory-rel\", \"[ProfD]Mail/L\");\n"
		"user_pref(\"mail.account.account3.server\", \"server3\");\n"
		"user_pref(\"mail.server.server3.type\", \"pop3\");\n"
		"user_pref(\"mail.server.server3.hostname\", \"other.example\");\n"
		"user_pref(\"mail.server.server3.userName\", \"ann\");\n"
		"user_pref(\"mail.server.server3.directory-rel\", \"[ProfD]Mail/o\");\n");
	put("Mail/h/popstate.dat",
		"# POP3 State File\n\n*old.example ann\nk 33 1\nk 11 1\nk "
		"reuidl-00112233445566778899aabbccddeeff 1\nk 99 1");
}

static void
end(void)
{
	mailbox_release(&box);
	store_side_release(&side);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(&arena);
}

TestSuite(store_url, .init = begin, .fini = end);

static int
open_side(const char *path, const char *account)
{
	struct store_side_options o = {.account = account, .state = in("state")};

	store_side_release(&side);
	return store_side_open(&side, path, &o, &e);
}

static void
refused(const char *path, const char *account, const char *words)
{
	cr_assert_eq(open_side(path, account), -1);
	cr_assert(strstr(e.message, words) != NULL, "%s", e.message);
}

static int
take(void *arg, struct mailbox *m, size_t i, const struct evidence *ev, struct err *err)
{
	(void)arg, (void)err;
	message_learn(&m->listing.at[i], ev);
	return 0;
}

static char described[256];

static int
see(void *arg, struct mailbox *m, size_t i, const struct text values[3], struct err *err)
{
	size_t n = strlen(described);

	(void)arg, (void)m, (void)err;
	snprintf(described + n, sizeof(described) - n, "%zu %.*s|", i,
		TEXT_ARG(values[2]));
	return 0;
}

/* "UIDL" for each listed, with h and b for what is known of it, 2 for twice. */
static const char *
listed(void)
{
	struct mailbox_options o = {.name = "old store", .store = &side.mail};
	struct mailbox *boxes[] = {&box};
	char words[512] = "";

	cr_assert_eq(mailbox_url_parse("store:x", &arena, &o.url, &e), 0);
	o.url.user = side.user;
	o.url.host = side.host;
	cr_assert_eq(mailbox_init(&box, &o, &e), 0, "%s", e.message);
	cr_assert_eq(mailbox_open(boxes, 1, NULL, &e), 0, "%s", e.message);
	cr_assert(!box.listing.whole);
	cr_assert_eq(mailbox_headers(boxes, 1, NULL, take, NULL, NULL, &e), 0);
	for (size_t i = 0; i < box.listing.n; i++) {
		const struct message *m = &box.listing.at[i];
		size_t n = strlen(words);
		snprintf(words + n, sizeof(words) - n, "%s%s%s%s%s", i > 0 ? " " : "",
			m->uidl, m->flags & MESSAGE_HEADER ? "h" : "",
			m->flags & MESSAGE_BODY ? "b" : "",
			m->flags & MESSAGE_TWICE ? "2" : "");
		cr_assert_eq(m->size, 0);
		cr_assert(m->flags & (MESSAGE_BODY | MESSAGE_NO_BODY));
	}
	return arena_string(&arena, text_of(words));
}

Test(store_url, the_record_and_its_mail)
{
	struct digest body;

	/* 44 is in the mail only, 99 in the record only; a tombstone is nobody's UIDL. */
	put("Mail/h/Inbox",
		OURS("11") PROPER(11) HEAD("account3", "33", "0001") PROPER(0) OURS("44")
			PROPER(44) HEAD("account1", "55", "0400") PROPER(55) OURS(
				"reuidl-99112233445566778899aabbccddeeff") PROPER(66));
	put("Mail/h/md/cur/1",
		"X-Account-Key: account1\nX-UIDL: 33\nX-Mozilla-Keys: \n" PROPER(33));
	cr_assert_eq(open_side(in("Mail/h/popstate.dat"), NULL), 0, "%s", e.message);
	cr_assert_str_eq(side.user, "ann");
	cr_assert_str_eq(side.host, "old.example");
	cr_assert_str_eq(listed(), "33hb 11hb 99 44hb 55h");
	for (size_t i = 0; i < 32; i++)
		body.byte[i] = (uint8_t)strtoul(
			(char[]){one[2 * i], one[2 * i + 1], '\0'}, NULL, 16);
	cr_assert_eq(memcmp(box.listing.at[0].body, body.byte, MESSAGE_DIGEST), 0);
	cr_assert_eq(memcmp(box.listing.at[1].body, body.byte, MESSAGE_DIGEST), 0);
	struct mailbox *boxes[] = {&box};
	cr_assert_eq(mailbox_describe(boxes, 1, NULL, see, NULL, NULL, &e), 0);
	cr_assert_str_eq(described, "0 letter 33|1 letter 11|3 letter 44|4 letter 55|",
		"%s", described);
	cr_assert_eq(box.nnotes, 1);
	cr_assert(strstr(box.notes[0],
			  "of the 5 UIDLs that the client knows, 1 have no mail") != NULL,
		"%s", box.notes[0]);
}

/* Outlook Express's mail lies beside its record, and its settings are not asked. What is in
 * these files is said in fixtures/README. */
Test(store_url, mail_beside_its_record)
{
	char command[300];

	snprintf(command, sizeof(command),
		"cp fixtures/outlook_express/one %s/Pop3uidl.dbx && cp "
		"fixtures/local/Inbox.dbx fixtures/outlook_express/bad-folders %s",
		dir, dir);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(open_side(in("Pop3uidl.dbx"), "00000001@pop.example.com"), 0, "%s",
		e.message);
	cr_assert_str_eq(side.user, "00000001");
	cr_assert_eq(side.mail.nfiles, 2);
	cr_assert_str_eq(listed(), "000000013ca9dcff u1hb u2hb u6h u7h u8 u9 u10h");
	refused(in("Pop3uidl.dbx"), "ann@pop.example.com", "no store here is that of");
}

/* Copies are one message; two messages under one UIDL are none. */
Test(store_url, one_uidl_at_several_messages)
{
	put("Mail/h/Inbox",
		OURS("11") PROPER(11) OURS("33") PROPER(33) HEAD("account1", "44", "0400")
			PROPER(44) OURS("55") PROPER(55) OURS("66") PROPER(66));
	put("Mail/L/Trash",
		OURS("33") PROPER(34) HEAD("account1", "11", "0009") PROPER(11) OURS("44")
			PROPER(44) OURS("55") "Message-ID: <55@x>\nDate: "
					      "d\nSubject: letter "
					      "55\n\nother\n\n" HEAD("account1", "66",
						      "0400") PROPER(66));
	cr_assert_eq(open_side(in("Mail/h"), NULL), 0, "%s", e.message);
	cr_assert_str_eq(listed(), "33hb2 11hb 99 44hb 55hb2 66hb");
}

Test(store_url, which_account)
{
	put("Mail/o/popstate.dat", "# POP3 State File\n\n*other.example ann\nk 1 1");
	refused(dir, NULL,
		"there are 2 accounts: say which with --account: ann@old.example, "
		"ann@other.example");
	cr_assert_eq(open_side(dir, "ann@OLD.example"), 0, "%s", e.message);
	cr_assert_str_eq(side.mail.key.at, "account1");
	cr_assert_eq(side.mail.nuidls, 3);
	cr_assert_eq(open_side(in("Mail/o"), NULL), 0, "%s", e.message);
	cr_assert_str_eq(side.mail.key.at, "account3");
	refused(dir, "Ann@old.example", "no store here is that of Ann@old.example");
	refused(in("nothing"), NULL, "nothing");
	refused(in("Mail/L"), NULL, "no store of a client is in this folder");
}

Test(store_url, without_settings_nobody_knows_where_the_mail_is)
{
	cr_assert_eq(unlink(in("prefs.js")), 0);
	refused(in("Mail/h/popstate.dat"), NULL, "where its mail lies");
}

/* --- the same mail as a witness ---------------------------------------------------- */

/* The digests that the header of a message has, as a server would give it. */
static void
prove(struct map *m, enum side s, uint32_t i, const char *header)
{
	struct header h = {.open = false};
	struct evidence ev = {0};
	struct cursor c = {text_of(header), 0};
	struct text line;

	header_begin(&h);
	while (take_line(&c, &line))
		header_line(&h, line);
	header_end(&h, &ev);
	header_release(&h);
	cr_assert_eq(map_evidence(m, s, i, &ev, &e), 0, "%s", e.message);
}

/* Old: 33 is letter 33, 11 letter 11, 44 letter 44. New: 33 is letter 11, 11 letter 1,
 * 44 letter 44, 77 letter 77. */
static struct map *
map_of(const char *scheme)
{
	struct map_side sides[2] = {{.host = (char[]){"old.example"},
					    .user = (char[]){"ann"},
					    .scheme = (char *)scheme},
		{.host = (char[]){"new.example"},
			.user = (char[]){"ann"},
			.scheme = (char[]){"pop3"}}};
	static const char *const uidls[2][5] = {
		{"33", "11", "44", NULL}, {"33", "11", "44", "77", NULL}};
	static const char *const headers[2][4] = {
		{PROPER(33), PROPER(11), PROPER(44), NULL},
		{"Received: more\n" PROPER(11), PROPER(1), PROPER(44), PROPER(77)}};
	struct map *m = NULL;
	struct match match = {0};
	struct listing l[2] = {{.n = 0}, {.n = 0}};

	cr_assert_eq(map_create(in("m.map"), sides, &m, &e), 0, "%s", e.message);
	for (int s = 0; s < 2; s++) {
		for (size_t i = 0; uidls[s][i] != NULL; i++)
			listing_add(&l[s], text_of(uidls[s][i]), 0);
		cr_assert_eq(map_list(m, (enum side)s, &l[s], true, &e), 0);
		for (uint32_t i = 0; i < l[s].n; i++)
			prove(m, (enum side)s, i, headers[s][i]);
	}
	match_run(&l[0], &l[1], &match);
	cr_assert_eq(map_pairs(m, &match, 1, &e), 0, "%s", e.message);
	match_release(&match);
	listing_release(&l[0]);
	listing_release(&l[1]);
	return m;
}

static void
says(const char *scheme, const char *inbox, size_t old, size_t new)
{
	struct target t;
	struct store s;
	struct plan_word word;

	put("Mail/h/Inbox", inbox);
	cr_assert_eq(target_open(&t, in("Mail/h/popstate.dat"), "thunderbird", false,
			     in("state"), &e),
		0, "%s", e.message);
	cr_assert_eq(store_read(&s, t.format, &t.source, &e), 0, "%s", e.message);
	struct witness w = {&t, t.path, &s, map_of(scheme), NULL};
	cr_assert_eq(witness_ask(&w, 0, &word, &e), 0, "%s", e.message);
	cr_assert_eq(word.old, old, "old: %zu", word.old);
	cr_assert_eq(word.new, new, "new: %zu", word.new);
	map_close(w.map);
	cr_assert_eq(unlink(in("m.map")), 0);
	store_release(&s);
	target_close(&t);
}

Test(store_url, witness)
{
	says("pop3", "", 0, 0);
	/* 33 as the old server had it; a Received line more makes no other message. */
	says("pop3", OURS("33") "Received: again\n" PROPER(33), 1, 0);
	says("pop3", HEAD("account1", "33", "0009") PROPER(33) OURS("33") PROPER(33), 1,
		0);
	/* As the new one has it; both, one each. */
	says("pop3", OURS("33") PROPER(11), 0, 1);
	says("pop3", OURS("33") PROPER(33) OURS("33") PROPER(11), 1, 1);
	says("pop3", OURS("33") PROPER(33) OURS("11") PROPER(11), 2, 0);
	/* Known to the new one alone, and fetched from there. */
	says("pop3", OURS("33") PROPER(33) OURS("77") PROPER(77), 1, 1);
	/* Another account's; neither's; a UIDL that no list, or no record, has. */
	says("pop3", HEAD("account3", "33", "0001") PROPER(33), 0, 0);
	says("pop3", OURS("33") PROPER(34) OURS("99") PROPER(99) OURS("77") PROPER(78), 0,
		0);
	/* The same message under one UIDL on both servers says nothing. */
	says("pop3", OURS("44") PROPER(44), 0, 0);
	says("store", OURS("44") PROPER(44) OURS("33") PROPER(33), 1, 0);
}
