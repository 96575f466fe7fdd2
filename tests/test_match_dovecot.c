/*
 * The cases of Dovecot's pop3-migration plugin (2.3.19), with their right answers.
 */
#include "box.h"

#include <criterion/parameterized.h>

/*
 * What Dovecot's pop3-migration plugin (2.3.19) pairs wrongly, in silence.
 */

Test(dovecot_wrong, equal_headers_with_different_bodies)
{
	BEGIN();
	add_known(&old, &new);
	add(&old, "a", "Received: r\nSubject: s\n\none\n");
	add(&old, "b", "Received: r\nSubject: s\n\ntwo\n");
	add(&new, "c", "Received: r\nSubject: s\n\ntwo\n");
	add(&new, "d", "Received: r\nSubject: s\n\none\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[1], 2);
	cr_assert_eq(m.partner[2], 1);
	END();
}

static void
swapped(const char *a, const char *b)
{
	BEGIN();
	add(&old, "a", a);
	add(&old, "b", b);
	add(&new, "c", b);
	add(&new, "d", a);
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 1);
	cr_assert_eq(m.partner[1], 0);
	END();
}

Test(dovecot_wrong, two_of_one_size_that_swapped_places)
{
	swapped("Message-ID: <1@x>\nDate: d\n\none\n",
		"Message-ID: <2@x>\nDate: d\n\ntwo\n");
}

Test(dovecot_wrong, re_member_and_remember_swapped)
{
	swapped("Received: r\nSubject: re member\n\nbody\n",
		"Received: r\nSubject: remember\n\nbody\n");
}

Test(dovecot_wrong, groesse_and_graesse_swapped)
{
	swapped("Received: r\nSubject: Gr\xc3\xb6\xc3\x9f\x65\n\nbody\n",
		"Received: r\nSubject: Gr\xc3\xa4\xc3\x9f\x65\n\nbody\n");
}

Test(dovecot_wrong, one_on_each_side_of_one_size)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nSubject: rent\n\none\n");
	add(&new, "b", "Message-ID: <2@x>\nSubject: bill\n\ntwo\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.pairs, 0);
	cr_assert_eq(m.unmatched[0], UNMATCHED_GONE);
	END();
}

/*
 * What makes it give up the whole mailbox.
 */

struct given_up {
	char what[40], line[60];
};

ParameterizedTestParameters(dovecot_gives_up, one_header_more)
{
	static struct given_up rows[] = {
		{"Received", "Received: by another server\n"},
		{"Delivered-To", "Delivered-To: user@new\n"},
		{"Lines", "Lines: 12\n"},
		{"X-Antivirus", "X-Antivirus: clean\n"},
		{"X-Antivirus-Status", "X-Antivirus-Status: Clean\n"},
	};

	return cr_make_param_array(
		struct given_up, rows, sizeof(rows) / sizeof(*rows), NULL);
}

ParameterizedTest(struct given_up *row, dovecot_gives_up, one_header_more)
{
	static const char rest[] = "Received: r\nMessage-ID: <1@x>\nDate: d\n\nbody\n";
	char more[200];

	snprintf(more, sizeof(more), "%s%s", row->line, rest);
	for (int side = 0; side < 2; side++) {
		BEGIN();
		add(&old, "a", side == 0 ? more : rest);
		add(&new, "b", side == 0 ? rest : more);
		match_boxes(&old, &new, &m);
		cr_assert_eq(m.pairs, 1, "%s", row->what);
		cr_assert_eq(old.nread, 0);
		END();
	}
}

Test(dovecot_gives_up, a_header_unfolded)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nSubject: a\n\tb\n  c\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nSubject: a b c\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.evidence[0], EVIDENCE_STRICT);
	END();
}

Test(dovecot_gives_up, a_blank_folded_line_in_a_folded_header)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\nSubject: a\n \n b\nX: y\n\nbody\n");
	add(&new, "b", "Message-ID: <1@x>\nSubject: a\n b\nX: y\n\nbody\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.evidence[0], EVIDENCE_STRICT);
	END();
}

Test(dovecot_gives_up, one_message_more_on_either_side)
{
	for (int side = 0; side < 2; side++) {
		BEGIN();
		add(side == 0 ? &old : &new, "more", "Message-ID: <0@x>\n\nbody\n");
		add(&old, "a", "Message-ID: <1@x>\n\nbody\n");
		add(&new, "b", "Message-ID: <1@x>\n\nbody\n");
		add(&old, "c", "Message-ID: <2@x>\n\nbody\n");
		add(&new, "d", "Message-ID: <2@x>\n\nbody\n");
		match_boxes(&old, &new, &m);
		cr_assert_eq(m.pairs, 2);
		cr_assert_eq(m.partner[side == 0 ? 1 : 0], side == 0 ? 0 : 1);
		END();
	}
}

Test(dovecot_gives_up, a_second_run_with_order_changed)
{
	BEGIN();
	add(&old, "a", "Message-ID: <1@x>\n\none\n");
	add(&old, "b", "Message-ID: <2@x>\n\ntwo\n");
	add(&new, "c", "Message-ID: <1@x>\n\none\n");
	add(&new, "d", "Message-ID: <2@x>\n\ntwo\n");
	match_boxes(&old, &new, &m);
	cr_assert_eq(m.partner[0], 0);
	struct message first = new.list.at[0];
	new.list.at[0] = new.list.at[1];
	new.list.at[1] = first;
	match_run(&old.list, &new.list, &m);
	cr_assert_eq(m.partner[0], 1);
	cr_assert_eq(m.partner[1], 0);
	END();
}
