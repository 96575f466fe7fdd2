/*
 * For the tests of local mail as evidence: what the sink gets from a reader is written
 * down as a person reads it:
 *
 *     [UIDL] line|line||body line|= all
 */
#ifndef TESTS_HEARING_H
#define TESTS_HEARING_H

#include "model/local.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct heard {
	const char *file;
	size_t len, reads;
	const char *picky; /* only this UIDL is wanted; NULL: all are */
	uint64_t at[8];
	size_t n;
	char words[4096];
};

static inline void
hear_say(struct heard *h, const char *fmt, struct text t)
{
	size_t n = strlen(h->words);

	snprintf(h->words + n, sizeof(h->words) - n, fmt, TEXT_ARG(t));
}

static inline int
hear_take(void *arg, uint64_t off, char *to, size_t len, size_t *got, struct err *e)
{
	struct heard *h = arg;

	(void)e;
	h->reads++;
	*got = off < h->len ? h->len - (size_t)off : 0;
	if (*got > len)
		*got = len;
	memcpy(to, h->file + (*got > 0 ? off : 0), *got);
	return 0;
}

static inline int
hear_begin(void *arg, const struct local_message *m, bool *wanted, struct err *e)
{
	struct heard *h = arg;

	(void)e;
	cr_assert(*wanted);
	*wanted = h->picky == NULL || text_equal(m->uidl, text_of(h->picky));
	h->at[h->n++ & 7] = m->at;
	hear_say(h, *wanted ? "[%.*s] " : "[%.*s]-", m->uidl);
	return 0;
}

static inline void
hear_line(void *arg, struct text t)
{
	hear_say(arg, "%.*s|", t);
}

static inline int
hear_end(void *arg, enum local_known known, struct err *e)
{
	static const char *const names[] = {"= nothing\n", "= header\n", "= all\n"};

	(void)e;
	hear_say(arg, "%.*s", text_of(names[known]));
	return 0;
}

/* Of `f` what the caller of `local` sets, but for its size and how it is read. */
static inline void
hear(struct heard *h,
	int (*local)(struct local_file *, const struct local_sink *, struct err *),
	struct local_file *f, bool headers_only)
{
	struct local_sink sink = {hear_begin, hear_line, hear_end, h, headers_only};
	struct err e;

	f->size = h->len;
	f->read = hear_take;
	f->arg = h;
	for (size_t calls = 0; !f->done; calls++) {
		cr_assert_lt(calls, 1000, "no end: %s", h->words);
		cr_assert_eq(local(f, &sink, &e), 0);
	}
	local_release(f);
}

#endif
