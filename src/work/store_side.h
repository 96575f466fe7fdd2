/*
 * A client's store, with its local mail, as one side of a match: what `store:PATH` leads
 * to when the old server is gone. Nothing is changed, and no lock is taken.
 */
#ifndef WORK_STORE_SIDE_H
#define WORK_STORE_SIDE_H

#include "mailbox/local.h"
#include "work/find.h"

struct store_side {
	struct mailbox_store mail;
	char *path;	   /* of the store */
	char *user, *host; /* whose record it is */
	struct arena arena;
};

struct store_side_options {
	const char *account; /* USER@HOST, NULL: the only one that there is */
	const char *client;  /* the format's name, NULL: any */
	const char *state;   /* --state */
};

/* PATH is a store, or a folder in which it lies. Several accounts, and none named:
 * ERR_USAGE, in words that name them. Also after an error to be released. */
int store_side_open(struct store_side *s, const char *path,
	const struct store_side_options *o, struct err *e);
void store_side_release(struct store_side *s);

#endif
