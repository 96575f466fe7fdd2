/*
 * The plan's rules where a side is no server but a client's store (store:PATH), and where
 * local mail is asked for its word on contested UIDLs. test_plan.c has all the others.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <unistd.h>

#include "work/plan.h"

#define NOW ((int64_t)1800000000)
#define POP "# POP3 State File\n\n*old.example ann\n"
/* Long UIDLs: the tail tells them apart. */
#define A(n) "00000001aaaa000" #n
#define B(n) "00000002bbbb000" #n

struct told {
	char *scheme[2];     /* NULL: pop3 */
	const char *list[2]; /* UIDLs in words */
	const char *pairs;   /* OLD>NEW in words; the others have no header */
	const char *popstate;
	const char *today; /* what the settings say: NULL old.example */
	struct plan_word word;
	bool before_first_contact, deaf; /* deaf: local mail cannot be read */
	bool name_stays;		 /* the new server has the old one's name */
};

static char dir[32];
static struct plan plan;
static struct store store;
static struct source source;
static struct arena arena;
static struct journal *journal;
static struct err e;
static size_t asked;

static void
begin(void)
{
	memcpy(dir, "/tmp/plan.XXXXXX", sizeof("/tmp/plan.XXXXXX"));
	cr_assert(mkdtemp(dir) != NULL);
	cr_assert_eq(journal_open(dir, &journal, &e), 0, "%s", e.message);
}

static void
end(void)
{
	plan_release(&plan);
	store_release(&store);
	journal_close(journal);
	cr_assert(system(arena_print(&arena, "rm -rf %s", dir)) == 0);
	arena_free(&arena);
}

TestSuite(plan_store, .init = begin, .fini = end);

static uint32_t
index_of(const struct listing *l, struct text uidl)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (text_equal(message_uidl(&l->at[i]), uidl))
			return i;
	cr_assert_fail("no message %.*s in the list", TEXT_ARG(uidl));
	return 0;
}

static void
prove(struct map *m, enum side side, uint32_t i, struct text tag)
{
	struct evidence ev = {.flags = MESSAGE_HEADER | MESSAGE_BODY};

	ev.strict = ev.loose = ev.id = ev.damaged = ev.body = digest_of(tag);
	cr_assert_eq(map_evidence(m, side, i, &ev, &e), 0, "%s", e.message);
}

/* What match would leave behind. */
static struct map *
map_of(const struct told *t)
{
	static char old[] = "old.example", new[] = "new.example", ann[] = "ann",
		    pop3[] = "pop3";
	struct map_side sides[2] = {{.host = old, .user = ann},
		{.host = t->name_stays ? old : new, .user = ann}};
	struct listing list[2] = {{.n = 0}, {.n = 0}};
	struct match match = {0};
	struct map *m = NULL;
	struct text word;

	for (int s = 0; s < 2; s++) {
		struct cursor c = {text_of(t->list[s]), 0};
		sides[s].scheme = t->scheme[s] != NULL ? t->scheme[s] : pop3;
		while (take_word(&c, &word))
			listing_add(&list[s], word, 0);
		listing_mark(&list[s]);
		list[s].whole = t->scheme[s] == NULL;
	}
	match_run(&list[0], &list[1], &match); /* nothing is known: no pairs */
	char *path = arena_print(&arena, "%s/m.map", dir);
	cr_assert_eq(map_create(path, sides, &m, &e), 0, "%s", e.message);
	for (int s = 0; s < 2; s++)
		cr_assert_eq(map_list(m, (enum side)s, &list[s], true, &e), 0);
	for (struct cursor c = {text_of(t->pairs), 0}; take_word(&c, &word);) {
		size_t gt = text_find(word, '>');
		uint32_t from = index_of(&list[0], (struct text){word.at, gt});
		uint32_t to = index_of(
			&list[1], (struct text){word.at + gt + 1, word.len - gt - 1});
		match.partner[from] = to;
		match.evidence[from] = EVIDENCE_STRICT;
		match.firm[from] = 1;
		match.unmatched[from] = UNMATCHED_NOT;
		match.pairs++;
		match.by_kind[EVIDENCE_STRICT]++;
		prove(m, SIDE_OLD, from, word);
		prove(m, SIDE_NEW, to, word);
	}
	cr_assert_eq(map_pairs(m, &match, NOW - 60, &e), 0, "%s", e.message);
	match_release(&match);
	listing_release(&list[0]);
	listing_release(&list[1]);
	return m;
}

static int
ask(void *arg, size_t account, struct plan_word *word, struct err *err)
{
	const struct told *t = arg;

	cr_assert_eq(account, 0);
	asked++;
	if (t->deaf)
		return err_set(err, ERR_IO, "io", "Inbox: cannot be read");
	*word = t->word;
	return 0;
}

static int
make(struct told t)
{
	struct settings settings = {.known = true,
		.host = text_of(t.today != NULL ? t.today : "old.example"),
		.user = text_of("ann"),
		.leave_on_server = true};
	struct plan_options o = {.now = NOW,
		.before_first_contact = t.before_first_contact,
		.witness = ask,
		.witness_arg = &t};
	struct map *m = map_of(&t);

	asked = 0;
	source_of(&source, "popstate.dat", text_of(t.popstate));
	cr_assert_eq(
		store_read(&store, format_named(text_of("thunderbird")), &source, &e), 0);
	int rc = plan_make(&plan, &store, &settings, m, journal, &o, &e);
	map_close(m);
	return rc;
}

/* The UIDLs after the plan in words, "-" for one set aside. */
static const char *
outcome(void)
{
	struct buf b;

	buf_init(&b, 4096);
	if (plan.state == PLAN_REFUSED)
		return plan.refusal.message;
	for (size_t i = 0; i < store.nrecords; i++) {
		struct text to = store_uidl(&store, i);
		for (size_t k = 0; k < plan.nedits; k++)
			if (plan.edits[k].what == EDIT_UIDL && plan.edits[k].index == i)
				to = edit_text(&plan.edits[k]);
		buf_print(&b, "%s%.*s", i > 0 ? " " : "",
			TEXT_ARG(plan_is_tombstone(to) ? text_of("-") : to));
	}
	char *words = arena_string(&arena, buf_text(&b));
	buf_release(&b);
	return words;
}

static void
gives(struct told t, const char *words)
{
	cr_assert_eq(make(t), 0, "%s", e.message);
	cr_assert_str_eq(outcome(), words, "%s", outcome());
}

static void
refuses(struct told t, const char *words)
{
	cr_assert_eq(make(t), 0, "%s", e.message);
	cr_assert_eq(plan.state, PLAN_REFUSED, "%s", outcome());
	cr_assert_str_eq(plan.refusal.reason, "contested");
	cr_assert(strstr(outcome(), words) != NULL, "%s", outcome());
}

#define STORE                                                                            \
	{                                                                                \
		(char[]){"store"}, NULL                                                  \
	}
#define THREE	POP "k 1 1\nk 2 1\nk 3 1\n"
#define SWAPPED .list = {"1 2 3", "1 2 3 4"}, .pairs = "1>2 2>3 3>1"

/* --- the old side is a store ------------------------------------------------------- */

/* The client knows ten times what its mail proves: that is no other mailbox. */
Test(plan_store, what_has_no_mail_is_known_all_the_same)
{
	gives((struct told){.scheme = STORE,
		      .list = {A(1) " " A(2) " " A(3) " " A(4), B(1) " " B(2)},
		      .pairs = A(1) ">" B(2),
		      .popstate = POP
		      "k " A(1) " 1\nk " A(2) " 1\nk " A(3) " 1\nk " A(4) " 1\n"},
		B(2) " " A(2) " " A(3) " " A(4));
	cr_assert_eq(asked, 0);
	cr_assert_eq(plan.download, 1);
}

Test(plan_store, counters_without_mail_may_come_again)
{
	gives((struct told){.scheme = STORE,
		      .list = {"1 2 9", "1 2 3"},
		      .pairs = "1>2",
		      .popstate = POP "k 1 1\nk 2 1\nk 9 1\n",
		      .today = "new.example"},
		"2 - -");
}

/* Its list is the record itself: that record and list agree shows nothing. */
Test(plan_store, contested_the_records_are_no_witness)
{
	struct told t = {.scheme = STORE,
		.list = {"1 2 3 4 5", "1 2 3 4"},
		.pairs = "1>2 3>1",
		.popstate = POP "k 1 1\nk 2 1\nk 3 1\nk 4 1\nk 5 1\n",
		.name_stays = true};

	refuses(t, "nothing shows");
	plan_release(&plan);
	store_release(&store);
	cr_assert_eq(unlink(arena_print(&arena, "%s/m.map", dir)), 0);
	t.scheme[0] = NULL; /* of a server it does */
	gives(t, "2 - 1 - -");
}

Test(plan_store, contested_the_account_line_is_a_witness)
{
	gives((struct told){.scheme = STORE,
		      SWAPPED,
		      .popstate = THREE,
		      .today = "new.example"},
		"2 3 1");
	cr_assert_eq(asked, 0);
}

/* The same message under the same UIDL on the new server: it stays. */
Test(plan_store, what_the_client_has_from_the_new_server_stays)
{
	gives((struct told){.scheme = STORE,
		      .list = {A(1) " " B(1), B(1) " " B(2)},
		      .pairs = B(1) ">" B(1),
		      .popstate = POP "k " B(1) " 1\n"},
		B(1));
	cr_assert_eq(plan.nfate[FATE_SAME], 1);
	cr_assert_eq(plan.state, PLAN_UNCHANGED);
}

/* --- the new side is a store ------------------------------------------------------- */

Test(plan_store, new_list_that_is_not_whole_anything_may_come_again)
{
	gives((struct told){.scheme = {NULL, (char[]){"store"}},
		      .list = {A(1) " " A(2), B(1)},
		      .pairs = A(1) ">" B(1),
		      .popstate = POP "k " A(1) " 1\nk " A(2) " 1\n",
		      .today = "new.example"},
		B(1) " -");
}

Test(plan_store, new_list_that_is_not_whole_anything_may_be_contested)
{
	refuses((struct told){.scheme = {NULL, (char[]){"store"}},
			.list = {A(1) " " A(2), B(1)},
			.pairs = A(1) ">" B(1),
			.popstate = POP "k " A(1) " 1\nk " A(2) " 1\n"},
		"nothing shows");
}

/* --- local mail as a witness ------------------------------------------------------- */

Test(plan_store, contested_local_mail_of_the_old_server_is_a_witness)
{
	gives((struct told){SWAPPED, .popstate = THREE, .word = {.old = 1}}, "2 3 1");
	cr_assert_eq(asked, 1);
	cr_assert_eq(plan.witnesses, 1);
}

Test(plan_store, contested_local_mail_of_the_new_server_spoils_it)
{
	refuses((struct told){SWAPPED, .popstate = THREE, .word = {.old = 2, .new = 1}},
		"the client has been there");
}

Test(plan_store, contested_local_mail_that_says_nothing_is_none)
{
	refuses((struct told){SWAPPED, .popstate = THREE}, "nothing shows");
	cr_assert_eq(asked, 1);
}

/* A counter that the new list alone has is chance then: the new server's message under
 * it has not been seen. */
Test(plan_store, contested_local_mail_shows_that_there_was_no_contact)
{
	gives((struct told){SWAPPED, .popstate = POP "k 1 1\nk 2 1\nk 4 1\n",
		      .word = {.old = 1}},
		"2 3 -");
}

Test(plan_store, contested_local_mail_is_not_asked_without_need)
{
	gives((struct told){.list = {A(1), B(1)},
		      .pairs = A(1) ">" B(1),
		      .popstate = POP "k " A(1) " 1\n",
		      .word = {.new = 1}},
		B(1));
	cr_assert_eq(asked, 0);
}

Test(plan_store, contested_the_users_word_comes_first)
{
	gives((struct told){SWAPPED, .popstate = THREE, .word = {.new = 1},
		      .before_first_contact = true},
		"2 3 1");
	cr_assert_eq(asked, 0);
}

/* An earlier run has written the record, and who knows whether its mail (--no-mail). */
Test(plan_store, contested_tombstones_spoil_the_mail)
{
	refuses((struct told){SWAPPED,
			.popstate = THREE "k reuidl-00112233445566778899aabbccddeeff 1\n",
			.word = {.old = 1}},
		"nothing shows");
	cr_assert_eq(asked, 0);
}

Test(plan_store, contested_written_before_nothing_lifts_it)
{
	struct journal_file f = {.run = (char[]){"0"},
		.path = (char[]){"popstate.dat"},
		.temporary = (char[]){""},
		.map_id = (char[]){"00000000000000000000000000000001"},
		.format = (char[]){"thunderbird"},
		.account = (char[]){"ann@old.example"},
		.old_copy = (char[]){""},
		.new_copy = (char[]){""}};

	cr_assert_eq(journal_prepare(journal, &f, &e), 0, "%s", e.message);
	cr_assert_eq(journal_finish(journal, &f, JOURNAL_DONE, &e), 0, "%s", e.message);
	refuses((struct told){SWAPPED, .popstate = THREE, .word = {.old = 3}},
		"Take that run back first");
	cr_assert_eq(asked, 0);
}

Test(plan_store, contested_mail_that_cannot_be_read_is_an_error)
{
	cr_assert_eq(make((struct told){SWAPPED, .popstate = THREE, .deaf = true}), -1);
	cr_assert_str_eq(e.message, "Inbox: cannot be read");
}
