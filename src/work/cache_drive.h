/*
 * Moving the files of a journalled set, whichever of their names they have.
 */
#ifndef WORK_CACHE_DRIVE_H
#define WORK_CACHE_DRIVE_H

#include "base/os.h"
#include "work/cache.h"

/* What tells a file from another of its name: size and time. */
#define CACHE_SIGN 16

void cache_sign(const struct os_stat *st, char sign[CACHE_SIGN]);

enum cache_way {
	CACHE_ASIDE, /* from their names to the tombstones; they must be there, and all
		      * folders to come must be such that names can be made in them */
	CACHE_ON,    /* from the tombstones to their new names */
	CACHE_BACK,  /* from the tombstones to their old ones */
};

/* A name that is taken, or a file that is gone, is counted; the rest is on the disk when
 * this returns. */
int cache_drive(struct journal *j, const struct journal_mail *set,
	const struct message_cache *names, enum cache_way way, struct cache_moved *all,
	struct err *e);

#endif
