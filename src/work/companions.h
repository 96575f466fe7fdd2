/*
 * What a client keeps beside its store, and what bears UIDLs as well: local mail (mail.h)
 * and a message cache (cache.h). They change with the store in phases, and every state
 * between costs a download and never a message:
 *
 *   companions_prepare()   the journal has all of it; what could be taken for another
 *                          message's gives way
 *   target_replace()       the store
 *   companions_finish()    all of it is what the store is
 */
#ifndef WORK_COMPANIONS_H
#define WORK_COMPANIONS_H

#include "work/cache.h"
#include "work/mail.h"

struct companions {
	struct mail mail;
	struct cache cache;
};

struct companions_options {
	bool no_mail; /* local mail is left alone */
};

/* What is to become of them by the plan, or to take a run back; changes nothing. */
int companions_plan(struct companions *c, const struct target *t,
	const struct settings *settings, const struct plan *p, const struct store *s,
	struct map *map, const struct companions_options *o, struct err *e);
int companions_plan_back(struct companions *c, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e);
/* On error they are as before, or the next run puts them back. */
int companions_prepare(struct companions *c, struct journal *j, const struct target *t,
	const char *run, struct err *e);
/* Whatever became of the store: the journal knows. */
int companions_finish(struct companions *c, struct journal *j, struct err *e);
void companions_release(struct companions *c);

/* What runs that died have left: finished, or put back. Those whose client runs are left
 * for the next time. */
int companions_recover(
	struct journal *j, void (*say)(void *, const char *), void *arg, struct err *e);

#endif
