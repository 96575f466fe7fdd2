/* What is to become of the files of a message cache, by the plan for their store. */
#include <stdlib.h>

#include "work/cache_files.h"
#include "work/target.h"

static struct text
tombstone(struct cache *c, const struct cache_folder *f, const char *map_id,
	struct text uidl)
{
	char name[TOMBSTONE_LEN + 1];

	/* One that an earlier run has left there is another file's. */
	do {
		plan_tombstone(map_id, uidl, name);
		uidl = arena_text(&c->arena, text_of(name));
	} while (cache_look_up(f, uidl) != NULL);
	return uidl;
}

static void
see_store(struct cache *c, struct cache_folder *f, const struct plan *p,
	const struct store *s)
{
	for (size_t i = 0; i < s->nrecords; i++) {
		struct cached *file = cache_look_up(f, store_uidl(s, i));
		if (file != NULL)
			file->record = true;
	}
	for (size_t i = 0; i < p->nedits; i++) {
		const struct edit *edit = &p->edits[i];
		struct cached *file = edit->what == EDIT_UIDL
					      ? cache_look_up(f, store_value(s, edit))
					      : NULL;
		if (file == NULL)
			continue;
		bool follows = p->fate[edit->index] == FATE_RENAMED;
		/* Twice in the store, and not with one partner. */
		if (file->to.len > 0 && !text_equal(file->to, edit_text(edit)))
			follows = false;
		file->to = arena_text(&c->arena, edit_text(edit));
		file->follows = follows;
	}
}

static int
see_new(void *arg, const struct map_message *m, struct err *e)
{
	struct cached *file = cache_look_up(arg, m->uidl);

	(void)e;
	if (file != NULL)
		file->in_new = true;
	return 0;
}

static int
see_old(void *arg, const struct map_message *m, struct err *e)
{
	struct cached *target = cache_look_up(arg, m->uidl);

	(void)e;
	if (target != NULL)
		target->in_old = true;
	return 0;
}

/* The UIDLs that files are to get, and which of them the old server has. */
static int
list_targets(struct cache_folder *targets, const struct cache_folder *f, struct map *m,
	struct err *e)
{
	*targets = (struct cache_folder){0};
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].to.len > 0 && f->at[i].follows)
			cache_add(targets, (struct cached){.uidl = f->at[i].to});
	return map_each(m, SIDE_OLD, see_old, targets, e);
}

/* Either name could be another message's on one of the servers. */
static bool
is_doubtful(const struct cache_folder *f, const struct cache_folder *targets,
	const struct cached *file)
{
	return uidl_is_plain(file->uidl) || uidl_is_plain(file->to) || file->in_new ||
	       cache_look_up(targets, file->to)->in_old ||
	       cache_look_up(f, file->to) != NULL;
}

/* A file without a record is of a message that the client has not delivered, or of one
 * that is long gone: it must not be taken for one that nobody has read. */
static bool
may_be_taken(const struct cached *file, bool any)
{
	return !file->record && !plan_is_tombstone(file->uidl) &&
	       (any || file->in_new || uidl_is_plain(file->uidl));
}

static int
decide(struct cache *c, struct cache_folder *f, const struct map_info *info,
	struct map *m, struct err *e)
{
	bool some_new = map_side_is_store(&info->side[SIDE_NEW]);
	bool some = some_new || map_side_is_store(&info->side[SIDE_OLD]);
	struct cache_folder targets;
	int rc = list_targets(&targets, f, m, e);

	for (size_t i = 0; rc == 0 && i < f->n; i++) {
		struct cached *file = &f->at[i];

		if (file->to.len == 0 && !may_be_taken(file, some_new))
			continue;
		if (!file->follows || some || is_doubtful(f, &targets, file))
			file->via = tombstone(c, f, info->id, file->uidl);
		if (!file->follows)
			file->to = file->via;
		c->follow += file->follows;
		c->aside += !file->follows;
	}
	free(targets.at);
	free(targets.table);
	return rc;
}

int
cache_plan(struct cache *c, const struct target *t, const struct settings *settings,
	const struct plan *p, const struct store *s, struct map *map, struct err *e)
{
	const struct message_cache *names = t->format->cache;
	const char *paths[CACHE_FOLDERS];
	struct map_info info;
	int rc = 0;

	*c = (struct cache){.names = names};
	if (names == NULL)
		return 0;
	size_t n = names->folders(t->path, settings, &c->arena, paths);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = cache_add_folder(c, t, paths[i], e);
	for (size_t i = 0; rc == 0 && i < c->nfolders; i++)
		rc = cache_list(c, &c->folders[i], e);
	if (rc == 0 && cache_count(c) == 0) {
		cache_release(c);
		return 0;
	}
	if (rc == 0)
		rc = map_info(map, &c->arena, &info, e);
	for (size_t i = 0; rc == 0 && i < c->nfolders; i++) {
		struct cache_folder *f = &c->folders[i];
		see_store(c, f, p, s);
		rc = map_each(map, SIDE_NEW, see_new, f, e);
		if (rc == 0)
			rc = decide(c, f, &info, map, e);
	}
	if (rc < 0)
		cache_release(c);
	return rc;
}
