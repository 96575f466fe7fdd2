/*
 * What a run that died has left. Its row is "prepared", and the file is the old or the
 * new one; which of them is seen from the temporary file, that the rename takes away.
 */
#include "work/target.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os_file.h"
#include "work/companions.h"
#include "work/inverse.h"

/* The journal is a file in a user's home; nothing but our own temporary file beside the
 * store is removed on its word. */
static bool
is_temporary(struct arena *a, const struct journal_file *f)
{
	const char *folder = os_folder_of(a, journal_path(f));
	size_t n = strlen(folder);
	const char *name = f->temporary + n + 1;

	return strncmp(f->temporary, folder, n) == 0 && f->temporary[n] == '/' &&
	       strchr(name, '/') == NULL && text_starts(text_of(name), ".reuidl-") &&
	       text_ends(text_of(name), ".tmp");
}

/* The client has written the file since. Is anything of ours in it? */
static bool
holds_ours(const struct journal_file *f, const struct source *now)
{
	struct inverse v;
	struct store today;
	struct edit *edits;
	struct err e;
	size_t n = 1;

	if (inverse_make(&v, f, &e) < 0)
		return true;
	if (store_read(&today, v.new.format, now, &e) == 0) {
		inverse_edits(&v, &today, &edits, &n);
		free(edits);
		store_release(&today);
	}
	inverse_release(&v);
	return n > 0;
}

/* JOURNAL_DONE or JOURNAL_ROLLED_BACK; *old: the file is the very one of before. */
static enum journal_state
what_happened(struct arena *a, const struct journal_file *f, bool *old)
{
	struct source now;
	struct err e;
	enum journal_state state = JOURNAL_DONE;

	*old = false;
	/* Gone, or not to be read: the copies are all that is left of it. */
	if (source_read(&now, f->path, &e) < 0)
		return JOURNAL_DONE;
	*old = digest_equal(&now.digest, &f->old_digest);
	if (is_temporary(a, f) && os_exists(f->temporary))
		state = JOURNAL_ROLLED_BACK;
	else if (digest_equal(&now.digest, &f->new_digest))
		state = JOURNAL_DONE;
	else if (*old || !holds_ours(f, &now))
		state = JOURNAL_ROLLED_BACK;
	source_release(&now);
	return state;
}

static bool
has_digest(const char *path, const struct digest *want)
{
	struct source now;
	struct err ignored;

	if (source_read(&now, path, &ignored) < 0)
		return false;
	bool same = digest_equal(&now.digest, want);
	source_release(&now);
	return same;
}

static bool
is_moved(const struct journal_file *f)
{
	return strcmp(journal_path(f), f->path) != 0;
}

/* Is the store under its new name, and not yet the client's own? */
static bool
is_linked(const struct journal_file *f)
{
	struct os_stat name, temporary;

	return os_stat_link(f->becomes, &name) == 0 &&
	       os_stat_link(f->temporary, &temporary) == 0 &&
	       name.device == temporary.device && name.inode == temporary.inode &&
	       has_digest(f->becomes, &f->new_digest);
}

/* The same where the store changes its name: replace.c, take_name(). */
static enum journal_state
what_happened_to_names(const struct journal_file *f, bool *old)
{
	*old = os_exists(f->path);
	return *old ? JOURNAL_ROLLED_BACK : JOURNAL_DONE;
}

/* Where a file is made beside the one that was read: once the temporary name has gone,
 * the client may have it. */
static enum journal_state
what_happened_to_copy(const struct journal_file *f, bool *old)
{
	struct source now;
	struct err ignored;
	bool ours = true;

	*old = true;
	if (!os_exists(f->becomes) || is_linked(f))
		return JOURNAL_ROLLED_BACK;
	if (source_read(&now, f->becomes, &ignored) == 0) {
		ours = digest_equal(&now.digest, &f->new_digest) || holds_ours(f, &now);
		source_release(&now);
	}
	return ours ? JOURNAL_DONE : JOURNAL_ROLLED_BACK;
}

/* Where one is removed. */
static enum journal_state
what_happened_to_gone(const struct journal_file *f, bool *old)
{
	*old = has_digest(f->path, &f->old_digest);
	return os_exists(f->path) ? JOURNAL_ROLLED_BACK : JOURNAL_DONE;
}

static int
settle_names(struct arena *a, const struct journal_file *f, enum journal_state state,
	struct err *e)
{
	const char *folder = os_folder_of(a, journal_path(f));

	if (!is_temporary(a, f))
		return 0;
	if (state == JOURNAL_ROLLED_BACK && is_linked(f) &&
		(os_unlink(f->becomes, e) < 0 || os_sync_folder(folder, e) < 0))
		return -1;
	return os_unlink(f->temporary, e);
}

static enum journal_state
look(struct arena *a, const struct journal_file *f, bool *old)
{
	if (f->copies >= COPY_GONE)
		return what_happened_to_gone(f, old);
	if (f->copies != COPY_NOT)
		return what_happened_to_copy(f, old);
	return is_moved(f) ? what_happened_to_names(f, old) : what_happened(a, f, old);
}

/* What the run had beside the file goes. */
static int
tidy(struct arena *a, const struct journal_file *f, enum journal_state state,
	struct err *e)
{
	const char *folder = os_folder_of(a, journal_path(f));

	if (is_moved(f) && settle_names(a, f, state, e) < 0)
		return -1;
	if (!is_moved(f) && is_temporary(a, f) && os_unlink(f->temporary, e) < 0)
		return -1;
	if (((f->copies == COPY_MADE_FOLDER && state == JOURNAL_ROLLED_BACK) ||
		    (f->copies == COPY_GONE_FOLDER && state == JOURNAL_DONE)) &&
		replace_drop_folder(a, f, e) < 0)
		return -1;
	return os_sync_folder(os_exists(folder) ? folder : os_folder_of(a, folder), e);
}

static const char *
sentence_of(const struct journal_file *f, enum journal_state state)
{
	bool there = (state == JOURNAL_DONE) == (f->copies < COPY_GONE);

	if (f->copies != COPY_NOT && !there)
		return state == JOURNAL_DONE
			       ? "%s: a run that had broken off was finished: the file is "
				 "removed"
			       : "%s: a run that had broken off was rolled back: nothing "
				 "of it is there";
	return state == JOURNAL_DONE
		       ? "%s: a run that had broken off was finished: the file is the new "
			 "one"
		       : "%s: a run that had broken off was rolled back: nothing of it is "
			 "in the file";
}

static int
settle(struct journal *j, struct arena *a, const struct journal_file *f,
	void (*say)(void *, const char *), void *arg, struct err *e)
{
	bool old;
	enum journal_state state = look(a, f, &old);

	if (tidy(a, f, state, e) < 0 || journal_finish(j, f, state, e) < 0)
		return -1;
	if (state == JOURNAL_ROLLED_BACK && old)
		journal_drop(j, f);
	if (say == NULL)
		return 0;
	bool named = state == JOURNAL_DONE || f->copies != COPY_NOT;
	char *sentence =
		arena_print(a, sentence_of(f, state), named ? journal_path(f) : f->path);
	char safe[768];
	say(arg, text_escape(text_of(sentence), safe, sizeof(safe)));
	return 0;
}

/* The disk is here today: the folder is, or the one that it was to be made in. */
static bool
is_here(struct arena *a, const struct journal_file *f)
{
	const char *folder = os_folder_of(a, journal_path(f));

	if (f->copies == COPY_MADE_FOLDER || f->copies == COPY_GONE_FOLDER)
		folder = os_folder_of(a, folder);
	return os_exists(folder);
}

/* Locked as it is now, whichever of the two it is: target_replace() locks both. 1: a
 * live process is at it. */
static int
lock_file(struct journal *j, struct arena *a, const char *name, struct os_locks *locks,
	struct err *e)
{
	struct os_stat st;
	long pid;

	if (os_stat(name, &st, NULL) < 0)
		return 0;
	char *path = journal_lock_path(a, journal_folder(j), st.device, st.inode, e);
	return path == NULL ? -1 : os_locks_add(locks, path, true, &pid, e);
}

int
replace_recover(
	struct journal *j, void (*say)(void *, const char *), void *arg, struct err *e)
{
	struct arena a = {0};
	struct journal_file *files;
	size_t n;
	int rc = journal_files(j, &a, true, &files, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (!is_here(&a, &files[i]))
			continue;
		struct os_locks *locks = os_locks_new();
		int busy = lock_file(j, &a, files[i].path, locks, e);
		if (busy == 0)
			busy = lock_file(j, &a, journal_path(&files[i]), locks, e);
		rc = busy < 0 ? -1 : busy > 0 ? 0 : settle(j, &a, &files[i], say, arg, e);
		os_locks_release(locks);
	}
	arena_free(&a);
	/* They are to be where their store is, and that is settled only now. */
	return rc == 0 ? companions_recover(j, say, arg, e) : -1;
}
