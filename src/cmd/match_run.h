/*
 * Matching two servers for a command: `match` and `migrate`.
 */
#ifndef CMD_MATCH_RUN_H
#define CMD_MATCH_RUN_H

#include "cmd/console.h"
#include "cmd/servers.h"

/* Ask for the passwords, match, keep the map, print the summary. */
int match_servers(struct run *r, const char *map_path, struct err *e);
/* Name what is only on the old server. */
int match_leftovers(struct run *r, const char *map_path, struct err *e);

#endif
