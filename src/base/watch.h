/*
 * How long work tells that it is alive. The layers below the commands never print:
 * they call these, and the command decides what a person sees.
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <stddef.h>

struct watch {
	/* `done` of `total` of `what` ("old server: headers"); called often, cheap. */
	void (*progress)(void *arg, const char *what, size_t done, size_t total);
	/* A sentence that a person wants to read now: waiting, reconnecting. */
	void (*say)(void *arg, const char *sentence);
	void *arg;
};

#endif
