#include "base/arena.h"
#include "base/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

static void
no_memory(void)
{
	fputs("reuidl: out of memory; nothing that was not reported has been changed\n",
		stderr);
	abort();
}

void *
must_alloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (p == NULL)
		no_memory();
	os_large(p, size);
	return p;
}

char *
must_string(struct text t)
{
	char *s = must_alloc(t.len + 1);

	if (t.len > 0)
		memcpy(s, t.at, t.len);
	return s;
}

void *
array_grow(void *at, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap;

	if (want <= n)
		return at;
	n = n + n / 2;
	if (n < 16)
		n = 16;
	if (n < want)
		n = want;
	if (n > SIZE_MAX / size)
		no_memory();
	at = realloc(at, n * size);
	if (at == NULL)
		no_memory();
	os_large(at, n * size);
	*cap = n;
	return at;
}

void *
array_trim(void *at, size_t *cap, size_t n, size_t size)
{
	void *less;

	if (n == 0 || n >= *cap || (less = realloc(at, n * size)) == NULL)
		return at;
	*cap = n;
	return less;
}

static void *
take(struct arena *a, size_t size, size_t align)
{
	struct arena_block *b = a->block;
	size_t from = b != NULL ? (b->used + align - 1) / align * align : 0;

	if (size > SIZE_MAX / 2)
		no_memory();
	if (b == NULL || from > b->size || b->size - from < size) {
		size_t room = a->total < 4096 ? 1024 : 65536;

		if (room < size)
			room = size;
		b = must_alloc(sizeof(*b) + room);
		b->size = room;
		b->next = a->block;
		a->block = b;
		from = 0;
	}
	b->used = from + size;
	a->total += size;
	return (char *)b->data + from;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t align = _Alignof(max_align_t);

	/* Nothing of less than that needs more than 8. */
	return take(a, size, size < align ? 8 : align);
}

char *
arena_string(struct arena *a, struct text t)
{
	char *s = take(a, t.len + 1, 1);

	if (t.len > 0)
		memcpy(s, t.at, t.len);
	s[t.len] = '\0';
	return s;
}

struct text
arena_text(struct arena *a, struct text t)
{
	return (struct text){arena_string(a, t), t.len};
}

char *
arena_print(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *s;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	s = take(a, (size_t)n + 1, 1);
	va_start(args, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, args);
	va_end(args);
	return s;
}

void
arena_free(struct arena *a)
{
	while (a->block != NULL) {
		struct arena_block *next = a->block->next;
		free(a->block);
		a->block = next;
	}
	a->total = 0;
}
