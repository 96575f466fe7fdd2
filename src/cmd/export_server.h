/*
 * `map FILE --export dovecot-uidlist` and `--export maildir-rename`: what the administrator
 * of the new server takes, to stdout, and how much of the map is in it, to stderr.
 */
#ifndef CMD_EXPORT_SERVER_H
#define CMD_EXPORT_SERVER_H

#include "cmd/command.h"
#include "map/map.h"

/* Is that the name of such an export? */
bool export_server_named(const char *how);
int export_server(struct run *r, struct map *m, const char *how, struct err *e);

#endif
