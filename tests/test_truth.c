/*
 * Small pairs of mailboxes whose truth is known: no wrong pair, ever, and nearly all that
 * can be told is found. `make check-truth` plays many more; a failure names its seed.
 */
#include <criterion/criterion.h>

#include "truth/truth.h"

#define SMALL 2000

TestSuite(truth, .timeout = 60);

static void
is_right(const struct score *s)
{
	cr_assert_eq(s->all.wrong, 0);
	cr_assert_leq(1000 * s->lost, s->all.tellable, "%zu of %zu lost", s->lost,
		s->all.tellable);
}

Test(truth, no_wrong_pair_and_nearly_all_found)
{
	struct score s = {0};
	struct truth t;

	for (uint64_t seed = 1; seed <= SMALL; seed++) {
		truth_make(&t, seed, 0);
		judge(&t, &s, false);
		truth_release(&t);
	}
	is_right(&s);
	cr_assert_gt(s.all.pairs, 10 * SMALL);
	/* None of the troubles has been left out. */
	for (int k = 0; k < TROUBLES; k++)
		cr_expect_gt(s.row[k].messages, SMALL / 100, "%s", trouble_names[k]);
}

Test(truth, the_same_in_a_large_mailbox)
{
	struct score s = {0};
	struct truth t;

	truth_make(&t, 1, 8000);
	judge(&t, &s, false);
	truth_release(&t);
	is_right(&s);
	cr_assert_gt(s.all.pairs, 3000);
}
