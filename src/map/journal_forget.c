/* Old runs: out of the journal first, then their copies; what stays behind after a
 * crash in between is a folder that no row names, and the next time finds it. */
#include "map/journal_db.h"

#include <stdio.h>

#include "base/os_file.h"

/* The first eight hex digits of a run's id are its time; 0 if it is no run's name. */
static int64_t
run_time(const char *run)
{
	int64_t time = 0;

	if (strlen(run) != 16 || strspn(run, "0123456789abcdef") != 16)
		return 0;
	for (size_t i = 0; i < 8; i++)
		time = time * 16 + (run[i] <= '9' ? run[i] - '0' : run[i] - 'a' + 10);
	return time;
}

static int
run_is_named(struct journal *j, const char *run, bool *named, struct err *e)
{
	sqlite3_stmt *st;

	if (sql_prepare(&j->sql, &st, e,
		    "SELECT 1 FROM file WHERE run = ? AND state <> %d",
		    JOURNAL_FORGOTTEN) < 0)
		return -1;
	sql_bind_text(st, 1, text_of(run));
	int rc = sql_step(&j->sql, st, named, e);
	sqlite3_finalize(st);
	return rc;
}

static int
remove_folder(struct arena *a, const char *folder, struct err *e)
{
	char **names;
	size_t n;

	if (os_list(a, folder, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (os_unlink(arena_print(a, "%s/%s", folder, names[i]), e) < 0)
			return -1;
	return os_rmdir(folder, e);
}

static int
sweep(struct journal *j, int64_t before, struct err *e)
{
	struct arena a = {0};
	char *runs = arena_print(&a, "%s/runs", j->folder), **names;
	size_t n;
	int rc = 0;

	if (!os_exists(runs))
		goto out;
	rc = os_list(&a, runs, &names, &n, e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int64_t time = run_time(names[i]);
		bool named;
		/* A younger one may be another process's that is about to be prepared. */
		if (time == 0 || time >= before)
			continue;
		rc = run_is_named(j, names[i], &named, e);
		if (rc == 0 && !named)
			rc = remove_folder(
				&a, arena_print(&a, "%s/%s", runs, names[i]), e);
	}
out:
	arena_free(&a);
	return rc;
}

int
journal_forget(struct journal *j, int64_t before, size_t *forgotten, struct err *e)
{
	char old[448], query[512];
	int64_t runs = 0;

	*forgotten = 0;
	if (journal_mail_tables(j, e) < 0)
		return -1;
	/* A run that is not finished needs its copies, all of them; while its mail is not,
	 * the file's row says where that is to go. */
	snprintf(old, sizeof(old),
		"state <> %d AND time < %lld AND run NOT IN (SELECT run FROM file WHERE "
		"state = %d OR time >= %lld) AND run NOT IN (SELECT f.run FROM file f, "
		"mail_set s WHERE s.state = 0 AND (s.run = f.run OR s.undoes = f.row))",
		JOURNAL_FORGOTTEN, (long long)before, JOURNAL_PREPARED,
		(long long)before);
	snprintf(query, sizeof(query), "SELECT count(DISTINCT run) FROM file WHERE %s",
		old);
	if (sql_number(&j->sql, query, &runs, e) < 0 ||
		sql_exec(&j->sql, e,
			"BEGIN IMMEDIATE;"
			"DELETE FROM file WHERE (state <> %d OR undoes <> 0) AND %s;"
			"UPDATE file SET state = %d WHERE %s; COMMIT",
			JOURNAL_DONE, old, JOURNAL_FORGOTTEN, old) < 0 ||
		journal_mail_forget(j, e) < 0)
		return -1;
	*forgotten = (size_t)runs;
	return sweep(j, before, e);
}
