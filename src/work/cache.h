/*
 * A client's message cache follows its store: files named after UIDLs, which the client
 * takes for the message when it finds them (model/format.h). The store's lock is held
 * from cache_prepare() to cache_finish(); at every instant between, and after a crash until
 * the next run has settled it, a download may be needed again, and no file bears the UIDL
 * of another message of the server that the store speaks of:
 *
 *   cache_prepare()   all moves go into the journal; then a file one of whose names may be
 *                     another message's on either server gets a tombstone's
 *   target_replace()  the store
 *   cache_finish()    paired files get the name of their new UIDL; or, if the store is
 *                     still the old one, all get back the one that they had
 *
 * A file is known by its size and time, which a rename leaves alone: what the client has
 * made since is another one, stays, and is counted.
 */
#ifndef WORK_CACHE_H
#define WORK_CACHE_H

#include "map/journal_mail.h"
#include "work/plan.h"
#include "work/replace.h"

struct cache_folder {
	char *path;
	struct cached *at; /* its files, by `table`: cache.c */
	size_t n, cap;
	uint32_t *table;
	size_t mask;
};

struct cache {
	const struct message_cache
		*names; /* NULL: the client keeps none, or it is empty */
	struct cache_folder folders[CACHE_FOLDERS];
	size_t nfolders;
	struct journal_mail set; /* row 0: nothing to be moved */
	size_t follow, aside;	 /* files that get a UIDL; that are set aside */
	size_t lost;		 /* after cache_finish(): not where they should be */
	struct arena arena;
};

/* What is to become of each file; changes nothing. A folder of somebody else's than the
 * store is an error. */
int cache_plan(struct cache *c, const struct target *t, const struct settings *settings,
	const struct plan *p, const struct store *s, struct map *map, struct err *e);
/* The same to take a run back, by the journal. */
int cache_plan_back(struct cache *c, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e);
/* On error all files are as before, or the next run puts them back. */
int cache_prepare(struct cache *c, struct journal *j, const struct target *t,
	const char *run, struct err *e);
/* Whatever became of the store: the journal knows. */
int cache_finish(struct cache *c, struct journal *j, struct err *e);
void cache_release(struct cache *c);

struct cache_moved {
	size_t moved, lost;
};

/* The files of a set to where they belong, and the set settled. */
int
cache_follow(struct journal *j, const struct journal_mail *set, const struct target *t,
	enum journal_goal goal, struct cache_moved *done, struct err *e);

#endif
