#include "work/undo.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os_file.h"
#include "work/companions.h"
#include "work/inverse.h"
#include "work/target.h"

static int
check_state(const struct journal_file *f, struct err *e)
{
	if (f->undoes != 0)
		return err_set(e, ERR_USAGE, "",
			"%s: run %s is an undo itself; apply the map again", f->path,
			f->run);
	if (f->state == JOURNAL_DONE)
		return 0;
	return err_set(e, ERR_GUARD, "undone", "%s: run %s %s", f->path, f->run,
		f->state == JOURNAL_PREPARED ? "is not finished yet"
					     : "has been taken back already");
}

static int
replace(struct target *t, struct journal *j, const struct journal_file *f,
	struct text bytes, size_t renamed, struct err *e)
{
	struct journal_file record = {
		.account = f->account, .undoes = f->row, .renamed = renamed};

	if (strcmp(t->path, f->path) != 0)
		record.becomes = f->path;

	return target_replace(t, bytes, j, &record, e);
}

/* The very bytes of before. */
static int
undo_whole(struct target *t, struct journal *j, const struct journal_file *f,
	struct undo_result *r, struct err *e)
{
	struct source old;

	if (inverse_copy(&old, f->old_copy, &f->old_digest, e) < 0)
		return -1;
	int rc = replace(t, j, f, old.bytes, (size_t)f->renamed, e);
	source_release(&old);
	r->whole = rc == 0;
	return rc;
}

static int
undo_edits(struct target *t, struct journal *j, const struct journal_file *f,
	const struct inverse *v, const struct store *today, struct undo_result *r,
	struct err *e)
{
	struct edit *edits;
	struct buf out;
	size_t n;
	int rc;

	inverse_edits(v, today, &edits, &n);
	buf_init(&out, SOURCE_MAX);
	/* Nothing of ours is left: there is nothing to take back. */
	if (n == 0)
		rc = journal_finish(j, f, JOURNAL_UNDONE, e);
	else
		rc = store_write(today, edits, n, &out, e);
	if (rc == 0 && n > 0)
		rc = replace(t, j, f, buf_text(&out), n, e);
	/* A record's UIDL and server are one thing that was changed. */
	r->taken_back = n;
	for (size_t i = 1; i < n; i++)
		r->taken_back -= edits[i].what == EDIT_SERVER &&
				 edits[i - 1].what == EDIT_UIDL &&
				 edits[i - 1].index == edits[i].index;
	r->left = v->nedits > r->taken_back ? v->nedits - r->taken_back : 0;
	buf_release(&out);
	free(edits);
	return rc;
}

/* The client has written the file since. */
static int
undo_changed(struct target *t, struct journal *j, const struct journal_file *f,
	bool from_backup, struct undo_result *r, struct err *e)
{
	struct inverse v;
	struct store today;

	if (inverse_make(&v, f, e) < 0)
		return -1;
	int rc = store_read(&today, v.new.format, &t->source, e);
	if (rc == 0 && from_backup)
		r->forgotten = inverse_forgets(&v, &today);
	else if (rc == 0)
		rc = undo_edits(t, j, f, &v, &today, r, e);
	if (rc == 0)
		store_release(&today);
	inverse_release(&v);
	return rc;
}

static int
undo_target(struct target *t, struct journal *j, const struct journal_file *f,
	bool from_backup, struct undo_result *r, struct err *e)
{
	const struct digest *now = &t->source.digest;
	struct err unread;

	/* The name goes back, too. */
	bool renamed = strcmp(t->path, f->path) != 0;

	if (digest_equal(now, &f->old_digest)) {
		if (renamed)
			return undo_whole(t, j, f, r, e);
		r->whole = true;
		return journal_finish(j, f, JOURNAL_UNDONE, e);
	}
	if (digest_equal(now, &f->new_digest))
		return undo_whole(t, j, f, r, e);
	if (!from_backup)
		return undo_changed(t, j, f, false, r, e);
	/* A file that cannot be read any more is what a backup is for. */
	if (undo_changed(t, j, f, true, r, &unread) < 0)
		r->unreadable = true;
	return undo_whole(t, j, f, r, e);
}

/* What the client keeps beside the store goes with it: work/companions.h. */
static int
undo_with_companions(struct target *t, struct journal *j, const struct journal_file *f,
	bool from_backup, const struct watch *watch, struct undo_result *r, struct err *e)
{
	struct companions c;
	const struct mail *mail = &c.mail;
	struct err late;

	if (companions_plan_back(&c, t, j, f, e) < 0)
		return -1;
	c.mail.watch = watch;
	int rc = companions_prepare(&c, j, t, NULL, e);
	if (rc == 0) {
		rc = undo_target(t, j, f, from_backup, r, e);
		if (companions_finish(&c, j, rc == 0 ? e : &late) < 0)
			rc = -1;
		r->mail_back = mail->patched -
			       (mail->lost < mail->patched ? mail->lost : mail->patched);
		r->mail_left = mail->stuck + mail->lost;
		r->cache_back = c.cache.follow;
		r->cache_left = c.cache.lost;
	}
	companions_release(&c);
	return rc;
}

/* A file that the run has made goes, unless the client has written it since. */
static int
undo_copy(struct journal *j, const struct journal_file *f, bool from_backup,
	struct undo_result *r, struct err *e)
{
	struct journal_file record = {.account = f->account,
		.undoes = f->row,
		.copies = f->copies == COPY_MADE ? COPY_GONE : COPY_GONE_FOLDER};
	struct target t;
	int rc;

	r->whole = r->removed = true;
	if (!os_exists(f->becomes))
		return journal_finish(j, f, JOURNAL_UNDONE, e);
	if (target_open(&t, f->becomes, f->format, true, journal_folder(j), e) < 0)
		return -1;
	if (digest_equal(&t.source.digest, &f->new_digest) || from_backup)
		rc = target_remove(&t, j, &record, e);
	else
		rc = err_set(e, ERR_GUARD, "in-use",
			"%s: the client has used this account since, so what it has "
			"noted there would be lost, and all its mail on the server would "
			"come again. If that is meant, say --from-backup; nothing was "
			"changed",
			f->becomes);
	target_close(&t);
	return rc;
}

int
undo_file(struct journal *j, const struct journal_file *f, bool from_backup,
	const struct watch *watch, struct undo_result *r, struct err *e)
{
	struct target t;

	*r = (struct undo_result){0};
	if (check_state(f, e) < 0)
		return -1;
	if (f->copies != COPY_NOT)
		return undo_copy(j, f, from_backup, r, e);
	if (target_open(&t, journal_path(f), f->format, true, journal_folder(j), e) < 0) {
		if (e->kind == ERR_NO_STORE) {
			err_add(e, "; as it was before the run it is in ");
			err_add(e, f->old_copy);
		}
		return -1;
	}
	int rc = undo_with_companions(&t, j, f, from_backup, watch, r, e);
	target_close(&t);
	return rc;
}
