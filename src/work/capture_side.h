/*
 * A capture as one side of a match: what `capture:FILE` leads to.
 */
#ifndef WORK_CAPTURE_SIDE_H
#define WORK_CAPTURE_SIDE_H

#include "mailbox/captured.h"
#include "map/capture.h"

struct capture_side {
	struct mailbox_capture mail;
	struct capture_info info; /* whose mailbox it was */
	struct map *map;
	struct arena arena;
};

/* Not a capture, or damaged: ERR_DATA. Also after an error to be released. */
int capture_side_open(struct capture_side *s, const char *path, struct err *e);
void capture_side_release(struct capture_side *s);

#endif
