/*
 * The journal of local mail whose UIDLs follow a store: a *set* for each store changed,
 * the files it touches, and the patches of each, all of it on the disk before the first
 * byte of mail is written. The files of a message cache, which follow by their names, are
 * a set of their own: there a "file" is the cache's folder, and a "head" what tells the
 * file that is renamed (work/cache.c).
 *
 * A message's UIDL goes from `from` to `to`. One that could be taken for another message's
 * while the store is replaced goes by way of `via`, a tombstone. Which end a set belongs
 * to is told by the store alone: the journal's row of its file.
 */
#ifndef MAP_JOURNAL_MAIL_H
#define MAP_JOURNAL_MAIL_H

#include "map/journal.h"

struct journal_mail {
	int64_t row;
	char *run;  /* of an apply: the run of its file; of an undo: its own */
	char *path; /* the store's */
	char *format;
	char *key;	/* what the account's mail is marked with; "": it is a cache */
	int64_t undoes; /* the row of the file that is taken back; 0: an apply */
};

struct journal_mail_file {
	int64_t row;
	char *path;
	uint64_t size;
	int64_t mtime;
	bool single; /* one message a file */
};

struct journal_patch {
	int64_t row;
	uint64_t off;
	struct text head;	   /* as it was, with `from` in it */
	struct text from, via, to; /* via.len 0: straight; to.len 0: stays, no room */
};

enum journal_goal {
	GOAL_BACK,    /* the store is the old one */
	GOAL_FORWARD, /* it is the new one */
	GOAL_UNKNOWN, /* it is not settled yet */
};

/* Fills `row`. Opens the transaction that journal_mail_commit() ends. */
int journal_mail_begin(struct journal *j, struct journal_mail *set, struct err *e);
/* A file with row 0 is added first. Committed by itself twice a second, so that others
 * who wait for the journal get it. */
int journal_mail_add(struct journal *j, const struct journal_mail *set,
	struct journal_mail_file *f, const struct journal_patch *p, struct err *e);
/* Is it time to commit? To be called while nothing is added. */
int journal_mail_beat(struct journal *j, struct err *e);
int journal_mail_commit(struct journal *j, struct err *e);

/* Sets that are not settled, in the arena. */
int journal_mail_open(struct journal *j, struct arena *a, struct journal_mail **sets,
	size_t *n, struct err *e);
/* The settled one of a file that is done, of its mail or of its cache; *found false if it
 * touched none. */
int journal_mail_of(struct journal *j, struct arena *a, const struct journal_file *f,
	bool cache, struct journal_mail *set, bool *found, struct err *e);
int journal_mail_goal(struct journal *j, const struct journal_mail *set,
	enum journal_goal *goal, struct err *e);
int journal_mail_files(struct journal *j, struct arena *a, const struct journal_mail *set,
	struct journal_mail_file **files, size_t *n, struct err *e);

/* The patches of a file in their order; texts live until the callback returns, which
 * must not write to the journal. */
typedef int (*journal_patch_sink)(
	void *arg, const struct journal_patch *p, struct err *e);
int journal_mail_each(struct journal *j, const struct journal_mail_file *f,
	journal_patch_sink sink, void *arg, struct err *e);
/* The file has changed since: more patches of it, its size and time are those in `f`. */
int journal_mail_renew(struct journal *j, const struct journal_mail_file *f,
	const struct journal_patch *p, size_t n, struct err *e);
/* The mail is where the store is. What nobody needs any more is removed. */
int journal_mail_settle(struct journal *j, const struct journal_mail *set,
	enum journal_goal goal, struct err *e);

#endif
