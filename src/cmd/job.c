/* One store of a run, from opening it to letting go: what stores.c does with each. */
#include "cmd/stores.h"
#include "cmd/redact_know.h"

#include "work/dates.h"
#include "work/settings.h"
#include "work/witness.h"

static void
say(void *arg, const char *sentence)
{
	tell(arg, "%s\n", sentence);
}

static int
open_journal(struct job *j, struct run *r, const char *path, char **dir, struct err *e)
{
	struct os_stat st;

	if (os_stat(path, &st, e) < 0) {
		e->kind = ERR_NO_STORE;
		return -1;
	}
	*dir = journal_state_dir(&r->arena, r->options->state, st.uid);
	if (journal_open(*dir, &j->journal, e) < 0)
		return -1;
	return replace_recover(j->journal, say, r->console, e);
}

int
job_settings(struct job *j, size_t account, struct err *e)
{
	const struct format *f = j->target.format;
	const struct store *s = &j->store;

	if (j->target.settings.path == NULL)
		return 0;
	if (settings_of(f, j->named,
		    account < s->naccounts ? &s->accounts[account] : NULL,
		    &j->target.settings, &j->target.arena, &j->settings, e) < 0)
		return -1;
	if (f->adapt != NULL)
		f->adapt(&j->store, &j->settings);
	dates_read(&j->store, &j->target, &j->settings);
	return 0;
}

int
job_open(struct job *j, struct run *r, const struct found *f, bool write, struct err *e)
{
	const char *client = r->options->client;
	char *dir = NULL;

	*j = (struct job){0};
	if (client == NULL && f->format != NULL)
		client = f->format->name;
	if (open_journal(j, r, f->path, &dir, e) == 0 &&
		target_open_of(&j->target, f->path, f->settings, client, write, dir, e) ==
			0) {
		j->opened = true;
		j->named = f->named != NULL ? f->named : j->target.path;
		if (store_read(&j->store, j->target.format, &j->target.source, e) == 0 &&
			job_settings(j, j->store.naccounts == 1 ? 0 : SIZE_MAX, e) == 0) {
			know_job(r->console->redact, j);
			return 0;
		}
	}
	job_close(j);
	return -1;
}

int
job_plan(struct job *j, struct run *r, struct map *m, struct err *e)
{
	const struct options *o = r->options;
	struct plan_options po = {
		.account = o->account,
		.client_host = o->client_host,
		.client_user = o->client_user,
		.client_port = (uint32_t)o->client_port,
		.force = o->force,
		.before_first_contact = o->before_first_contact,
		.allow_deletes = o->allow_deletes,
		.accept_size = o->accept_size,
		.max_age = o->max_age * 86400,
		.now = r->now,
	};

	struct watch watch = console_watch(r->console);
	struct witness witness = {&j->target, j->named, &j->store, m, &watch};
	struct map_info info;
	size_t account;

	po.witness = witness_ask;
	po.witness_arg = &witness;
	if (j->into.path != NULL) {
		po.into = &j->into.settings;
		po.into_name = j->into.name;
	}

	/* Where there are several, each has settings of its own. */
	if (j->store.naccounts > 1) {
		if (map_info(m, &r->arena, &info, e) < 0)
			return -1;
		account = plan_account_named(&j->store, &info, o->account);
		if (account != SIZE_MAX && job_settings(j, account, e) < 0)
			return -1;
	}
	if (plan_make(&j->plan, &j->store, &j->settings, m, j->journal, &po, e) < 0)
		return -1;
	j->planned = true;
	return job_check_into(j, r, e);
}

int
job_plan_companions(struct job *j, struct run *r, struct map *m, struct err *e)
{
	struct companions_options o = {.no_mail = r->options->no_mail};

	if (r->options->into != NULL || j->plan.state != PLAN_READY)
		return 0;
	if (companions_plan(&j->companions, &j->target, &j->settings, &j->plan, &j->store,
		    m, &o, e) < 0)
		return -1;
	j->watch = console_watch(r->console);
	j->companions.mail.watch = &j->watch;
	return 0;
}

void
job_close(struct job *j)
{
	companions_release(&j->companions);
	if (j->planned)
		plan_release(&j->plan);
	store_release(&j->store);
	if (j->opened)
		target_close(&j->target);
	if (j->journal != NULL)
		journal_close(j->journal);
	*j = (struct job){0};
}
