/*
 * What the files of the plan share while one is made: each record's place in both
 * lists. Private to src/work/plan*.c.
 */
#ifndef WORK_PLAN_STATE_H
#define WORK_PLAN_STATE_H

#include "work/plan.h"

enum seat_flag {
	SEAT_OLD = 1,	    /* the old list has its UIDL */
	SEAT_FIRM = 2,	    /* its pair may stand where a rename can be a DELE order */
	SEAT_TOMBSTONE = 4, /* it is one of ours; its key is the UIDL behind it */
	SEAT_MINE = 8,	    /* it belongs to the account that is planned */
	SEAT_SEEN = 16, /* the client consults it: this account's, or all are merged */
	SEAT_SHADOWED = 32, /* another record has its key, and that one counts */
};

/* One record's place in the map. */
struct seat {
	uint32_t in_new;  /* new message with its UIDL, MATCH_NONE */
	uint32_t partner; /* new message that is its old one, MATCH_NONE; of a shadowed
	                     one: the record that counts */
	uint32_t copies;  /* class of true copies, 0 */
	uint8_t flags, evidence, unmatched;
};

struct planning {
	struct plan *plan;
	const struct store *store;
	const struct plan_options *options;
	const struct settings *settings; /* of the store's account */
	const struct settings *after;	 /* of the one that gets what is written */
	struct map *map;
	struct map_info info;
	/* A map of this move has been applied to this store: its UIDLs may be the new
	 * server's although its account line is still the old one. */
	bool written_before;
	/* It is sure that the client has not been at the new server: a UIDL that only
	 * that one lists is then chance, not a message that the client has had. Unless
	 * chance cannot be, and no record tells of the old server: then that is not so
	 * sure. */
	bool before_contact, speaks_old;
	/* Maps of this move that have been applied anywhere: their tombstones stand for
	 * UIDLs of this old server. */
	const char **map_ids;
	size_t nmap_ids, map_ids_cap;
	struct seat *seats; /* by record */
	uint32_t *partner;  /* what is left of them when all is decided */
	/* Records by the key of their UIDL: open addressing, index + 1 in the low
	 * `table_bits`, 0 empty. A table of a million is larger than a processor's cache,
	 * and so are the records; so above the index stands as much of the hash as there
	 * is room for, and `filter`, some eight bits a record, knows most of what is not
	 * there at all. */
	uint32_t *table;
	unsigned table_bits;
	uint8_t *filter;
	size_t filter_bits; /* a power of two */
	uint32_t next;	    /* after the record found last: lists and stores mostly share
	                       their order, and then nothing is looked up */
	size_t table_size;
	/* The new list: where each UIDL stands in `texts`, and whether it can be a
	 * target. */
	struct buf texts;
	uint32_t *at; /* nnew + 1 places */
	uint8_t *usable, *taken;
	size_t nnew, new_cap;
	bool plain[2]; /* by enum side: UIDLs without a validity part are listed */
	/* True copies that no record has; others may take their partners. */
	struct loose_copy {
		uint32_t copies, partner; /* partner: MATCH_NONE if it has none */
	} * loose;
	size_t nloose, loose_cap;
	/* By record, `at` NULL where it is the UIDL as it stands; NULL: everywhere. */
	struct text *keys;
	struct buf key; /* scratch for format->key */
	/* UIDLs on either server that look like tombstones of ours. */
	struct text *lookalikes;
	size_t nlookalikes, lookalikes_cap;
};

/* Of a file. */
#define PLAN_NAME_MAX 4096
#define PLAN_DAY      ((int64_t)86400)

struct who {
	struct text host, user;
};

struct who who_of(const char *user, const char *host);
/* USER@HOST; the last '@' splits, user names hold it often. */
struct who who_parse(const char *account);
/* Hosts fold their case, users do not. */
bool who_equal(struct who a, struct who b);
/* Host and user of an account of the store, or of the settings where it has none. */
struct who plan_who(const struct planning *ps, size_t account);
/* What they are to be after the move; empty: as they are. */
struct who plan_target(const struct planning *ps);
/* Refuses where the store has records of that account as well. */
int plan_check_target(struct planning *ps);
/* What the file is to be called for that account, into plan->to_name. */
int plan_rename(struct planning *ps, struct err *e);
/* What the client writes there by itself once it has been at the new server. */
struct who plan_rewritten(const struct planning *ps);
/* What the store is looked for by: --account, else the map's old one. */
struct who plan_wanted(const struct planning *ps);

/* Each: 0, or -1 with the plan refused. */
int plan_choose_account(struct planning *ps);
int plan_check_age(struct planning *ps);
int plan_check_into(struct planning *ps);
int plan_check_overlap(struct planning *ps);
/* Sets before_contact as well. -1 and not refused: local mail could not be read. */
int plan_check_contested(struct planning *ps, struct err *e);
/* After the decisions: a move to another server that no record has a partner on. */
int plan_check_servers(struct planning *ps);
/* Local mail whose UIDLs cannot follow must not delete another message. */
int plan_check_local_mail(struct planning *ps);
__attribute__((format(printf, 3, 4))) int
plan_refuse(struct plan *p, const char *reason, const char *fmt, ...);

/* What a UIDL, or that of a record, is looked up by; the first valid until the next call. */
struct text plan_key(struct planning *ps, struct text uidl);
struct text plan_record_key(const struct planning *ps, uint32_t record);
/* Finds the tombstones, and the keys of all records. */
int plan_keys(struct planning *ps, struct journal *j, struct err *e);
/* Two new messages that the client cannot tell apart get no partner. */
void plan_drop_equal_keys(struct planning *ps);
/* Fill seats and the new list from the map. */
int plan_seat(struct planning *ps, struct journal *j, struct err *e);
/* True copies: give the partners that a class has to the records that the client
 * knows, those to be deleted last. */
void plan_copies(struct planning *ps);
/* Fills the plan's arrays by record, and counts. */
void plan_decide(struct planning *ps);
/* What the client will do with each message of the new server. */
void plan_foresee(struct planning *ps);
/* Releases all but the partners: of a million records that is half of what is held. */
void plan_unseat(struct planning *ps);
void plan_state_release(struct planning *ps);

/* The client has been there: only the new server knows this UIDL. */
static inline bool
seat_is_new(const struct seat *seat)
{
	return seat->in_new != MATCH_NONE && !(seat->flags & SEAT_OLD);
}

/* Both lists have its UIDL, and it is not proved to be one message. */
static inline bool
seat_is_contested(const struct seat *seat)
{
	return seat->in_new != MATCH_NONE && (seat->flags & SEAT_OLD) &&
	       (seat->flags & SEAT_SHADOWED || seat->partner != seat->in_new);
}

static inline struct text
plan_new_uidl(const struct planning *ps, uint32_t i)
{
	return (struct text){ps->texts.at + ps->at[i], ps->at[i + 1] - ps->at[i]};
}

#endif
