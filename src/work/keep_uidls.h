/*
 * The server's side of a move: what makes the new server go on with the old UIDLs, so that
 * no client has to be touched. The map's new side is a Maildir (maildir:PATH), which is
 * read again, and changed by nobody here: the administrator is handed
 *
 *     a dovecot-uidlist with the old UIDL in the P field of each paired message;
 *     a shell script that gives files the old UIDLs as their names, for servers whose
 *     UIDL is the name (qmail, Courier's format 0, Dovecot's %f).
 *
 * A UIDL must never stand for two messages, or a client passes over mail that it has never
 * had. So of the pairs are left out: those whose old UIDL another message of the folder
 * has, or may get later from the server's own rule; those made by size alone; and what the
 * form cannot hold. A message without a partner that has the UIDL of another of the old
 * server's gets one that nobody has had.
 */
#ifndef WORK_KEEP_UIDLS_H
#define WORK_KEEP_UIDLS_H

#include "base/buf.h"
#include "map/map.h"

struct keep_counts {
	size_t pairs;	/* in the map */
	size_t given;	/* … that get their old UIDL */
	size_t already; /* … that have it */
	size_t taken;	/* left out: another message has it */
	size_t future;	/* left out: a message to come may get it */
	size_t unfit;	/* left out: the form cannot hold it */
	size_t weak;	/* left out: by size alone */
	size_t fresh;	/* without a partner, and with a UIDL that was another's */
	uint32_t next;	/* the UID from which on old UIDLs come again by the server's own
			   rule, and the last one of these; 0: none do */
	uint32_t last;
};

/* The folder is not what the map was made of, or not of such a server: in words. */
int keep_in_uidlist(struct map *m, struct buf *out, struct keep_counts *n, struct err *e);
int keep_in_names(struct map *m, struct buf *out, struct keep_counts *n, struct err *e);

#endif
