/*
 * Records that are left of accounts which their clients' settings have under another name
 * now: of an account that was switched to the new server before this run, above all. They
 * are planned on only if they are named, so it is said how.
 */
#include "cmd/stores.h"

#include <stdio.h>

/* Would the map plan on it? */
static bool
is_of_the_map(struct run *r, const struct found *f, struct map *m)
{
	struct err ignored;
	struct job j;
	bool is;

	if (m == NULL)
		return true;
	if (job_open(&j, r, f, false, &ignored) < 0)
		return false;
	is = job_plan(&j, r, m, &ignored) == 0 &&
	     (j.plan.state != PLAN_REFUSED ||
		     strcmp(j.plan.refusal.reason, "account") != 0);
	job_close(&j);
	return is;
}

void
stores_say_left(struct run *r, const struct found_list *all, struct map *m, struct err *e)
{
	const struct options *o = r->options;
	const char *path = NULL;
	size_t n = 0;
	struct err why = *e;
	struct buf again;

	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].state == FOUND_LEFTOVER &&
			is_of_the_map(r, &all->at[i], m) && n++ == 0)
			path = all->at[i].path;
	if (n == 0)
		return;
	buf_init(&again, 4096);
	if (o->map != NULL)
		options_again(o, o->command, &again);
	else
		buf_add(&again, text_of(" …"));
	options_quote(o, path, &again);
	char *more = n == 1 ? arena_string(&r->arena, text_of(""))
			    : arena_print(&r->arena, " (and %zu more)", n - 1);
	err_set(e, why.kind, why.reason,
		"%s. %s%s is of no account that its client has now; if that account has the "
		"new server already, this is its old record, to be named: reuidl %s%.*s",
		why.message, path, more, o->command, TEXT_ARG(buf_text(&again)));
	buf_release(&again);
}
