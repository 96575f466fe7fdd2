/*
 * The files of a message cache, by their UIDL, and what is to become of each.
 */
#ifndef WORK_CACHE_FILES_H
#define WORK_CACHE_FILES_H

#include "work/cache.h"

struct cached {
	struct text uidl, via, to; /* to.len 0: it stays; via.len 0: it goes straight */
	bool record;		   /* the store has its UIDL */
	bool in_new, in_old;	   /* that list has it */
	bool follows;		   /* `to` is a UIDL, not a tombstone */
	struct text sign;	   /* of an undo: as the journal has it */
};

/* The first of a UIDL counts. */
void cache_add(struct cache_folder *f, struct cached file);
/* NULL: there is none. */
struct cached *cache_look_up(const struct cache_folder *f, struct text uidl);
/* If it is there; once, by whatever name it comes. */
int cache_add_folder(
	struct cache *c, const struct target *t, const char *path, struct err *e);
/* All files that bear a name as the client gives it. No link is followed. */
int cache_list(struct cache *c, struct cache_folder *f, struct err *e);
/* In all folders. */
size_t cache_count(const struct cache *c);

#endif
