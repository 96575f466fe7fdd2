#include "cmd/stores.h"
#include "cmd/leftovers.h"
#include "base/os_file.h"

/* Stores that nobody named count only if the map is theirs. */
static bool
is_passed_over(const struct run *r, const struct job *j, const struct found *f,
	const struct err *failed)
{
	return (r->options->nstores == 0 || job_is_into(j, f)) &&
	       failed->kind == ERR_GUARD && strcmp(failed->reason, "account") == 0;
}

/* The new account's store is there, and was found as well as the old one's. */
static bool
is_said(const struct run *r, const struct result *res)
{
	for (const struct result *was = r->results.at; was < res; was++)
		if (r->options->into != NULL && strcmp(was->path, res->path) == 0)
			return true;
	return false;
}

/* The store that is looked at, and the one that the run is about. */
static void
name_result(struct result *res, struct run *r, const struct job *j)
{
	const struct plan *p = &j->plan;

	res->source = arena_string(&r->arena, text_of(j->target.path));
	res->path = res->source;
	if (j->planned && p->state == PLAN_READY && j->into.path != NULL)
		res->path = j->into.path;
}

/* Of a client whose store nothing can be done about: said, and no failure of a run that
 * is not about it. */
static bool
is_known_as_lost(const struct run *r, const struct err *failed)
{
	return r->options->nstores == 0 && strcmp(failed->reason, "read-only") == 0;
}

static int
check_any(struct run *r, size_t found, struct map *m, struct err *e)
{
	struct found_list all = {0};
	struct err ignored;

	if (r->results.n > 0)
		return 0;
	err_set(e, ERR_NO_STORE, "account",
		"%zu store%s found below the home folder, and none is of the account that this "
		"map moves; name one, and say --account USER@HOST if its account has another "
		"name",
		found, found == 1 ? " was" : "s were");
	if (r->options->nstores == 0 && stores_find_any(r, &all, &ignored) == 0)
		stores_say_left(r, &all, m, e);
	found_release(&all);
	return -1;
}

static void
count_companions(struct result *res, const struct companions *c)
{
	res->mail_patched = c->mail.patched;
	res->mail_left = c->mail.stuck;
	res->cached = c->cache.follow;
}

int
stores_diff(struct run *r, struct map *m, struct err *e)
{
	struct found_list list = {0};
	int rc = stores_find(r, &list, e);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		struct result *res = results_add(&r->results, list.at[i].path);
		struct job j;
		struct err failed = {0};

		if (job_open_for(&j, r, &list.at[i], false, m, &failed) < 0) {
			results_failed(res, r, &failed);
			console_error(r->console, failed.message);
			r->results.n -= is_known_as_lost(r, &failed);
			continue;
		}
		name_result(res, r, &j);
		if (job_plan(&j, r, m, &failed) < 0 ||
			leftovers_see(r->leftovers, &j, &failed) < 0 ||
			job_plan_companions(&j, r, m, &failed) < 0 ||
			(!r->no_count && mail_count(&j.companions.mail, &failed) < 0)) {
			results_failed(res, r, &failed);
			console_error(r->console, failed.message);
		} else if ((j.plan.state == PLAN_REFUSED &&
				   is_passed_over(r, &j, &list.at[i], &j.plan.refusal)) ||
			   is_said(r, res)) {
			r->results.n--;
		} else {
			name_result(res, r, &j);
			results_plan(res, r, &j.store, &j.plan);
			res->digest = j.target.source.digest;
			count_companions(res, &j.companions);
			console_settle(r->console);
			job_show(r, &j);
			r->results.changes_shown |= j.plan.state == PLAN_READY;
		}
		job_close(&j);
	}
	if (rc == 0)
		rc = check_any(r, list.n, m, e);
	found_release(&list);
	return rc;
}

/* N > 0 deletions need more than a yes. */
static int
check_deletes(const struct job *j, const struct run *r, struct err *e)
{
	if (j->plan.ndelete == 0 || r->options->allow_deletes)
		return 0;
	return err_set(e, ERR_GUARD, "deletes",
		"%s: the client would delete %zu of these messages on the new server%s; if that "
		"is meant, say --allow-deletes",
		j->target.path, j->plan.ndelete,
		j->plan.settings.known
			? ""
			: " if it is not set to leave mail there (its settings are not at "
			  "hand, so that counts as yes)");
}

/* Nobody was asked whether the rest is enough: what was matched by size would come again. */
static int
check_sizes(const struct job *j, bool asked, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < j->store.nrecords; i++)
		n += j->plan.why[i] == WHY_SIZE;
	if (n == 0 || asked)
		return 0;
	return err_set(e, ERR_GUARD, "size-evidence",
		"%s: %zu of its messages were matched by their size alone; if they are to be "
		"used, say --accept-size-evidence, else match again without --evidence=size",
		j->target.path, n);
}

/* The store, and with it what bears UIDLs beside it: work/companions.h. */
static int
replace(struct job *j, struct run *r, struct text bytes, struct journal_file *record,
	struct err *e)
{
	struct err late;

	if (companions_prepare(&j->companions, j->journal, &j->target, r->run_id, e) < 0)
		return -1;
	console_settle(r->console);
	int rc = target_replace(&j->target, bytes, j->journal, record, e);
	if (companions_finish(&j->companions, j->journal, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

static int
change(struct job *j, struct run *r, struct result *res, struct map *m, struct err *e)
{
	struct plan *p = &j->plan;
	struct map_info info;
	struct buf bytes;
	int rc = 0;

	if (map_info(m, &r->arena, &info, e) < 0 || check_deletes(j, r, e) < 0)
		return -1;
	/* Those of other accounts stand for no UIDL of this old server, later too. */
	for (size_t i = 0; rc == 0 && i < p->nedits; i++)
		if (p->edits[i].what == EDIT_UIDL &&
			p->fate[p->edits[i].index] == FATE_TOMBSTONE &&
			store_record(&j->store, p->edits[i].index).account == p->account)
			rc = journal_add_tombstone(j->journal, edit_text(&p->edits[i]),
				store_value(&j->store, &p->edits[i]), e);
	buf_init(&bytes, 0);
	if (rc == 0)
		rc = store_write(&j->store, p->edits, p->nedits, &bytes, e);
	struct journal_file record = {
		.run = (char *)r->run_id,
		.map_id = info.id,
		.format = (char *)j->target.format->name,
		.account = arena_print(&r->arena, "%s@%s", res->user, res->host),
		.time = r->now,
		.renamed = p->nfate[FATE_RENAMED],
		.tombstones = p->nfate[FATE_TOMBSTONE],
	};
	if (p->to_name.len > 0)
		record.becomes = arena_print(&r->arena, "%s/%.*s",
			os_folder_of(&r->arena, j->target.path), TEXT_ARG(p->to_name));
	if (j->into.path != NULL) {
		record.becomes = j->into.path;
		record.copies = j->into.new_folder ? COPY_MADE_FOLDER : COPY_MADE;
	}
	if (rc == 0)
		rc = job_plan_companions(j, r, m, e);
	/* The bytes are verified: what led to them need not be held while they are
	 * written, copied and read back. */
	plan_release(p);
	store_release(&j->store);
	if (rc == 0)
		rc = replace(j, r, buf_text(&bytes), &record, e);
	buf_release(&bytes);
	if (rc < 0)
		return -1;
	count_companions(res, &j->companions);
	res->state = STATE_APPLIED;
	res->run = r->run_id;
	if (record.copies != COPY_NOT)
		return 0;
	res->backup = arena_string(&r->arena, text_of(record.old_copy));
	if (record.becomes != NULL)
		res->new_path = record.becomes;
	return 0;
}

static const struct result *
result_of(const struct results *shown, const char *path)
{
	for (size_t i = 0; i < shown->n; i++)
		if (strcmp(shown->at[i].source, path) == 0)
			return &shown->at[i];
	return NULL;
}

static bool
is_as_shown(const struct results *shown, const struct target *t)
{
	const struct result *was = result_of(shown, t->path);

	return was != NULL && digest_equal(&was->digest, &t->source.digest);
}

static int
apply_one(struct job *j, struct run *r, const struct found *f, struct map *m,
	const struct results *shown, struct result *res, struct err *e)
{
	if (job_open_for(j, r, f, true, m, e) < 0)
		return -1;
	name_result(res, r, j);
	if (shown != NULL && !is_as_shown(shown, &j->target))
		return err_set(e, ERR_GUARD, "changed-since-read",
			"%s: it has changed since it was shown; run the command again",
			j->target.path);
	if (job_plan(j, r, m, e) < 0)
		return -1;
	results_plan(res, r, &j->store, &j->plan);
	name_result(res, r, j);
	if (j->plan.state == PLAN_REFUSED) {
		*e = j->plan.refusal;
		return -1;
	}
	bool asked = shown != NULL && !r->options->yes;
	if (j->plan.state != PLAN_ALREADY && check_sizes(j, asked, e) < 0)
		return -1;
	if (leftovers_see(r->leftovers, j, e) < 0)
		return -1;
	if (j->plan.state == PLAN_READY)
		return change(j, r, res, m, e);
	return 0;
}

int
stores_apply(struct run *r, struct map *m, const struct results *shown, struct err *e)
{
	struct found_list list = {0};
	int rc = stores_find(r, &list, e);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		/* Found, but of another account: it was passed over when all was shown. */
		if (shown != NULL && r->options->nstores == 0 &&
			result_of(shown, list.at[i].path) == NULL)
			continue;
		struct result *res = results_add(&r->results, list.at[i].path);
		struct job j;
		struct err failed = {0};

		int rc_one = apply_one(&j, r, &list.at[i], m, shown, res, &failed);
		if (is_said(r, res)) {
			r->results.n--;
		} else if (rc_one == 0) {
			show_applied(r, res);
		} else if (is_passed_over(r, &j, &list.at[i], &failed) ||
			   is_known_as_lost(r, &failed)) {
			r->results.n--;
		} else {
			results_failed(res, r, &failed);
			console_error(r->console, failed.message);
		}
		job_close(&j);
	}
	if (rc == 0)
		rc = check_any(r, list.n, m, e);
	found_release(&list);
	return rc;
}
