/*
 * How a run ends: what the clients would do next, and what a person is to do.
 */
#ifndef CMD_NEXT_H
#define CMD_NEXT_H

#include "cmd/stores.h"

/* The map of --map. */
int open_map(struct run *r, struct map **m, struct err *e);
int next_after_diff(struct run *r, struct err *e);
int next_after_apply(struct run *r, struct map *m, struct err *e);
/* Whose UIDLs nobody has proved: a line for each such side. */
void tell_trusted(struct run *r, const struct map_info *info);
/* How long ago the map was proved. */
void show_age(struct run *r, int64_t seconds);
/* "3 of 203 would be downloaded", a line a store. */
void show_forecast(struct run *r);
/* "2 stores: 1 changed, 1 refused". */
void show_states(struct run *r);

#endif
