/*
 * Bytes that grow, up to a stated maximum.
 *
 * A buffer that would pass its maximum keeps what it has, and `full` is set for good;
 * the caller asks once at the end. What the buffer holds is the caller's to release.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/text.h"

struct buf {
	char *at;
	size_t len, cap, max;
	bool full;
};

void buf_init(struct buf *b, size_t max);
void buf_add(struct buf *b, struct text t);
void buf_byte(struct buf *b, char c);
__attribute__((format(printf, 2, 3))) void buf_print(struct buf *b, const char *fmt, ...);
__attribute__((format(printf, 2, 0))) void
buf_vprint(struct buf *b, const char *fmt, va_list args);
/* Room for n bytes behind the end, to be filled by the caller, who then adds to len;
 * NULL if that passes the maximum. */
char *buf_room(struct buf *b, size_t n);
/* Empty again, memory kept. */
void buf_clear(struct buf *b);
void buf_release(struct buf *b);

static inline struct text
buf_text(const struct buf *b)
{
	return (struct text){b->at != NULL ? b->at : "", b->len};
}

#endif
