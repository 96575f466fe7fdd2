/*
 * The plan's rules, a test each, on counters (1, 2, 3…) above all: with them every rule
 * that is left out costs somebody an unread mail.
 *
 * A case is written as it is told: what the old server lists, what the new one lists,
 * which is which, and what the client's file says.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <unistd.h>

#include "work/plan.h"

#define NOW ((int64_t)1800000000)

struct world {
	char dir[32];
	struct listing list[2];
	struct match match;
	struct map *map;
	struct journal *journal;
	struct source source;
	struct store store;
	struct settings settings;
	struct plan_options options;
	struct plan plan;
	struct arena arena;
	char *hosts[2];
};

static void
set_up(struct world *w)
{
	*w = (struct world){.hosts = {"old.example.org", "new.example.org"}};
	memcpy(w->dir, "/tmp/plan.XXXXXX", sizeof("/tmp/plan.XXXXXX"));
	cr_assert(mkdtemp(w->dir) != NULL);
	w->settings = (struct settings){.known = true,
		.host = text_of("old.example.org"),
		.user = text_of("ann"),
		.leave_on_server = true};
	w->options.now = NOW;
}

static void
tear_down(struct world *w)
{
	char command[64];

	plan_release(&w->plan);
	store_release(&w->store);
	if (w->map != NULL)
		map_close(w->map);
	if (w->journal != NULL)
		journal_close(w->journal);
	match_release(&w->match);
	listing_release(&w->list[0]);
	listing_release(&w->list[1]);
	arena_free(&w->arena);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	cr_assert(system(command) == 0);
}

/* UIDLs in words. */
static void
lists(struct world *w, enum side side, const char *uidls)
{
	struct cursor c = {text_of(uidls), 0};
	struct text word;

	w->list[side].whole = true;
	while (take_word(&c, &word))
		listing_add(&w->list[side], word, 1000);
	listing_mark(&w->list[side]);
}

static uint32_t
index_of(const struct world *w, enum side side, struct text uidl)
{
	for (uint32_t i = 0; i < w->list[side].n; i++)
		if (text_equal(message_uidl(&w->list[side].at[i]), uidl))
			return i;
	cr_assert_fail("no message %.*s in the list", TEXT_ARG(uidl));
	return 0;
}

static void
make_match(struct world *w)
{
	struct match *m = &w->match;

	m->nold = w->list[0].n;
	m->nnew = w->list[1].n;
	m->partner = must_alloc(m->nold * sizeof(*m->partner));
	m->evidence = must_alloc(m->nold);
	m->firm = must_alloc(m->nold);
	m->unmatched = must_alloc(m->nold);
	m->copies = must_alloc(m->nold * sizeof(*m->copies));
	m->new_copies = must_alloc(m->nnew * sizeof(*m->new_copies));
	m->want_old = must_alloc(m->nold);
	m->want_new = must_alloc(m->nnew);
	for (size_t i = 0; i < m->nold; i++) {
		m->partner[i] = MATCH_NONE;
		m->evidence[i] = EVIDENCE_NONE;
		m->unmatched[i] = UNMATCHED_GONE;
	}
}

/* "OLD>NEW …", of a kind. */
static void
pairs(struct world *w, const char *text, enum evidence_kind kind, bool firm,
	uint32_t copies)
{
	struct cursor c = {text_of(text), 0};
	struct text word;

	if (w->match.partner == NULL)
		make_match(w);
	while (take_word(&c, &word)) {
		size_t gt = text_find(word, '>');
		uint32_t old = index_of(w, SIDE_OLD, (struct text){word.at, gt});

		if (copies != 0)
			w->match.copies[old] = copies;
		if (gt + 1 >= word.len) /* "OLD>": a member of the class without one */
			continue;
		uint32_t new = index_of(
			w, SIDE_NEW, (struct text){word.at + gt + 1, word.len - gt - 1});
		w->match.partner[old] = new;
		w->match.new_copies[new] = copies;
		w->match.evidence[old] = (uint8_t)kind;
		w->match.firm[old] = firm;
		w->match.unmatched[old] = UNMATCHED_NOT;
		w->match.pairs++;
		w->match.by_kind[kind]++;
	}
}

static void
give_evidence(struct world *w, enum side side, size_t i, const char *tag, struct err *e)
{
	struct evidence ev = {.flags = MESSAGE_HEADER | MESSAGE_BODY};

	ev.strict = ev.loose = ev.id = ev.damaged = ev.body = digest_of(text_of(tag));
	message_learn(&w->list[side].at[i], &ev);
	cr_assert_eq(map_evidence(w->map, side, i, &ev, e), 0, "%s", e->message);
}

static void
make_map(struct world *w, int64_t matched)
{
	struct map_side sides[2] = {{.host = w->hosts[0],
					    .user = "ann",
					    .port = 110,
					    .scheme = "pop3",
					    .whole = true},
		{.host = w->hosts[1],
			.user = "ann",
			.port = 110,
			.scheme = "pop3",
			.whole = true}};
	struct err e;
	char tag[32];

	if (w->match.partner == NULL)
		make_match(w);
	char *path = arena_print(&w->arena, "%s/m.map", w->dir);
	cr_assert_eq(map_create(path, sides, &w->map, &e), 0, "%s", e.message);
	for (int s = 0; s < 2; s++)
		cr_assert_eq(map_list(w->map, (enum side)s, &w->list[s], true, &e), 0,
			"%s", e.message);
	for (size_t i = 0; i < w->match.nold; i++) {
		/* Members of a class of copies are equal, all others differ. */
		if (w->match.copies[i] != 0)
			snprintf(tag, sizeof(tag), "copies %u", w->match.copies[i]);
		else
			snprintf(tag, sizeof(tag), "pair %zu", i);
		give_evidence(w, SIDE_OLD, i, tag, &e);
		if (w->match.partner[i] != MATCH_NONE)
			give_evidence(w, SIDE_NEW, w->match.partner[i], tag, &e);
	}
	cr_assert_eq(map_pairs(w->map, &w->match, matched, &e), 0, "%s", e.message);
	map_close(w->map);
	w->map = NULL;
	cr_assert_eq(map_open(path, &w->map, &e), 0, "%s", e.message);
}

static void
make_plan_of(struct world *w, const char *format, const char *path, struct text bytes)
{
	struct err e;

	if (w->map == NULL)
		make_map(w, NOW - 60);
	cr_assert_eq(journal_open(w->dir, &w->journal, &e), 0, "%s", e.message);
	source_of(&w->source, path, bytes);
	cr_assert_eq(store_read(&w->store, format_named(text_of(format)), &w->source, &e),
		0, "%s", e.message);
	cr_assert_eq(plan_make(&w->plan, &w->store, &w->settings, w->map, w->journal,
			     &w->options, &e),
		0, "%s", e.message);
}

static void
make_plan(struct world *w, const char *popstate)
{
	make_plan_of(w, "thunderbird", "popstate.dat", text_of(popstate));
}

/* What a record's UIDL becomes; "=" if it stays. */
static const char *
becomes(struct world *w, const char *uidl)
{
	for (size_t i = 0; i < w->plan.nedits; i++) {
		const struct edit *ed = &w->plan.edits[i];
		if (ed->what == EDIT_UIDL &&
			text_equal(store_value(&w->store, ed), text_of(uidl)))
			return arena_string(&w->arena, edit_text(ed));
	}
	return "=";
}

static bool
is_set_aside(struct world *w, const char *uidl)
{
	return plan_is_tombstone(text_of(becomes(w, uidl)));
}

#define HEAD	    "# POP3 State File\n# This is a generated file!  Do not edit.\n\n"
#define OLD_ACCOUNT HEAD "*old.example.org ann\n"
#define NEW_ACCOUNT HEAD "*new.example.org ann\n"

/* Long UIDLs: the tail tells them apart. */
#define A(n) "00000001aaaa000" #n
#define B(n) "00000002bbbb000" #n

Test(plan, paired_records_get_their_partners_uidl)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(&w, SIDE_NEW, B(3) " " B(9) " " B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2) " " A(3) ">" B(3), EVIDENCE_STRICT,
		true, 0);
	make_plan(&w, OLD_ACCOUNT
		"k " A(1) " 1700000001\nk " A(2) " 1700000002\nk " A(3) " 1700000003");
	cr_assert_eq(w.plan.state, PLAN_READY);
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	cr_assert_str_eq(becomes(&w, A(2)), B(2));
	cr_assert_str_eq(becomes(&w, A(3)), B(3));
	cr_assert_eq(w.plan.download, 1);
	cr_assert_eq(w.plan.keep, 3);
	cr_assert_eq(w.plan.remove, 0);
	tear_down(&w);
}

/* --into: the store is read by its own account's settings, what becomes of it is told by
 * the new account's. */
static const struct settings other_account = {.known = true,
	.host = {"new.example.org", 15},
	.user = {"ann.b", 5},
	.leave_on_server = true,
	.delete_after_days = 14};

static void
into_a_new_account(struct world *w)
{
	set_up(w);
	w->options.into = &other_account;
	w->options.into_name = "ann.b@new.example.org (account2)";
	lists(w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(w, SIDE_NEW, B(2) " " A(3) " " B(1));
	pairs(w, A(1) ">" B(1) " " A(2) ">" B(2) " " A(3) ">" A(3), EVIDENCE_STRICT, true,
		0);
}

Test(plan, into_another_account_by_that_ones_settings)
{
	struct world w;

	into_a_new_account(&w);
	make_plan(&w, OLD_ACCOUNT
		"k " A(1) " 1799999999\nk " A(2) " 1700000002\nk " A(3) " 1799999999");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	cr_assert_eq(w.plan.nedits, 4);
	cr_assert(text_equal(w.plan.to_host, text_of("new.example.org")));
	cr_assert(text_equal(w.plan.to_user, text_of("ann.b")));
	/* The old account keeps for ever, this one for 14 days. */
	cr_assert_eq(w.plan.ndelete, 1);
	cr_assert_eq(w.plan.remove, 1);
	cr_assert_eq(w.plan.keep, 2);
	tear_down(&w);
}

Test(plan, into_another_account_that_leaves_nothing_there_is_refused)
{
	struct settings takes_all = other_account;
	struct world w;

	for (int allowed = 0; allowed < 2; allowed++) {
		into_a_new_account(&w);
		takes_all.leave_on_server = false;
		w.options.into = &takes_all;
		w.options.allow_deletes = allowed;
		make_plan(&w, OLD_ACCOUNT "k " A(1) " 1799999999\nk " A(3) " 1799999999");
		cr_assert_eq(w.plan.state, allowed ? PLAN_READY : PLAN_REFUSED);
		if (allowed)
			cr_assert_eq(w.plan.ndelete, 2);
		else
			cr_assert_str_eq(w.plan.refusal.reason, "deletes");
		tear_down(&w);
	}
}

/* What the new account is called says nothing of where the old one has been. */
Test(plan, into_another_account_whose_name_is_no_witness)
{
	struct world w;

	set_up(&w);
	w.options.into = &other_account;
	w.options.into_name = "";
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3");
	pairs(&w, "1>3 2>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1799999999\nk 2 1799999999\nk 3 1799999999");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, counters_are_permuted_not_chained)
{
	struct world w;

	set_up(&w);
	w.settings.host = text_of("new.example.org"); /* the line is a witness */
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "1 2 3");
	pairs(&w, "1>2 2>1 3>3", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT
		"k 1 1700000001\nk 2 1700000002\nk 3 1700000003\nk 4 1700000004\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert_str_eq(becomes(&w, "1"), "2");
	cr_assert_str_eq(becomes(&w, "2"), "1");
	/* The same proved message on both sides: it stays. */
	cr_assert_str_eq(becomes(&w, "3"), "=");
	cr_assert_eq(w.plan.nfate[FATE_SAME], 1);
	tear_down(&w);
}

Test(plan, unpaired_counter_may_come_again_and_is_set_aside)
{
	struct world w;

	set_up(&w);
	w.settings.host = text_of("new.example.org"); /* the line is a witness */
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "1 2 3");
	/* 3 on the new server is new mail; 5 comes with the next delivery. */
	pairs(&w, "1>2 2>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT
		"k 1 1700000001\nk 2 1700000002\nk 3 1700000003\nk 5 1700000005\n");
	cr_assert(is_set_aside(&w, "3"));
	cr_assert(is_set_aside(&w, "5"));
	cr_assert_eq(w.plan.download, 1);
	tear_down(&w);
}

Test(plan, unpaired_uidl_with_validity_stays)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1700000001\nk " A(2) " 1700000002\n");
	cr_assert_str_eq(becomes(&w, A(2)), "=");
	cr_assert_eq(w.plan.nfate[FATE_KEPT], 1);
	tear_down(&w);
}

Test(plan, unpaired_uidl_that_the_new_list_has_is_set_aside)
{
	struct world w;

	set_up(&w);
	w.settings.host = text_of("new.example.org");
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " A(2));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1700000001\nk " A(2) " 1700000002\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert(is_set_aside(&w, A(2)));
	tear_down(&w);
}

Test(plan, tombstone_is_the_hash_of_map_id_and_uidl)
{
	char name[TOMBSTONE_LEN + 1];

	/* printf 'abc\0005' | sha256sum, first 32 digits */
	plan_tombstone("abc", text_of("5"), name);
	cr_assert_str_eq(name, "reuidl-"
			       "e58e9e7d4bb80e0879a07fce757185fc");
	cr_assert(plan_is_tombstone(text_of(name)));
	cr_assert_not(plan_is_tombstone(text_of("reuidl-0123")));
	cr_assert_not(
		plan_is_tombstone(text_of("reuidl-0123456789abcdef0123456789abcdeX")));
}

Test(plan, tombstone_is_never_made_into_another_and_finds_its_partner_later)
{
	struct world w;
	struct err e;
	char stone[TOMBSTONE_LEN + 1], other[TOMBSTONE_LEN + 1], text[512];

	set_up(&w);
	plan_tombstone("earlier map", text_of("4"), stone);
	plan_tombstone("earlier map", text_of("77"), other);
	cr_assert_eq(journal_open(w.dir, &w.journal, &e), 0, "%s", e.message);
	cr_assert_eq(
		journal_add_tombstone(w.journal, text_of(stone), text_of("4"), &e), 0);
	cr_assert_eq(
		journal_add_tombstone(w.journal, text_of(other), text_of("77"), &e), 0);
	/* What is added goes in with the file that holds it. */
	struct journal_file f = {.run = "0",
		.path = "elsewhere",
		.temporary = "",
		.map_id = "earlier map",
		.format = "thunderbird",
		.account = "ann@old.example.org",
		.old_copy = "",
		.new_copy = ""};
	cr_assert_eq(journal_prepare(w.journal, &f, &e), 0, "%s", e.message);
	journal_close(w.journal);
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "11 12 14");
	pairs(&w, "1>11 2>12 4>14", EVIDENCE_STRICT, true, 0);
	snprintf(text, sizeof(text),
		OLD_ACCOUNT "k 1 1700000001\nk %s 1700000004\nk %s 1700000077\n", stone,
		other);
	w.options.before_first_contact = true;
	make_plan(&w, text);
	cr_assert_str_eq(becomes(&w, stone), "14");
	cr_assert_str_eq(becomes(&w, other), "=");
	cr_assert_eq(w.plan.nfate[FATE_WAS_TOMBSTONE], 1);
	tear_down(&w);
}

Test(plan, new_already_stays_and_blocks_its_target)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(&w, SIDE_NEW, B(1) " " B(2) " " B(3));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2) " " A(3) ">" B(3), EVIDENCE_STRICT,
		true, 0);
	make_plan(&w, OLD_ACCOUNT
		"k " A(1) " 1700000001\nk " A(2) " 1700000002\nk " B(2) " 1700000009\n");
	cr_assert_str_eq(becomes(&w, B(2)), "=");
	cr_assert_str_eq(becomes(&w, A(2)), "=");
	cr_assert_eq(w.plan.why[1], WHY_TARGET_HELD);
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	tear_down(&w);
}

Test(plan, partial_records_are_never_paired)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(&w, SIDE_NEW, B(1) " " B(2) " " B(3));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2) " " A(3) ">" B(3), EVIDENCE_STRICT,
		true, 0);
	make_plan(&w, OLD_ACCOUNT
		"k " A(1) " 1700000001\nb " A(2) " 1700000002\nf " A(3) " 1700000003\n");
	cr_assert(is_set_aside(&w, A(2)));
	cr_assert(is_set_aside(&w, A(3)));
	cr_assert_eq(w.plan.download, 2);
	tear_down(&w);
}

Test(plan, account_must_be_the_maps_old_one)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, HEAD "*elsewhere.example.org ann\nk " A(1) " 1700000001\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "account");
	cr_assert_str_eq(w.plan.refusal.message,
		"popstate.dat: it is the record of ann@elsewhere.example.org, not of "
		"ann@old.example.org. If that is the same mailbox, say --account "
		"ann@elsewhere.example.org");
	tear_down(&w);
}

Test(plan, account_option_names_the_stores_account)
{
	struct world w;

	set_up(&w);
	w.options.account = "ann@elsewhere.example.org";
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, HEAD "*elsewhere.example.org ann\nk " A(1) " 1700000001\n");
	cr_assert_eq(w.plan.state, PLAN_READY);
	tear_down(&w);
}

Test(plan, overlap_guard_wants_most_telling_uidls_known)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	make_plan(&w,
		OLD_ACCOUNT "k " A(1) " 1\nk " A(2) " 1\nk " A(7) " 1\nk " A(8) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "overlap");
	cr_assert_str_eq(w.plan.refusal.message,
		"popstate.dat: 2 of 4 UIDLs are on the old server: this does not look "
		"like that "
		"mailbox (--force accepts half)");
	plan_release(&w.plan);
	store_release(&w.store);
	journal_close(w.journal);
	w.options.force = true;
	make_plan(&w,
		OLD_ACCOUNT "k " A(1) " 1\nk " A(2) " 1\nk " A(7) " 1\nk " A(8) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY);
	tear_down(&w);
}

Test(plan, overlap_guard_stays_shut_below_half)
{
	struct world w;

	set_up(&w);
	w.options.force = true;
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\nk " A(7) " 1\nk " A(8) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "overlap");
	tear_down(&w);
}

Test(plan, counters_say_nothing_to_the_overlap_guard)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\nk 7 1\nk 8 1\nk 9 1\nk 10 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	tear_down(&w);
}

Test(plan, contested_uidls_without_a_witness_are_refused)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, before_first_contact_lifts_the_contested_guard)
{
	struct world w;

	set_up(&w);
	w.options.before_first_contact = true;
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY);
	cr_assert_str_eq(becomes(&w, "3"), "1");
	tear_down(&w);
}

Test(plan, contested_witness_is_an_account_line_that_the_client_would_have_rewritten)
{
	struct world w;

	set_up(&w);
	/* Its settings name the new server already, and the line still the old one. */
	w.settings.host = text_of("new.example.org");
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	tear_down(&w);
}

Test(plan,
	contested_witness_is_the_line_against_the_new_url_where_the_settings_are_unknown)
{
	struct world w;

	set_up(&w);
	w.settings = (struct settings){.known = false};
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	tear_down(&w);
}

Test(plan, contested_witness_is_the_whole_old_list_with_more_than_the_new_one_has)
{
	struct world w;

	set_up(&w);
	w.hosts[1] = "old.example.org";
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "1 2 3 4");
	/* 4 is new mail, and the old 2, 4, 5 have not been copied. */
	pairs(&w, "1>2 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\nk 4 1\nk 5 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert(is_set_aside(&w, "4"));
	cr_assert_eq(w.plan.download, 2);
	tear_down(&w);
}

Test(plan, contested_witness_fails_where_the_name_stays_and_only_the_server_changes)
{
	struct world w;

	set_up(&w);
	w.hosts[1] = "old.example.org"; /* the same name, another machine behind it */
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, contested_witness_is_records_that_only_the_old_server_can_have_given)
{
	struct world w;

	set_up(&w);
	w.hosts[1] = "old.example.org";
	lists(&w, SIDE_OLD, "1 2 3 " A(4) " 5");
	lists(&w, SIDE_NEW, "1 2 3");
	pairs(&w, "1>2 2>3", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk " A(4) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	tear_down(&w);
}

Test(plan, a_counter_that_only_the_old_server_lists_is_no_witness)
{
	struct world w;

	set_up(&w);
	w.hosts[1] = "old.example.org";
	/* 4 may be what the client had from the new server, where it is gone by now. */
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "1 2 3");
	pairs(&w, "1>2 2>3", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 4 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, a_record_that_only_the_new_server_knows_spoils_the_witness)
{
	struct world w;

	set_up(&w);
	w.hosts[1] = "old.example.org";
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "1 2 3 9");
	pairs(&w, "1>2 2>3", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 4 1\nk 9 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

/* As if another map had been applied to this store and not been undone. */
static void
journal_says(struct world *w, const char *map_id)
{
	struct journal_file f = {.run = "0",
		.path = "popstate.dat",
		.temporary = "",
		.map_id = (char *)map_id,
		.format = "thunderbird",
		.account = "ann@old.example.org",
		.old_copy = "",
		.new_copy = ""};
	struct err e;

	cr_assert_eq(journal_open(w->dir, &w->journal, &e), 0, "%s", e.message);
	cr_assert_eq(journal_prepare(w->journal, &f, &e), 0, "%s", e.message);
	cr_assert_eq(
		journal_finish(w->journal, &f, JOURNAL_DONE, &e), 0, "%s", e.message);
	journal_close(w->journal);
}

Test(plan, the_account_line_is_no_witness_once_a_map_has_been_applied)
{
	struct world w;

	set_up(&w);
	w.settings.host = text_of("new.example.org");
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	journal_says(&w, "another map of this move");
	/* Applying the permutation twice would mark 3 for what nobody has read. */
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, no_word_lifts_the_guard_of_a_file_that_is_as_we_left_it)
{
	static const char left[] = OLD_ACCOUNT "k 2 1\nk 3 1\nk 1 1\n";
	struct journal_file f = {.run = "0",
		.path = "popstate.dat",
		.temporary = "",
		.map_id = "an earlier map of this move",
		.format = "thunderbird",
		.account = "ann@old.example.org",
		.old_copy = "",
		.new_copy = "",
		.new_digest = digest_of(text_of(left))};
	struct world w;
	struct err e;

	set_up(&w);
	lists(&w, SIDE_OLD, "1 2 3 4");
	lists(&w, SIDE_NEW, "1 2 3");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	w.options.before_first_contact = true;
	cr_assert_eq(journal_open(w.dir, &w.journal, &e), 0, "%s", e.message);
	cr_assert_eq(journal_prepare(w.journal, &f, &e), 0, "%s", e.message);
	cr_assert_eq(journal_finish(w.journal, &f, JOURNAL_DONE, &e), 0, "%s", e.message);
	journal_close(w.journal);
	make_plan(&w, left);
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	cr_assert(strstr(w.plan.refusal.message, "(reuidl undo)") != NULL);
	tear_down(&w);
}

Test(plan, a_map_from_the_future_is_refused)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_map(&w, NOW + 2 * 86400);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "old-map");
	tear_down(&w);
}

Test(plan, a_map_is_applied_once)
{
	struct world w;
	struct map_info info;
	struct err e;

	set_up(&w);
	lists(&w, SIDE_OLD, "1 2 3");
	lists(&w, SIDE_NEW, "1 2 3 4");
	pairs(&w, "1>2 2>3 3>1", EVIDENCE_STRICT, true, 0);
	w.options.before_first_contact = true;
	make_map(&w, NOW - 60);
	cr_assert_eq(map_info(w.map, &w.arena, &info, &e), 0);
	journal_says(&w, info.id);
	make_plan(&w, OLD_ACCOUNT "k 1 1\nk 2 1\nk 3 1\n");
	cr_assert_eq(w.plan.state, PLAN_ALREADY);
	cr_assert_eq(w.plan.nedits, 0);
	tear_down(&w);
}

Test(plan, an_old_map_is_refused_after_seven_days)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_map(&w, NOW - 8 * 86400);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "old-map");
	tear_down(&w);
}

Test(plan, an_old_map_of_counters_is_refused_after_a_day)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, "1 2");
	lists(&w, SIDE_NEW, "8");
	pairs(&w, "1>8", EVIDENCE_STRICT, true, 0);
	make_map(&w, NOW - 2 * 86400);
	make_plan(&w, OLD_ACCOUNT "k 1 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "old-map");
	plan_release(&w.plan);
	store_release(&w.store);
	journal_close(w.journal);
	w.options.max_age = 3 * 86400;
	make_plan(&w, OLD_ACCOUNT "k 1 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY);
	tear_down(&w);
}

Test(plan, a_rename_can_be_a_delete_order)
{
	struct world w;

	set_up(&w);
	w.settings.leave_on_server = false;
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	pairs(&w, A(2) ">" B(2), EVIDENCE_LOOSE, false, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\nk " A(2) " 1\n");
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	cr_assert_str_eq(becomes(&w, A(2)), "=");
	cr_assert_eq(w.plan.why[1], WHY_NOT_FIRM);
	cr_assert_eq(w.plan.ndelete, 1);
	cr_assert_eq(w.plan.remove, 1);
	tear_down(&w);
}

Test(plan, deletion_by_age_counts_the_old_ones_only)
{
	struct world w;
	char text[512];

	set_up(&w);
	w.settings.delete_after_days = 10;
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	snprintf(text, sizeof(text), OLD_ACCOUNT "k " A(1) " %lld\nk " A(2) " %lld\n",
		(long long)(NOW - 11 * 86400), (long long)(NOW - 9 * 86400));
	make_plan(&w, text);
	cr_assert_eq(w.plan.ndelete, 1);
	cr_assert_eq(w.plan.will_delete[0], 1);
	cr_assert_eq(w.plan.will_delete[1], 0);
	tear_down(&w);
}

Test(plan, unknown_settings_count_as_deleting)
{
	struct world w;

	set_up(&w);
	w.settings = (struct settings){.known = false};
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	cr_assert_eq(w.plan.ndelete, 1);
	cr_assert_eq(w.plan.keep, 1);
	tear_down(&w);
}

Test(plan, records_marked_for_deletion_are_renamed_on_firm_evidence_only)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3) " " A(4));
	lists(&w, SIDE_NEW, B(1) " " B(2) " " B(3) " " B(4));
	pairs(&w, A(1) ">" B(1) " " A(3) ">" B(3), EVIDENCE_STRICT, true, 0);
	pairs(&w, A(2) ">" B(2) " " A(4) ">" B(4), EVIDENCE_LOOSE, false, 0);
	make_plan(&w,
		OLD_ACCOUNT "d " A(1) " 1\nd " A(2) " 1\nk " A(3) " 1\nk " A(4) " 1\n");
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	cr_assert_str_eq(becomes(&w, A(2)), "=");
	cr_assert_str_eq(becomes(&w, A(4)), B(4));
	cr_assert_eq(w.plan.ndelete, 1);
	tear_down(&w);
}

Test(plan, copies_go_first_to_those_that_the_client_knows)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	/* The matcher paired them in order; the client knows the last two. */
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2) " " A(3) ">", EVIDENCE_ORDER, true, 1);
	make_plan(&w, OLD_ACCOUNT "k " A(2) " 1\nk " A(3) " 1\n");
	cr_assert_str_eq(becomes(&w, A(2)), B(2));
	cr_assert_str_eq(becomes(&w, A(3)), B(1));
	cr_assert_eq(w.plan.download, 0);
	tear_down(&w);
}

Test(plan, copies_to_be_deleted_get_a_partner_last)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " 00000002cccc0001");
	pairs(&w, A(1) ">" B(1) " " A(2) ">", EVIDENCE_ORDER, true, 1);
	/* The user deleted the first copy and keeps the second. */
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\nk " A(2) " 1\n");
	cr_assert_str_eq(becomes(&w, A(2)), B(1));
	cr_assert_str_eq(becomes(&w, A(1)), "=");
	cr_assert_eq(w.plan.remove, 0);
	tear_down(&w);
}

Test(plan, every_block_that_the_client_merges_may_hide_new_mail)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, "1 2 3 4 5");
	lists(&w, SIDE_NEW, "21 22 7");
	pairs(&w, "1>21 2>22", EVIDENCE_STRICT, true, 0);
	/* Newer Thunderbird reads the other account's 7 as this server's 7. */
	make_plan(&w, OLD_ACCOUNT
		"k 1 1\nk 2 1\n*other.example.org bob\nk 7 1\nk " A(6) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert(is_set_aside(&w, "7"));
	cr_assert_str_eq(becomes(&w, A(6)), "=");
	cr_assert_eq(w.plan.download, 1);
	tear_down(&w);
}

Test(plan, account_line_follows_the_clients_settings)
{
	struct world w;
	const struct edit *last;

	set_up(&w);
	w.settings.host = text_of("mail.example.org");
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	last = &w.plan.edits[w.plan.nedits - 1];
	cr_assert_eq(last->what, EDIT_HOST);
	cr_assert(text_equal(edit_text(last), text_of("mail.example.org")));
	tear_down(&w);
}

Test(plan, client_host_overrides_the_settings)
{
	struct world w;
	const struct edit *last;

	set_up(&w);
	w.options.client_host = "pop.example.org";
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	last = &w.plan.edits[w.plan.nedits - 1];
	cr_assert_eq(last->what, EDIT_HOST);
	cr_assert(text_equal(edit_text(last), text_of("pop.example.org")));
	tear_down(&w);
}

/* Outlook Express: the server is part of each record's key. */
#define OE_PATH "Identities/{0}/Microsoft/Outlook Express/Pop3uidl.dbx"
#define OE(n)	"0000000" #n "3ca9dcff"

static bool
gets_server(const struct world *w, uint32_t record, const char *server)
{
	for (size_t i = 0; i < w->plan.nedits; i++)
		if (w->plan.edits[i].what == EDIT_SERVER &&
			w->plan.edits[i].index == record)
			return text_equal(edit_text(&w->plan.edits[i]), text_of(server));
	return false;
}

Test(plan, records_without_partner_keep_their_server)
{
	struct source disk;
	struct world w;
	struct err e;

	for (int renamed = 0; renamed < 2; renamed++) {
		set_up(&w);
		cr_assert_eq(source_read(&disk, "fixtures/outlook_express/three", &e), 0);
		lists(&w, SIDE_OLD, OE(1) " " OE(2) " " OE(3));
		lists(&w, SIDE_NEW, B(1) " " OE(3));
		pairs(&w, OE(1) ">" B(1), EVIDENCE_STRICT, true, 0);
		/* The name of the server is what it was, or it is another. */
		w.options.client_host = renamed ? NULL : "POP.example.com";
		w.options.before_first_contact = true;
		w.settings.known = false;
		w.options.account = "00000001@pop.example.com";
		make_plan_of(&w, "outlook_express", OE_PATH, disk.bytes);
		cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
		cr_assert_str_eq(becomes(&w, OE(1)), B(1));
		cr_assert_str_eq(becomes(&w, OE(2)), "=");
		cr_assert(is_set_aside(&w, OE(3)));
		cr_assert_eq(w.plan.host_edited, renamed);
		cr_assert_eq(gets_server(&w, 0, "new.example.org"), renamed);
		cr_assert_not(gets_server(&w, 1, "new.example.org"));
		cr_assert_eq(gets_server(&w, 2, "new.example.org"), renamed);
		cr_assert_eq(w.plan.nedits, renamed ? 4 : 2);
		tear_down(&w);
		source_release(&disk);
	}
}

Test(plan, a_move_that_no_record_makes_is_refused)
{
	struct source disk;
	struct world w;
	struct err e;

	set_up(&w);
	cr_assert_eq(source_read(&disk, "fixtures/outlook_express/three", &e), 0);
	lists(&w, SIDE_OLD, OE(1) " " OE(2) " " OE(3));
	lists(&w, SIDE_NEW, B(1) " " OE(3));
	w.options.before_first_contact = true;
	w.settings.known = false;
	w.options.account = "00000001@pop.example.com";
	make_plan_of(&w, "outlook_express", OE_PATH, disk.bytes);
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "nothing-matched");
	tear_down(&w);
	source_release(&disk);
}

/* The client has been at the new server: there are records of that name, by any case. */
Test(plan, two_servers_of_one_account_are_not_merged)
{
	struct source disk;
	struct world w;
	struct err e;
	struct text at;

	set_up(&w);
	cr_assert_eq(
		source_read(&disk, "fixtures/outlook_express/three-accounts", &e), 0);
	/* The same number for all, whose last digit stands behind seven zeroes. */
	for (size_t i = 0; i + 9 < disk.bytes.len; i++) {
		at = (struct text){disk.bytes.at + i, 7};
		if (text_equal(at, text_of("0000000")) && at.at[8] == '\0')
			disk.memory[i + 7] = '1';
	}
	lists(&w, SIDE_OLD, OE(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, OE(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	w.options.client_host = "mail.example.org";
	w.settings.known = false;
	w.options.account = "00000001@pop.example.com";
	make_plan_of(&w, "outlook_express", OE_PATH, disk.bytes);
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "new-name-exists");
	cr_assert(strstr(w.plan.refusal.message, "it has been at that server") != NULL);
	tear_down(&w);
	source_release(&disk);
}

Test(plan, bad_and_equal_uidls_of_the_new_server_are_never_written)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2) " " A(3));
	lists(&w, SIDE_NEW, B(1) " " B(2) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\nk " A(2) " 1\n");
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	cr_assert_str_eq(becomes(&w, A(2)), "=");
	tear_down(&w);
}

Test(plan, imported_pairs_need_allow_deletes_where_a_rename_can_delete)
{
	struct world w;

	set_up(&w);
	w.settings.known = false;
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1));
	pairs(&w, A(1) ">" B(1), EVIDENCE_IMPORT, false, 0);
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	cr_assert_eq(w.plan.state, PLAN_UNCHANGED);
	cr_assert_eq(w.plan.why[0], WHY_NOT_FIRM);
	plan_release(&w.plan);
	store_release(&w.store);
	journal_close(w.journal);
	w.options.allow_deletes = true;
	make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\n");
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	tear_down(&w);
}

Test(plan, of_records_with_one_uidl_the_last_one_counts)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	/* Thunderbird heeds the k: the message is kept, and must be on the new server. */
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\nk " A(2) " 1\nk " A(1) " 1\n");
	cr_assert_eq(w.plan.fate[0], FATE_TOMBSTONE);
	cr_assert_eq(w.plan.why[0], WHY_SHADOWED);
	cr_assert_eq(w.plan.fate[2], FATE_RENAMED);
	cr_assert_eq(w.plan.ndelete, 0);
	cr_assert_eq(w.plan.remove, 0);
	cr_assert_eq(w.plan.keep, 2);
	tear_down(&w);
}

Test(plan, what_a_stub_shadows_goes_with_it)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	/* Left alone, the d would count as soon as the stub has another name. */
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\nk " A(2) " 1\nf " A(1) " 1\n");
	cr_assert_eq(w.plan.fate[0], FATE_TOMBSTONE);
	cr_assert_eq(w.plan.fate[2], FATE_TOMBSTONE);
	cr_assert_eq(w.plan.ndelete, 0);
	tear_down(&w);
}

Test(plan, an_entry_of_another_account_may_forbid_a_deletion_but_not_a_rename)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\nk " A(
			      2) " 1\n"
				 "*other.example.org ann\nk " A(1) " 1\nk " A(2) " 1\n");
	cr_assert_eq(w.plan.why[0], WHY_SHADOWED);
	cr_assert_eq(w.plan.fate[1], FATE_RENAMED);
	cr_assert_eq(w.plan.ndelete, 0);
	tear_down(&w);
}

/* 9 is gone from the old server, and the new one counts up to it. */
Test(plan, before_the_first_contact_no_counter_is_new_already)
{
	struct world w;

	set_up(&w);
	w.options.before_first_contact = true;
	lists(&w, SIDE_OLD, "10 11 12");
	lists(&w, SIDE_NEW, "7 8 9");
	pairs(&w, "10>7 11>8", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 9 1\nk 10 1\nk 11 1\n");
	cr_assert(is_set_aside(&w, "9"));
	cr_assert_str_eq(becomes(&w, "10"), "7");
	cr_assert_eq(w.plan.download, 1);
	tear_down(&w);
}

Test(plan, counters_of_both_servers_in_one_file_are_refused)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, "10 11 12");
	lists(&w, SIDE_NEW, "7 8 9");
	pairs(&w, "10>7 11>8", EVIDENCE_STRICT, true, 0);
	make_plan(&w, OLD_ACCOUNT "k 9 1\nk 10 1\nk 11 1\n");
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "contested");
	tear_down(&w);
}

Test(plan, a_copy_that_the_client_has_not_had_is_not_deleted_for_another)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, B(1) " 00000002cccc0001");
	pairs(&w, A(1) ">" B(1) " " A(2) ">", EVIDENCE_ORDER, true, 1);
	/* The user deleted the first copy, and the second has not been fetched. */
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\n");
	cr_assert_str_eq(becomes(&w, A(1)), "=");
	cr_assert_eq(w.plan.why[0], WHY_COPY);
	cr_assert_eq(w.plan.remove, 0);
	tear_down(&w);
}

Test(plan, the_same_uidl_deletes_on_firm_evidence_only_and_is_counted)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1) " " A(2));
	lists(&w, SIDE_NEW, A(1) " " A(2));
	pairs(&w, A(1) ">" A(1), EVIDENCE_LOOSE, false, 0);
	pairs(&w, A(2) ">" A(2), EVIDENCE_STRICT, true, 0);
	w.options.before_first_contact = true;
	make_plan(&w, OLD_ACCOUNT "d " A(1) " 1\nd " A(2) " 1\n");
	cr_assert(is_set_aside(&w, A(1)));
	cr_assert_eq(w.plan.why[0], WHY_NOT_FIRM);
	cr_assert_eq(w.plan.fate[1], FATE_SAME);
	cr_assert_eq(w.plan.ndelete, 1);
	cr_assert_eq(w.plan.remove, 1);
	tear_down(&w);
}

Test(plan, a_tombstone_of_another_move_stands_for_no_counter_of_this_one)
{
	struct journal_file f = {.run = "0",
		.path = "popstate.dat",
		.temporary = "",
		.map_id = "the move before",
		.format = "thunderbird",
		.account = "ann@older.example.org",
		.old_copy = "",
		.new_copy = ""};
	struct world w;
	struct err e;
	char stone[TOMBSTONE_LEN + 1], text[256];

	set_up(&w);
	plan_tombstone(f.map_id, text_of("4"), stone);
	cr_assert_eq(journal_open(w.dir, &w.journal, &e), 0, "%s", e.message);
	cr_assert_eq(
		journal_add_tombstone(w.journal, text_of(stone), text_of("4"), &e), 0);
	cr_assert_eq(journal_prepare(w.journal, &f, &e), 0, "%s", e.message);
	journal_close(w.journal);
	lists(&w, SIDE_OLD, "1 2 3 4");
	lists(&w, SIDE_NEW, "11 12 14");
	pairs(&w, "1>11 2>12 4>14", EVIDENCE_STRICT, true, 0);
	snprintf(text, sizeof(text), OLD_ACCOUNT "k 1 1\nk %s 1\n", stone);
	make_plan(&w, text);
	cr_assert_str_eq(becomes(&w, stone), "=");
	cr_assert_str_eq(becomes(&w, "1"), "11");
	tear_down(&w);
}

/* getmail keeps and compares a '-' for each '/'. */
Test(plan, a_uidl_is_written_as_the_client_keeps_it)
{
	static const char file[] = "aaaa-bbbb-01\0001\naaaa-bbbb-02\0002\n";
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, "aaaa/bbbb/01 aaaa/bbbb/02");
	lists(&w, SIDE_NEW, "x/y/1 x-y-1 z/2");
	pairs(&w, "aaaa/bbbb/01>x/y/1 aaaa/bbbb/02>z/2", EVIDENCE_STRICT, true, 0);
	make_plan_of(&w, "getmail", "/tmp/oldmail-old.example.org-110-ann",
		(struct text){file, sizeof(file) - 1});
	cr_assert_eq(w.plan.state, PLAN_READY, "%s", w.plan.refusal.message);
	cr_assert_str_eq(becomes(&w, "aaaa-bbbb-02"), "z-2");
	/* Two messages of one key get no partner. */
	cr_assert_str_eq(becomes(&w, "aaaa-bbbb-01"), "=");
	tear_down(&w);
}

/* Evolution's "delete expunged" goes by UIDLs in mail that is not rewritten. */
Test(plan, local_mail_that_keeps_old_uidls_must_not_delete)
{
	for (int allowed = 0; allowed < 3; allowed++) {
		bool counters = allowed < 2;
		struct world w;

		set_up(&w);
		w.settings.until_deleted = true;
		w.options.before_first_contact = true;
		w.options.allow_deletes = allowed == 1;
		lists(&w, SIDE_OLD, counters ? "1 2 3" : A(1) " " A(2) " " A(3));
		lists(&w, SIDE_NEW, counters ? "1 2 3" : B(1) " " B(2) " " B(3));
		pairs(&w, counters ? "1>2 2>1 3>3" : A(1) ">" B(2), EVIDENCE_STRICT, true,
			0);
		make_plan_of(&w, "evolution", "uid-cache",
			text_of(counters ? "1\n2\n3\n" : A(1) "\n"));
		cr_expect_eq(w.plan.state, allowed ? PLAN_READY : PLAN_REFUSED);
		if (!allowed)
			cr_expect_str_eq(w.plan.refusal.reason, "deletes");
		tear_down(&w);
	}
}

/* Its days are counted from each message's own date: none is safe from them. */
Test(plan, days_by_the_messages_date_want_firm_pairs)
{
	for (int firm = 0; firm < 2; firm++) {
		struct world w;

		set_up(&w);
		w.settings.delete_after_days = 300;
		w.settings.by_message_date = true;
		lists(&w, SIDE_OLD, A(1) " " A(2));
		lists(&w, SIDE_NEW, B(1) " " B(2));
		pairs(&w, A(1) ">" B(1) " " A(2) ">" B(2), EVIDENCE_STRICT, firm, 0);
		make_plan_of(&w, "evolution", "uid-cache", text_of(A(1) "\n" A(2) "\n"));
		cr_expect_eq(w.plan.ndelete, firm ? 2 : 0);
		cr_expect_eq(w.plan.nfate[FATE_RENAMED], firm ? 2 : 0);
		tear_down(&w);
	}
}

/* fetchmail would read the new account's lines alone, and fetch all of it. */
Test(plan, records_of_the_new_account_are_not_merged_with_those_of_the_old_one)
{
	struct world w;

	set_up(&w);
	lists(&w, SIDE_OLD, A(1));
	lists(&w, SIDE_NEW, B(1) " " B(2));
	pairs(&w, A(1) ">" B(1), EVIDENCE_STRICT, true, 0);
	make_plan_of(&w, "fetchmail", "/tmp/.fetchids",
		text_of("ann@old.example.org " A(1) "\nann@new.example.org " B(2) "\n"));
	cr_assert_eq(w.plan.state, PLAN_REFUSED);
	cr_assert_str_eq(w.plan.refusal.reason, "new-name-exists");
	tear_down(&w);
}

/* One pair by size, of a client that is set so. */
static void
by_size(struct world *w, const struct settings *settings, bool accept)
{
	set_up(w);
	w->settings = *settings;
	w->options.accept_size = accept;
	w->options.allow_deletes = true;
	lists(w, SIDE_OLD, A(1));
	lists(w, SIDE_NEW, B(1));
	pairs(w, A(1) ">" B(1), EVIDENCE_SIZE, false, 0);
	make_plan(w, OLD_ACCOUNT "k " A(1) " 1\n");
}

Test(plan, size_evidence_is_used_where_it_is_accepted_only)
{
	const struct settings leaves = {.known = true, .leave_on_server = true};
	struct world w;

	by_size(&w, &leaves, false);
	cr_assert_eq(w.plan.why[0], WHY_SIZE);
	cr_assert_eq(w.plan.nfate[FATE_RENAMED], 0);
	tear_down(&w);
	by_size(&w, &leaves, true);
	cr_assert_str_eq(becomes(&w, A(1)), B(1));
	tear_down(&w);
}

Test(plan, size_evidence_is_never_used_where_a_rename_can_delete)
{
	const struct settings deletes[] = {
		{.known = false},
		{.known = true, .leave_on_server = false},
		{.known = true, .leave_on_server = true, .delete_after_days = 1},
	};
	struct world w;

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++) {
		by_size(&w, &deletes[i], true);
		cr_assert_eq(w.plan.why[0], WHY_NOT_FIRM, "settings %zu", i);
		cr_assert_eq(w.plan.nfate[FATE_RENAMED], 0);
		cr_assert_eq(w.plan.ndelete, 0);
		tear_down(&w);
	}
}

Test(plan, a_record_that_stays_by_size_is_held_to_the_same)
{
	struct world w;

	for (int deleted = 0; deleted < 2; deleted++) {
		set_up(&w);
		w.settings.until_deleted = deleted;
		w.options.accept_size = w.options.before_first_contact = true;
		lists(&w, SIDE_OLD, A(1) " " A(2));
		lists(&w, SIDE_NEW, A(1) " " B(2));
		pairs(&w, A(1) ">" A(1), EVIDENCE_SIZE, false, 0);
		pairs(&w, A(2) ">" B(2), EVIDENCE_STRICT, true, 0);
		make_plan(&w, OLD_ACCOUNT "k " A(1) " 1\nk " A(2) " 1\n");
		cr_assert_eq(w.plan.fate[0], deleted ? FATE_TOMBSTONE : FATE_SAME);
		tear_down(&w);
	}
}
