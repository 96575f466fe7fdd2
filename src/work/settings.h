/*
 * A client's settings files on the disk: which one is a store's, and reading it together
 * with the files beside it. Nothing is changed.
 */
#ifndef WORK_SETTINGS_H
#define WORK_SETTINGS_H

#include "model/format.h"

/* The nearest settings file above the path, not above its owner's home; NULL: none. */
char *
settings_above(const struct format *f, const char *path, uint32_t owner, struct arena *a);
/* `path` is of format->settings_file; what lies beside it goes into `beside`, which has
 * SETTINGS_BESIDE places and is linked from `main`. What is not there is left out; what
 * is there and cannot be read is an error, for it could decide over what can. */
int settings_read(struct source *main, struct source *beside, const struct format *f,
	const char *path, struct arena *a, struct err *e);
/* What the settings say of the store's account: format->settings, or else what
 * format->accounts lists for that store, and for that host and user where the store
 * names them. `account` NULL: the store is not at hand. */
int settings_of(const struct format *f, const char *store_path,
	const struct account *account, const struct source *settings, struct arena *a,
	struct settings *out, struct err *e);
/* Also after an error. */
void settings_release(struct source *main, struct source *beside);

#endif
