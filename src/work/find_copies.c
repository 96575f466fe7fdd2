/* A client that has copied another's profiles, and which of the two copies is read. */
#include "work/find_state.h"

static bool
same_place(const struct found *copy, const struct found *of)
{
	/* A store may lie outside the root that its profile is in. */
	const struct origin *a = copy->origin, *b = of->origin;

	return b != NULL && b->root != NULL &&
	       strcmp(b->root->path, a->root->copy_of) == 0 &&
	       strcmp(a->home, b->home) == 0 && is_below(copy->path, a->folder) &&
	       is_below(of->path, b->folder) &&
	       strcmp(copy->path + strlen(a->folder), of->path + strlen(b->folder)) == 0;
}

/*
 * `now` is what the client reads since it copied `was`; true: `was` is nothing. A copy
 * that was changed later is somebody's, too: perhaps they have gone back to the other
 * client. Changing both is harmless, and leaving out the one that is read is not.
 */
static bool
judge(const struct found *now, struct found *was)
{
	struct os_stat a = {0}, b = {0};

	if (was->state == FOUND_ABSENT)
		return now->state == FOUND_LIVE || now->state == FOUND_ABSENT;
	if (was->state != FOUND_LIVE || now->state != FOUND_LIVE ||
		os_stat(now->path, &a, NULL) < 0 || os_stat(was->path, &b, NULL) < 0)
		return false;
	if (b.mtime > a.mtime) {
		was->copy = now->path;
		return false;
	}
	was->state = FOUND_COPY;
	was->live = now->path;
	return false;
}

static bool
is_superseded(const struct found_list *l, size_t i)
{
	for (size_t k = 0; k < l->n; k++) {
		const struct origin *o = l->at[k].origin;

		if (o != NULL && o->root != NULL && o->root->copy_of != NULL &&
			same_place(&l->at[k], &l->at[i]) && judge(&l->at[k], &l->at[i]))
			return true;
	}
	return false;
}

void
finder_judge(struct found_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!is_superseded(l, i))
			l->at[n++] = l->at[i];
	l->n = n;
}
