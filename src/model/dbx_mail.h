/*
 * Outlook Express's own mail as evidence (local.h): its message stores, *.dbx beside
 * Pop3uidl.dbx, whose records hold the UIDL that a message had on its server. Each file is
 * read record by record, the text block by block; what does not hang together is passed
 * over, for evidence that is missing costs a download and no more.
 */
#ifndef MODEL_DBX_MAIL_H
#define MODEL_DBX_MAIL_H

#include "base/buf.h"
#include "model/local.h"

/* format->local. The key is dbx_mail_key()'s; an empty one: whatever account it is. */
int dbx_local(struct local_file *f, const struct local_sink *sink, struct err *e);
/* What the messages of an account have in common. */
void dbx_mail_key(struct text server, struct text account_id, struct buf *key);

#endif
