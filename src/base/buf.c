#include "base/buf.h"
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->full || n > b->max - b->len) {
		b->full = true;
		return NULL;
	}
	b->at = array_grow(b->at, &b->cap, b->len + n, 1);
	return b->at + b->len;
}

void
buf_add(struct buf *b, struct text t)
{
	char *room;

	if (t.len == 0 || (room = buf_room(b, t.len)) == NULL)
		return;
	memcpy(room, t.at, t.len);
	b->len += t.len;
}

void
buf_byte(struct buf *b, char c)
{
	buf_add(b, (struct text){&c, 1});
}

void
buf_vprint(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	char *room;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (room = buf_room(b, (size_t)n + 1)) == NULL)
		return;
	vsnprintf(room, (size_t)n + 1, fmt, args);
	b->len += (size_t)n;
}

void
buf_print(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprint(b, fmt, args);
	va_end(args);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

void
buf_release(struct buf *b)
{
	free(b->at);
	*b = (struct buf){.max = b->max};
}
