#include "work/cache_drive.h"

#include "base/os_moves.h"

struct drive {
	const struct message_cache *names;
	const struct journal_mail_file *folder;
	enum cache_way way;
	struct os_moves *moves;
	struct buf from, to;
	struct cache_moved done;
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

	if (os_moves_stat(d->moves, name, &st) < 0)
		return false;
	cache_sign(&st, sign);
	return text_equal(p->head, (struct text){sign, CACHE_SIGN});
}

static int
drive_move(void *arg, const struct journal_patch *p, struct err *e)
{
	struct drive *d = arg;
	/* Without `via` it goes straight, when the store is the new one. */
	struct text via = p->via.len > 0	 ? p->via
			  : d->way == CACHE_BACK ? p->to
						 : p->from;
	struct text from = d->way == CACHE_ASIDE ? p->from : via;
	struct text to = d->way == CACHE_ASIDE ? via
			 : d->way == CACHE_ON  ? p->to
					       : p->from;

	/* What cannot be done is to be known while the store is still the old one. */
	if (d->way == CACHE_ASIDE &&
		os_moves_ready(d->moves, path_of(d, p->from, &d->from),
			path_of(d, p->to, &d->to), e) < 0)
		return -1;
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
	int rc = os_moves_move(d->moves, a, b, e);
	if (rc > 0 && d->way == CACHE_ASIDE)
		return err_set(e, ERR_GUARD, "changed-since-read",
			"%s/%s: this name is taken; run this again", d->folder->path, b);
	d->done.lost += rc > 0;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	d->done.moved++;
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
	if (os_moves_open(&d->moves, path, e) < 0)
		return -1;
	buf_init(&d->from, SIZE_MAX);
	buf_init(&d->to, SIZE_MAX);
	int rc = journal_mail_each(j, d->folder, drive_move, d, e);
	if (os_moves_sync(d->moves, rc == 0 ? e : &late) < 0)
		rc = -1;
	os_moves_close(d->moves);
	buf_release(&d->from);
	buf_release(&d->to);
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
