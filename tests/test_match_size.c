/*
 * --evidence=size: what is read, what is paired, and each limit of docs/matching.md.
 *
 * A message is a number and a size; two of one number are the same message. Headers and
 * bodies are read only where they are asked for, so a test sees what was.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "model/header.h"
#include "model/match_size.h"

#define SIDE_MAX 600

struct side {
	struct listing list;
	int number[SIDE_MAX];
	bool refused[SIDE_MAX]; /* the server does not give its header */
	size_t read;		/* headers */
};

struct pair {
	struct side old, new;
	struct match_size s;
	struct match m;
	struct err e;
};

static void
begin(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->old.list.whole = p->new.list.whole = true;
}

static void
add(struct side *s, int number, int size)
{
	char uidl[32];

	snprintf(uidl, sizeof(uidl), "%zu.%d.abcdefgh", s->list.n, number);
	s->number[s->list.n] = number;
	listing_add(&s->list, text_of(uidl), (uint64_t)size);
}

static void
add_both(struct pair *p, int number, int size)
{
	add(&p->old, number, size);
	add(&p->new, number, size);
}

static struct evidence
read_message(int number, bool body)
{
	struct header h = {0};
	struct body b = {0};
	struct evidence ev = {0};
	char line[64];

	header_begin(&h);
	snprintf(line, sizeof(line), "Message-ID: <%d@x>", number);
	header_line(&h, text_of(line));
	header_line(&h, text_of(""));
	header_end(&h, &ev);
	if (body) {
		body_begin(&b);
		body_line(&b, text_of(line));
		ev.body = body_end(&b);
		ev.flags |= MESSAGE_BODY;
	}
	ev.header_octets = 30;
	header_release(&h);
	body_release(&b);
	return ev;
}

static void
read_wanted(struct side *s, const uint8_t *want, bool body)
{
	for (size_t i = 0; i < s->list.n; i++) {
		struct evidence ev = {.flags = MESSAGE_NO_HEADER | MESSAGE_NO_BODY};

		if (!want[i])
			continue;
		s->read += !body;
		if (!s->refused[i])
			ev = read_message(s->number[i], body);
		message_learn(&s->list.at[i], &ev);
	}
}

/* As src/work/matching.c does it. */
static int
match_by_size(struct pair *p)
{
	listing_mark(&p->old.list);
	listing_mark(&p->new.list);
	match_size_begin(&p->s, &p->old.list, &p->new.list);
	int rc = match_size_next(&p->s, NULL, &p->e);
	for (int rounds = 0; rc == 0 && (p->s.nwant > 0 || !p->s.compared); rounds++) {
		cr_assert_lt(rounds, 5, "asks for ever");
		read_wanted(&p->old, p->s.want[0], false);
		read_wanted(&p->new, p->s.want[1], false);
		for (int again = 0; again < 3; again++) {
			match_run(&p->old.list, &p->new.list, &p->m);
			read_wanted(&p->old, p->m.want_old, true);
			read_wanted(&p->new, p->m.want_new, true);
		}
		rc = match_size_next(&p->s, &p->m, &p->e);
	}
	if (rc == 0)
		match_size_pairs(&p->s, &p->m);
	return rc;
}

/* How many pairs there are, none of them wrong. */
static size_t
right_pairs(const struct pair *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->old.list.n; i++) {
		uint32_t to = p->m.partner[i];

		if (to == MATCH_NONE)
			continue;
		cr_assert_eq(
			p->old.number[i], p->new.number[to], "old %zu, new %u", i, to);
		n++;
	}
	cr_assert_eq(n, p->m.pairs);
	return n;
}

static void
end(struct pair *p)
{
	match_size_release(&p->s);
	match_release(&p->m);
	listing_release(&p->old.list);
	listing_release(&p->new.list);
}

static struct pair p;

Test(match_size, only_ends_and_samples_are_read)
{
	begin(&p);
	for (int i = 0; i < 200; i++)
		add_both(&p, i, 1000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	/* 0, 32, 64, 96, 128, 160, 192 and 199. */
	cr_assert_eq(p.old.read, 8);
	cr_assert_eq(p.new.read, 8);
	cr_assert_eq(right_pairs(&p), 200);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 192);
	cr_assert_eq(p.m.by_kind[EVIDENCE_STRICT], 8);
	cr_assert_eq(p.m.unmatched[1], UNMATCHED_NOT);
	end(&p);
}

Test(match_size, is_never_firm)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	for (int i = 0; i < 10; i++) {
		cr_assert_eq(p.m.evidence[i],
			i == 0 || i == 9 ? EVIDENCE_STRICT : EVIDENCE_SIZE);
		cr_assert_eq(p.m.firm[i], i == 0 || i == 9);
	}
	end(&p);
}

Test(match_size, a_size_that_two_have_is_read)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	/* 20 and 21 have changed places; the lists are in step all the same. */
	add(&p.old, 20, 500);
	add(&p.old, 21, 500);
	add(&p.new, 21, 500);
	add(&p.new, 20, 500);
	for (int i = 30; i < 40; i++)
		add_both(&p, i, 1000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 22);
	cr_assert_eq(p.m.evidence[10], EVIDENCE_STRICT);
	/* That shows that there was more than copying, so the run is read in full. */
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 0);
	end(&p);
}

Test(match_size, one_side_where_two_have_it_is_enough)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	add(&p.new, 77, 1000 + 7 * 5);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 10);
	cr_assert_eq(p.m.evidence[5], EVIDENCE_STRICT);
	cr_assert_eq(p.m.evidence[4], EVIDENCE_SIZE);
	end(&p);
}

/* Ten messages, of which the new side has another one in place of `which`. */
static void
replaced(int n, int which)
{
	begin(&p);
	for (int i = 0; i < n; i++) {
		add(&p.old, i, 1000 + 7 * i);
		add(&p.new, i == which ? 999 : i, 1000 + 7 * i);
	}
	/* A run that is well, so that sizes are comparable. */
	add(&p.new, 900, 5);
	for (int i = 0; i < 10; i++)
		add_both(&p, 700 + i, 10000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), n - 1 + 10);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 8, "of the other run");
	end(&p);
}

Test(match_size, the_first_of_a_run_must_be_one)
{
	replaced(10, 0);
}

Test(match_size, the_last_of_a_run_must_be_one)
{
	replaced(10, 9);
}

Test(match_size, samples_of_a_run_must_be_one)
{
	replaced(100, 64);
}

Test(match_size, in_a_run_that_has_failed_no_size_counts)
{
	begin(&p);
	for (int i = 0; i < 10; i++) {
		add(&p.old, i, 1000 + 7 * i);
		add(&p.new, i == 9 ? 999 : i, 1000 + 7 * i);
	}
	p.new.refused[5] = true;
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 8);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 0);
	end(&p);
}

Test(match_size, what_no_size_sees)
{
	begin(&p);
	for (int i = 0; i < 10; i++) {
		add(&p.old, i, 1000 + 7 * i);
		add(&p.new, i == 5 ? 999 : i, 1000 + 7 * i);
	}
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	/* The limit that makes all of this a thing to be accepted: matching.md names it. */
	cr_assert_eq(p.m.evidence[5], EVIDENCE_SIZE);
	end(&p);
}

Test(match_size, an_end_that_is_refused_proves_nothing)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	p.new.refused[9] = true;
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 9);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 0);
	end(&p);
}

Test(match_size, what_has_moved_is_read)
{
	begin(&p);
	for (int i = 0; i < 20; i++)
		add(&p.old, i, 1000 + 7 * i);
	for (int i = 0; i < 20; i++)
		if (i != 3)
			add(&p.new, i, 1000 + 7 * i);
	add(&p.new, 3, 1000 + 7 * 3);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 20);
	cr_assert_eq(p.m.evidence[3], EVIDENCE_STRICT);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 1 + 14); /* 1; 5 to 18 */
	end(&p);
}

Test(match_size, what_has_moved_together_is_read)
{
	begin(&p);
	for (int i = 0; i < 30; i++)
		add(&p.old, i, 1000 + 7 * i);
	for (int i = 0; i < 30; i++)
		if (i < 3 || i > 7)
			add(&p.new, i, 1000 + 7 * i);
	for (int i = 3; i <= 7; i++)
		add(&p.new, i, 1000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 30);
	for (int i = 3; i <= 7; i++)
		cr_assert_eq(p.m.evidence[i], EVIDENCE_STRICT);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 1 + 20);
	end(&p);
}

Test(match_size, one_more_of_a_size_ends_a_run)
{
	begin(&p);
	for (int i = 0; i < 20; i++) {
		add(&p.old, i, i == 10 ? 5 : 1000 + 7 * i);
		add(&p.new, i, i == 10 ? 5 : 1000 + 7 * i);
		if (i == 10)
			add(&p.new, 99, 5);
	}
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 20);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 8 + 7);
	end(&p);
}

/* Or else they would be compared with what stands in their place on the other side, and
 * sizes be found to tell nothing. */
Test(match_size, two_of_a_size_on_one_side_are_no_pair)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	for (int i = 0; i < 6; i++) {
		add(&p.old, 50 + i, 5 + i / 2);
		add(&p.new, 70 + i, 20 + i);
	}
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 10);
	end(&p);
}

/* Which of them is whose partner does not matter, for a run as well. */
Test(match_size, a_copy_at_the_end_of_a_run_proves_it)
{
	begin(&p);
	add(&p.old, 50, 5);
	for (int i = 0; i < 10; i++)
		add_both(&p, i == 0 ? 50 : i, 1000 + 7 * i);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 10);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 8);
	end(&p);
}

/* An earlier run has read the header of the fifth on one side: it is a message that has
 * grown and stands elsewhere on the other side, where another has its place. */
static void
fifth_is_known(int side)
{
	struct side *known = side == 0 ? &p.old : &p.new;
	struct side *other = side == 0 ? &p.new : &p.old;
	uint8_t want[SIDE_MAX] = {[5] = 1};

	begin(&p);
	for (int i = 0; i < 20; i++) {
		add(known, i, 1000 + 7 * i);
		add(other, i == 5 ? 99 : i, 1000 + 7 * i);
	}
	add(other, 5, 9999);
	read_wanted(known, want, false);
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_expect_eq(right_pairs(&p), 20);
	end(&p);
}

Test(match_size, who_has_a_partner_gets_no_other)
{
	fifth_is_known(0);
	fifth_is_known(1);
}

Test(match_size, out_of_step_ends_a_run)
{
	begin(&p);
	for (int i = 0; i < 20; i++) {
		add(&p.old, i, 1000 + 7 * i);
		/* Where there was a message of another size, there is another one. */
		if (i == 10)
			add(&p.new, 99, 77);
		else
			add(&p.new, i, 1000 + 7 * i);
	}
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 19);
	cr_assert_eq(p.m.evidence[9], EVIDENCE_STRICT);
	cr_assert_eq(p.m.evidence[11], EVIDENCE_STRICT);
	cr_assert_eq(p.m.by_kind[EVIDENCE_SIZE], 8 + 7);
	end(&p);
}

Test(match_size, servers_that_count_differently_are_refused)
{
	begin(&p);
	/* Each size of one is that of the next on the other, and all are in step. */
	for (int i = 0; i < 50; i++) {
		add(&p.old, i, 1000 + 2 * i);
		add(&p.new, i, 1000 + 2 * i + 2);
	}
	cr_assert_eq(match_by_size(&p), -1);
	cr_assert_eq(p.e.kind, ERR_GUARD);
	cr_assert_str_eq(p.e.reason, "size-evidence");
	cr_assert_not_null(strstr(p.e.message, "do not count alike"), "%s", p.e.message);
	cr_assert_lt(p.old.read, 6, "before all is read");
	end(&p);
}

Test(match_size, sizes_that_nobody_shares_are_refused)
{
	begin(&p);
	for (int i = 0; i < 50; i++) {
		add(&p.old, i, 1000 + 2 * i);
		add(&p.new, i, 1001 + 2 * i);
	}
	cr_assert_eq(match_by_size(&p), -1);
	cr_assert_eq(p.e.kind, ERR_GUARD);
	cr_assert_not_null(strstr(p.e.message, "sizes tell nothing"), "%s", p.e.message);
	cr_assert_eq(p.old.read, 0);
	end(&p);
}

Test(match_size, an_unfit_uidl_is_not_paired)
{
	begin(&p);
	for (int i = 0; i < 10; i++)
		add_both(&p, i, 1000 + 7 * i);
	p.old.list.at[4].uidl = p.old.list.at[5].uidl;
	p.old.list.at[4].uidl_len = p.old.list.at[5].uidl_len;
	p.new.list.at[7].uidl = "with a blank";
	p.new.list.at[7].uidl_len = 12;
	cr_assert_eq(match_by_size(&p), 0, "%s", p.e.message);
	cr_assert_eq(right_pairs(&p), 7);
	cr_assert_eq(p.m.partner[4], MATCH_NONE);
	cr_assert_eq(p.m.partner[5], MATCH_NONE);
	cr_assert_eq(p.m.partner[7], MATCH_NONE);
	end(&p);
}

static uint64_t state;

static int
below(int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int)(state >> 33) % n;
}

/* Deletions, new mail anywhere, and moves; sizes that two have, and that few have. No
 * message is put just where another of its size was: what_no_size_sees. */
Test(match_size, random_mailboxes_have_no_wrong_pair, .timeout = 60)
{
	size_t by_size = 0, found = 0, there = 0;

	for (int seed = 1; seed <= 400; seed++) {
		int range = seed % 3 == 0 ? 300 : 100000;

		state = (uint64_t)seed;
		begin(&p);
		for (int i = 0, gone = 0; i < 300; i++, gone = 0) {
			int size = 1000 + below(range);

			if (below(100) < 4)
				gone = 1;
			add(&p.old, i, size);
			if (gone == 0) {
				add(&p.new, i, size);
				there++;
			}
			if (gone == 0 && below(100) < 3)
				add(&p.new, 1000 + i, 1000 + below(range));
		}
		for (int moves = below(10); moves > 0; moves--) {
			size_t a = (size_t)below((int)p.new.list.n);
			size_t b = (size_t)below((int)p.new.list.n);
			struct message one = p.new.list.at[a];
			int number = p.new.number[a];

			p.new.list.at[a] = p.new.list.at[b];
			p.new.list.at[b] = one;
			p.new.number[a] = p.new.number[b];
			p.new.number[b] = number;
		}
		if (match_by_size(&p) == 0) {
			found += right_pairs(&p);
			by_size += p.m.by_kind[EVIDENCE_SIZE];
		}
		end(&p);
	}
	cr_assert_gt(by_size, 20000);
	cr_assert_gt(100 * found, 99 * there);
}
