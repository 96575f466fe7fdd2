/* Which stores a run is about: those that are named, or those that are found. */
#include "cmd/stores.h"
#include "cmd/redact_know.h"

#include "base/os_file.h"

/* A run has given the store another name since: where it is now, in the run's arena. */
static char *
follow(struct run *r, const char *path, uint32_t owner)
{
	struct journal *j;
	struct err ignored;
	char *dir = journal_state_dir(&r->arena, r->options->state, owner), *to = NULL;

	if (dir == NULL || !os_exists(dir) || journal_open(dir, &j, &ignored) < 0)
		return NULL;
	to = journal_follow(j, path, &r->arena, &ignored);
	journal_close(j);
	return to != NULL && os_exists(to) ? to : NULL;
}

/* The path as the journal has it: the file is gone, its folder is not. */
static char *
resolve_gone(struct run *r, const char *path, uint32_t *owner)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash != NULL ? os_folder_of(&r->arena, path) : ".";
	struct os_stat st;
	struct err ignored;
	char *real = os_resolve(&r->arena, folder, &ignored);

	if (real == NULL || os_stat(real, &st, NULL) < 0)
		return NULL;
	*owner = st.uid;
	return arena_print(&r->arena, "%s/%s", real, slash != NULL ? slash + 1 : path);
}

static int
find_named(struct run *r, const char *path, struct found_list *list, struct err *e)
{
	const char *client = r->options->client;
	uint32_t owner;
	char *gone, *now = NULL;

	if (find_in(path, client, &r->arena, list, e) == 0)
		return 0;
	if (e->kind == ERR_NO_STORE && !os_exists(path) &&
		(gone = resolve_gone(r, path, &owner)) != NULL)
		now = follow(r, gone, owner);
	return now != NULL ? find_in(now, client, &r->arena, list, e) : -1;
}

/* An account whose store has got another name, which the client's settings do not say
 * yet: that one is read as soon as they do. */
static void
follow_absent(struct run *r, struct found_list *list)
{
	struct os_stat st;

	for (size_t i = 0; i < list->n; i++) {
		struct found *f = &list->at[i];
		char *now;

		if (f->state != FOUND_ABSENT || f->format->rename == NULL ||
			os_stat(os_folder_of(&r->arena, f->path), &st, NULL) < 0 ||
			(now = follow(r, f->path, st.uid)) == NULL)
			continue;
		for (size_t k = 0; k < list->n; k++)
			if (strcmp(list->at[k].path, now) == 0)
				list->at[k].state = FOUND_LIVE;
	}
}

int
stores_find_any(struct run *r, struct found_list *list, struct err *e)
{
	const struct options *o = r->options;

	if (o->nstores == 0) {
		if (find_all(o->client, &r->arena, list, e) < 0)
			return -1;
		if (list->n == 0)
			return err_set(e, ERR_NO_STORE, "",
				"no store of a client that reuidl knows is below the home folder; name "
				"one, or its folder");
	}
	for (size_t i = 0; i < o->nstores; i++)
		if (find_named(r, o->stores[i], list, e) < 0)
			return -1;
	follow_absent(r, list);
	know_found(r->console->redact, list);
	return 0;
}

int
stores_find(struct run *r, struct found_list *list, struct err *e)
{
	if (stores_find_any(r, list, e) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].state == FOUND_LIVE) {
			found_keep_live(list);
			return 0;
		}
	err_set(e, ERR_NO_STORE, "",
		"none of the %zu stores that were found is one that a client reads; \"reuidl "
		"find\" says why, and a file that is named is taken as it is",
		list->n);
	stores_say_left(r, list, NULL, e);
	found_keep_live(list);
	return -1;
}
