/*
 * Many small things with one free. Memory is zeroed, aligned for any type (texts lie
 * one behind the other), and stays where it is until arena_free(). Running out of memory ends the process: a
 * store is bounded by its file and a listing by the server's limits, so there is
 * nothing sensible to do about it, and nothing has been written at that point.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/text.h"

struct arena {
	struct arena_block *block;
	size_t total; /* bytes handed out */
};

void *arena_alloc(struct arena *a, size_t size);
/* A copy of the bytes, with a NUL behind them that is not counted. */
struct text arena_text(struct arena *a, struct text t);
char *arena_string(struct arena *a, struct text t);
__attribute__((format(printf, 2, 3))) char *
arena_print(struct arena *a, const char *fmt, ...);
void arena_free(struct arena *a);

/* realloc() to hold at least `want` things of `size`, growing by half; never fails. */
void *array_grow(void *at, size_t *cap, size_t want, size_t size);
/* Gives back what is behind `n` of them: nothing comes any more. */
void *array_trim(void *at, size_t *cap, size_t n, size_t size);
/* malloc() that never fails; the caller frees. */
void *must_alloc(size_t size);
char *must_string(struct text t);

#endif
