#include "work/cache_drive.h"

#include <stdlib.h>

#include "base/os_below.h"
#include "base/os_file.h"

struct drive {
	const struct message_cache *names;
	const struct journal_mail_file *folder;
	enum cache_way way;
	int fd;
	struct buf from, to;
	char **touched; /* one name in each folder that has changed */
	size_t ntouched, touched_cap;
	struct cache_moved done;
	struct arena arena;
};

void
cache_sign(const struct os_stat *st, char sign[CACHE_SIGN])
{
	uint64_t number[2] = {st->size, (uint64_t)st->mtime};

	for (size_t i = 0; i < CACHE_SIGN; i++)
		sign[i] = (char)(number[i / 8] >> (i % 8 * 8));
}

static const char *
path_of(const struct drive *d, struct text uidl, struct buf *to)
{
	buf_clear(to);
	d->names->name(uidl, to);
	buf_byte(to, '\0');
	return to->at;
}

static bool
is_there(const struct drive *d, const char *name, const struct journal_patch *p)
{
	struct os_stat st;
	char sign[CACHE_SIGN];

	if (os_stat_below(d->fd, name, &st) < 0)
		return false;
	cache_sign(&st, sign);
	return text_equal(p->head, (struct text){sign, CACHE_SIGN});
}

static void
touch(struct drive *d, const char *name)
{
	size_t len = strcspn(name, "/") + 1;

	for (size_t i = 0; i < d->ntouched; i++)
		if (strncmp(d->touched[i], name, len) == 0)
			return;
	d->touched = array_grow(
		d->touched, &d->touched_cap, d->ntouched + 1, sizeof(*d->touched));
	d->touched[d->ntouched++] = arena_string(&d->arena, text_of(name));
}

static int
drive_move(void *arg, const struct journal_patch *p, struct err *e)
{
	struct drive *d = arg;
	struct text from = d->way == CACHE_ASIDE ? p->from : p->via;
	struct text to = d->way == CACHE_ASIDE ? p->via
			 : d->way == CACHE_ON  ? p->to
					       : p->from;

	if (text_equal(from, to))
		return 0;
	const char *a = path_of(d, from, &d->from), *b = path_of(d, to, &d->to);
	/* Where a run has broken off, some are there already. */
	if (!is_there(d, a, p)) {
		if (d->way == CACHE_ASIDE && !is_there(d, b, p))
			return err_set(e, ERR_GUARD, "changed-since-read",
				"%s/%s: changed while it was read; run this again",
				d->folder->path, a);
		d->done.lost += !is_there(d, b, p);
		return 0;
	}
	int rc = os_move_below(d->fd, d->folder->path, a, b, e);
	if (rc > 0 && d->way == CACHE_ASIDE)
		return err_set(e, ERR_GUARD, "changed-since-read",
			"%s/%s: this name is taken; run this again", d->folder->path, b);
	d->done.lost += rc > 0;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	d->done.moved++;
	touch(d, a);
	touch(d, b);
	return 0;
}

static int
drive_folder(struct drive *d, struct journal *j, struct err *e)
{
	const char *path = d->folder->path;
	struct err late;

	/* Its disk is not there, or the client has thrown it away. */
	if (!os_exists(path))
		return 0;
	if (os_open_folder(path, &d->fd, e) < 0)
		return -1;
	buf_init(&d->from, SIZE_MAX);
	buf_init(&d->to, SIZE_MAX);
	int rc = journal_mail_each(j, d->folder, drive_move, d, e);
	for (size_t i = 0; i < d->ntouched; i++)
		if (os_sync_below(d->fd, path, d->touched[i], rc == 0 ? e : &late) < 0)
			rc = -1;
	if (os_close(d->fd, path, rc == 0 ? e : &late) < 0)
		rc = -1;
	buf_release(&d->from);
	buf_release(&d->to);
	free(d->touched);
	arena_free(&d->arena);
	return rc;
}

int
cache_drive(struct journal *j, const struct journal_mail *set,
	const struct message_cache *names, enum cache_way way, struct cache_moved *all,
	struct err *e)
{
	struct arena a = {0};
	struct journal_mail_file *folders;
	size_t n;
	int rc = journal_mail_files(j, &a, set, &folders, &n, e);

	*all = (struct cache_moved){0};
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct drive d = {.names = names, .folder = &folders[i], .way = way};
		rc = drive_folder(&d, j, e);
		all->moved += d.done.moved;
		all->lost += d.done.lost;
	}
	arena_free(&a);
	return rc;
}
