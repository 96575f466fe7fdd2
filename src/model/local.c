#include "model/local.h"
#include "base/arena.h"

#include <stdlib.h>

#define WINDOW ((size_t)1 << 20)

/* What is wanted and at hand goes to the front, and the file is read on behind it. */
static int
fill(struct local_file *f, uint64_t off, size_t want, struct err *e)
{
	size_t kept = 0, got;

	if (off >= f->window.off && off - f->window.off < f->window.have) {
		size_t skip = (size_t)(off - f->window.off);
		kept = f->window.have - skip;
		memmove(f->window.at, f->window.at + skip, kept);
	}
	f->window.off = off;
	f->window.have = kept;
	f->window.last = false;
	if (want < WINDOW)
		want = f->size < WINDOW ? (size_t)f->size + 1 : WINDOW;
	f->window.at = array_grow(f->window.at, &f->window.cap, want, 1);
	if (f->read(f->arg, off + kept, f->window.at + kept, f->window.cap - kept, &got,
		    e) < 0)
		return -1;
	f->window.have += got;
	f->window.last = f->window.have < f->window.cap;
	return 0;
}

int
local_bytes(
	struct local_file *f, uint64_t off, size_t want, struct text *t, struct err *e)
{
	bool here = f->window.at != NULL && off >= f->window.off &&
		    off - f->window.off <= f->window.have;
	size_t skip = here ? (size_t)(off - f->window.off) : 0;

	if (!here || (f->window.have - skip < want && !f->window.last)) {
		if (fill(f, off, want, e) < 0)
			return -1;
		skip = 0;
	}
	*t = (struct text){f->window.at + skip, f->window.have - skip};
	return 0;
}

/* Behind the end of a line that is too long to be held. */
static int
skip_line(struct local_file *f, uint64_t off, uint64_t *next, struct err *e)
{
	struct text t;

	for (;;) {
		if (local_bytes(f, off, 1, &t, e) < 0)
			return -1;
		size_t n = text_find(t, '\n');
		*next = off + n + (n < t.len);
		if (n < t.len || t.len == 0)
			return 0;
		off += n;
	}
}

int
local_line(struct local_file *f, uint64_t off, size_t max, struct local_line *l,
	struct err *e)
{
	size_t want = 1, n;
	struct text t;

	*l = (struct local_line){.next = off};
	for (;;) {
		if (local_bytes(f, off, want, &t, e) < 0)
			return -1;
		n = text_find(t, '\n');
		if (n < t.len || t.len < want || n > max)
			break;
		want = t.len + t.len / 2 + 1;
	}
	if (n > max) {
		l->cut = true;
		return skip_line(f, off + n, &l->next, e);
	}
	l->end = t.len == 0;
	l->next = off + n + (n < t.len);
	if (n > 0 && n < t.len && t.at[n - 1] == '\r')
		n--;
	l->text = (struct text){t.at, n};
	return 0;
}

void
local_release(struct local_file *f)
{
	free(f->state);
	free(f->window.at);
	f->state = NULL;
	f->window.at = NULL;
	f->window.have = f->window.cap = 0;
}
