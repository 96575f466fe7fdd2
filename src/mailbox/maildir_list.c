#include "mailbox/maildir.h"

#include <stdlib.h>

#include "base/os.h"
#include "base/os_below.h"
#include "base/os_file.h"

static int
by_base(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;
	int order = text_compare(x->base, y->base);

	return order != 0 ? order : strcmp(x->name, y->name);
}

static int
by_base_alone(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;

	return text_compare(x->base, y->base);
}

/* No line end: such a name could not be anybody's UIDL, nor stand in a list. */
static bool
is_odd(const char *name)
{
	return strpbrk(name, "\r\n") != NULL || name[0] == ':';
}

static int
list_folder(struct maildir *d, const char *sub, struct err *e)
{
	char **names;
	size_t n;

	if (os_list_below(d->fd, d->path, sub, &d->arena, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		/* No server takes these for messages. */
		if (names[i][0] == '.')
			continue;
		if (is_odd(names[i])) {
			d->odd++;
			continue;
		}
		d->at = array_grow(d->at, &d->cap, d->n + 1, sizeof(*d->at));
		struct maildir_file *f = &d->at[d->n++];
		*f = (struct maildir_file){
			.name = arena_print(&d->arena, "%s/%s", sub, names[i])};
		f->base = text_of(f->name + strlen(sub) + 1);
		f->base.len = text_find(f->base, ':');
	}
	return 0;
}

/* A file that a server moved from new to cur between the two lists is in both of them. */
static void
drop_moved(struct maildir *d)
{
	struct os_stat st;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		bool twice =
			(i > 0 && text_equal(d->at[i - 1].base, d->at[i].base)) ||
			(i + 1 < d->n && text_equal(d->at[i + 1].base, d->at[i].base));

		if (!twice || os_stat_below(d->fd, d->at[i].name, &st) == 0)
			d->at[n++] = d->at[i];
	}
	d->n = n;
}

int
maildir_list_files(struct maildir *d, struct err *e)
{
	if (list_folder(d, "new", e) < 0 || list_folder(d, "cur", e) < 0)
		return -1;
	if (d->n > 0)
		qsort(d->at, d->n, sizeof(*d->at), by_base);
	drop_moved(d);
	return 0;
}

void
maildir_drop_computed(struct maildir *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (!d->at[i].computed)
			d->at[n++] = d->at[i];
	d->unlisted += d->n - n;
	d->n = n;
	d->computed = 0;
}

int
maildir_look_again(struct maildir *d, size_t *more, struct err *e)
{
	struct maildir now = {.fd = d->fd, .path = d->path};
	size_t known = 0;
	int rc = maildir_list_files(&now, e);

	for (size_t i = 0; rc == 0 && now.n > 0 && i < d->n; i++) {
		struct maildir_file *f = &d->at[i];
		const struct maildir_file *is =
			bsearch(f, now.at, now.n, sizeof(*now.at), by_base_alone);

		if (is == NULL)
			continue;
		known++;
		if (strcmp(is->name, f->name) != 0) {
			f->name = arena_string(&d->arena, text_of(is->name));
			f->base.at = f->name + 4;
		}
	}
	*more = now.n > known + d->unlisted ? now.n - known - d->unlisted : 0;
	free(now.at);
	arena_free(&now.arena);
	return rc;
}

void
maildir_release(struct maildir *d)
{
	if (d->fd >= 0)
		os_close(d->fd, d->path, &(struct err){0});
	uidlist_release(&d->uidlist);
	free(d->at);
	free(d->bytes);
	arena_free(&d->arena);
	*d = (struct maildir){.fd = -1};
}
