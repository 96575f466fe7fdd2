/*
 * Stores on this machine: below a home, by the clients' own lists of profiles and
 * accounts and by the formats' places, or in a folder that the user names. Looking
 * changes nothing. What a client's settings name is found wherever it lies; root finds
 * only what belongs to the owner of the home or folder that it looks in.
 */
#ifndef WORK_FIND_H
#define WORK_FIND_H

#include "model/format.h"

enum found_state {
	FOUND_LIVE,	/* what its client reads, as far as can be known */
	FOUND_ABSENT,	/* an account that has none yet: there is no such file */
	FOUND_COPY,	/* a copy that its client does not read any more; see `live` */
	FOUND_STRAY,	/* it lies beside a store, looks like one, and is never read */
	FOUND_LEFTOVER, /* no account of the client's settings has it */
};

struct found {
	const struct format *format; /* NULL: a file that the user named */
	char *path;		     /* resolved */
	enum found_state state;
	const char *settings; /* the client's settings file; NULL: none is known */
	const char
		*named; /* the store as the settings spell its path; NULL: they do not */
	const char *client;  /* the client, for people; NULL: the format says */
	const char *profile; /* its name in the client's list; NULL: it is in none */
	const char *live;    /* of a FOUND_COPY: the one that is read instead */
	const char *copy;    /* of a FOUND_LIVE: an older copy which is live too, as it
	                         was changed later than this one; else NULL */
	struct settings account; /* as the settings say; known is false if they do not */
	const struct origin *origin; /* find.c's own */
};

struct found_list {
	struct found *at;
	size_t n, cap;
};

/* A store file or a folder that is searched for stores. Nothing found: ERR_NO_STORE.
 * `client` (NULL: any) names the one format that counts. Paths are in the arena. */
int find_in(const char *path, const char *client, struct arena *a, struct found_list *out,
	struct err *e);
/* Everything below the user's home that is where a client keeps it, and what the lists
 * there name elsewhere. */
int find_all(const char *client, struct arena *a, struct found_list *out, struct err *e);
/* The settings file of a store (resolved) that lies apart from it, if the lists in its
 * owner's home lead there; NULL. */
const char *find_settings_of(
	const char *path, const struct format *f, uint32_t owner, struct arena *a);
/* Leave those that are live. */
void found_keep_live(struct found_list *l);
void found_release(struct found_list *l);

#endif
