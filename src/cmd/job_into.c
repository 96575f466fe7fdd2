/* --into: a new account's record, made from an old one's. */
#include "cmd/stores.h"

int
job_open_for(struct job *j, struct run *r, const struct found *f, bool write,
	struct map *m, struct err *e)
{
	const char *account = r->options->into;
	struct map_info info;
	bool applied;

	if (job_open(j, r, f, write, e) < 0)
		return -1;
	if (account == NULL ||
		into_choose(&j->into, &j->target, account, &r->arena, &j->into_failed) <
			0 ||
		!j->into.there)
		return 0;
	if (map_info(m, &r->arena, &info, e) < 0 ||
		journal_applied(j->journal, j->into.path, info.id, &applied, e) < 0) {
		job_close(j);
		return -1;
	}
	if (!applied)
		return 0;
	struct found made = {.format = j->target.format,
		.path = j->into.path,
		.settings = arena_string(&r->arena, text_of(j->target.settings.path))};
	job_close(j);
	return job_open(j, r, &made, write, e);
}

int
job_check_into(struct job *j, const struct run *r, struct err *e)
{
	const struct plan *p = &j->plan;

	/* First of all it must be a store that the map is about. */
	if (r->options->into == NULL ||
		(p->state == PLAN_REFUSED && strcmp(p->refusal.reason, "account") == 0))
		return 0;
	if (p->state == PLAN_ALREADY && (j->into.itself || j->into.path == NULL))
		return 0;
	if (j->into_failed.kind != ERR_NONE) {
		*e = j->into_failed;
		return -1;
	}
	if (p->state == PLAN_ALREADY)
		return err_set(e, ERR_GUARD, "into",
			"%s: this map has been applied to it, so it speaks the new "
			"server's language already. Take that back first (reuidl undo), "
			"then carry it over to %s",
			j->target.path, j->into.name);
	if (j->into.there)
		return err_set(e, ERR_GUARD, "new-name-exists",
			"%s: the account %s has a record of its own: the client has "
			"fetched its mail already, or another run has carried a record "
			"over to it. Nothing was changed",
			j->into.path, j->into.name);
	return 0;
}

bool
job_is_into(const struct job *j, const struct found *f)
{
	return j->into.itself && f->format != NULL;
}
