/*
 * What is to become of each UIDL that a local message may bear.
 */
#ifndef WORK_MAIL_WISH_H
#define WORK_MAIL_WISH_H

#include "work/plan.h"

struct mail_wish {
	struct text from, via, to; /* to.len 0: stays; via.len 0: needs no detour */
};

struct mail_wishes {
	struct mail_wish *at;
	size_t n, cap;
	uint32_t *table; /* index + 1 by hash of `from`, 0 empty */
	size_t mask;
	struct arena arena;
	const char *map_id; /* set: UIDLs that nobody knows may become tombstones */
};

/* The texts must live as long as the wishes. The first wish for a UIDL counts; false if
 * there is one already. */
bool mail_wish_add(struct mail_wishes *w, struct mail_wish wish);
const struct mail_wish *mail_wish_find(const struct mail_wishes *w, struct text from);
/* The wish for a UIDL found in a message: those that nobody knows become tombstones if
 * they may come again. False: it stays. */
bool mail_wish_for(struct mail_wishes *w, struct text from, struct mail_wish *wish);
void mail_wish_release(struct mail_wishes *w);

/*
 * By the plan: a record's new UIDL is its message's. A UIDL whose record the client has
 * forgotten gets its partner's, or a tombstone if it may come again. What could be taken
 * for another message's on either side goes by way of a tombstone. A pair by size alone
 * gives no mail a UIDL, for by that a client deletes on the server: a tombstone, too.
 * Copies all texts.
 */
int mail_wish_plan(struct mail_wishes *w, const struct plan *p, const struct store *s,
	struct map *m, struct err *e);

#endif
