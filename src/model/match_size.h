/*
 * Pairs by size alone (--evidence=size), for servers on which every header costs a round
 * trip and that speak no IMAP. The one kind of evidence that can be wrong: a message whose
 * place has been taken by another of the very same size. So it is asked for, never firm,
 * and used only where a person accepts it.
 *
 * Pure: two listings in. Messages whose size is theirs alone on both sides are aligned in
 * order (longest common subsequence). A run is a stretch in which the lists are in step,
 * message for message of one size, from one such message to another. Headers are asked
 * for of a run's first and last, of each SIZE_SAMPLE-th, of all in it whose size is not
 * theirs alone, and of all messages outside of runs. Each pair of a run of which both
 * headers are known must be one by the rules of match.h, else the whole run is read. What
 * is left of a run that has passed is paired by size.
 *
 * Each of these is a limit, with a test that fails without it (tests/test_match_size.c).
 */
#ifndef MODEL_MATCH_SIZE_H
#define MODEL_MATCH_SIZE_H

#include "model/match.h"

#define SIZE_SAMPLE 32

struct size_run {
	uint32_t old, new, n;
	bool failed; /* read in full */
};

struct match_size {
	const struct listing *list[2];
	struct size_run *runs;
	size_t nruns, runs_cap;
	uint8_t *alone[2]; /* by index: its size is its own on both sides */
	/* Headers that are wanted now; by index, 1 = wanted. */
	uint8_t *want[2];
	size_t nwant;
	bool compared; /* the ends have shown that both servers count alike */
};

/* Both lists must be whole; they are the caller's. */
void match_size_begin(
	struct match_size *s, const struct listing *old, const struct listing *new);
/* What to read next. `m` is what match_run() made of the headers that are known, NULL
 * before any is: then the ends of the runs. The caller reads those headers, runs
 * match_run() again, and comes back until nothing is wanted and `compared` is set.
 * Servers that do not count sizes alike: ERR_GUARD, reason "size-evidence". */
int match_size_next(struct match_size *s, const struct match *m, struct err *e);
/* Adds the pairs by size to what match_run() made, when match_size_next() wants nothing
 * more of that. */
void match_size_pairs(const struct match_size *s, struct match *m);
void match_size_release(struct match_size *s);

#endif
