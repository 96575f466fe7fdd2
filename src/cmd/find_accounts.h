/*
 * What `find` says of an account's settings; and, of a store that has the entries of
 * several accounts, what is known of each.
 */
#ifndef CMD_FIND_ACCOUNTS_H
#define CMD_FIND_ACCOUNTS_H

#include "cmd/stores.h"

/* Texts in the run's arena. */
struct account_sight {
	const char *host, *user;
	size_t records;
	struct settings settings; /* known is false if they are not at hand */
};

/* Copies everything that is to outlive the job. */
struct settings settings_kept(struct arena *a, const struct settings *s);
/* "leaves mail on the server for 14 days" */
const char *settings_words(struct arena *a, const struct settings *s);
void settings_json(const struct settings *s, struct json *j);

/* By the store's accounts; malloc'ed. */
struct account_sight *accounts_see(struct run *r, const struct job *j);
void accounts_show(struct run *r, const struct account_sight *at, size_t n);
void accounts_json(const struct account_sight *at, size_t n, struct json *j);

#endif
