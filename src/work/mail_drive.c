#include "work/mail_drive.h"

#include <errno.h>
#include <stdlib.h>

#include "base/os_file.h"
#include "work/mail_files.h"
#include "work/mail_wish.h"

struct drive {
	struct journal *journal;
	const struct journal_mail *set;
	struct journal_mail_file *file;
	enum mail_want want;
	int fd;
	bool same_size; /* as when it was journalled: it is ours, even torn */
	size_t written, lost;
	/* What was not where it should be: by the UIDL that it may have now. */
	struct mail_wishes wishes;
	struct journal_patch *missing, *again;
	size_t nmissing, missing_cap, nagain, again_cap;
	struct arena arena;
};

/* The three forms of a head, in one allocation. */
struct forms {
	char *at[3];
	bool has[3];
	size_t len;
};

static bool
make_forms(const struct drive *d, const struct journal_patch *p, struct forms *f)
{
	struct mail_head h;

	f->len = p->head.len;
	f->at[WANT_FROM] = must_alloc(3 * f->len + 1);
	f->at[WANT_VIA] = f->at[WANT_FROM] + f->len;
	f->at[WANT_TO] = f->at[WANT_VIA] + f->len;
	if (!mail_head_read(&h, p->head, text_of(d->set->key)) ||
		h.bytes.len != p->head.len)
		return false;
	memcpy(f->at[WANT_FROM], p->head.at, f->len);
	f->has[WANT_FROM] = true;
	f->has[WANT_VIA] = p->via.len > 0 && mail_head_patch(&h, p->via, f->at[WANT_VIA]);
	f->has[WANT_TO] = mail_head_patch(&h, p->to, f->at[WANT_TO]);
	return f->has[d->want];
}

/* A write that the power cut in two: every byte is of one of the forms. */
static bool
is_torn(const struct forms *f, const char *now)
{
	for (size_t i = 0; i < f->len; i++) {
		bool known = false;
		for (int k = 0; k < 3; k++)
			known = known || (f->has[k] && f->at[k][i] == now[i]);
		if (!known)
			return false;
	}
	return true;
}

static bool
is_ours(const struct drive *d, const struct forms *f, const char *now)
{
	for (int k = 0; k < 3; k++)
		if (f->has[k] && memcmp(f->at[k], now, f->len) == 0)
			return true;
	return d->same_size && is_torn(f, now);
}

/* Only what differs: the sooner it is on the disk, the less can be torn. */
static int
write_form(struct drive *d, uint64_t off, const char *want, const char *now, size_t n,
	struct err *e)
{
	size_t from = 0;

	while (from < n && want[from] == now[from])
		from++;
	while (n > from && want[n - 1] == now[n - 1])
		n--;
	if (n == from)
		return 0;
	d->written++;
	return os_write_at(d->fd, d->file->path, off + from,
		(struct text){want + from, n - from}, e);
}

static void
keep_missing(struct drive *d, const struct journal_patch *p)
{
	struct arena *a = &d->arena;

	d->missing = array_grow(
		d->missing, &d->missing_cap, d->nmissing + 1, sizeof(*d->missing));
	d->missing[d->nmissing++] = (struct journal_patch){
		.from = arena_text(a, p->from),
		.via = arena_text(a, p->via),
		.to = arena_text(a, p->to),
	};
}

static int
drive_patch(void *arg, const struct journal_patch *p, struct err *e)
{
	struct drive *d = arg;
	struct forms f = {.has = {false}};
	size_t got = 0;
	int rc = 0;

	if (p->to.len == 0 || (d->want == WANT_VIA && p->via.len == 0))
		return 0;
	char *now = must_alloc(p->head.len + 1);
	if (make_forms(d, p, &f) && d->fd >= 0)
		rc = os_read_at(d->fd, d->file->path, p->off, now, f.len, &got, e);
	if (rc == 0 && got > 0 && got == f.len && is_ours(d, &f, now))
		rc = write_form(d, p->off, f.at[d->want], now, f.len, e);
	else if (rc == 0)
		keep_missing(d, p);
	free(f.at[WANT_FROM]);
	free(now);
	return rc;
}

/* --- a file that has changed ------------------------------------------------------- */

static struct text
wanted(const struct drive *d, const struct journal_patch *p)
{
	return d->want == WANT_FROM ? p->from : d->want == WANT_VIA ? p->via : p->to;
}

/* A UIDL that both servers may have is believed only where the store speaks of the same
 * server: going on, the store is the new one, and such heads have left `from` already. */
static void
wish_missing(struct drive *d)
{
	for (size_t i = 0; i < d->nmissing; i++) {
		const struct journal_patch *p = &d->missing[i];
		struct mail_wish w = {.to = (struct text){(const char *)p, 0}};
		struct text may[2] = {p->via, {"", 0}};
		if (p->via.len == 0)
			may[1] = d->want == WANT_TO ? p->from : p->to;
		for (int k = 0; k < 2; k++) {
			w.from = may[k];
			if (w.from.len > 0 && !text_equal(w.from, wanted(d, p)))
				mail_wish_add(&d->wishes, w);
		}
	}
}

static int
found_again(void *arg, const struct mail_head *h, struct err *e)
{
	struct drive *d = arg;
	const struct mail_wish *w = mail_wish_find(&d->wishes, h->uidl);

	(void)e;
	if (w == NULL)
		return 0;
	struct journal_patch p = *(const struct journal_patch *)(const void *)w->to.at;
	char *head = arena_alloc(&d->arena, h->bytes.len + 1);
	if (!mail_head_patch(h, p.from, head))
		return 0;
	p.off = h->off;
	p.head = (struct text){head, h->bytes.len};
	d->again = array_grow(d->again, &d->again_cap, d->nagain + 1, sizeof(*d->again));
	d->again[d->nagain++] = p;
	return 0;
}

static int
look_again(struct drive *d, struct err *e)
{
	struct mail_scan s = {.key = text_of(d->set->key),
		.single = d->file->single,
		.found = found_again,
		.arg = d};

	wish_missing(d);
	if (mail_file_scan(&s, d->fd, d->file->path, NULL, e) < 0)
		return -1;
	if (d->nagain == 0)
		return 0;
	if (journal_mail_renew(d->journal, d->file, d->again, d->nagain, e) < 0)
		return -1;
	for (size_t i = 0; i < d->nagain; i++)
		if (drive_patch(d, &d->again[i], e) < 0)
			return -1;
	return 0;
}

/* --- a file ------------------------------------------------------------------------ */

static int
drive_open(struct drive *d, bool search, struct os_stat *st, struct err *e)
{
	const char *path = d->file->path;

	if (search && !os_exists(path))
		return 0;
	if (os_open_in_place(path, true, &d->fd, e) < 0 ||
		os_stat_fd(d->fd, path, st, e) < 0)
		return -1;
	if (!st->regular)
		return err_set(e, ERR_DATA, "format", "%s: not a regular file", path);
	d->same_size = st->size == d->file->size;
	/* An index is trusted only by size and time. A time that is not the journal's is
	 * our own broken-off run's, or the client's if the size is another. */
	if (!d->same_size) {
		d->file->size = st->size;
		d->file->mtime = st->mtime;
	}
	return 0;
}

static int
drive_patches(struct drive *d, bool search, struct err *e)
{
	if (journal_mail_each(d->journal, d->file, drive_patch, d, e) < 0)
		return -1;
	d->lost = d->nmissing;
	if (d->nmissing == 0)
		return 0;
	if (!search)
		return err_set(e, ERR_GUARD, "changed-since-read",
			"%s: changed while it was read; run this again", d->file->path);
	if (d->fd < 0)
		return 0;
	if (look_again(d, e) < 0)
		return -1;
	d->lost -= d->nagain < d->lost ? d->nagain : d->lost;
	return 0;
}

static int
drive_close(struct drive *d, const struct os_stat *st, struct err *e)
{
	const char *path = d->file->path;
	struct err late;
	int rc = 0;

	if (d->fd < 0)
		return 0;
	if (d->written > 0)
		rc = os_sync_fd(d->fd, path, e);
	if (d->written > 0 || st->mtime != d->file->mtime) {
		if (os_set_mtime(d->fd, path, d->file->mtime, rc == 0 ? e : &late) < 0)
			rc = -1;
		if (rc == 0)
			rc = os_sync_fd(d->fd, path, e);
	}
	if (os_close(d->fd, path, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

static int
drive_file(struct drive *d, bool search, struct err *e)
{
	struct os_stat st = {0};
	struct err late;
	int rc = drive_open(d, search, &st, e);

	if (rc == 0)
		rc = drive_patches(d, search, e);
	if (drive_close(d, &st, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

int
mail_drive(struct journal *j, const struct journal_mail *set, enum mail_want want,
	bool search, struct mail_driven *all, struct err *e)
{
	struct arena a = {0};
	struct journal_mail_file *files;
	size_t n;
	int rc = journal_mail_files(j, &a, set, &files, &n, e);

	*all = (struct mail_driven){0};
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct drive d = {.journal = j,
			.set = set,
			.file = &files[i],
			.want = want,
			.fd = -1};
		rc = drive_file(&d, search, e);
		all->written += d.written;
		all->lost += d.lost;
		mail_wish_release(&d.wishes);
		free(d.missing);
		free(d.again);
		arena_free(&d.arena);
	}
	arena_free(&a);
	return rc;
}
