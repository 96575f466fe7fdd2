#include "cmd/next.h"
#include "cmd/redact_know.h"
#include "work/undo.h"

#include <stdlib.h>
#include <time.h>

static const char *const state_words[] = {
	[JOURNAL_PREPARED] = "not finished",
	[JOURNAL_DONE] = "done",
	[JOURNAL_ROLLED_BACK] = "rolled back",
	[JOURNAL_UNDONE] = "undone",
	[JOURNAL_FORGOTTEN] = "done, no backup left",
};

/* The journal of the stores' owner, if stores are named; else the user's own. */
static int
open_journal(struct run *r, struct journal **j, struct err *e)
{
	uint32_t owner = os_user();
	struct os_stat st;

	if (r->options->nstores > 0 && os_stat(r->options->stores[0], &st, NULL) == 0)
		owner = st.uid;
	return journal_open(journal_state_dir(&r->arena, r->options->state, owner), j, e);
}

/* Of one that was made beside another, the new one. */
static const char *
shown_path(const struct journal_file *f)
{
	return f->copies != COPY_NOT ? journal_path(f) : f->path;
}

static struct result *
add_result(struct run *r, const struct journal_file *f)
{
	struct result *res = results_add(&r->results, shown_path(f));
	const char *at = strrchr(f->account, '@');

	res->run = f->run;
	res->backup = f->old_copy;
	res->client = f->format;
	if (at != NULL) {
		res->host = at + 1;
		res->user = arena_string(
			&r->arena, (struct text){f->account, (size_t)(at - f->account)});
	}
	return res;
}

static void
list(struct run *r, const struct journal_file *files, size_t n)
{
	char when[32];

	for (size_t i = 0; i < n; i++) {
		const struct journal_file *f = &files[i];
		time_t t = (time_t)f->time;
		struct tm *tm = localtime(&t);

		if (tm == NULL ||
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", tm) == 0)
			when[0] = '\0';
		bool moved = strcmp(journal_path(f), shown_path(f)) != 0;
		out(r->console, "%s  %s  %-12s %s%s%s%s, %llu renamed, %llu set aside\n",
			f->run, when, state_words[f->state],
			f->undoes != 0 ? "undo of " : "", shown_path(f),
			moved ? ", now " : "", moved ? journal_path(f) : "",
			(unsigned long long)f->renamed,
			(unsigned long long)f->tombstones);
		struct result *res = add_result(r, f);
		res->renamed = f->renamed;
		res->tombstones = f->tombstones;
		res->state = f->state == JOURNAL_UNDONE || f->undoes != 0 ? STATE_UNDONE
			     : f->state == JOURNAL_DONE || f->state == JOURNAL_FORGOTTEN
				     ? STATE_APPLIED
				     : STATE_FAILED;
	}
	if (n == 0)
		out(r->console, "no store has been changed from here\n");
}

static bool
is_named(const struct run *r, const char *path, struct arena *a)
{
	struct err ignored;

	for (size_t i = 0; i < r->options->nstores; i++) {
		char *real = os_resolve(a, r->options->stores[i], &ignored);
		size_t len = real != NULL ? strlen(real) : 0;

		if (real == NULL)
			real = arena_string(a, text_of(r->options->stores[i]));
		if (strcmp(real, path) == 0 ||
			(len > 0 && strncmp(real, path, len) == 0 && path[len] == '/'))
			return true;
	}
	return r->options->nstores == 0;
}

static void
undo_one(struct run *r, struct journal *j, const struct journal_file *f)
{
	struct result *res = add_result(r, f);
	struct watch watch = console_watch(r->console);
	struct undo_result done = {0};
	struct err failed = {0};

	int rc = undo_file(j, f, r->options->from_backup, &watch, &done, &failed);
	console_settle(r->console);
	if (rc < 0) {
		results_failed(res, r, &failed);
		console_error(r->console, failed.message);
		return;
	}
	res->state = STATE_UNDONE;
	res->mail_patched = done.mail_back;
	res->mail_left = done.mail_left;
	if (done.mail_back + done.mail_left > 0)
		out(r->console,
			"%s: %zu messages in the local mail have their old UIDL again, "
			"%zu could not be changed\n",
			f->path, done.mail_back, done.mail_left);
	res->cached = done.cache_back;
	if (done.cache_back + done.cache_left > 0)
		out(r->console,
			"%s: %zu cached messages have their old UIDL again, %zu are not what "
			"they were\n",
			f->path, done.cache_back, done.cache_left);
	if (done.removed) {
		out(r->console, "%s: removed; there was none before\n", shown_path(f));
	} else if (done.whole) {
		out(r->console, "%s: as it was before\n", f->path);
		if (done.forgotten > 0)
			out(r->console,
				"  %zu records that the client made since are "
				"forgotten\n",
				done.forgotten);
	} else {
		out(r->console,
			"%s: the client has changed it since; %zu records taken back, "
			"%zu left as they are now\n",
			f->path, done.taken_back, done.left);
	}
}

/* A name with a slip in it must not look like "all is taken back". */
static int
check_names(
	const struct run *r, const struct journal_file *files, size_t n, struct err *e)
{
	for (size_t i = 0; i < r->options->nstores; i++) {
		const char *name = r->options->stores[i];
		bool known = os_exists(name);

		for (size_t k = 0; !known && k < n; k++)
			known = text_starts(text_of(shown_path(&files[k])), name) ||
				text_starts(text_of(journal_path(&files[k])), name);
		if (!known)
			return err_set(e, ERR_NO_STORE, "",
				"%s: there is no such file, and no run has changed one "
				"of that name",
				name);
	}
	return 0;
}

/* The run to take back: the one named, or the newest with something to take back. */
static int
undo_run(struct run *r, struct journal *j, const struct journal_file *files, size_t n,
	struct err *e)
{
	const char *run = r->options->run;
	size_t did = 0;

	if (check_names(r, files, n, e) < 0)
		return -1;

	for (size_t i = 0; i < n; i++) {
		const struct journal_file *f = &files[i];

		if (f->state != JOURNAL_DONE || f->undoes != 0 ||
			!(is_named(r, shown_path(f), &r->arena) ||
				is_named(r, journal_path(f), &r->arena)))
			continue;
		if (run == NULL)
			run = f->run;
		if (strcmp(run, f->run) != 0)
			continue;
		undo_one(r, j, f);
		did++;
	}
	if (did == 0 && run != NULL)
		return err_set(e, ERR_USAGE, "",
			"run %s has nothing to take back (undo --list)", run);
	if (did == 0)
		out(r->console, "nothing to take back\n");
	else
		show_states(r);
	return 0;
}

static int
undo(struct run *r, struct journal *j, struct err *e)
{
	const struct options *o = r->options;
	struct journal_file *files;
	size_t n;

	if (o->forget >= 0) {
		if (journal_forget(j, r->now - o->forget * 86400, &n, e) < 0)
			return -1;
		out(r->console, "%zu runs forgotten, with their backups\n", n);
		return 0;
	}
	if (replace_recover(j, NULL, NULL, e) < 0 ||
		journal_files(j, &r->arena, false, &files, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		know_run(r->console->redact, &files[i]);
	if (o->list)
		list(r, files, n);
	else
		return undo_run(r, j, files, n, e);
	return 0;
}

int
cmd_undo(struct run *r, struct err *e)
{
	struct journal *j;
	int rc;

	if (open_journal(r, &j, e) < 0)
		return -1;
	rc = undo(r, j, e);
	journal_close(j);
	return rc;
}
