/*
 * A side that lies on a disk as its server has it: maildir:PATH. Whose mailbox it is no
 * file says, so the user does.
 */
#ifndef CMD_PATH_SIDE_H
#define CMD_PATH_SIDE_H

#include "cmd/command.h"
#include "mailbox/mailbox.h"

/* side 0: old, 1: new; o->url has the path. Fills in what such a mailbox wants. */
int path_side(struct run *r, int side, struct mailbox_options *o, struct err *e);
/* A side that has its account elsewhere (a server's URL, a store) takes none. */
int path_side_none(const struct run *r, int side, const char *scheme, struct err *e);
/* USER@HOST, the last @ splits; in the run's arena. `wants` begins the sentence that
 * refuses it: "--import wants --old-account". */
int account_split(struct run *r, const char *wants, const char *account, char **user,
	char **host, struct err *e);
/* "~/x": a shell does not expand that behind a scheme. */
const char *with_home(struct run *r, const char *path);

#endif
