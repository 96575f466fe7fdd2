/*
 * What find.c and find_profiles.c share while one home or folder is looked through.
 */
#ifndef WORK_FIND_STATE_H
#define WORK_FIND_STATE_H

#include "work/find.h"

/* A root that is there: where a client lists its profiles. */
struct origin {
	const struct client_root *root; /* NULL: a folder that the user named */
	const char *home, *folder;	/* resolved */
};

/* A profile whose settings have been read. */
struct found_profile {
	const struct format *format;
	const char *settings, *name, *client;
	const struct origin *origin; /* NULL: it lies in none */
	struct account_list accounts;
	char **real; /* by account: its store resolved; NULL: it is not there */
};

struct finder {
	const char *client; /* the format's name, NULL: any */
	struct arena *a;
	struct found_list *out;
	const char *base; /* the home or folder that is looked through, resolved */
	uint32_t owner;	  /* of it */
	struct found_profile *profiles;
	size_t nprofiles, profiles_cap;
	const struct origin **origins;
	size_t norigins, origins_cap;
};

/* Is the path in the folder, or deeper? */
bool is_below(const char *path, const char *folder);
bool finder_wants(const struct finder *x, const struct format *f);
/* The entry of that path, made if there is none; *made (may be NULL) says so. */
struct found *
finder_add(struct finder *x, const struct format *f, char *path, bool *made);
/* All paths below a folder that fit a glob; sorted, in the arena. */
size_t finder_expand(struct finder *x, const char *folder, const char *glob,
	char ***paths, size_t *cap, size_t n);

/* The roots below a home, with all profiles and accounts. */
void finder_home(struct finder *x, const char *home);
/* A folder that has a list of profiles. */
void finder_root(struct finder *x, const struct format *f, const struct client_root *root,
	const char *home, const char *folder);
/* The accounts of the profile that a folder is or lies in, whose stores are in it. */
void finder_folder(struct finder *x, const struct format *f, const char *folder);
/* A file that bears a store's name: whose it is. */
void finder_file(struct finder *x, const struct format *f, char *path);

/* Of stores that one client has copied from another's root: which are live. */
void finder_judge(struct found_list *l);

#endif
