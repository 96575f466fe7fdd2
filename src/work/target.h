/* What the files around a target share; for others there is replace.h. */
#ifndef WORK_TARGET_H
#define WORK_TARGET_H

#include "work/replace.h"

/* Adds "; nothing was changed" to the sentence; returns -1. */
int nothing_changed(struct err *e);
/* Adds any words, if there is room. */
int err_add(struct err *e, const char *words);

/* Has the client started since the locks were taken? Many have none that would keep them
 * from it. ERR_BUSY, "client-running". */
int target_look_again(struct target *t, struct err *e);

/* The folder of the file that a run has made goes with it, unless something is in it: then
 * it is the client's. */
int replace_drop_folder(struct arena *a, const struct journal_file *f, struct err *e);

#endif
