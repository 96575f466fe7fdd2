/*
 * The matching of two mailboxes, from the listing to a finished map. What arrives is
 * kept in the map at once, so that an interrupted run asks only for the rest.
 */
#ifndef WORK_MATCHING_H
#define WORK_MATCHING_H

#include "mailbox/mailbox.h"
#include "map/map.h"

struct matching_options {
	bool fresh;   /* cached evidence is forgotten */
	bool by_size; /* --evidence=size: match_size.h */
	int64_t now;
};

/* The map at `path` is made, or gone on with if it is of the same move. `result` is the
 * caller's to release, also after an error. */
int matching_run(struct mailbox *old, struct mailbox *new, const char *path,
	const struct matching_options *o, const struct watch *w, struct match *result,
	struct err *e);

#endif
