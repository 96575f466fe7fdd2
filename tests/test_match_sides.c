/*
 * Who takes part in a match, and what a side that is not whole needs.
 */
#include "box.h"

/* 6, and who takes part */

Test(match_sides, equal_uidls_prove_nothing)
{
	BEGIN();
	add(&old, "501", "Message-ID: <1@x>\n\nbody\n");
	add(&new, "501", "Message-ID: <2@x>\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	cr_assert_eq(m.unmatched[0], UNMATCHED_GONE);
	END();
}

Test(match_sides, uidls_that_stand_twice_are_not_paired)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n\nbody\n");
	add(&old, "a", "Message-ID: <2@x>\n\nbody\n");
	add(&old, "b", "Message-ID: <3@x>\n\nbody\n");
	add(&new, "c", "Message-ID: <1@x>\n\nbody\n");
	add(&new, "d", "Message-ID: <3@x>\n\nbody\n");
	add(&new, "d", "Message-ID: <2@x>\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(m.unmatched[i], UNMATCHED_UIDL);
	END();
}

Test(match_sides, bad_uidls_are_not_written)
{
	char longer[80] = "";
	BEGIN();

	memset(longer, 'a', 75);
	add(&old, longer, "Message-ID: <1@x>\n\nbody\n");
	add(&old, "a b", "Message-ID: <2@x>\n\nbody\n");
	add(&old, "c", "Message-ID: <3@x>\n\nbody\n");
	add(&new, "d", "Message-ID: <1@x>\n\nbody\n");
	add(&new, "e", "Message-ID: <2@x>\n\nbody\n");
	add(&new, longer, "Message-ID: <3@x>\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.unmatched[1], UNMATCHED_UIDL);
	cr_assert_eq(m.partner[2], MATCH_NONE);
	cr_assert_eq(m.unmatched[2], UNMATCHED_UIDL);
	END();
}

Test(match_sides, unfit_messages_count_for_uniqueness)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Received: r\nX: 1\n\none\n");
	add(&new, "c", "Received: r\nX: 1\n\ntwo\n");
	add(&new, "d d", "Received: r\nX: 1\n\none\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	END();
}

Test(match_sides, paired_messages_count_for_uniqueness)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", LOOSE_A);
	add(&old, "b", "Received: 2\nMessage-ID: <1@x>\nDate: d\n\ndoby\n");
	add(&new, "c", LOOSE_A);
	add(&new, "d", "Received: 3\nMessage-ID: <1@x>\nDate: d\n\nydob\n");
	match_boxes(&old, &new, &m);
	/* a and c are strict; b and d are alone then, equal in length, and two. */
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(m.partner[2], MATCH_NONE);
	cr_assert_eq(m.unmatched[2], UNMATCHED_DIFFERENT);
	END();
}

/* Nothing was learnt of either: they are not equal for that, nor asked for. */
Test(match_sides, a_header_that_never_came_is_none)
{
	BEGIN();
	listing_add(&old.list, text_of("a"), 100);
	listing_add(&new.list, text_of("b"), 100);
	listing_mark(&old.list);
	listing_mark(&new.list);
	match_run(&old.list, &new.list, &m);
	cr_assert_eq(m.pairs + m.nwant, 0);
	cr_assert_eq(m.unmatched[0], UNMATCHED_NO_HEADER);
	END();
}

Test(match_sides, a_header_that_is_not_given_is_said)
{
	struct evidence none = {.flags = MESSAGE_NO_HEADER};
	BEGIN();

	message_learn(add(&old, "a", COPY), &none);
	add(&new, "b", COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.unmatched[0], UNMATCHED_NO_HEADER);
	cr_assert_eq(m.pairs, 0);
	END();
}

/* Partial sides */

static void
match_part(struct match *m, size_t *nread, bool part, const char *a, const char *b)
{
	struct box old = WHOLE, new = WHOLE;

	old.list.whole = !part;
	add_known(&old, &new);
	add(&old, "a", a);
	add(&new, "b", b);
	match_boxes(&old, &new, m);
	*nread = old.nread;
	listing_release(&old.list);
	listing_release(&new.list);
}

Test(match_sides, loose_on_a_partial_side_needs_bodies)
{
	struct match m = {0};
	size_t nread;

	match_part(&m, &nread, false, LOOSE_A, LOOSE_B);
	cr_assert_eq(m.pairs, 2);
	cr_assert_eq(nread, 0);
	match_part(&m, &nread, true, LOOSE_A, LOOSE_B);
	cr_assert_eq(m.pairs, 2);
	cr_assert_eq(nread, 1);
	match_release(&m);
}

Test(match_sides, a_part_of_the_new_mailbox_is_no_more_than_one_of_the_old)
{
	BEGIN();
	new.list.whole = false;
	add_known(&old, &new);
	add(&old, "a", LOOSE_A);
	add(&new, "b", LOOSE_B);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(old.nread, 1);
	END();
}

Test(match_sides, strict_on_a_partial_side_needs_message_id)
{
	struct match m = {0};
	size_t nread;

	match_part(&m, &nread, true, COPY, COPY);
	cr_assert_eq(nread, 0);
	cr_assert_eq(m.pairs, 2);
	match_part(&m, &nread, true, "Received: r\n\nb\n", "Received: r\n\nb\n");
	cr_assert_eq(nread, 1);
	cr_assert_eq(m.pairs, 2);
	match_part(&m, &nread, true, "Received: r\n\nb\n", "Received: r\n\nc\n");
	cr_assert_eq(m.pairs, 1);
	match_release(&m);
}

Test(match_sides, a_message_without_header_makes_its_side_partial)
{
	struct evidence none = {.flags = MESSAGE_NO_HEADER};
	BEGIN();

	add_known(&old, &new);
	add(&old, "a", LOOSE_A);
	add(&new, "b", LOOSE_B);
	message_learn(add(&new, "c", COPY), &none);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(old.nread, 1);
	END();
}

/* Cut headers */

Test(match_sides, cut_headers_are_read_whole)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nX: 1\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nX: 1\n\nbody\n");
	struct evidence cut = read_message(text_of("Message-ID: <1@x>\n"), false);
	message_learn(&new.list.at[0], &cut);
	match_run(&old.list, &new.list, &m);
	cr_assert_eq(m.nwant, 1);
	cr_assert_eq(m.want_new[0], 1);
	cr_assert_eq(m.pairs, 0);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.evidence[0], EVIDENCE_STRICT);
	END();
}

Test(match_sides, a_header_without_end_in_the_whole_message_is_all)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n");
	add(&new, "b", "Message-ID: <1@x>\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 1);
	END();
}

Test(match_sides, cut_header_without_a_body_is_none)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n");
	add(&new, "b", "Message-ID: <1@x>\n\n");
	old.refused[0] = true;
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	cr_assert_eq(m.unmatched[0], UNMATCHED_NO_HEADER);
	END();
}

Test(match_sides, nothing_at_all)
{
	BEGIN();
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	add(&new, "a", COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	END();
}

Test(match_sides, strict_on_a_partial_side_with_unlike_lengths_needs_bodies)
{
	BEGIN();
	old.list.whole = false;
	add_unlike(&old, &new);
	add_sized(&old, "a", COPY, 200);
	add_sized(&new, "b", "Message-ID: <1@x>\nDate: d\n\nydob\n", 201);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(old.nread, 2);
	END();
}

Test(match_sides, cut_headers_are_asked_first)
{
	BEGIN();
	add(&old, "a", COPY);
	add(&old, "b", COPY);
	add(&old, "c", "Message-ID: <2@x>\n");
	add(&new, "d", COPY);
	listing_mark(&old.list);
	match_run(&old.list, &new.list, &m);
	cr_assert_eq(m.nwant, 1);
	cr_assert_eq(m.want_old[2], 1);
	END();
}

Test(match_sides, a_header_that_is_refused_counts_for_none)
{
	BEGIN();
	add(&old, "a", COPY)->flags |= MESSAGE_NO_HEADER;
	add(&new, "b", COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	cr_assert_eq(m.unmatched[0], UNMATCHED_NO_HEADER);
	END();
}
