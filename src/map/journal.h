/*
 * The journal: what was replaced by what, in the state folder of the store's owner
 * (SQLite, synchronous FULL). A file is never replaced before the journal has said
 * "prepared" and both its backup and its new content are safely in the state folder.
 *
 *   STATE/journal.db      runs, files, tombstones
 *   STATE/runs/RUN/N.old  the file before     (hash checked, synced)
 *   STATE/runs/RUN/N.new  the file after: with N.old, what every record was and became
 *   STATE/locks/DEV-INO   our own lock of a store
 *   STATE/maps/…          maps that `migrate` keeps without --map
 *
 * Folders are 0700, files 0600. What root makes in another user's state folder belongs
 * to that user.
 */
#ifndef MAP_JOURNAL_H
#define MAP_JOURNAL_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum journal_state {
	JOURNAL_PREPARED, /* the file is the old or the new one; finish or roll back */
	JOURNAL_DONE,
	JOURNAL_ROLLED_BACK,
	JOURNAL_UNDONE,
	JOURNAL_FORGOTTEN, /* done, not undone, and its copies are gone: a map stays applied */
};

/* A run that makes a file beside the one that it has read, and its undo. */
enum journal_copy {
	COPY_NOT,
	COPY_MADE, /* `path` stays as it is, and `becomes` is new: another account's store */
	COPY_MADE_FOLDER, /* the folder of `becomes` is new, too */
	COPY_GONE,	  /* the undo: `path` is removed */
	COPY_GONE_FOLDER, /* and its folder */
};

struct journal_file {
	int64_t row;	 /* key in the journal */
	char *run;	 /* id of the run: 16 hex digits, the first eight are its time */
	char *path;	 /* of the store, resolved */
	char *temporary; /* the file beside it, while prepared */
	/* Where the store is after the run, if it says in its own name whose it is; "" or
	 * NULL: it stays at `path`. */
	char *becomes;
	enum journal_copy copies;
	char *map_id; /* of the map applied; "" for an undo */
	char *format;
	char *account;		   /* USER@HOST as it was in the store */
	char *old_copy, *new_copy; /* absolute */
	struct digest old_digest, new_digest;
	int64_t time;
	int64_t undoes; /* row that this one takes back; 0: it is an apply */
	enum journal_state state;
	uint64_t renamed, tombstones;
};

struct journal;

/* Where the store is after the run. */
static inline const char *
journal_path(const struct journal_file *f)
{
	return f->becomes != NULL && f->becomes[0] != '\0' ? f->becomes : f->path;
}

/* Makes the folders and the database if they are not there. */
int journal_open(const char *state_dir, struct journal **out, struct err *e);
void journal_close(struct journal *j);
const char *journal_folder(const struct journal *j);

/* The state folder of a user: --state, else XDG_STATE_HOME/reuidl if the user is us,
 * else .local/state/reuidl in that user's home. In the arena. */
char *journal_state_dir(struct arena *a, const char *option, uint32_t owner);
char *journal_new_run(struct arena *a);
/* STATE/locks/DEV-INO, its folder made; in the arena. */
char *journal_lock_path(struct arena *a, const char *state_dir, uint64_t device,
	uint64_t inode, struct err *e);

/* Is this map applied to the store that is at `path` now, and not undone? */
int journal_applied(struct journal *j, const char *path, const char *map_id,
	bool *applied, struct err *e);
/* Where the store is that a run has given another name, and that had this one before; in
 * the arena. NULL: no run has. */
char *journal_follow(struct journal *j, const char *path, struct arena *a, struct err *e);
/* Tombstones: remembered before the file that holds them is replaced. */
int journal_add_tombstone(
	struct journal *j, struct text tombstone, struct text old_uidl, struct err *e);
/* The old UIDL behind a tombstone, in the arena; len 0 if it is not ours. */
int journal_tombstone(struct journal *j, struct text tombstone, struct arena *a,
	struct text *old_uidl, struct err *e);

/* The two copies, made before anything else happens to a file: written, synced, read
 * back and compared. `run`, which names their folder, and old_digest, which is that of
 * `old`, must be set; fills old_copy, new_copy (in the arena), new_digest and the time.
 * journal_drop() removes them again. */
int journal_keep(struct journal *j, struct arena *a, struct journal_file *f,
	struct text old, struct text new, struct err *e);
void journal_drop(struct journal *j, const struct journal_file *f);

/* Writing. Each is one synced transaction; tombstones added since the last one are
 * part of journal_prepare(). journal_finish() of an undo that is done marks the file
 * that it undoes in the same transaction; to finish what is finished does nothing. */
int journal_prepare(struct journal *j, struct journal_file *f, struct err *e);
int journal_finish(struct journal *j, const struct journal_file *f,
	enum journal_state state, struct err *e);

/* Files, newest first. `open_only`: those still prepared. In the arena. */
int journal_files(struct journal *j, struct arena *a, bool open_only,
	struct journal_file **files, size_t *n, struct err *e);
/* Forget files replaced before that, and remove their copies; those still prepared stay,
 * and tombstones do. Counts runs. */
int journal_forget(struct journal *j, int64_t before, size_t *forgotten, struct err *e);

#endif
