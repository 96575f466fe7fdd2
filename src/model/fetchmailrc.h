/*
 * fetchmail's run control file, as far as it concerns us: which POP3 accounts there are,
 * where their UIDLs are kept, and whether mail stays on the server.
 *
 *     set idfile "/var/mail/ids"
 *     poll pop.example.org proto pop3 port 995
 *       user "alice" there is alice here password "x" ssl keep
 *
 * A file that is not understood to its end lists no account: its words decide whether
 * mail is deleted, so half of them are worth nothing.
 */
#ifndef MODEL_FETCHMAILRC_H
#define MODEL_FETCHMAILRC_H

#include "model/format.h"

int fetchmail_accounts(const struct source *rc, struct arena *a, struct account_list *out,
	struct err *e);

#endif
