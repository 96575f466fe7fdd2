/* The copies beside the journal, and the list of what is in it. */
#include "map/journal_db.h"

#include <stdlib.h>

#include "base/os_file.h"

static int
check_copy(int fd, const char *path, struct text want, struct err *e)
{
	bool same;

	if (os_reads_back(fd, path, want, &same, e) < 0)
		return -1;
	if (same)
		return 0;
	return err_set(e, ERR_IO, "io",
		"%s: reads back other bytes than were written; the disk is not to be "
		"trusted",
		path);
}

static int
write_copy(int fd, const char *path, struct text bytes, struct err *e)
{
	int rc = os_write_fd(fd, path, bytes, e);

	if (rc == 0)
		rc = os_sync_fd(fd, path, e);
	if (rc == 0)
		rc = check_copy(fd, path, bytes, e);
	struct err late;
	if (os_close(fd, path, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

/* The first number of the run that is free. */
static int
new_old_copy(struct arena *a, const char *folder, unsigned *number, char **path, int *fd,
	struct err *e)
{
	for (*number = 1;; ++*number) {
		*path = arena_print(a, "%s/%u.old", folder, *number);
		if (os_exists(*path))
			continue;
		return os_open_new(*path, fd, e);
	}
}

int
journal_keep(struct journal *j, struct arena *a, struct journal_file *f, struct text old,
	struct text new, struct err *e)
{
	char *folder = arena_print(a, "%s/runs/%s", j->folder, f->run);
	unsigned number;
	int fd;

	f->new_digest = digest_of(new);
	f->time = os_now();
	f->old_copy = f->new_copy = NULL;
	if (os_make_private_folders(folder, e) < 0 ||
		new_old_copy(a, folder, &number, &f->old_copy, &fd, e) < 0)
		return -1;
	if (write_copy(fd, f->old_copy, old, e) < 0)
		goto fail;
	f->new_copy = arena_print(a, "%s/%u.new", folder, number);
	if (os_open_new(f->new_copy, &fd, e) < 0)
		goto fail;
	if (write_copy(fd, f->new_copy, new, e) < 0 || os_sync_folder(folder, e) < 0)
		goto fail;
	return 0;
fail:
	journal_drop(j, f);
	return -1;
}

void
journal_drop(struct journal *j, const struct journal_file *f)
{
	struct arena a = {0};
	struct err e;

	/* Nothing is lost by a copy that stays: journal_forget() looks for it again. */
	if (f->old_copy != NULL)
		os_unlink(f->old_copy, &e);
	if (f->new_copy != NULL)
		os_unlink(f->new_copy, &e);
	os_rmdir(arena_print(&a, "%s/runs/%s", j->folder, f->run), &e);
	arena_free(&a);
}

static char *
column(sqlite3_stmt *st, int at, struct arena *a)
{
	return arena_string(a, sql_text(st, at));
}

static char *
copy_column(const struct journal *j, sqlite3_stmt *st, int at, struct arena *a)
{
	struct text t = sql_text(st, at);

	return t.len > 0 && t.at[0] == '/'
		       ? arena_string(a, t)
		       : arena_print(a, "%s/%.*s", j->folder, TEXT_ARG(t));
}

static int
digest_column(
	struct journal *j, sqlite3_stmt *st, int at, struct digest *d, struct err *e)
{
	struct text t = sql_text(st, at);

	if (t.len != sizeof(d->byte))
		return err_set(e, ERR_DATA, "format",
			"%s: this journal is damaged (a digest of %zu bytes)",
			j->sql.path, t.len);
	memcpy(d->byte, t.at, sizeof(d->byte));
	return 0;
}

static int
take_file(struct journal *j, sqlite3_stmt *st, struct arena *a, struct journal_file *f,
	struct err *e)
{
	*f = (struct journal_file){
		.row = sqlite3_column_int64(st, 0),
		.run = column(st, 1, a),
		.path = column(st, 2, a),
		.temporary = column(st, 3, a),
		.map_id = column(st, 4, a),
		.format = column(st, 5, a),
		.account = column(st, 6, a),
		.old_copy = copy_column(j, st, 7, a),
		.new_copy = copy_column(j, st, 8, a),
		.time = sqlite3_column_int64(st, 11),
		.undoes = sqlite3_column_int64(st, 12),
		.state = (enum journal_state)sqlite3_column_int(st, 13),
		.renamed = (uint64_t)sqlite3_column_int64(st, 14),
		.tombstones = (uint64_t)sqlite3_column_int64(st, 15),
		.becomes = column(st, 16, a),
		.copies = (enum journal_copy)sqlite3_column_int(st, 17),
	};
	return digest_column(j, st, 9, &f->old_digest, e) < 0 ||
			       digest_column(j, st, 10, &f->new_digest, e) < 0
		       ? -1
		       : 0;
}

int
journal_files(struct journal *j, struct arena *a, bool open_only,
	struct journal_file **files, size_t *n, struct err *e)
{
	struct journal_file *found = NULL;
	size_t cap = 0;
	sqlite3_stmt *st;
	bool row;
	int rc;

	*files = NULL;
	*n = 0;
	if (sql_prepare(&j->sql, &st, e,
		    "SELECT row, run, path, temporary, map_id, format, account, "
		    "old_copy, new_copy, old_digest, new_digest, time, undoes, state, "
		    "renamed, tombstones, becomes, copies FROM file WHERE state <= %d ORDER BY row DESC",
		    open_only ? JOURNAL_PREPARED : JOURNAL_FORGOTTEN) < 0)
		return -1;
	while ((rc = sql_step(&j->sql, st, &row, e)) == 0 && row) {
		found = array_grow(found, &cap, *n + 1, sizeof(*found));
		if ((rc = take_file(j, st, a, &found[*n], e)) < 0)
			break;
		++*n;
	}
	sqlite3_finalize(st);
	if (rc == 0 && *n > 0) {
		*files = arena_alloc(a, *n * sizeof(**files));
		memcpy(*files, found, *n * sizeof(**files));
	}
	free(found);
	return rc;
}
