/*
 * A client's own mail in place of a mailbox: what a store: URL leads to. The folders of a
 * client are for src/work to know: it finds the account's files and hands them over
 * (work/store_side.h); here they are read, one after the other, in slices.
 */
#ifndef MAILBOX_LOCAL_H
#define MAILBOX_LOCAL_H

#include "model/format.h"

struct mailbox_file {
	const char *path;
	uint64_t size;
	bool single; /* one message */
};

/* Somebody else's, as is all that it points to. */
struct mailbox_store {
	const struct format *format; /* with `local` */
	struct text key;	     /* local_mail.key */
	const struct mailbox_file *files;
	size_t nfiles;
	/* What the client's record knows, in its order: these UIDLs are listed before those
	 * that only mail bears, and whether or not there is mail for them. */
	const struct text *uidls;
	size_t nuidls;
	/* UIDLs in the mail that no server gave; NULL: there are none. */
	bool (*passed_over)(struct text uidl);
};

/* Through all files; all zero but for `store` to begin with. */
struct local_walk {
	const struct mailbox_store *store;
	size_t at; /* of the file that is read, in store->files */
	struct local_file file;
	int fd;
	bool open;
	uint64_t bytes; /* of the files done with */
};

/* On to the end of one message, or for some megabytes; false in *more: that was all. A
 * file that is gone by now is passed over. */
int local_walk_step(
	struct local_walk *w, const struct local_sink *sink, bool *more, struct err *e);
/* The next step begins in that file, with the message at that place. */
int local_walk_to(struct local_walk *w, size_t file, uint64_t at, struct err *e);
void local_walk_release(struct local_walk *w);

#endif
