/*
 * --into: the account that a record is carried over to, where people were told to make a
 * new one. It is one that the settings of the record's own client list, it has no record
 * yet, and the client has made the folder for it, or named it. The old account's file is
 * only read: the new one is another file, replace.h makes it.
 */
#ifndef WORK_INTO_H
#define WORK_INTO_H

#include "work/replace.h"

struct into {
	char *path; /* of its store, the folder's links resolved; NULL: none is chosen */
	const char *name; /* "anna@pop.new.example (account2)", for people */
	bool itself;	  /* refused, because it is the store's own account */
	bool there;	  /* it has a store, or something bears that name */
	bool new_folder;  /* its folder is not there yet */
	struct settings settings;
};

/* `account` is USER@HOST as the settings have it, the client's key for it ("account2"), or
 * the name that the client shows; what fits several is refused, and they are listed. All
 * texts are in the arena. A refusal is ERR_GUARD, "into". */
int into_choose(struct into *in, const struct target *t, const char *account,
	struct arena *a, struct err *e);

#endif
