/*
 * What the files of the plan share while one is made: each record's place in both
 * lists. Private to src/work/plan*.c.
 */
#ifndef WORK_PLAN_STATE_H
#define WORK_PLAN_STATE_H

#include "work/plan.h"

enum seat_flag {
	SEAT_OLD = 1,       /* the old list has its UIDL */
	SEAT_FIRM = 2,      /* its pair may stand where a rename can be a DELE order */
	SEAT_TOMBSTONE = 4, /* it is one of ours; its key is the UIDL behind it */
	SEAT_MINE = 8,      /* it belongs to the account that is planned */
	SEAT_SEEN = 16,     /* the client consults it: this account's, or all are merged */
};

/* One record's place in the map. */
struct seat {
	uint32_t in_new;  /* new message with its UIDL, MATCH_NONE */
	uint32_t partner; /* new message that is its old one, MATCH_NONE */
	uint32_t copies;  /* class of true copies, 0 */
	uint8_t flags, evidence, unmatched;
};

struct planning {
	struct plan *plan;
	const struct store *store;
	const struct plan_options *options;
	const struct settings *settings;
	struct map *map;
	struct map_info info;
	/* The journal knows of a map applied to this store: its UIDLs may be the new
	 * server's although its account line is still the old one. */
	bool written_before;
	/* … and no client has written since: they surely are. */
	bool as_we_left_it;
	struct seat *seats; /* by record */
	/* Records by the key of their UIDL: open addressing, index + 1, 0 empty. A byte
	 * of each hash beside it: most UIDLs asked for are not there, and need not touch
	 * a record to know it. */
	uint32_t *table;
	uint8_t *tags;
	size_t table_size;
	/* The new list: where each UIDL stands in `texts`, and whether it can be a
	 * target. */
	struct buf texts;
	uint32_t *at; /* nnew + 1 places */
	uint8_t *usable, *taken;
	size_t nnew, new_cap;
	/* Pairs whose old message no record has; copies may take their partners. */
	struct loose_copy {
		uint32_t copies, partner;
	} *loose;
	size_t nloose, loose_cap;
	/* What each record is looked up by, NULL if that is its UIDL as it stands: the
	 * format's key, and for a tombstone the UIDL behind it. */
	struct text *keys;
	struct buf key; /* scratch for format->key */
	/* UIDLs on either server that look like tombstones of ours. */
	struct text *lookalikes;
	size_t nlookalikes, lookalikes_cap;
};

#define PLAN_DAY ((int64_t)86400)

struct who {
	struct text host, user;
};

struct who who_of(const char *user, const char *host);
/* Hosts fold their case, users do not. */
bool who_equal(struct who a, struct who b);
/* Host and user of an account of the store, or of the settings where it has none. */
struct who plan_who(const struct planning *ps, size_t account);
/* What they are to be after the move; empty: as they are. */
struct who plan_target(const struct planning *ps);

/* Each: 0, or -1 with the plan refused. */
int plan_choose_account(struct planning *ps);
int plan_check_age(struct planning *ps);
int plan_check_overlap(struct planning *ps);
int plan_check_contested(struct planning *ps);
__attribute__((format(printf, 3, 4))) int plan_refuse(
	struct plan *p, const char *reason, const char *fmt, ...);

/* Fill seats and the new list from the map. */
int plan_seat(struct planning *ps, struct journal *j, struct err *e);
/* True copies: give the partners that a class has to the records that the client
 * knows, those to be deleted last. */
void plan_copies(struct planning *ps);
void plan_state_release(struct planning *ps);

/* The client has been there: only the new server knows this UIDL. */
static inline bool
seat_is_new(const struct seat *seat)
{
	return seat->in_new != MATCH_NONE && !(seat->flags & SEAT_OLD);
}

static inline struct text
plan_new_uidl(const struct planning *ps, uint32_t i)
{
	return (struct text){ps->texts.at + ps->at[i], ps->at[i + 1] - ps->at[i]};
}

#endif
