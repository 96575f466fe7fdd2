/*
 * Keeping a mailbox in a capture, for when its server is gone. Headers of all messages
 * come before any body: nobody can be asked again, and headers decide most. What has
 * arrived is in the file within a second, and a run that is killed asks only for the rest
 * when it is run again.
 */
#ifndef WORK_CAPTURING_H
#define WORK_CAPTURING_H

#include "mailbox/mailbox.h"
#include "map/capture.h"

struct capturing_options {
	bool bodies; /* false: only where the header cannot be known without */
	bool fresh;  /* what is there is forgotten, also if it was finished */
	int64_t now;
};

struct capturing_result {
	size_t messages, headers, bodies; /* that the capture has now */
	size_t known;			  /* headers that it had before this run */
	bool begun_anew; /* there was one, interrupted, that could not be gone on with */
};

/* `path` is made, gone on with, or, if it was finished and the server lists what it has
 * and more, added to. A finished one that cannot be gone on with is not touched (ERR_GUARD,
 * reason "capture"). */
int
capturing_run(struct mailbox *box, const char *path, const struct capturing_options *o,
	const struct watch *w, struct capturing_result *result, struct err *e);

#endif
