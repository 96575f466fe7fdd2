/*
 * A capture in place of a mailbox: what a capture: URL leads to. The file is src/map's, so
 * src/work hands over how to read it (work/capture_side.h).
 */
#ifndef MAILBOX_CAPTURED_H
#define MAILBOX_CAPTURED_H

#include "base/err.h"
#include "model/message.h"

/* Somebody else's, as is `arg`. */
struct mailbox_capture {
	void *arg;
	/* Into an empty list, in the server's order, with `whole`. */
	int (*list)(void *arg, struct listing *l, struct err *e);
	/* Then one kind of what is kept, from the first message on: by index, those left
	 * out of which nothing is; false in *more: there are no more. */
	int (*rewind)(void *arg, bool words, struct err *e);
	int (*evidence)(
		void *arg, size_t *index, struct evidence *ev, bool *more, struct err *e);
	/* Date, From, Subject, valid until the next call. */
	int (*words)(void *arg, size_t *index, struct text values[3], bool *more,
		struct err *e);
	int64_t since; /* when the server listed this */
	bool plain;    /* with UIDLs that may have been given anew since */
};

#endif
