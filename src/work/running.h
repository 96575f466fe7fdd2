/*
 * Does a client run, and can it be kept from starting? By the format's table of locks.
 */
#ifndef WORK_RUNNING_H
#define WORK_RUNNING_H

#include "model/format.h"

struct os_locks;

/* Whose locks: a store, which need not be there, and what belongs to it. */
struct running {
	const struct format *format;
	const char *store;
	const char *settings; /* NULL: none is known */
	uint32_t owner;
	const char *at; /* found: the folder or file that says so */
	long pid;	/* found: the process, 0 unknown */
};

/* True in *runs if the client runs. `locks` NULL: only looks. Else those that can be
 * taken are, so that a client that starts now finds them held. */
int running_look(struct running *r, struct os_locks *locks, struct arena *a, bool *runs,
	struct err *e);
/* With those that can be taken held: has it started all the same? */
bool running_started(struct running *r, struct arena *a);

#endif
