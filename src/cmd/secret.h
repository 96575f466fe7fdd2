/*
 * The password or token of a server: from where the options say that it is, a file, a
 * command, the environment or ~/.netrc, else asked for on the terminal. A file that others
 * can read is refused; what was read on the way is wiped.
 */
#ifndef CMD_SECRET_H
#define CMD_SECRET_H

#include "cmd/command.h"
#include "mailbox/mailbox.h"

/* Sets one of the two, which the caller wipes and frees. A mechanism that wants a token
 * gets it from where passwords come from, if there is no command for it. */
int secret_get(struct run *r, int side, const struct mailbox_url *url, char **password,
	char **token, struct err *e);

#endif
