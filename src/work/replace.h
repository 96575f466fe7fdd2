/*
 * Replacing a client's file: the only code that writes to a client's folder.
 *
 * A target is locked, read, planned on, replaced and released through one object, so
 * that what was planned on is what is replaced: store_lock() opens it once, takes the
 * client's lock and ours, and everything reads through that descriptor. At every
 * instant the file is wholly the old or wholly the new one; a run that dies is finished
 * or rolled back by replace_recover(), which every command that plans or writes calls
 * first.
 */
#ifndef WORK_REPLACE_H
#define WORK_REPLACE_H

#include "map/journal.h"
#include "model/format.h"

struct target {
	const struct format *format;
	char *path;		/* resolved */
	struct source source;	/* as read under the locks */
	struct os_locks *locks; /* base/os_file.h: held to the end; NULL: looked only */
	struct source settings; /* the client's settings file; path NULL: none */
	struct source settings_beside[SETTINGS_BESIDE]; /* its `beside` */
	char *state_dir;     /* of the store's owner, or the one given */
	const char *running; /* `write` false: a sentence if the client runs, else NULL */
	int fd;		     /* the file as it was opened; reads go through it */
	struct arena arena;
};

/* Resolve, open, lock (client running: ERR_BUSY, reason "client-running"; ours held by
 * another reuidl: ERR_BUSY, "locked"), read. `write` false: only looks whether the
 * client runs (`running`) and takes no lock, for diff and show. `client` NULL: find out
 * the format. `state_dir` NULL: journal_state_dir() of the file's owner. To be written, a
 * file must be a regular one with one name (ERR_DATA, "format") in a folder that we may
 * write to (ERR_IO). A target that fails is released already. */
int target_open(struct target *t, const char *path, const char *client, bool write,
	const char *state_dir, struct err *e);
/* The same when the store's settings file is known (NULL: it is looked for above the
 * store, and then in its owner's home). The client's lock is beside it, so it matters for a store outside its
 * profile. */
int target_open_of(struct target *t, const char *path, const char *settings,
	const char *client, bool write, const char *state_dir, struct err *e);
void target_close(struct target *t);

/* Steps 3 to 10 of docs/design.md, once a target. `record` says what the journal keeps
 * (run, map_id, account, undoes, becomes, copies, counts; NULL or 0: none, a new run); path, format,
 * copies, digests, time and row are filled in, in the target's arena. Changed since it
 * was read: ERR_GUARD, "changed-since-read". On error the file is the old one and the
 * message ends with "nothing was changed", unless it says otherwise. */
int target_replace(struct target *t, struct text bytes, struct journal *j,
	struct journal_file *record, struct err *e);

/* The undo of a run that made the target (record->copies is COPY_GONE or
 * COPY_GONE_FOLDER): the file goes, with its folder if that is empty then, and the journal
 * keeps what was in it. Checked, journalled and said like target_replace(). */
int target_remove(
	struct target *t, struct journal *j, struct journal_file *record, struct err *e);

/* Finish or roll back what a run that died has left, under the same locks. `say` (may
 * be NULL) is told a sentence for each. */
int replace_recover(
	struct journal *j, void (*say)(void *, const char *), void *arg, struct err *e);

#endif
