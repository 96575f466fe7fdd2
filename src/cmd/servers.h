/*
 * The servers of a run: URL, password and TLS options of a side, made into a mailbox.
 * A password lives in one place, server.password, or a token in server.token; they are wiped
 * by server_release(), and never taken from argv or a URL.
 */
#ifndef CMD_SERVERS_H
#define CMD_SERVERS_H

#include "cmd/command.h"
#include "mailbox/mailbox.h"
#include "work/capture_side.h"
#include "work/store_side.h"

struct server {
	struct mailbox box;
	char *password, *token;
	struct store_side side; /* of a store: URL */
	struct capture_side capture;
	bool made;
};

/* By side, 0: old, 1: new, SIDE_PLAIN: how a server is called, and what its options begin
 * with behind their dashes. */
extern const char *const server_names[SIDES], *const server_prefixes[SIDES];

/* Finds what a store: URL leads to, and else asks for the password if nothing else says
 * it. */
int server_init(struct server *s, struct run *r, int side, struct err *e);
/* The store that the side's store: URL leads to; NULL: it has another URL. */
int server_store(struct run *r, int side, const char **path, struct err *e);
/* What the server did that a mail server should not. */
void server_notes(struct run *r, const struct server *s);
void server_release(struct server *s);

#endif
