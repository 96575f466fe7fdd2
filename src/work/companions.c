#include "work/companions.h"

int
companions_plan(struct companions *c, const struct target *t,
	const struct settings *settings, const struct plan *p, const struct store *s,
	struct map *map, const struct companions_options *o, struct err *e)
{
	*c = (struct companions){0};
	if (!o->no_mail && mail_plan(&c->mail, t, p, s, map, e) < 0)
		return -1;
	if (cache_plan(&c->cache, t, settings, p, s, map, e) == 0)
		return 0;
	mail_release(&c->mail);
	return -1;
}

int
companions_plan_back(struct companions *c, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e)
{
	*c = (struct companions){0};
	if (mail_plan_back(&c->mail, t, j, f, e) < 0)
		return -1;
	if (cache_plan_back(&c->cache, t, j, f, e) == 0)
		return 0;
	mail_release(&c->mail);
	return -1;
}

int
companions_prepare(struct companions *c, struct journal *j, const struct target *t,
	const char *run, struct err *e)
{
	struct err late;

	if (mail_prepare(&c->mail, j, t, run, e) < 0)
		return -1;
	if (cache_prepare(&c->cache, j, t, run, e) == 0)
		return 0;
	mail_finish(&c->mail, j, &late);
	return -1;
}

int
companions_finish(struct companions *c, struct journal *j, struct err *e)
{
	struct err late;
	int rc = mail_finish(&c->mail, j, e);

	if (cache_finish(&c->cache, j, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

void
companions_release(struct companions *c)
{
	mail_release(&c->mail);
	cache_release(&c->cache);
}

/* One set of the journal to where its store is. */
static int
follow(struct journal *j, const struct journal_mail *set, const struct target *t,
	enum journal_goal goal, struct arena *a, char **sentence, struct err *e)
{
	bool cache = set->key[0] == '\0';
	struct cache_moved moved = {0};
	struct mail_driven driven = {0};
	int rc = cache ? cache_follow(j, set, t, goal, &moved, e)
		       : mail_follow(j, set, goal, &driven, e);

	*sentence = arena_print(a,
		"%s: a run that had broken off was %s in the %s (%zu messages, %zu not "
		"found)",
		set->path, goal == GOAL_FORWARD ? "finished" : "taken back",
		cache ? "message cache" : "local mail",
		cache ? moved.moved : driven.written, cache ? moved.lost : driven.lost);
	return rc;
}

static int
recover_set(struct journal *j, struct arena *a, const struct journal_mail *set,
	void (*say)(void *, const char *), void *arg, struct err *e)
{
	enum journal_goal goal;
	struct target t;
	struct err busy;
	char safe[768], *sentence;

	/* Its disk is not there today, its client runs, another reuidl is at it. */
	if (target_open(&t, set->path, set->format, true, journal_folder(j), &busy) < 0)
		return 0;
	int rc = journal_mail_goal(j, set, &goal, e);
	if (rc == 0 && goal != GOAL_UNKNOWN) {
		rc = follow(j, set, &t, goal, a, &sentence, e);
		if (rc == 0 && say != NULL)
			say(arg, text_escape(text_of(sentence), safe, sizeof(safe)));
	}
	target_close(&t);
	return rc;
}

int
companions_recover(
	struct journal *j, void (*say)(void *, const char *), void *arg, struct err *e)
{
	struct arena a = {0};
	struct journal_mail *sets;
	size_t n;
	int rc = journal_mail_open(j, &a, &sets, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = recover_set(j, &a, &sets[i], say, arg, e);
	arena_free(&a);
	return rc;
}
