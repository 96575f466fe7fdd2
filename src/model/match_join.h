/*
 * Finding equal digests in two listings; between match.c and match_copies.c only.
 *
 * An entry stands for a message of either side. join_by() sorts them by the first 8
 * bytes of one digest, so that equal ones stand together (a sort, because a table of
 * hashes could be made slow by who sends the mail), and join_next() walks the classes.
 */
#ifndef MODEL_MATCH_JOIN_H
#define MODEL_MATCH_JOIN_H

#include "model/match.h"

enum join_key {
	JOIN_MESSAGE_ID,
	JOIN_STRICT,
	JOIN_LOOSE,
	JOIN_ID,
	JOIN_DAMAGED,
	JOIN_BODY
};

struct join_entry {
	uint64_t key;
	uint32_t index;
	uint32_t side; /* 0 old, 1 new */
};

struct join {
	const struct listing *list[2];
	struct join_entry *at;
	size_t n;
};

/* Some entries that are equal in one digest: `at` holds the old ones first, each side in
 * the order of its list. */
struct join_class {
	struct join_entry *at;
	size_t n[2];
};

/* The messages whose header can be trusted (message_is_known()). */
void join_init(struct join *j, const struct listing *old, const struct listing *new);
void join_release(struct join *j);
void join_by(struct join *j, enum join_key key);
/* The next class behind *at, which begins at 0; false at the end. */
bool join_next(const struct join *j, enum join_key key, size_t *at, struct join_class *c);
const struct message *join_message(const struct join *j, const struct join_entry *e);

/* The header's digests may be used: there is one, and it is not cut, or the whole
 * message has been read. */
bool message_is_known(const struct message *m);
/* Both bodies are known and equal. */
bool message_bodies_equal(const struct message *a, const struct message *b);

/* What match_run() works on. */
struct matcher {
	struct join join;
	struct match *m;
	const struct listing *list[2];
	uint32_t *new_partner; /* by new index: old index or MATCH_NONE */
	uint8_t *unique_id[2]; /* by index: its Message-ID is unique on both sides */
	bool whole;	       /* both sides are */
	enum { LENGTHS_UNKNOWN, LENGTHS_COMPARABLE, LENGTHS_DIFFER } lengths;
};

bool matcher_may_pair(const struct matcher *x, const struct join_entry *e);
void matcher_pair(struct matcher *x, uint32_t old, uint32_t new, enum evidence_kind kind);
/* Ask for the body if it is neither known nor refused. */
void matcher_want(struct matcher *x, const struct join_entry *e);
/* Neither Message-ID nor Date: only equal `strict` says that headers are the same. */
bool message_is_weak(const struct message *m);

/* Rule 5, and rule 3 where several share one `id`. */
void match_copies(struct matcher *x);

#endif
