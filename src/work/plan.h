/*
 * The plan: store + map -> edits, and why the rest stays. Pure but for reading the map
 * and the journal; changes nothing. docs/design.md has the rules, and each has a test
 * that is named after it in tests/test_plan.c.
 */
#ifndef WORK_PLAN_H
#define WORK_PLAN_H

#include "base/buf.h"
#include "map/journal.h"
#include "map/map.h"
#include "model/format.h"

/* What a client's local mail says of the server that its record is of. */
struct plan_word {
	size_t old; /* UIDLs of the record that both servers have, and whose mail here is
	               the old server's and not the new one's */
	size_t new; /* UIDLs whose mail here is the new server's */
};

struct plan_options {
	const char *account;		       /* USER@HOST, NULL: the map's old one */
	const char *client_host, *client_user; /* NULL: by settings, see below */
	uint32_t client_port;		       /* 0: likewise */
	/* Of another account, which gets a copy of the store; NULL: the store stays its
	 * own account's. What the edits lead to is then by these, what the store is now
	 * by its own. */
	const struct settings *into;
	const char *into_name; /* of that account, for people */
	bool force, before_first_contact, allow_deletes, accept_size;
	int64_t max_age; /* seconds; 0: the default of 7 days, 1 for plain UIDLs */
	int64_t now;
	/* Asked once, and only where contested UIDLs would refuse the account of that
	 * index: witness.h. NULL: there is no local mail. */
	int (*witness)(void *arg, size_t account, struct plan_word *word, struct err *e);
	void *witness_arg;
};

enum fate {
	FATE_OTHER,	    /* another account's record, out of reach of this plan */
	FATE_RENAMED,	    /* gets its partner's UIDL */
	FATE_NEW,	    /* new already: stays */
	FATE_SAME,	    /* the partner has the same UIDL: stays */
	FATE_KEPT,	    /* no partner, and its UIDL cannot come again: stays */
	FATE_TOMBSTONE,	    /* no partner, and its UIDL may come again */
	FATE_WAS_TOMBSTONE, /* a tombstone that found no partner: stays */
	FATES,
};

/* Why a record has no partner: an enum unmatched, or one of these. */
enum why {
	WHY_NONE = 0,
	WHY_UNKNOWN = 32, /* the old server did not list it */
	WHY_PARTIAL,	  /* a stub, which is never paired */
	WHY_TARGET_HELD,  /* a record that is new already holds the partner's UIDL */
	WHY_NOT_FIRM,	  /* a rename could delete, and the evidence is not enough */
	WHY_SIZE,	  /* size evidence without --accept-size-evidence */
	WHY_COPY,	  /* a true copy; the new server has fewer of them */
	WHY_SHADOWED,	  /* another record has its UIDL, and the client heeds that one */
	WHYS,
};

enum plan_state { PLAN_READY, PLAN_UNCHANGED, PLAN_ALREADY, PLAN_REFUSED };

struct plan {
	enum plan_state state;
	struct err refusal; /* state PLAN_REFUSED */
	size_t account;	    /* index in the store */
	struct edit *edits; /* records' order, then the account's, or the servers' */
	size_t nedits;
	uint8_t *fate, *why;  /* by record */
	uint8_t *will_delete; /* by record: renamed, and the client would DELE it */
	uint8_t *evidence;    /* by record: enum evidence_kind of its pair */
	size_t nfate[FATES], ndelete;
	size_t witnesses; /* messages in the local mail that lifted the contested guard */
	/* What the client would do at its next check, after the edits. */
	size_t download, remove, keep;
	struct settings settings; /* of the account whose client will read it */
	bool host_edited;
	struct text from_host, from_user, to_host, to_user;
	struct text to_name; /* what the file is called then; empty: as it is */
	int64_t map_age;     /* seconds */
	struct buf texts;    /* the new UIDLs that the edits point to */
	struct arena arena;
};

/* -1 only for failures (I/O, a broken map); a refusal by a rule is a state. */
int plan_make(struct plan *p, const struct store *s, const struct settings *settings,
	struct map *m, struct journal *j, const struct plan_options *o, struct err *e);
void plan_release(struct plan *p);
/* The account of a store that is planned on, by the names in the store alone: `account`
 * (USER@HOST), or if that is NULL the map's old one. SIZE_MAX: it has none of that name. */
size_t plan_account_named(
	const struct store *s, const struct map_info *info, const char *account);

/* "reuidl-" and 32 hex digits of SHA-256(map id, NUL, old UIDL). */
#define TOMBSTONE_LEN 39
void
plan_tombstone(const char *map_id, struct text old_uidl, char out[TOMBSTONE_LEN + 1]);
bool plan_is_tombstone(struct text uidl);
const char *plan_why(uint8_t why); /* for people */

#endif
