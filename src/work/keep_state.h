/* What keep_*.c share; nobody else includes this. */
#ifndef WORK_KEEP_STATE_H
#define WORK_KEEP_STATE_H

#include "mailbox/maildir.h"
#include "work/keep_uidls.h"

/* A message of the folder, by its index there. */
struct keep_message {
	struct text old;  /* its partner's UIDL, len 0: it has none */
	struct text give; /* the UIDL that it is to get, len 0: it keeps its own */
};

struct keep {
	struct map_info info;
	struct maildir dir;
	struct keep_message *at; /* dir.n of them */
	struct text *old;	 /* all UIDLs of the old list, sorted */
	size_t nold;
	uint32_t *by_uidl; /* indexes of dir.at, by their UIDLs */
	struct keep_counts *n;
	struct arena arena;
};

/* Reads map and folder; `give` is what the map says. Also after an error to be released. */
int keep_load(struct keep *k, struct map *m, struct keep_counts *n, struct err *e);
/* Was it in the old list? */
bool keep_was_old(const struct keep *k, struct text uidl);
/* Takes back each `give` that another message has, or will have: *dropped of them. */
void keep_settle(struct keep *k, size_t *dropped);
void keep_release(struct keep *k);

#endif
