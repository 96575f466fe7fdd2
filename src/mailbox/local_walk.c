#include "mailbox/local.h"

#include "base/os_file.h"

static int
read_at(void *arg, uint64_t off, char *to, size_t len, size_t *got, struct err *e)
{
	struct local_walk *w = arg;

	return os_read_at(w->fd, w->file.path, off, to, len, got, e);
}

static void
close_file(struct local_walk *w)
{
	if (!w->open)
		return;
	os_close(w->fd, w->file.path, &(struct err){0});
	local_release(&w->file);
	w->open = false;
}

/* The file w->at; not open and no error: it is gone, or no file any more. */
static int
open_file(struct local_walk *w, struct err *e)
{
	const struct mailbox_file *p = &w->store->files[w->at];
	struct os_stat st;

	if (os_open_in_place(p->path, false, &w->fd, e) < 0)
		return os_exists(p->path) ? -1 : 0;
	w->open = true;
	w->file = (struct local_file){.path = p->path,
		.size = p->size,
		.single = p->single,
		.key = w->store->key,
		.read = read_at,
		.arg = w};
	if (os_stat_fd(w->fd, p->path, &st, e) < 0) {
		close_file(w);
		return -1;
	}
	if (!st.regular)
		close_file(w);
	return 0;
}

int
local_walk_step(
	struct local_walk *w, const struct local_sink *sink, bool *more, struct err *e)
{
	const struct mailbox_store *s = w->store;

	*more = w->at < s->nfiles;
	if (!*more)
		return 0;
	if (!w->open && open_file(w, e) < 0)
		return -1;
	if (w->open && s->format->local(&w->file, sink, e) < 0)
		return -1;
	if (!w->open || w->file.done) {
		close_file(w);
		w->bytes += s->files[w->at].size;
		w->at++;
	}
	return 0;
}

int
local_walk_to(struct local_walk *w, size_t file, uint64_t at, struct err *e)
{
	local_walk_release(w);
	w->at = file;
	if (open_file(w, e) < 0)
		return -1;
	w->file.off = at;
	return 0;
}

void
local_walk_release(struct local_walk *w)
{
	close_file(w);
	*w = (struct local_walk){.store = w->store};
}
