/*
 * Evidence rules 3 to 5: bodies.
 */
#include "box.h"

/* 3: id */

Test(match_bodies, id_with_equal_bodies_is_a_pair)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nX-A: 1\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nX-A: 2\n\nbody\n");
	add(&old, "c", "Message-ID: <2@x>\nX-A: 1\n\nbody\n");
	add(&new, "d", "Message-ID: <2@x>\nX-A: 2\n\nydob\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	cr_assert_eq(m.evidence[0], EVIDENCE_ID);
	cr_assert_eq(m.firm[0], 1);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.unmatched[1], UNMATCHED_DIFFERENT);
	END();
}

Test(match_bodies, id_must_be_unique)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nX-A: 1\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nX-A: 2\n\nbody\n");
	add(&new, "c", "Message-ID: <1@x>\nX-A: 3\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	cr_assert_eq(m.unmatched[0], UNMATCHED_AMBIGUOUS);
	cr_assert_eq(m.ambiguous, 1);
	END();
}

/* A mail and its copy from a list with a footer, on a server that adds a header of its
 * own; of a second such mail only the copy is left. */
Test(match_bodies, messages_of_one_id_are_told_by_their_bodies)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nX-A: 1\n\nbody\n");
	add(&old, "b", "Message-ID: <1@x>\nX-A: 2\n\nbody\n-- \nlist\n");
	add(&new, "c", "X-B: 3\nMessage-ID: <1@x>\nX-A: 2\n\nbody\n-- \nlist\n");
	add(&new, "d", "X-B: 3\nMessage-ID: <1@x>\nX-A: 1\n\nbody\n");
	add(&old, "e", "Message-ID: <2@x>\nX-A: 1\n\nbody\n");
	add(&old, "f", "Message-ID: <2@x>\nX-A: 2\n\nbody\n-- \nlist\n");
	add(&new, "g", "X-B: 3\nMessage-ID: <2@x>\nX-A: 2\n\nbody\n-- \nlist\n");
	match_boxes(&old, &new, &m);
	cr_expect_eq(m.partner[0], 1);
	cr_expect_eq(m.partner[1], 0);
	cr_expect_eq(m.partner[2], MATCH_NONE);
	cr_expect_eq(m.partner[3], 2);
	cr_expect_eq(m.evidence[3], EVIDENCE_ID);
	END();
}

/* One who has a partner by rule 1 is no longer asked; who shares its id and its other
 * headers still finds his own by rule 3. */
Test(match_bodies, a_partner_in_the_class_hides_nobody)
{
	BEGIN();
	add(&old, "a", "Received: 1\nMessage-ID: <1@x>\nDate: d\n\nbody\n");
	add(&new, "b", "Received: 1\nMessage-ID: <1@x>\nDate: d\n\nbody\n");
	add(&old, "c", "Received: 2\nMessage-ID: <1@x>\nDate: d\n\nthe other\n");
	add(&new, "d", "Received: 2\nMessage-ID: <1@x>\nDate: d\nX-B: 3\n\nthe other\n");
	match_boxes(&old, &new, &m);
	cr_expect_eq(m.partner[0], 0);
	cr_expect_eq(m.evidence[0], EVIDENCE_STRICT);
	cr_expect_eq(m.partner[1], 1);
	cr_expect_eq(m.evidence[1], EVIDENCE_ID);
	END();
}

/* A newsletter has no Message-ID; its Date will do, or a Message-ID without one. */
Test(match_bodies, id_needs_a_message_id_or_a_date)
{
	BEGIN();
	add(&old, "a", "Date: d\nFrom: n\nX-A: 1\n\nbody\n");
	add(&new, "b", "Date: d\nFrom: n\nX-A: 2\n\nbody\n");
	add(&old, "c", "Message-ID: <1@x>\nFrom: n\nX-A: 1\n\nbody\n");
	add(&new, "d", "Message-ID: <1@x>\nFrom: n\nX-A: 2\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.evidence[0], EVIDENCE_ID);
	cr_assert_eq(m.evidence[1], EVIDENCE_ID);
	END();
}

Test(match_bodies, id_of_nothing_is_no_id)
{
	BEGIN();
	/* Equal From, Subject, To and body: the backup's nightly mail. */
	add(&old, "a", "From: root\nSubject: done\nX-Run: 1\n\nok\n");
	add(&new, "b", "From: root\nSubject: done\nX-Run: 2\n\nok\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	END();
}

/* 4: the '?' rule */

#define UMLAUT(o) "Message-ID: <1@x>\nDate: d\nSubject: Gr" o "e\n\nbody\n"

Test(match_bodies, damaged_with_equal_bodies_is_a_pair)
{
	BEGIN();
	add(&old, "a", UMLAUT("\xc3\xb6\xc3\x9f"));
	add(&new, "b", UMLAUT("????"));
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	cr_assert_eq(m.evidence[0], EVIDENCE_DAMAGED);
	cr_assert_eq(m.firm[0], 1);
	cr_assert_eq(old.nread, 1);
	END();
}

/* Where both rules hold: what is damaged is none of the five headers. */
Test(match_bodies, id_comes_before_damaged)
{
	BEGIN();
	add(&old, "a",
		"Message-ID: <1@x>\nDate: d\nX-Name: Gr\xc3\xb6\xc3\x9f\x65\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nDate: d\nX-Name: Gr????e\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.evidence[0], EVIDENCE_ID);
	END();
}

/* A machine's nightly mail, of which the new server has another night's. */
Test(match_bodies, damaged_without_message_id_and_date_is_none)
{
	BEGIN();
	add(&old, "a", "From: root\nSubject: Gr\xc3\xb6\xc3\x9f\x65\n\nok\n");
	add(&new, "b", "From: root\nSubject: Gr????e\n\nok\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	END();
}

Test(match_bodies, damaged_needs_equal_bodies)
{
	BEGIN();
	add(&old, "a", UMLAUT("\xc3\xb6\xc3\x9f"));
	add(&new, "b", "Message-ID: <1@x>\nDate: d\nSubject: Gr?e\n\nydob\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	END();
}

Test(match_bodies, damaged_must_be_unique)
{
	BEGIN();
	add(&old, "a", UMLAUT("\xc3\xb6\xc3\x9f"));
	add(&old, "a2", UMLAUT("\xc3\xa4\xc3\x9f"));
	add(&new, "b", UMLAUT("?"));
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	END();
}

Test(match_bodies, damaged_needs_damage)
{
	BEGIN();
	/* "Größe" is not "Gräße": both have their 8-bit bytes, nobody damaged one. */
	add(&old, "a", UMLAUT("\xc3\xb6\xc3\x9f"));
	add(&new, "b", UMLAUT("\xc3\xa4\xc3\x9f"));
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	END();
}

/* 5: copies */

Test(match_bodies, copies_pair_in_order)
{
	BEGIN();
	for (int i = 0; i < 3; i++)
		add(&old, (const char *[]){"a", "b", "c"}[i], COPY);
	add(&new, "d", COPY);
	add(&new, "e", COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	cr_assert_eq(m.partner[1], 1);
	cr_assert_eq(m.partner[2], MATCH_NONE);
	cr_assert_eq(m.evidence[0], EVIDENCE_ORDER);
	cr_assert_eq(m.by_kind[EVIDENCE_ORDER], 2);
	cr_assert_eq(m.firm[1], 1);
	cr_assert_neq(m.copies[2], 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(m.copies[i], m.copies[2]);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(m.new_copies[i], m.copies[2]);
	cr_assert_eq(m.unmatched[2], UNMATCHED_AMBIGUOUS);
	cr_assert_eq(m.ambiguous, 1);
	END();
}

Test(match_bodies, copies_have_equal_bodies)
{
	BEGIN();
	add(&old, "a", COPY);
	add(&old, "b", "Message-ID: <1@x>\nDate: d\n\nother\n");
	add(&new, "c", "Message-ID: <1@x>\nDate: d\n\nother\n");
	add(&new, "d", COPY);
	add(&new, "e", "Message-ID: <1@x>\nDate: d\n\nthird\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 1);
	cr_assert_eq(m.partner[1], 0);
	cr_assert_neq(m.copies[0], m.copies[1]);
	cr_assert_eq(m.new_copies[2], 0);
	END();
}

Test(match_bodies, copies_by_received_are_told_apart)
{
	BEGIN();
	/* The one that was deleted is not taken for the one that is there. */
	add(&old, "a", "Received: 1\n" COPY);
	add(&old, "b", "Received: 2\n" COPY);
	add(&new, "c", "Received: 2\n" COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	cr_assert_eq(m.partner[1], 0);
	cr_assert_eq(m.evidence[1], EVIDENCE_STRICT);
	cr_assert_eq(m.unmatched[0], UNMATCHED_GONE);
	END();
}

Test(match_bodies, nightly_mails_are_no_copies)
{
	BEGIN();
	add_known(&old, &new);
	/* No Message-ID, no Date, equal bodies, other Received lines: each is news. */
	add(&old, "a", "Received: monday\nSubject: done\n\nok\n");
	add(&old, "b", "Received: tuesday\nSubject: done\n\nok\n");
	add(&new, "c", "Received: tuesday\nSubject: done\n\nok\n");
	add(&new, "d", "Received: friday\nSubject: done\n\nok\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	cr_assert_eq(m.partner[2], 1);
	cr_assert_eq(m.unmatched[1], UNMATCHED_AMBIGUOUS);
	END();
}

Test(match_bodies, copies_without_a_body_stay)
{
	BEGIN();
	add(&old, "a", COPY);
	add(&old, "b", COPY);
	add(&new, "c", COPY);
	old.refused[0] = true;
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], MATCH_NONE);
	cr_assert_eq(m.partner[1], 0);
	END();
}

/* Two bodies that nobody gives are not equal. */
Test(match_bodies, copies_whose_bodies_are_refused_are_none)
{
	BEGIN();
	add(&old, "a", COPY);
	add(&old, "b", COPY);
	add(&new, "c", COPY);
	add(&new, "d", COPY);
	old.refused[1] = new.refused[0] = true;
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 1);
	cr_assert_eq(m.partner[1], MATCH_NONE);
	END();
}

Test(match_bodies, what_is_on_one_side_only_is_not_asked)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", COPY);
	add(&old, "b", COPY);
	match_boxes(&old, &new, &m);
	cr_assert_eq(old.nread, 0);
	cr_assert_eq(m.unmatched[1], UNMATCHED_GONE);
	END();
}

Test(match_bodies, what_a_refused_body_cannot_decide_is_not_asked)
{
	struct evidence none = {.flags = MESSAGE_NO_BODY};
	BEGIN();

	message_learn(add(&old, "a", COPY), &none);
	message_learn(add(&old, "b", COPY), &none);
	add(&new, "c", COPY);
	message_learn(add(&old, "d", "Message-ID: <2@x>\nX-A: 1\n\nbody\n"), &none);
	add(&new, "e", "Message-ID: <2@x>\nX-A: 2\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(new.nread, 0);
	cr_assert_eq(m.pairs, 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(m.unmatched[i], UNMATCHED_AMBIGUOUS);
	END();
}

Test(match_bodies, messages_without_id_are_not_like_one_another)
{
	BEGIN();
	add(&old, "a", "X-A: 1\n\nbody\n");
	add(&new, "b", "X-A: 2\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.unmatched[0], UNMATCHED_GONE);
	END();
}
