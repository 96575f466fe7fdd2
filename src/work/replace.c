/*
 * The ten steps of docs/design.md, "Replacing a file". The numbers in the comments are
 * theirs; 1 and 2 are in target.c. The journal's row is what makes a crash harmless: it
 * is "prepared" before the folder is touched, and names the temporary file.
 */
#include "work/target.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os_file.h"
#include "work/folded.h"

static int
changed(struct target *t, struct err *e)
{
	return err_set(e, ERR_GUARD, "changed-since-read",
		"%s: changed since it was read; run this again", t->path);
}

static int
check_stat(struct target *t, struct err *e)
{
	const struct os_stat *was = &t->source.stat;
	struct os_stat now;
	bool pending = false;

	if (t->format->sqlite)
		folded_pending(t->path, &pending, NULL);
	if (pending || os_stat(t->path, &now, NULL) < 0 || now.device != was->device ||
		now.inode != was->inode || now.size != was->size ||
		now.mtime != was->mtime || now.links != 1)
		return changed(t, e);
	return 0;
}

/* 3 */
static int
check_unchanged(struct target *t, struct err *e)
{
	bool same;

	if (check_stat(t, e) < 0 ||
		os_same_fd(t->fd, t->path, t->source.bytes, &same, e) < 0)
		return -1;
	return same ? 0 : changed(t, e);
}

/* Beginning with '.': Thunderbird shows other unknown names as mail folders. */
static char *
temporary_name(struct target *t, const char *path)
{
	uint64_t random;

	os_random(&random, sizeof(random));
	return arena_print(&t->arena, "%s/.reuidl-%016llx.tmp",
		os_folder_of(&t->arena, path), (unsigned long long)random);
}

static void
fill_record(struct target *t, struct journal_file *record)
{
	record->path = t->path;
	record->format = arena_string(&t->arena, text_of(t->format->name));
	record->old_digest = t->source.digest;
	if (record->becomes != NULL && strcmp(record->becomes, t->path) == 0)
		record->becomes = NULL;
	record->temporary = record->copies < COPY_GONE
				    ? temporary_name(t, journal_path(record))
				    : arena_string(&t->arena, text_of(""));
	if (record->run == NULL)
		record->run = journal_new_run(&t->arena);
}

/* After the rename the file has the temporary one's number: another reuidl that comes
 * between the rename and "done" must find that locked, too. */
static int
lock_new_number(struct target *t, int fd, const char *path, struct err *e)
{
	struct os_stat st;
	long pid;

	if (os_stat_fd(fd, path, &st, e) < 0)
		return -1;
	char *lock = journal_lock_path(&t->arena, t->state_dir, st.device, st.inode, e);
	if (lock == NULL)
		return -1;
	int rc = os_locks_add(t->locks, lock, true, &pid, e);
	if (rc > 0)
		return err_set(e, ERR_BUSY, "locked",
			"%s: another reuidl (process %ld) is at work on it", t->path,
			pid);
	return rc;
}

/* 5 and 6 */
static int
write_temporary(struct target *t, struct text bytes, const struct journal_file *record,
	struct err *e)
{
	const char *path = record->temporary;
	struct err late;
	bool same = false;
	int fd;

	if (os_open_new(path, &fd, e) < 0)
		return -1;
	int rc = lock_new_number(t, fd, path, e);
	if (rc == 0)
		rc = os_write_fd(fd, path, bytes, e);
	if (rc == 0)
		rc = os_copy_attributes(t->fd, fd, t->path, e);
	if (rc == 0)
		rc = os_sync_fd(fd, path, e);
	if (rc == 0)
		rc = os_reads_back(fd, path, bytes, &same, e);
	if (rc == 0 && !same)
		rc = err_set(e, ERR_IO, "io",
			"%s: reads back other bytes than were written; the disk is not "
			"to be trusted",
			path);
	if (os_close(fd, path, rc == 0 ? e : &late) < 0)
		rc = -1;
	return rc;
}

int
replace_drop_folder(struct arena *a, const struct journal_file *f, struct err *e)
{
	const char *folder = os_folder_of(a, journal_path(f));
	struct err ignored;
	char **names;
	size_t n;

	if (!os_exists(folder))
		return 0;
	if (os_list(a, folder, &names, &n, &ignored) == 0 && n > 0)
		return 0;
	if (os_rmdir(folder, e) < 0)
		return -1;
	return os_sync_folder(os_folder_of(a, folder), e);
}

/* The temporary file goes, and the journal says so. What fails here is left to
 * replace_recover(): the row stays prepared. */
static int
roll_back(struct target *t, struct journal *j, const struct journal_file *record,
	struct err *e)
{
	struct err late;

	if (record->temporary[0] != '\0' && os_unlink(record->temporary, &late) < 0)
		return nothing_changed(e);
	if (record->copies == COPY_MADE_FOLDER &&
		replace_drop_folder(&t->arena, record, &late) < 0)
		return nothing_changed(e);
	if (journal_finish(j, record, JOURNAL_ROLLED_BACK, &late) == 0)
		journal_drop(j, record);
	return nothing_changed(e);
}

/* 8, where the name changes: the new one must be free, and the old one goes only when the
 * new one is on the disk. That the old one has gone is what recover.c tells a run by that
 * is to be finished; of a copy, that the temporary one has. */
static int
take_name(struct target *t, const struct journal_file *record, struct err *e)
{
	const char *name = record->becomes, *folder = os_folder_of(&t->arena, name);
	struct err late;
	bool there;

	if (os_link(record->temporary, name, &there, e) < 0) {
		if (there)
			err_set(e, ERR_GUARD, "new-name-exists",
				"%s: there is such a file already, so the record in %s "
				"cannot get that name: the client has been at that server",
				name, t->path);
		return -1;
	}
	if (os_sync_folder(folder, e) == 0 && check_stat(t, e) == 0 &&
		os_unlink(record->copies ? record->temporary : t->path, e) == 0)
		return 0;
	os_unlink(name, &late);
	return -1;
}

static int
put_in_place(struct target *t, const struct journal_file *record, struct err *e)
{
	return record->becomes != NULL ? take_name(t, record, e)
				       : os_rename(record->temporary, t->path, e);
}

/* 9 and 10. From here on the file is the new one, whatever fails. */
static int
finish(struct target *t, struct journal *j, struct journal_file *record, struct err *e)
{
	const char *folder = os_folder_of(&t->arena, journal_path(record));
	struct err why;
	int rc = os_sync_folder(folder, &why);

	if (rc == 0 && record->becomes != NULL) {
		rc = os_unlink(record->temporary, &why);
		if (rc == 0)
			rc = os_sync_folder(folder, &why);
	}
	if (rc == 0 && journal_finish(j, record, JOURNAL_DONE, &why) == 0) {
		record->state = JOURNAL_DONE;
		return 0;
	}
	return err_set(e, why.kind, why.reason,
		"%s; %s IS the new file already, and the next run finishes the journal; "
		"\"reuidl undo --list\" shows it",
		why.message, journal_path(record));
}

/* 3 and 4 */
static int
prepare(struct target *t, struct text bytes, struct journal *j,
	struct journal_file *record, struct err *e)
{
	fill_record(t, record);
	if (check_unchanged(t, e) < 0 ||
		journal_keep(j, &t->arena, record, t->source.bytes, bytes, e) < 0)
		return nothing_changed(e);
	if (journal_prepare(j, record, e) == 0)
		return 0;
	journal_drop(j, record);
	return nothing_changed(e);
}

static int
make_folder(struct target *t, const struct journal_file *record, struct err *e)
{
	if (record->copies != COPY_MADE_FOLDER)
		return 0;
	return os_make_private_folders(os_folder_of(&t->arena, record->becomes), e);
}

int
target_replace(struct target *t, struct text bytes, struct journal *j,
	struct journal_file *record, struct err *e)
{
	if (prepare(t, bytes, j, record, e) < 0)
		return -1;
	/* 5, 6, 7, 8 */
	if (make_folder(t, record, e) < 0 || write_temporary(t, bytes, record, e) < 0 ||
		check_stat(t, e) < 0 || target_look_again(t, e) < 0 ||
		put_in_place(t, record, e) < 0)
		return roll_back(t, j, record, e);
	return finish(t, j, record, e);
}

int
target_remove(
	struct target *t, struct journal *j, struct journal_file *record, struct err *e)
{
	struct err why;

	if (prepare(t, (struct text){"", 0}, j, record, e) < 0)
		return -1;
	if (check_stat(t, e) < 0 || target_look_again(t, e) < 0 ||
		os_unlink(t->path, e) < 0)
		return roll_back(t, j, record, e);
	int rc = os_sync_folder(os_folder_of(&t->arena, t->path), &why);
	if (rc == 0 && record->copies == COPY_GONE_FOLDER)
		rc = replace_drop_folder(&t->arena, record, &why);
	if (rc == 0 && journal_finish(j, record, JOURNAL_DONE, &why) == 0) {
		record->state = JOURNAL_DONE;
		return 0;
	}
	return err_set(e, why.kind, why.reason,
		"%s; %s is removed already, and the next run finishes the journal",
		why.message, t->path);
}
