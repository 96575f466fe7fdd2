#include "work/mail.h"

#include <stdlib.h>

#include "base/os_file.h"
#include "work/mail_drive.h"
#include "work/target.h"

static bool
find_mail(struct mail *m, const struct target *t)
{
	return t->format->mail != NULL && t->settings.path != NULL &&
	       t->format->mail(t->path, &t->settings, &m->arena, &m->where);
}

/* Local mail that cannot be read stops the run: a UIDL in it could be another message's
 * by then. Only a person can say that it may. */
static int
say_way_out(const struct mail *m, struct err *e)
{
	if (m->may_stay)
		err_add(e, "; --no-mail leaves all local mail as it is (reuidl(1) tells "
			   "what that costs)");
	return -1;
}

int
mail_plan(struct mail *m, const struct target *t, const struct plan *p,
	const struct store *s, struct map *map, struct err *e)
{
	*m = (struct mail){.may_stay = true};
	m->known = find_mail(m, t);
	if (!m->known)
		return 0;
	int rc = mail_files_find(&m->files, &m->where, e);
	if (rc < 0)
		say_way_out(m, e);
	/* The wishes hold both lists; where there is no mail they are not worth it. */
	else if (m->files.bytes > 0)
		rc = mail_wish_plan(&m->wishes, p, s, map, e);
	if (rc < 0)
		mail_release(m);
	return rc;
}

struct back {
	struct mail *mail;
	bool stuck; /* the first round: those that could not follow */
};

/* One that had no room kept its UIDL, which another message may have now: of this UIDL
 * nobody can say whose it is, and a tombstone is right for both. */
static int
wish_back(void *arg, const struct journal_patch *p, struct err *e)
{
	struct back *b = arg;
	struct arena *a = &b->mail->wishes.arena;
	struct mail_wish w;
	char name[TOMBSTONE_LEN + 1];

	(void)e;
	if (b->stuck != (p->to.len == 0))
		return 0;
	w.from = arena_text(a, b->stuck ? p->from : p->to);
	if (b->stuck) {
		plan_tombstone("undo", p->from, name);
		w.via = w.to = arena_text(a, text_of(name));
	} else {
		w.via = arena_text(a, p->via);
		w.to = arena_text(a, p->from);
	}
	mail_wish_add(&b->mail->wishes, w);
	return 0;
}

static int
wishes_back(
	struct mail *m, struct journal *j, const struct journal_mail *done, struct err *e)
{
	struct journal_mail_file *files;
	size_t n;
	int rc = journal_mail_files(j, &m->arena, done, &files, &n, e);

	for (int round = 0; rc == 0 && round < 2; round++) {
		struct back b = {m, round == 0};
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = journal_mail_each(j, &files[i], wish_back, &b, e);
	}
	return rc;
}

int
mail_plan_back(struct mail *m, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e)
{
	struct journal_mail done;

	*m = (struct mail){0};
	m->set.undoes = f->row;
	int rc = journal_mail_of(j, &m->arena, f, false, &done, &m->known, e);
	m->known = rc == 0 && m->known && find_mail(m, t);
	if (m->known)
		rc = wishes_back(m, j, &done, e);
	if (m->known && rc == 0)
		rc = mail_files_find(&m->files, &m->where, e);
	if (rc < 0)
		mail_release(m);
	return rc;
}

/* --- through all files ------------------------------------------------------------- */

struct pass {
	struct mail *mail;
	struct journal *journal; /* NULL: only counts */
	struct mail_file *file;
	struct journal_mail_file kept;
	uint64_t before; /* bytes of the files before this one */
	char *scratch;	 /* MAIL_HEAD_MAX */
};

static int
keep_patch(struct pass *p, const struct mail_head *h, const struct mail_wish *w,
	bool fits, struct err *e)
{
	struct journal_patch patch = {.off = h->off,
		.head = h->bytes,
		.from = w->from,
		.via = w->via,
		.to = w->to};

	if (!fits)
		patch.to.len = 0;
	/* A UIDL that no other message can have may stay in its place. */
	if (p->journal == NULL || (!fits && w->via.len == 0))
		return 0;
	if (p->mail->set.row == 0 && journal_mail_begin(p->journal, &p->mail->set, e) < 0)
		return -1;
	return journal_mail_add(p->journal, &p->mail->set, &p->kept, &patch, e);
}

static int
pass_head(void *arg, const struct mail_head *h, struct err *e)
{
	struct pass *p = arg;
	struct mail *m = p->mail;
	struct mail_wish w;

	if (!mail_wish_for(&m->wishes, h->uidl, &w))
		return 0;
	bool fits = (w.via.len == 0 || mail_head_patch(h, w.via, p->scratch)) &&
		    mail_head_patch(h, w.to, p->scratch);
	if (fits) {
		m->files_patched += p->file->patched == 0;
		p->file->patched++;
		m->patched++;
	} else {
		p->file->stuck++;
		m->stuck++;
	}
	return keep_patch(p, h, &w, fits, e);
}

static int
pass_beat(void *arg, uint64_t done, struct err *e)
{
	struct pass *p = arg;
	const struct mail *m = p->mail;

	if (m->watch != NULL && m->watch->progress != NULL)
		m->watch->progress(m->watch->arg, "local mail: MB",
			(size_t)((p->before + done) >> 20),
			(size_t)(m->files.bytes >> 20));
	return p->journal != NULL ? journal_mail_beat(p->journal, e) : 0;
}

static int
pass_file(struct pass *p, struct err *e)
{
	struct mail_scan s = {.key = p->mail->where.key,
		.single = p->file->single,
		.found = pass_head,
		.arg = p};
	struct mail_beat beat = {pass_beat, p};
	const char *path = p->file->path;
	struct os_stat st;
	struct err late;
	int fd;

	if (os_open_in_place(path, false, &fd, e) < 0)
		return say_way_out(p->mail, e);
	int rc = os_stat_fd(fd, path, &st, e);
	p->kept = (struct journal_mail_file){.path = p->file->path,
		.size = st.size,
		.mtime = st.mtime,
		.single = s.single};
	if (rc == 0 && st.regular)
		rc = mail_file_scan(&s, fd, path, &beat, e);
	if (rc < 0 && text_starts(text_of(e->message), path))
		say_way_out(p->mail, e);
	if (os_close(fd, path, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

static int
pass(struct mail *m, struct journal *j, struct err *e)
{
	struct pass p = {.mail = m, .journal = j};
	int rc = 0;

	m->patched = m->stuck = m->files_patched = 0;
	p.scratch = must_alloc(MAIL_HEAD_MAX + 1);
	for (size_t i = 0; rc == 0 && i < m->files.n; i++) {
		p.file = &m->files.at[i];
		p.file->patched = p.file->stuck = 0;
		rc = pass_file(&p, e);
		p.before += p.file->size;
	}
	free(p.scratch);
	return rc;
}

int
mail_count(struct mail *m, struct err *e)
{
	return m->known ? pass(m, NULL, e) : 0;
}

/* --- changing ----------------------------------------------------------------------- */

int
mail_prepare(struct mail *m, struct journal *j, const struct target *t, const char *run,
	struct err *e)
{
	struct mail_driven driven;
	struct err late;

	if (!m->known)
		return 0;
	m->set.run = run != NULL ? arena_string(&m->arena, text_of(run))
				 : journal_new_run(&m->arena);
	m->set.path = t->path;
	m->set.format = arena_string(&m->arena, text_of(t->format->name));
	m->set.key = arena_string(&m->arena, m->where.key);
	int rc = pass(m, j, e);
	if (journal_mail_commit(j, rc == 0 ? e : &late) < 0)
		rc = -1;
	if (rc == 0 && m->set.row != 0)
		rc = mail_drive(j, &m->set, WANT_VIA, false, &driven, e);
	if (rc < 0) {
		/* The store is still the old one: this puts back. */
		if (m->set.row != 0)
			mail_finish(m, j, &late);
		m->set.row = 0;
		m->known = false;
		return nothing_changed(e);
	}
	return 0;
}

int
mail_follow(struct journal *j, const struct journal_mail *set, enum journal_goal goal,
	struct mail_driven *driven, struct err *e)
{
	enum mail_want want = goal == GOAL_FORWARD ? WANT_TO : WANT_FROM;

	if (mail_drive(j, set, want, true, driven, e) < 0)
		return -1;
	return journal_mail_settle(j, set, goal, e);
}

int
mail_finish(struct mail *m, struct journal *j, struct err *e)
{
	struct mail_driven driven;
	enum journal_goal goal;

	if (!m->known || m->set.row == 0)
		return 0;
	if (journal_mail_goal(j, &m->set, &goal, e) < 0)
		return -1;
	if (goal == GOAL_UNKNOWN)
		return 0;
	if (mail_follow(j, &m->set, goal, &driven, e) < 0) {
		err_add(e, "; the store itself is done, and the next run finishes the "
			   "local mail");
		return -1;
	}
	m->lost = driven.lost;
	if (goal == GOAL_BACK)
		m->patched = m->stuck = 0;
	return 0;
}

void
mail_release(struct mail *m)
{
	mail_wish_release(&m->wishes);
	mail_files_release(&m->files);
	arena_free(&m->arena);
	*m = (struct mail){0};
}
