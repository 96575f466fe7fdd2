/*
 * Pop3uidl.dbx of Outlook Express 5 and 6: a table in the engine's file (dbx.h), a record
 * for each message, whatever the account (Microsoft's "Windows Mail Database Reference",
 * POP3UIDL_DATABASE_VERSION_OE6):
 *
 *     0 DLTIME      when it was downloaded, 100 ns since 1601
 *     1 DELETED     1: it was, or is to be, deleted on the server
 *     2 DOWNLOADED  1: the client has it
 *     3 UIDL        the key of the one index: these three,
 *     4 SERVER      the first by its bytes, the others
 *     5 ACCOUNTID   in any case ("00000001", the account's key in the registry)
 *
 * What is inferred of the file and not published is looked for in the user's own: above
 * all that its records are in the order that we would put them in.
 */
#ifndef MODEL_POP3UIDL_H
#define MODEL_POP3UIDL_H

#include "model/dbx.h"

enum pop3uidl_column {
	POP3UIDL_TIME,
	POP3UIDL_DELETED,
	POP3UIDL_DOWNLOADED,
	POP3UIDL_UIDL,
	POP3UIDL_SERVER,
	POP3UIDL_ACCOUNT,
};

struct pop3uidl {
	struct text uidl, server, id;
	uint64_t time; /* 100 ns since 1601; 0 unknown */
	bool deleted, downloaded;
};

/* All records' places, in the order of the file, which has passed every check that must
 * hold before it may be written; dbx_tree_release() by the caller. */
int pop3uidl_open(const struct source *src, struct dbx_tree *tree, struct err *e);
/* The record at `off`, which need not be a place in the file. */
int pop3uidl_take(const struct source *src, uint32_t off, struct dbx_record *r,
	struct pop3uidl *entry, struct err *e);
/* By the three keys. */
int pop3uidl_compare(const struct pop3uidl *a, const struct pop3uidl *b);
/* Printable ASCII only: how the client would put other bytes in order is not known. */
bool pop3uidl_has_known_order(struct text t);

#endif
