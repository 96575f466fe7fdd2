/*
 * The local mail as a witness for contested UIDLs: a message that the client has fetched
 * bears the UIDL that its server gave it, so its header tells which server that was.
 *
 * Only messages whose UIDL the new list has are looked at, and of these the header only;
 * deleted and moved ones count, those of other accounts do not. Nothing is changed.
 */
#ifndef WORK_WITNESS_H
#define WORK_WITNESS_H

#include "base/watch.h"
#include "work/plan.h"
#include "work/replace.h"

struct witness {
	const struct target *target;
	const char *named; /* the store as the client's settings spell its path */
	const struct store *store;
	struct map *map;
	const struct watch *watch; /* may be NULL */
};

/* For plan_options.witness; `arg` is the struct. Where there is no local mail that can be
 * read, it says nothing. */
int witness_ask(void *arg, size_t account, struct plan_word *word, struct err *e);

#endif
