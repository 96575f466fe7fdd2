/*
 * What a run did: one result a store, the match, and what the clients will do next.
 * Printed as a summary for people, or as the JSON object of docs/reuidl.1.
 */
#ifndef CMD_RESULTS_H
#define CMD_RESULTS_H

#include "base/json.h"
#include "model/match.h"
#include "work/plan.h"
#include "work/undo.h"

enum store_state {
	STATE_APPLIED,
	STATE_ALREADY,
	STATE_UNCHANGED,
	STATE_REFUSED,
	STATE_BUSY,
	STATE_FAILED,
	STATE_UNDONE,
	STATE_PLANNED,
	STATE_SHOWN, /* find, show, check: nothing to change */
};

struct result {
	const char *path, *client, *host, *user; /* in the run's arena, "" if unknown */
	size_t records, renamed, kept, tombstones, will_delete;
	size_t mail_patched, mail_left; /* local messages; those that could not be */
	size_t cached;			/* files of a message cache */
	enum store_state state;
	const char *reason, *message, *run, *backup;
	const char *source;    /* the store that was read: `path`, but with --into */
	const char *new_path;  /* the store has, or will have, another name; "": no */
	enum err_kind failure; /* ERR_NONE: fine */
	bool checked;
	size_t download, remove, keep;
	struct digest digest; /* of the file that was planned on */
};

struct results {
	struct result *at;
	size_t n, cap;
	bool matched; /* the counts below are there */
	size_t old, new, pairs, old_only, new_only, ambiguous, by_kind[EVIDENCE_KINDS];
	bool changes_shown;    /* there are changes that were not made: exit 1 */
	bool unmatched_strict; /* --strict, and something is unmatched: exit 3 */
};

struct run;

/* "applied", "refused" …: the word that scripts know. */
const char *result_state(const struct result *r);
struct result *results_add(struct results *rs, const char *path);
void results_plan(
	struct result *r, struct run *run, const struct store *s, const struct plan *p);
void results_failed(struct result *r, struct run *run, const struct err *e);
void results_matched(struct results *rs, const struct match *m);
/* The worst of all stores, and its kind, in the order of docs/reuidl.1. */
const struct result *
results_worst_store(const struct results *rs); /* NULL: all is well */
enum err_kind results_worst(const struct results *rs);
/* Parts of the object: "match", "stores", "check". */
void results_json(const struct results *rs, struct json *j);
void result_json(const struct result *r, struct json *j);
int kind_exit(enum err_kind kind); /* main.c */
void results_release(struct results *rs);

#endif
