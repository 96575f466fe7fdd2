/*
 * Stores on this machine: below a home by the formats' places, or in a folder that the
 * user names. Looking changes nothing and follows no link out of what it was given.
 */
#ifndef WORK_FIND_H
#define WORK_FIND_H

#include "model/format.h"

struct found {
	const struct format *format;
	char *path;
};

struct found_list {
	struct found *at;
	size_t n, cap;
};

/* A store file or a folder that is searched for stores. Nothing found: ERR_NO_STORE.
 * `client` (NULL: any) names the one format that counts. Paths are in the arena. */
int find_in(const char *path, const char *client, struct arena *a, struct found_list *out,
	struct err *e);
/* Everything below the user's home that is where a client keeps it. */
int find_all(const char *client, struct arena *a, struct found_list *out, struct err *e);
void found_release(struct found_list *l);

#endif
