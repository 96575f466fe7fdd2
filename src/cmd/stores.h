/*
 * The stores of a run, one after the other: open, read, plan, show, change.
 */
#ifndef CMD_STORES_H
#define CMD_STORES_H

#include "cmd/command.h"
#include "cmd/console.h"
#include "work/find.h"
#include "work/companions.h"
#include "work/into.h"
#include "work/replace.h"

/* One store, open and read. */
struct job {
	struct target target;
	struct store store;
	struct settings settings; /* of the account that is planned on */
	const char *named;	  /* the store as the settings spell its path */
	struct journal *journal;
	struct plan plan;
	/* With --into, once it is open: where the record is to be carried over to, or
	 * why not. Neither: it is the one that the map has been carried over to. */
	struct into into;
	struct err into_failed;
	struct companions companions;
	struct watch watch;
	bool opened, planned;
};

/* What the STORE arguments name, or what is found below the home: all of it, and only
 * what a client reads. */
int stores_find_any(struct run *r, struct found_list *list, struct err *e);
int stores_find(struct run *r, struct found_list *list, struct err *e);
/* Adds to the sentence which of them are left of an account that has another server by
 * now, and how they are planned on. `m` (may be NULL): only those that it is for. */
void stores_say_left(
	struct run *r, const struct found_list *all, struct map *m, struct err *e);

/* Open the store, recovering what a run that died has left, and read it and its
 * client's settings. `write`: locked to be changed. On error nothing stays open. */
int
job_open(struct job *j, struct run *r, const struct found *f, bool write, struct err *e);
/* The same; with --into, and if that has been done with this map already, the new
 * account's store, and job_plan() will say so. */
int job_open_for(struct job *j, struct run *r, const struct found *f, bool write,
	struct map *m, struct err *e);
/* With --into, after the plan: may it be done? */
int job_check_into(struct job *j, const struct run *r, struct err *e);
/* Of the stores that were found by themselves, the new account's is no source. */
bool job_is_into(const struct job *j, const struct found *f);
/* The settings of one account of the store; job_open() has those of the only one. */
int job_settings(struct job *j, size_t account, struct err *e);
int job_plan(struct job *j, struct run *r, struct map *m, struct err *e);
/* What the plan is to do to what the client keeps beside the store; with --no-mail not to
 * the mail. */
int job_plan_companions(struct job *j, struct run *r, struct map *m, struct err *e);
void job_close(struct job *j);

/* What it means that UIDLs in the local mail could not, or may not, follow. */
void show_stuck(struct console *c, size_t n);
void show_no_mail(struct console *c);
void show_into_mail(struct console *c);

/* What `apply` has done to a store. */
void show_applied(struct run *r, const struct result *res);
/* Show what `diff` shows of a planned store. */
void job_show(struct run *r, const struct job *j);
/* Of that, the lines that change. */
void show_hunks(struct run *r, const struct job *j);

/* Plan all stores with the map and show them; what was planned is in r->results. */
int stores_diff(struct run *r, struct map *m, struct err *e);
/* Plan and change. `shown` is NULL, or the results of stores_diff(): a store that has
 * changed since it was shown, or that was not shown, is refused. */
int
stores_apply(struct run *r, struct map *m, const struct results *shown, struct err *e);

#endif
