/*
 * Which message of the new server is which of the old one.
 *
 * Pure: two listings in, pairs out. A pair is made only when one of the evidence rules
 * of docs/matching.md holds; every other message stays without a partner. Rules that
 * need bodies ask for them: match_run() sets want_old and want_new, the caller reads
 * those bodies (message_learn()) and runs it again until nothing more is wanted. A body
 * that cannot be had is marked MESSAGE_NO_BODY by the caller, and not asked for again.
 */
#ifndef MODEL_MATCH_H
#define MODEL_MATCH_H

#include "base/err.h"
#include "model/message.h"

enum evidence_kind { /* in the order of stores[].match.evidence in --json */
	EVIDENCE_STRICT,
	EVIDENCE_LOOSE,
	EVIDENCE_ID,
	EVIDENCE_DAMAGED,
	EVIDENCE_ORDER,
	EVIDENCE_SIZE,
	EVIDENCE_RULE,
	EVIDENCE_IMPORT,
	EVIDENCE_KINDS,
	EVIDENCE_NONE = 255,
};

extern const char *const evidence_names[EVIDENCE_KINDS];

/* Why an old message has no partner, for people. */
enum unmatched {
	UNMATCHED_NOT,	     /* it has one */
	UNMATCHED_GONE,	     /* nothing like it on the new server */
	UNMATCHED_AMBIGUOUS, /* several could be it, and nothing tells them apart */
	UNMATCHED_DIFFERENT, /* one looks like it, but its body or length differs */
	UNMATCHED_NO_HEADER, /* its header could not be read */
	UNMATCHED_UIDL,	     /* its UIDL, or its partner's, is not fit (twice, bad) */
};

#define MATCH_NONE UINT32_MAX

struct match {
	size_t nold, nnew;
	/* By old index. */
	uint32_t *partner;  /* new index or MATCH_NONE */
	uint8_t *evidence;  /* enum evidence_kind of the pair */
	uint8_t *firm;	    /* 1: equal strict and body length, or equal bodies: may stand
	                       where a rename can be a DELE order */
	uint8_t *unmatched; /* enum unmatched */
	uint32_t *copies;   /* 0, or the number of its class of true copies: members of a
	                       class may change partners (plan.h) */
	/* By new index: the class of copies that a new message belongs to, or 0. */
	uint32_t *new_copies;
	/* Bodies that would decide something; by index, 1 = wanted. */
	uint8_t *want_old, *want_new;
	size_t nwant;
	size_t pairs, ambiguous, by_kind[EVIDENCE_KINDS];
	bool lengths_comparable; /* the two servers count body octets alike */
};

/* `m` is all zero before its first run; a further run replaces what it held. A run may
 * ask for bodies twice at most: those of MESSAGE_CUT_HEADER, then those that decide. */
void match_run(const struct listing *old, const struct listing *new, struct match *m);
void match_release(struct match *m);

#endif
