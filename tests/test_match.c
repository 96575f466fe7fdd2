/*
 * Evidence rules 1 and 2: headers and body lengths.
 */
#include "box.h"

/* 1: strict */

Test(match, strict_equal_is_a_pair)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n\nbody\n");
	add(&old, "b", "Message-ID: <2@x>\n\nbody\n");
	add(&new, "c", "Message-ID: <2@x>\n\nbody\n");
	add(&new, "d", "Message-ID: <1@x>\n\nbody\n");
	add(&new, "e", "Message-ID: <3@x>\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 1);
	cr_assert_eq(m.partner[1], 0);
	cr_assert_eq(m.pairs, 2);
	cr_assert_eq(m.by_kind[EVIDENCE_STRICT], 2);
	cr_assert_eq(m.evidence[0], EVIDENCE_STRICT);
	cr_assert_eq(m.firm[0], 1);
	cr_assert_eq(m.unmatched[0], UNMATCHED_NOT);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(old.nread + new.nread, 0);
	END();
}

Test(match, strict_with_received_needs_no_message_id)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Received: r1\n\nbody\n");
	add(&new, "b", "Received: r1\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(m.evidence[1], EVIDENCE_STRICT);
	cr_assert_eq(old.nread, 0);
	END();
}

Test(match, strict_without_both_needs_bodies)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Subject: scan\nDate: d\n\nbody\n");
	add(&new, "b", "Subject: scan\nDate: d\n\nydob\n");
	add(&old, "a2", "Subject: scan 2\nDate: d\n\nbody\n");
	add(&new, "b2", "Subject: scan 2\nDate: d\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.unmatched[1], UNMATCHED_DIFFERENT);
	cr_assert_eq(m.partner[2], 2);
	cr_assert_eq(m.firm[2], 1);
	cr_assert_eq(m.pairs, 2);
	END();
}

Test(match, empty_header_pairs_by_body_only)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "\ndraft one\n");
	add(&new, "b", "\ndraft two\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	END();
}

Test(match, other_length_forbids)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Message-ID: <1@x>\nReceived: r\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nReceived: r\n\nbody and more\n");
	/* A sample of ten keeps the lengths comparable with this one unlike. */
	char text[10][40], uidl[20];
	for (int i = 0; i < 10; i++) {
		snprintf(text[i], sizeof(text[i]), "Message-ID: <s%d@x>\n\nbody\n", i);
		snprintf(uidl, sizeof(uidl), "s%d", i);
		add(&old, uidl, text[i]);
		add(&new, uidl, text[i]);
	}
	match_boxes(&old, &new, &m);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.unmatched[1], UNMATCHED_DIFFERENT);
	cr_assert_eq(m.pairs, 11);
	cr_assert_eq(old.nread, 1);
	END();
}

Test(match, other_length_and_equal_bodies_is_a_pair)
{
	BEGIN();
	add_known(&old, &new);
	/* No Message-ID, so it is no sample. */
	add(&old, "a", "Received: r\n\nbody\n");
	add_sized(&new, "b", "Received: r\n\nbody\n\n\n", 30);
	match_boxes(&old, &new, &m);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(m.evidence[1], EVIDENCE_STRICT);
	cr_assert_eq(m.firm[1], 1);
	cr_assert_eq(old.nread, 1);
	END();
}

Test(match, nine_in_ten_make_lengths_comparable)
{
	char text[20][40], uidl[20];

	for (int unlike = 1; unlike <= 3; unlike++) {
		BEGIN();
		for (int i = 0; i < 20; i++) {
			snprintf(
				text[i], sizeof(text[i]), "Message-ID: <%d@x>\n\nb\n", i);
			snprintf(uidl, sizeof(uidl), "%d", i);
			add_sized(&old, uidl, text[i], 100);
			add_sized(&new, uidl, text[i], i < unlike ? 101 : 100);
		}
		match_boxes(&old, &new, &m);
		cr_assert_eq(m.lengths_comparable, unlike <= 2);
		cr_assert_eq(m.pairs, 20);
		/* Not comparable: the unique Message-IDs are enough, but not firm. */
		cr_assert_eq(old.nread, unlike <= 2 ? (size_t)unlike : 0);
		cr_assert_eq(m.firm[19], unlike <= 2);
		END();
	}
}

/* A mail and another one of the same Message-ID with other headers, as a list makes it,
 * say nothing of how the servers count. */
Test(match, lengths_are_learnt_from_equal_headers)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Message-ID: <1@x>\nX: 1\n\none\n");
	add(&new, "b", "Message-ID: <1@x>\nX: 2\n\none\nfooter\n");
	add(&old, "c", "Received: r\n\nbody\n");
	add(&new, "d", "Received: r\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(m.partner[2], 2);
	cr_assert(!(old.list.at[2].flags & MESSAGE_BODY));
	END();
}

/* One whose size cannot be right is known by its Message-ID, but not firmly. */
Test(match, firm_needs_a_length)
{
	BEGIN();
	add_ten_known(&old, &new);
	add_sized(&old, "a", "Message-ID: <1@x>\n\nbody\n", 3);
	add(&new, "b", "Message-ID: <1@x>\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(m.partner[10], 10);
	cr_assert_eq(m.firm[10], 0);
	cr_assert_eq(m.firm[9], 1);
	END();
}

/* Two of one header against one, on either side: the bodies decide. */
Test(match, strict_must_be_unique_on_either_side)
{
	static const char one[] = "Received: r\nMessage-ID: <1@x>\n\none\n";
	static const char two[] = "Received: r\nMessage-ID: <1@x>\n\ntwo\n";

	for (int side = 0; side < 2; side++) {
		BEGIN();
		struct box *many = side == 0 ? &old : &new,
			   *few = side == 0 ? &new : &old;
		add_known(&old, &new);
		add(many, "a", one);
		add(many, "b", two);
		add(few, "c", two);
		match_boxes(&old, &new, &m);
		cr_expect_eq(m.partner[1], side == 0 ? MATCH_NONE : 2);
		if (side == 0)
			cr_expect_eq(m.partner[2], 1);
		END();
	}
}

Test(match, unlike_lengths_need_a_unique_message_id)
{
	BEGIN();
	add_unlike(&old, &new);
	/* One Message-ID, two headers: unique in strict, not in Message-ID. */
	add_sized(&old, "a", "Message-ID: <1@x>\nX: 1\n\none\n", 200);
	add_sized(&old, "b", "Message-ID: <1@x>\nX: 2\n\ntwo\n", 200);
	add_sized(&new, "c", "Message-ID: <1@x>\nX: 1\n\nnot\n", 200);
	add_sized(&new, "d", "Message-ID: <1@x>\nX: 2\n\ntwo\n", 200);
	match_boxes(&old, &new, &m);
	cr_assert(!m.lengths_comparable);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.partner[2], 2);
	END();
}

Test(match, without_a_sample_bodies_decide)
{
	BEGIN();
	add(&old, "a", "Received: r\n\nbody\n");
	add(&new, "b", "Received: r\n\nydob\n");
	match_boxes(&old, &new, &m);
	cr_assert(!m.lengths_comparable);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	cr_assert_eq(old.nread, 1);
	END();
}

Test(match, size_below_the_header_says_nothing)
{
	BEGIN();
	add_known(&old, &new);
	add_sized(&old, "a", "Received: r\n\nbody\n", 3);
	add_sized(&new, "b", "Received: r\n\nbody\n", 3);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(old.nread, 1);
	END();
}

/* 2: loose */

Test(match, loose_equal_is_a_pair)
{
	BEGIN();
	add(&old, "a", LOOSE_A);
	add(&new, "b", LOOSE_B);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	cr_assert_eq(m.evidence[0], EVIDENCE_LOOSE);
	cr_assert_eq(m.firm[0], 0);
	cr_assert_eq(old.nread, 0);
	END();
}

Test(match, loose_needs_message_id_and_date)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Received: 1\nMessage-ID: <1@x>\n\nbody\n");
	add(&new, "b", "Received: 2\nMessage-ID: <1@x>\n\nydob\n");
	add(&old, "c", "Received: 1\nDate: d\n\nbody\n");
	add(&new, "d", "Received: 2\nDate: d\n\nydob\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 1);
	END();
}

Test(match, loose_of_other_length_needs_bodies)
{
	BEGIN();
	add_ten_known(&old, &new);
	/* The list's copy of a mail, with its footer; the direct one is gone. */
	add_sized(&old, "a", LOOSE_A, 1000);
	add_sized(&new, "b", "Received: z\nMessage-ID: <1@x>\nDate: d\n\nbody\nfooter\n",
		1010);
	match_boxes(&old, &new, &m);
	cr_assert(m.lengths_comparable);
	cr_assert_eq(m.partner[10], MATCH_NONE);
	cr_assert_eq(m.unmatched[10], UNMATCHED_DIFFERENT);
	END();
}

Test(match, loose_with_unlike_lengths_needs_bodies)
{
	BEGIN();
	for (int i = 0; i < 3; i++)
		add_unlike(&old, &new);
	old.list.at[1].message_id++; /* three known ones, each by itself */
	old.list.at[2].message_id += 2;
	new.list.at[1].message_id++;
	new.list.at[2].message_id += 2;
	add(&old, "a", LOOSE_A);
	add(&new, "b", "Received: z\nMessage-ID: <1@x>\nDate: d\n\nbody\nfooter\n");
	match_boxes(&old, &new, &m);
	cr_assert(!m.lengths_comparable);
	cr_assert_eq(m.partner[3], MATCH_NONE);
	END();
}

Test(match, loose_with_unlike_lengths_that_are_equal_by_chance)
{
	BEGIN();
	add_unlike(&old, &new);
	add_sized(&old, "a", LOOSE_A, 200);
	add_sized(&new, "b", "Received: z\nMessage-ID: <1@x>\nDate: d\n\nydob\n", 200);
	new.list.at[1].header_octets = old.list.at[1].header_octets;
	match_boxes(&old, &new, &m);
	cr_assert(!m.lengths_comparable);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	END();
}

Test(match, digests_are_compared_beyond_their_first_bytes)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n\nbody\n");
	add(&new, "b", "Message-ID: <2@x>\n\nbody\n");
	memcpy(new.list.at[0].strict, old.list.at[0].strict, MESSAGE_DIGEST - 1);
	new.list.at[0].strict[MESSAGE_DIGEST - 1] =
		(uint8_t)(old.list.at[0].strict[MESSAGE_DIGEST - 1] ^ 1);
	new.list.at[0].message_id = old.list.at[0].message_id;
	match_run(&old.list, &new.list, &m);
	cr_assert_eq(m.pairs + m.nwant, 0);
	END();
}
