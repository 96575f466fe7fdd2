/*
 * Whole lives of small mailboxes whose truth is known, from the client's file to what the
 * client does at the new server: the plan is made, the file is written, and the client is
 * played on it. REUIDL_PLANS=N plays more, REUIDL_PLANS_SEED=S begins elsewhere; a failure
 * names its seed.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <unistd.h>

#include "work/check.h"
#include "work/plan.h"

#define NOW   ((int64_t)1800000000)
#define MAILS 12

/* How a server names its mail. */
enum style { COUNTERS, VALIDITY, SAME_VALIDITY, STYLES };

struct mail {
	int group;			       /* mails of one group are true copies */
	bool was_old, in_old, was_new, in_new; /* has been, is still there */
	char uidl[2][32];
	bool had; /* the client has fetched it (whole) and knows it */
	char status;
	int64_t time;
};

struct life {
	uint64_t seed, random;
	struct mail mail[MAILS];
	int n;
	bool at_new; /* the client has been at the new server, and forgot the old one */
	bool same_name; /* both servers are reached by one name */
	bool followed;	/* the settings name the new server already */
	bool sure;	/* we are told, or see, that the client is at the old server */
	char dir[40];
	struct listing list[2];
	int at[2][MAILS]; /* by index in the list: which mail */
	struct match match;
	struct settings settings;
	struct journal *journal;
	struct arena arena;
	struct buf file; /* popstate.dat */
};

static uint64_t
draw(struct life *l, uint64_t below)
{
	uint64_t z = l->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static bool
chance(struct life *l, unsigned percent)
{
	return draw(l, 100) < percent;
}

/* A server gives each UIDL once. */
static void
name_mails(struct life *l, int side, enum style style)
{
	int number[MAILS], first = (int)draw(l, 4) * (chance(l, 50) ? 1 : MAILS) + 1;
	char text[32];

	for (int i = 0; i < l->n; i++)
		number[i] = first + i;
	for (int i = l->n - 1; i > 0 && chance(l, 90); i--) {
		int k = (int)draw(l, (uint64_t)i + 1), was = number[i];
		number[i] = number[k];
		number[k] = was;
	}
	for (int i = 0; i < l->n; i++) {
		if (style == COUNTERS)
			snprintf(text, sizeof(text), "%d", number[i]);
		else
			snprintf(text, sizeof(text), "%08x%08x", number[i],
				style == VALIDITY ? 0xaaaa0000 + (unsigned)side
						  : 0xcccc0000);
		memcpy(l->mail[i].uidl[side], text, sizeof(text));
	}
}

static void
make_mails(struct life *l)
{
	l->n = 1 + (int)draw(l, MAILS);
	for (int i = 0; i < l->n; i++) {
		struct mail *m = &l->mail[i];
		bool fresh = chance(l, 15); /* delivered after the move */

		m->group =
			i > 0 && chance(l, 20) ? l->mail[draw(l, (uint64_t)i)].group : i;
		m->was_old = !fresh;
		m->in_old = m->was_old && chance(l, 90);
		m->was_new = fresh || chance(l, 85);
		m->in_new = m->was_new && chance(l, 92);
		m->status = "kkkkkdbf"[draw(l, 8)];
		m->time = NOW - (int64_t)draw(l, 40) * 86400 - 100;
		m->had = chance(l, 80) && (l->at_new ? m->was_new : m->was_old);
	}
	enum style style = (enum style)draw(l, STYLES);
	name_mails(l, SIDE_OLD, style);
	name_mails(l, SIDE_NEW, style == VALIDITY && chance(l, 30) ? COUNTERS : style);
	/* What a client has had from the new server, and what is gone there, is taken for
	 * the old one's only if both count on with one validity, as after a dsync. Nothing
	 * can tell that. */
	for (int i = 0; i < l->n && l->at_new && style == SAME_VALIDITY; i++)
		l->mail[i].had = l->mail[i].had && l->mail[i].in_new;
}

static void
make_lists(struct life *l)
{
	for (int side = 0; side < 2; side++) {
		int from = (int)draw(l, (uint64_t)l->n);
		l->list[side].whole = true;
		for (int k = 0; k < l->n; k++) {
			int i = (from + k) % l->n;
			if (side == SIDE_OLD ? !l->mail[i].in_old : !l->mail[i].in_new)
				continue;
			l->at[side][l->list[side].n] = i;
			listing_add(&l->list[side], text_of(l->mail[i].uidl[side]), 1000);
		}
		listing_mark(&l->list[side]);
	}
}

static size_t
members(const struct life *l, int side, int group)
{
	size_t n = 0;

	for (size_t i = 0; i < l->list[side].n; i++)
		n += l->mail[l->at[side][i]].group == group;
	return n;
}

static void
add_pair(struct life *l, size_t old, size_t new, enum evidence_kind kind, bool firm)
{
	struct match *m = &l->match;

	m->partner[old] = (uint32_t) new;
	m->evidence[old] = (uint8_t)kind;
	m->firm[old] = firm;
	m->unmatched[old] = UNMATCHED_NOT;
	m->by_kind[kind]++;
	m->pairs++;
}

/* True pairs, but not always all of them; of copies in order, as the matcher does. */
static void
make_match(struct life *l, unsigned percent)
{
	struct match *m = &l->match;

	match_release(m);
	match_run(&l->list[0], &l->list[1], m); /* no header is known: no pair */
	for (size_t i = 0; i < m->nold; i++) {
		int mail = l->at[0][i], group = l->mail[mail].group;
		bool copies = members(l, 0, group) > 1 || members(l, 1, group) > 1;
		bool any = members(l, 1, group) > 0;

		m->unmatched[i] = UNMATCHED_GONE;
		if (!copies && !chance(l, percent))
			continue;
		m->copies[i] = copies && any ? (uint32_t)group + 1 : 0;
		for (size_t k = 0; k < m->nnew; k++) {
			bool free = true;
			for (size_t o = 0; o < i; o++)
				free = free && m->partner[o] != k;
			if (l->mail[l->at[1][k]].group != group || !free)
				continue;
			m->new_copies[k] = m->copies[i];
			if (m->partner[i] == MATCH_NONE)
				add_pair(l, i, k,
					copies ? EVIDENCE_ORDER : EVIDENCE_STRICT,
					copies || chance(l, 75));
		}
	}
}

static void
give_evidence(struct life *l, struct map *map, int side)
{
	struct err e;
	char tag[32];

	for (size_t i = 0; i < l->list[side].n; i++) {
		struct evidence ev = {.flags = MESSAGE_HEADER | MESSAGE_BODY};
		snprintf(tag, sizeof(tag), "group %d", l->mail[l->at[side][i]].group);
		ev.strict = ev.loose = ev.id = ev.damaged = ev.body =
			digest_of(text_of(tag));
		cr_assert_eq(map_evidence(map, (enum side)side, i, &ev, &e), 0, "%s",
			e.message);
	}
}

static struct map *
make_map(struct life *l, int number)
{
	char *path = arena_print(&l->arena, "%s/%d.map", l->dir, number);
	char *new = l->same_name ? "old.example.org" : "new.example.org";
	struct map_side sides[2] = {{.host = "old.example.org",
					    .user = "ann",
					    .port = 110,
					    .scheme = "pop3",
					    .whole = true},
		{.host = new,
			.user = "ann",
			.port = 110,
			.scheme = "pop3",
			.whole = true}};
	struct map *map;
	struct err e;

	cr_assert_eq(map_create(path, sides, &map, &e), 0, "%s", e.message);
	for (int s = 0; s < 2; s++) {
		cr_assert_eq(map_list(map, (enum side)s, &l->list[s], true, &e), 0, "%s",
			e.message);
		give_evidence(l, map, s);
	}
	size_t pairs = l->match.pairs;
	cr_assert_eq(map_pairs(map, &l->match, NOW - 60, &e), 0, "%s", e.message);
	cr_assert_eq(l->match.pairs, pairs);
	map_close(map);
	cr_assert_eq(map_open(path, &map, &e), 0, "%s", e.message);
	return map;
}

static void
add_line(struct life *l, char status, const char *uidl, int64_t time)
{
	char line[120];

	snprintf(line, sizeof(line), "%c %s %lld\n", status, uidl, (long long)time);
	buf_add(&l->file, text_of(line));
}

/* What the client has left: of the old server, or of the new one and nothing else. */
static void
make_file(struct life *l)
{
	int side = l->at_new ? SIDE_NEW : SIDE_OLD;
	bool twice = chance(l, 10);

	buf_init(&l->file, 1 << 20);
	buf_add(&l->file, text_of("# POP3 State File\n\n"));
	/* A block that an older client has left, of another account of this folder. */
	if (!l->at_new && chance(l, 10)) {
		buf_add(&l->file, text_of("*pop.example.net bob\n"));
		add_line(l, 'k', chance(l, 50) ? "2" : "aaaaaaaaaaaaaaaa", NOW - 100);
	}
	buf_add(&l->file, text_of(l->at_new && l->followed ? "*new.example.org ann\n"
							   : "*old.example.org ann\n"));
	for (int i = 0; i < l->n; i++) {
		struct mail *m = &l->mail[i];
		if (!m->had)
			continue;
		if (twice && chance(l, 30))
			add_line(l, "kd"[draw(l, 2)], m -> uidl[side], m -> time);
		add_line(l, m->status, m->uidl[side], m->time);
	}
}

static void
make_life(struct life *l, uint64_t seed)
{
	const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct err e;

	*l = (struct life){.seed = seed, .random = seed * 0x2545f4914f6cdd1d};
	snprintf(l->dir, sizeof(l->dir), "%s/lives.XXXXXX", shm);
	cr_assert(mkdtemp(l->dir) != NULL);
	l->at_new = chance(l, 25);
	l->same_name = chance(l, 40);
	l->followed = !l->same_name && chance(l, 60);
	make_mails(l);
	make_lists(l);
	make_match(l, chance(l, 50) ? 100 : 80);
	l->settings.known = chance(l, 85);
	if (l->settings.known) {
		l->settings.host =
			text_of(l->followed ? "new.example.org" : "old.example.org");
		l->settings.user = text_of("ann");
		l->settings.leave_on_server = chance(l, 75);
		l->settings.delete_after_days = chance(l, 30) ? 14 : 0;
	}
	make_file(l);
	cr_assert_eq(journal_open(l->dir, &l->journal, &e), 0, "%s", e.message);
}

static void
end_life(struct life *l)
{
	char command[80];

	journal_close(l->journal);
	match_release(&l->match);
	listing_release(&l->list[0]);
	listing_release(&l->list[1]);
	buf_release(&l->file);
	arena_free(&l->arena);
	snprintf(command, sizeof(command), "rm -rf %s", l->dir);
	cr_assert(system(command) == 0);
}

/* One application of a map, up to the bytes. */
struct turn {
	struct source source, written;
	struct store store, after;
	struct plan plan;
	struct buf out;
	struct map *map;
	struct map_info info;
};

static void
show_turn(const struct life *l, const struct turn *t, const struct plan_options *o)
{
	if (getenv("REUIDL_PLANS_SHOW") == NULL)
		return;
	fprintf(stderr,
		"seed %llu: at the %s server, %s, settings %s %s%s; %s state %d\n",
		(unsigned long long)l->seed, l->at_new ? "new" : "old",
		l->same_name ? "one name" : "two names",
		l->settings.known ? "known" : "unknown", l->followed ? "new" : "old",
		l->settings.leave_on_server ? ", leave" : "",
		o->before_first_contact ? "before first contact" : "", t->plan.state);
	for (int i = 0; i < l->n; i++)
		fprintf(stderr, "  mail %d group %d old %s%s new %s%s%s\n", i,
			l->mail[i].group, l->mail[i].uidl[0],
			l->mail[i].in_old ? "" : " (not there)", l->mail[i].uidl[1],
			l->mail[i].in_new ? "" : " (not there)",
			l->mail[i].had ? ", had" : "");
	for (size_t i = 0; i < l->match.nold; i++)
		fprintf(stderr, "  %d>%d copies %u%s\n", l->at[0][i],
			l->match.partner[i] == MATCH_NONE ? -1
							  : l->at[1][l->match.partner[i]],
			l->match.copies[i], l->match.firm[i] ? " firm" : "");
	fprintf(stderr, "%.*s--\n%.*s==\n", TEXT_ARG(t->source.bytes),
		TEXT_ARG(buf_text(&t->out)));
}

static void
take_turn(struct life *l, struct turn *t, const struct plan_options *o)
{
	const struct format *f = format_named(text_of("thunderbird"));
	struct err e;

	cr_assert_eq(map_info(t->map, &l->arena, &t->info, &e), 0);
	source_of(&t->source, "popstate.dat", buf_text(&l->file));
	cr_assert_eq(store_read(&t->store, f, &t->source, &e), 0, "%s", e.message);
	cr_assert_eq(
		plan_make(&t->plan, &t->store, &l->settings, t->map, l->journal, o, &e),
		0, "%s", e.message);
	buf_init(&t->out, 0);
	cr_assert_eq(store_write(&t->store, t->plan.edits, t->plan.nedits, &t->out, &e),
		0, "seed %llu: %s", (unsigned long long)l->seed, e.message);
	show_turn(l, t, o);
	source_of(&t->written, "popstate.dat", buf_text(&t->out));
	cr_assert_eq(store_read(&t->after, f, &t->written, &e), 0, "%s", e.message);
}

static void
end_turn(struct turn *t)
{
	plan_release(&t->plan);
	store_release(&t->store);
	store_release(&t->after);
	buf_release(&t->out);
}

/* What cmd/stores.c does: the tombstones and the run go into the journal, the bytes to
 * the disk. */
static void
commit(struct life *l, struct turn *t)
{
	struct journal_file f = {.run = "0",
		.path = "popstate.dat",
		.temporary = "",
		.map_id = t->info.id,
		.format = "thunderbird",
		.old_copy = "",
		.new_copy = ""};
	const struct account *a = &t->store.accounts[t->plan.account];
	struct err e;

	f.account = arena_print(
		&l->arena, "%.*s@%.*s", TEXT_ARG(a->user.text), TEXT_ARG(a->host.text));
	for (size_t i = 0; i < t->plan.nedits; i++) {
		const struct edit *ed = &t->plan.edits[i];
		if (ed->what == EDIT_UIDL && t->plan.fate[ed->index] == FATE_TOMBSTONE)
			cr_assert_eq(journal_add_tombstone(l->journal, edit_text(ed),
					     store_value(&t->store, ed), &e),
				0);
	}
	cr_assert_eq(journal_prepare(l->journal, &f, &e), 0, "%s", e.message);
	cr_assert_eq(
		journal_finish(l->journal, &f, JOURNAL_DONE, &e), 0, "%s", e.message);
	buf_clear(&l->file);
	buf_add(&l->file, buf_text(&t->out));
}

/* By group: the client's side of the truth, and what it does at the new server. */
struct sums {
	size_t had, marked, unmarked, fresh, known, deleted;
};

/* Where nothing shows which server the client asked last, what only the new one lists
 * stays as the client has it: we do not make it worse. */
static bool
is_beyond_us(const struct life *l, const struct turn *t, const char *uidl)
{
	if (l->sure)
		return false;
	for (size_t i = 0; i < t->store.nrecords; i++)
		if (t->plan.fate[i] == FATE_NEW &&
			text_equal(store_uidl(&t->store, i), text_of(uidl)))
			return true;
	return false;
}

static struct sums
sum_group(const struct life *l, const struct turn *t, int group, const uint8_t *verdict)
{
	struct sums s = {0};

	for (int i = 0; i < l->n; i++) {
		const struct mail *m = &l->mail[i];
		if (m->group != group)
			continue;
		s.had += m->had;
		s.marked += m->had && m->status == 'd';
		s.unmarked += m->in_old && !(m->had && m->status == 'd');
	}
	for (size_t i = 0; i < l->list[1].n; i++) {
		const struct mail *m = &l->mail[l->at[1][i]];
		if (m->group != group || is_beyond_us(l, t, m->uidl[1]))
			continue;
		s.fresh++;
		s.known += verdict[i] != VERDICT_DOWNLOAD;
		s.deleted += verdict[i] == VERDICT_DELETE;
	}
	return s;
}

static bool
settings_delete(const struct life *l)
{
	return l->settings.known &&
	       (!l->settings.leave_on_server || l->settings.delete_after_days > 0);
}

static void
judge(struct life *l, struct turn *t, const char *when)
{
	uint8_t *verdict =
		check_store(&t->after, &l->settings, t->plan.account, &l->list[1], NOW);
	size_t n[3] = {0};
	unsigned long long seed = l->seed;

	for (size_t i = 0; i < l->list[1].n; i++)
		n[verdict[i]]++;
	cr_assert_eq(n[VERDICT_DOWNLOAD], t->plan.download, "seed %llu, %s", seed, when);
	cr_assert_eq(n[VERDICT_KEEP], t->plan.keep, "seed %llu, %s", seed, when);
	cr_assert_eq(n[VERDICT_DELETE], t->plan.remove, "seed %llu, %s", seed, when);
	cr_assert_leq(n[VERDICT_DELETE], t->plan.ndelete + t->plan.nfate[FATE_NEW],
		"seed %llu, %s: deletes more than was counted", seed, when);
	for (int i = 0; i < l->n; i++) {
		struct sums s = sum_group(l, t, l->mail[i].group, verdict);

		cr_assert_leq(s.known, s.had,
			"seed %llu, %s: the client takes for known what it has not had, "
			"like %s",
			seed, when, l->mail[i].uidl[1]);
		if (settings_delete(l))
			continue;
		cr_assert_leq(s.deleted, s.marked,
			"seed %llu, %s: deletes what nobody has marked, like %s", seed,
			when, l->mail[i].uidl[1]);
		if (!l->at_new)
			cr_assert_geq(s.fresh - s.deleted,
				s.fresh < s.unmarked ? s.fresh : s.unmarked,
				"seed %llu, %s: no copy is left of %s", seed, when,
				l->mail[i].uidl[1]);
	}
	free(verdict);
}

/* The client has forgotten nothing yet; one more has come to the new server. */
static void
deliver_one(struct life *l)
{
	struct mail *m = &l->mail[l->n];

	if (l->n == MAILS || chance(l, 30))
		return;
	*m = (struct mail){.group = l->n, .was_new = true, .in_new = true, .status = 'k'};
	snprintf(m->uidl[1], sizeof(m->uidl[1]), "%s",
		chance(l, 50) ? "77" : "00000077aaaa0001");
	l->at[1][l->list[1].n] = l->n++;
	listing_add(&l->list[1], text_of(m->uidl[1]), 1000);
}

struct tally {
	size_t ready, unchanged, refused, renamed, again, again_ready;
};

static void
live(struct life *l, struct tally *count)
{
	struct plan_options o = {.now = NOW,
		.force = true,
		.account = l->at_new && l->followed ? "ann@new.example.org" : NULL,
		.before_first_contact = !l->at_new && chance(l, 50),
		.allow_deletes = chance(l, 50)};
	struct turn t = {.map = make_map(l, 1)};

	l->sure = o.before_first_contact ||
		  (!l->at_new && l->followed && l->settings.known);
	take_turn(l, &t, &o);
	count->ready += t.plan.state == PLAN_READY;
	count->unchanged += t.plan.state == PLAN_UNCHANGED;
	count->refused += t.plan.state == PLAN_REFUSED;
	count->renamed += t.plan.nfate[FATE_RENAMED];
	if (t.plan.state == PLAN_REFUSED) {
		cr_assert_eq(t.plan.nedits, 0);
	} else if (t.plan.state == PLAN_READY) {
		judge(l, &t, "first");
		commit(l, &t);
		end_turn(&t);
		take_turn(l, &t, &o);
		cr_assert_eq(t.plan.state, PLAN_ALREADY);
		cr_assert_eq(t.plan.nedits, 0);
		cr_assert_eq(t.out.len, l->file.len);
		/* The line may be the new one now. */
		bool old_line = text_equal(t.store.accounts[t.plan.account].host.text,
			text_of("old.example.org"));
		o.account = old_line ? NULL : "ann@new.example.org";
		end_turn(&t);
		map_close(t.map);

		deliver_one(l);
		make_match(l, 80);
		t.map = make_map(l, 2);
		take_turn(l, &t, &o);
		count->again++;
		count->again_ready += t.plan.state == PLAN_READY;
		if (t.plan.state != PLAN_REFUSED)
			judge(l, &t, "second");
	}
	end_turn(&t);
	map_close(t.map);
}

/* A file of the new server's time, of which that server has nothing left, looks like one
 * of the old server's. */
static bool
may_be_told(const struct life *l)
{
	bool left = !l->at_new;

	for (int i = 0; i < l->n; i++)
		left = left || (l->mail[i].had && l->mail[i].in_new);
	return left;
}

Test(plan_truth, no_mail_is_lost_whatever_the_lists_are)
{
	const char *n = getenv("REUIDL_PLANS"), *from = getenv("REUIDL_PLANS_SEED");
	uint64_t runs = n != NULL ? strtoull(n, NULL, 10) : 300;
	uint64_t first = from != NULL ? strtoull(from, NULL, 10) : 1;
	struct life *l = malloc(sizeof(*l));
	struct tally count = {0};

	for (uint64_t seed = first; seed < first + runs; seed++) {
		make_life(l, seed);
		/* Nobody matches an empty mailbox. */
		if (l->list[0].n > 0 && l->list[1].n > 0 && may_be_told(l))
			live(l, &count);
		end_life(l);
	}
	free(l);
	if (getenv("REUIDL_PLANS_SHOW") != NULL)
		fprintf(stderr,
			"%zu ready, %zu unchanged, %zu refused; %zu renamed; "
			"%zu of %zu changed again\n",
			count.ready, count.unchanged, count.refused, count.renamed,
			count.again_ready, count.again);
	cr_assert(runs < 100 || (10 * count.ready > 3 * runs && count.renamed > runs));
}
