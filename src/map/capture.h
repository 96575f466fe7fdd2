/*
 * A capture: what one mailbox was, in one SQLite file (application_id "rCAP"), for when
 * its server is gone.
 *
 * It is a map with one side only: the same tables, of which those of the old side are
 * used, with the same evidence, the same 24 hours in which an interrupted run is gone on
 * with (map_list()), and the same checks for damage. Neither is ever taken for the other.
 * What a killed capture has is as good as the same part of a whole one.
 */
#ifndef MAP_CAPTURE_H
#define MAP_CAPTURE_H

#include "map/map.h"

/* Open to write, making it (mode 0600) if it is not there; one that exists must be of the
 * same mailbox (ERR_GUARD, reason "account"). Then map_list(), map_evidence() and
 * map_describe() of SIDE_OLD, in this order, and capture_finish() when all is there. */
int capture_create(
	const char *path, const struct map_side *side, struct map **out, struct err *e);
/* Can what is there be gone on with, now that the server lists `l`? */
int capture_goes_on(struct map *m, const struct listing *l, bool *goes_on, struct err *e);
/* words[i] = 1 where Date, From and Subject of a message are kept. */
int capture_described(struct map *m, uint8_t *words, size_t n, struct err *e);
int capture_finish(struct map *m, int64_t now, struct err *e);

/* Open to read. Until map_close() nobody can write to it. */
int capture_open(const char *path, struct map **out, struct err *e);

struct capture_info {
	struct map_side side;
	int64_t since;	  /* when the server listed this */
	int64_t finished; /* 0: it was not */
	uint64_t headers, bodies, words;
};

/* Strings in the arena. */
int
capture_info(struct map *m, struct arena *a, struct capture_info *info, struct err *e);
/* Into an empty list, in the server's order; proved by the digest that was made of it. */
int capture_list(struct map *m, struct listing *l, struct err *e);

/* Row after row, by index, from the first on; one kind at a time. What is kept of a
 * finished capture's evidence is proved at its end. `values` live until the next call. */
int capture_rewind(struct map *m, bool words, struct err *e);
int capture_next_evidence(
	struct map *m, size_t *index, struct evidence *ev, bool *row, struct err *e);
int capture_next_words(
	struct map *m, size_t *index, struct text values[3], bool *row, struct err *e);

#endif
