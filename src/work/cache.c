#include "work/cache.h"

#include <stdlib.h>

#include "base/os_moves.h"
#include "work/cache_drive.h"
#include "work/cache_files.h"
#include "work/target.h"

/* --- by the journal ---------------------------------------------------------------- */

static int
see_moved(void *arg, const struct journal_patch *p, struct err *e)
{
	struct cache *c = ((void **)arg)[0];
	struct cache_folder *f = ((void **)arg)[1];

	(void)e;
	cache_add(f, (struct cached){
			     .uidl = arena_text(&c->arena, p->to),
			     .via = arena_text(&c->arena, p->via),
			     .to = arena_text(&c->arena, p->from),
			     .sign = arena_text(&c->arena, p->head),
			     .follows = !text_equal(p->to, p->via),
		     });
	return 0;
}

int
cache_plan_back(struct cache *c, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e)
{
	struct journal_mail done;
	struct journal_mail_file *folders;
	size_t n = 0;
	bool found = false;
	int rc;

	*c = (struct cache){.names = t->format->cache};
	c->set.undoes = f->row;
	if (c->names == NULL)
		return 0;
	rc = journal_mail_of(j, &c->arena, f, true, &done, &found, e);
	if (rc == 0 && found)
		rc = journal_mail_files(j, &c->arena, &done, &folders, &n, e);
	for (size_t i = 0; rc == 0 && i < n && i < CACHE_FOLDERS; i++) {
		size_t had = c->nfolders;
		rc = cache_add_folder(c, t, folders[i].path, e);
		void *both[] = {c, &c->folders[had]};
		if (rc == 0 && c->nfolders > had)
			rc = journal_mail_each(j, &folders[i], see_moved, both, e);
	}
	for (size_t i = 0; i < c->nfolders; i++)
		c->follow += c->folders[i].n;
	if (rc < 0 || c->follow == 0)
		cache_release(c);
	return rc;
}

/* --- changing ---------------------------------------------------------------------- */

struct adding {
	struct cache *cache;
	struct journal *journal;
	const struct cache_folder *folder;
	struct journal_mail_file kept;
	struct buf name;
	struct os_moves *files;
};

/* Is there such a file, and what is it known by? */
static bool
sign_of(struct adding *a, struct text uidl, char sign[CACHE_SIGN])
{
	struct os_stat st;

	buf_clear(&a->name);
	a->cache->names->name(uidl, &a->name);
	buf_byte(&a->name, '\0');
	if (os_moves_stat(a->files, a->name.at, &st) < 0)
		return false;
	cache_sign(&st, sign);
	return true;
}

static int
add_move(struct adding *a, struct journal_patch p, const char sign[CACHE_SIGN],
	struct err *e)
{
	struct cache *c = a->cache;

	p.head = (struct text){sign, CACHE_SIGN};
	if (c->set.row == 0 && journal_mail_begin(a->journal, &c->set, e) < 0)
		return -1;
	return journal_mail_add(a->journal, &c->set, &a->kept, &p, e);
}

static int
add_new(struct adding *a, const struct cached *file, struct err *e)
{
	struct journal_patch p = {.from = file->uidl, .via = file->via, .to = file->to};
	char sign[CACHE_SIGN];

	/* Gone since it was listed: there is nothing to move. */
	return sign_of(a, file->uidl, sign) ? add_move(a, p, sign, e) : 0;
}

static bool
is_same(const struct cached *file, const char sign[CACHE_SIGN])
{
	return text_equal(file->sign, (struct text){sign, CACHE_SIGN});
}

/* To be taken back. What is not the file that was moved is the client's own of since: where
 * its UIDL may come again, it is set aside. One whose new name was taken is where it was
 * left, and one that was to go straight is in its place there. */
static int
add_back(struct adding *a, const struct cached *file, struct err *e)
{
	struct cache *c = a->cache;
	struct journal_patch p = {.from = file->uidl, .via = file->via, .to = file->to};
	char there[CACHE_SIGN], aside[CACHE_SIGN], name[TOMBSTONE_LEN + 1];
	bool has = sign_of(a, file->uidl, there);

	if (has && is_same(file, there))
		return add_move(a, p, there, e);
	if (file->via.len == 0 && sign_of(a, file->to, aside) && is_same(file, aside))
		return 0;
	if (sign_of(a, file->via, aside) && is_same(file, aside)) {
		p.from = file->via;
		if (add_move(a, p, aside, e) < 0)
			return -1;
	} else {
		c->follow--;
		c->lost++;
	}
	if (!has || !uidl_is_plain(file->uidl))
		return 0;
	plan_tombstone(c->set.run, file->uidl, name);
	p.from = file->uidl;
	p.via = p.to = text_of(name);
	return add_move(a, p, there, e);
}

static int
add_moves(struct cache *c, struct journal *j, struct cache_folder *f, struct err *e)
{
	struct adding a = {.cache = c, .journal = j, .folder = f};

	a.kept.path = f->path;
	if (f->n == 0)
		return 0;
	if (os_moves_open(&a.files, f->path, e) < 0)
		return -1;
	buf_init(&a.name, SIZE_MAX);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < f->n; i++)
		if (f->at[i].to.len > 0)
			rc = f->at[i].sign.len > 0 ? add_back(&a, &f->at[i], e)
						   : add_new(&a, &f->at[i], e);
	buf_release(&a.name);
	os_moves_close(a.files);
	return rc;
}

int
cache_prepare(struct cache *c, struct journal *j, const struct target *t, const char *run,
	struct err *e)
{
	struct cache_moved done;
	struct err late;
	int rc = 0;

	if (c->names == NULL)
		return 0;
	c->set.run = run != NULL ? arena_string(&c->arena, text_of(run))
				 : journal_new_run(&c->arena);
	c->set.path = t->path;
	c->set.format = arena_string(&c->arena, text_of(t->format->name));
	c->set.key = "";
	for (size_t i = 0; rc == 0 && i < c->nfolders; i++)
		rc = add_moves(c, j, &c->folders[i], e);
	if (journal_mail_commit(j, rc == 0 ? e : &late) < 0)
		rc = -1;
	if (rc == 0 && c->set.row != 0)
		rc = cache_drive(j, &c->set, c->names, CACHE_ASIDE, &done, e);
	if (rc < 0) {
		/* The store is still the old one: this puts back. */
		if (c->set.row != 0)
			cache_finish(c, j, &late);
		c->set.row = 0;
		return nothing_changed(e);
	}
	return 0;
}

int
cache_follow(struct journal *j, const struct journal_mail *set, const struct target *t,
	enum journal_goal goal, struct cache_moved *done, struct err *e)
{
	enum cache_way way = goal == GOAL_FORWARD ? CACHE_ON : CACHE_BACK;

	*done = (struct cache_moved){0};
	if (t->format->cache != NULL &&
		cache_drive(j, set, t->format->cache, way, done, e) < 0)
		return -1;
	return journal_mail_settle(j, set, goal, e);
}

int
cache_finish(struct cache *c, struct journal *j, struct err *e)
{
	const struct format *f;
	struct cache_moved done;
	enum journal_goal goal;

	if (c->names == NULL || c->set.row == 0)
		return 0;
	if (journal_mail_goal(j, &c->set, &goal, e) < 0)
		return -1;
	if (goal == GOAL_UNKNOWN)
		return 0;
	f = format_named(text_of(c->set.format));
	if (cache_follow(j, &c->set, &(struct target){.format = f}, goal, &done, e) < 0) {
		err_add(e, "; the store itself is done, and the next run finishes the "
			   "message cache");
		return -1;
	}
	c->lost += done.lost;
	c->follow -= done.lost < c->follow ? done.lost : c->follow;
	if (goal == GOAL_BACK)
		c->follow = c->aside = 0;
	return 0;
}

void
cache_release(struct cache *c)
{
	for (size_t i = 0; i < c->nfolders; i++) {
		free(c->folders[i].at);
		free(c->folders[i].table);
	}
	arena_free(&c->arena);
	*c = (struct cache){0};
}
