/*
 * The map: which new UIDL belongs to which old one, in one SQLite file (application_id
 * "rUID"), one mailbox move a file.
 *
 * It holds both lists, the pairs with their evidence, and the evidence itself as it
 * arrived, so that an interrupted match asks only for the rest. Its random id names it
 * in the journal of every store that it was applied to.
 */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include <stdio.h>

#include "model/match.h"

#define MAP_SCHEMA 2 /* 1: no path and rule of a side */

enum side { SIDE_OLD, SIDE_NEW };

struct map_side {
	char *host, *user; /* user: whose mailbox, so the authzid where there is one */
	uint16_t port;
	char *scheme; /* "" for an imported map; "imap+RULE": UIDLs by a rule that was
	                 taken on trust */
	/* Of a mailbox on a disk, so that it is found again (--export dovecot-uidlist); the
	 * words of --X-uidl-rule. NULL or "": none. */
	char *path, *rule;
	uint64_t count; /* messages listed */
	bool whole;
};

/* Is it no server, but what a client knew and kept of one (store:PATH)? Then its list is
 * the client's own, so records that are in it prove nothing; and a server may have more. */
static inline bool
map_side_is_store(const struct map_side *side)
{
	return strcmp(side->scheme, "store") == 0;
}

/* In the arena given to map_info(). */
struct map_info {
	char id[33];	 /* 32 hex digits */
	int64_t matched; /* when both lists were last proved; 0: match has not finished */
	bool plain;	 /* UIDLs without a validity part are in it (uidl_is_plain) */
	bool lengths_comparable;
	struct map_side side[2];
	uint64_t pairs, ambiguous, by_kind[EVIDENCE_KINDS];
	char *path;
};

struct map;

/* Open an existing map to read. Not there: ERR_NO_STORE; not ours, another schema,
 * truncated, damaged: ERR_DATA, in words. */
int map_open(const char *path, struct map **out, struct err *e);
/* Open to match, making it if it is not there; `info` says which move, and must agree
 * with a map that exists (ERR_GUARD, reason "account"). */
int map_create(const char *path, const struct map_side sides[2], struct map **out,
	struct err *e);
void map_close(struct map *m);
int map_info(struct map *m, struct arena *a, struct map_info *info, struct err *e);

/* Writing, by `match`, in this order. map_list() replaces that side's list and keeps
 * cached evidence where matching.md allows it (24 hours, the earlier list a prefix of
 * this one, no plain UIDLs; `fresh` forgets all): those messages have learnt it
 * afterwards. map_evidence() is cheap; it commits once a second. */
int map_list(struct map *m, enum side side, struct listing *l, bool fresh, struct err *e);
int map_evidence(struct map *m, enum side side, size_t index, const struct evidence *ev,
	struct err *e);
int map_describe(struct map *m, enum side side, size_t index, const struct text values[3],
	struct err *e);
/* Compares the whole digests of each pair, then keeps the pairs and the time; from here
 * on the map is complete. A pair whose whole digests differ is dropped from `match`. */
int map_pairs(struct map *m, struct match *match, int64_t now, struct err *e);

/* One message as a reader of the map sees it; texts live until the callback returns. */
struct map_message {
	size_t index;
	struct text uidl, date, from, subject; /* len 0: not known */
	uint64_t size;
	uint16_t flags;	  /* MESSAGE_TWICE, MESSAGE_BAD_UIDL, … */
	uint32_t partner; /* index on the other side or MATCH_NONE */
	uint8_t evidence, firm, unmatched;
	uint32_t copies;
};
typedef int (*map_sink)(void *arg, const struct map_message *m, struct err *e);
/* All messages of a side in the server's order. */
int map_each(struct map *m, enum side side, map_sink sink, void *arg, struct err *e);

/* The evidence that match has kept of a side, in the order of its list, each with its
 * UIDL and the list's flags (MESSAGE_TWICE, MESSAGE_BAD_UIDL) among its own. Messages of
 * which nothing was learnt are left out; of an imported map that is all of them. */
typedef int (*map_evidence_sink)(
	void *arg, struct text uidl, const struct evidence *ev, struct err *e);
int map_each_evidence(
	struct map *m, enum side side, map_evidence_sink sink, void *arg, struct err *e);

/* CSV (RFC 4180) with the header old_uidl,new_uidl,evidence; map_csv.c. An import makes
 * the file `path` (there already: ERR_USAGE), complete as of `now`; `whole` is the
 * caller's to say in `sides`. When it fails there is no file. */
int map_export_csv(struct map *m, FILE *to, struct err *e);
int map_import_csv(const char *csv, const char *path, const struct map_side sides[2],
	int64_t now, struct err *e);

#endif
