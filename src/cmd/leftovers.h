/*
 * Messages that are only on the old server. Those that no client has ever had are
 * lost to the user when the old server goes, so they are named by Date, From, Subject.
 */
#ifndef CMD_LEFTOVERS_H
#define CMD_LEFTOVERS_H

#include "cmd/command.h"
#include "cmd/stores.h"
#include "map/map.h"

struct leftover {
	struct text uidl, date, from, subject;
	uint8_t unmatched;
	bool had; /* a store has it */
};

struct leftovers {
	struct leftover *at;
	size_t n, cap;
	struct arena arena;
	bool stores; /* at least one store was looked at */
};

int leftovers_load(struct leftovers *l, struct map *m, struct err *e);
/* What the client of this planned store has had. A store that is refused says nothing. */
int leftovers_see(struct leftovers *l, const struct job *j, struct err *e);
void leftovers_show(const struct leftovers *l, struct run *r);
void leftovers_release(struct leftovers *l);

#endif
