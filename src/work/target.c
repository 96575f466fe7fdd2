/* Opening a client's file: which file it is, who has it locked, what is in it. */
#include "work/target.h"
#include "work/find.h"
#include "work/folded.h"
#include "work/running.h"
#include "work/settings.h"

#include <stdlib.h>

#include "base/os_file.h"

/* A file that changes each time it is looked at. */
#define OPEN_TRIES 4

int
err_add(struct err *e, const char *words)
{
	size_t have = strlen(e->message), more = strlen(words) + 1;

	if (have + more <= sizeof(e->message))
		memcpy(e->message + have, words, more);
	return -1;
}

int
nothing_changed(struct err *e)
{
	return err_add(e, "; nothing was changed");
}

static int
check_file(struct target *t, const struct os_stat *st, bool write, struct err *e)
{
	if (!st->regular)
		return err_set(e, ERR_DATA, "format", "%s: not a regular file", t->path);
	if (!write)
		return 0;
	/* After a rename the other names would still be the old file. */
	if (st->links != 1)
		return err_set(e, ERR_DATA, "format",
			"%s: has %u names (hard links), and only one of them would get "
			"the new content; make it a file of its own first; nothing was "
			"changed",
			t->path, (unsigned)st->links);
	if (os_can_write(os_folder_of(&t->arena, t->path), e) < 0)
		return nothing_changed(e);
	return 0;
}

static struct running
running_of(const struct target *t)
{
	return (struct running){.format = t->format,
		.store = t->path,
		.settings = t->settings.path,
		.owner = t->source.stat.uid};
}

static int
say_running(struct target *t, const struct running *r, bool write, struct err *e)
{
	const char *quit = t->format->quit;
	char *process = r->pid > 0 ? arena_print(&t->arena, ", process %ld", r->pid) : "";

	t->running = arena_print(&t->arena,
		"%s: the client (%s) is running on %s%s; quit it first%s%s%s", t->path,
		t->format->client, r->at, process, quit != NULL ? " (" : "",
		quit != NULL ? quit : "", quit != NULL ? ")" : "");
	return write ? err_set(e, ERR_BUSY, "client-running", "%s", t->running) : 0;
}

/* The client's own locks. */
static int
lock_client(struct target *t, bool write, struct err *e)
{
	struct running r = running_of(t);
	bool runs;

	if (running_look(&r, write ? t->locks : NULL, &t->arena, &runs, e) < 0)
		return nothing_changed(e);
	if (runs && say_running(t, &r, write, e) < 0)
		return nothing_changed(e);
	return 0;
}

int
target_look_again(struct target *t, struct err *e)
{
	struct running r = running_of(t);

	return running_started(&r, &t->arena) ? say_running(t, &r, true, e) : 0;
}

static int
lock_ours(struct target *t, struct err *e)
{
	const struct os_stat *st = &t->source.stat;
	long pid;
	char *path = journal_lock_path(&t->arena, t->state_dir, st->device, st->inode, e);

	if (path == NULL)
		return nothing_changed(e);
	int rc = os_locks_add(t->locks, path, true, &pid, e);
	if (rc > 0)
		err_set(e, ERR_BUSY, "locked",
			"%s: another reuidl (process %ld) is at work on it", t->path,
			pid);
	return rc == 0 ? 0 : nothing_changed(e);
}

static int
take_locks(struct target *t, const char *settings, bool write, struct err *e)
{
	uint32_t owner = t->source.stat.uid;

	if (settings == NULL)
		settings = settings_above(t->format, t->path, owner, &t->arena);
	if (settings == NULL)
		settings = find_settings_of(t->path, t->format, owner, &t->arena);
	if (settings != NULL && settings_read(&t->settings, t->settings_beside, t->format,
					settings, &t->arena, e) < 0)
		return -1;
	if (write)
		t->locks = os_locks_new();
	if (lock_client(t, write, e) < 0)
		return -1;
	return write ? lock_ours(t, e) : 0;
}

static bool
same_file(const struct os_stat *a, const struct os_stat *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime == b->mtime;
}

static int
read_file(struct target *t, const char *client, bool write, struct err *e)
{
	if (os_open_to_read(t->path, &t->fd, e) < 0 ||
		os_stat_fd(t->fd, t->path, &t->source.stat, e) < 0 ||
		check_file(t, &t->source.stat, write, e) < 0 ||
		source_read_fd(&t->source, t->fd, t->path, e) < 0)
		return -1;
	t->format = format_for(&t->source, client, e);
	if (t->format == NULL)
		return -1;
	return t->format->sqlite && !write ? folded_read(&t->source, e) : 0;
}

static void
let_go(struct target *t)
{
	os_locks_release(t->locks);
	t->locks = NULL;
	if (t->fd >= 0)
		os_close(t->fd, t->path, &(struct err){0});
	t->fd = -1;
	source_release(&t->source);
	settings_release(&t->settings, t->settings_beside);
	t->running = NULL;
}

/* Which locks there are to take depends on the format, and that on the content; so the
 * file is read first, and must be the same when the locks are held. 1: it is not. */
static int
try_open(struct target *t, const char *settings, const char *client, bool write,
	const char *state_dir, struct err *e)
{
	struct os_stat now;

	int rc = read_file(t, client, write, e);
	if (rc != 0)
		return rc;
	t->state_dir = journal_state_dir(&t->arena, state_dir, t->source.stat.uid);
	if (t->state_dir == NULL)
		return err_set(e, ERR_IO, "io",
			"%s: its owner (user %u) has no home; use --state", t->path,
			(unsigned)t->source.stat.uid);
	if (take_locks(t, settings, write, e) < 0)
		return -1;
	if (write && t->format->sqlite && (rc = folded_settle(t->path, e)) != 0)
		return rc > 0 ? rc : nothing_changed(e);
	return os_stat(t->path, &now, e) < 0 ? -1 : !same_file(&now, &t->source.stat);
}

int
target_open(struct target *t, const char *path, const char *client, bool write,
	const char *state_dir, struct err *e)
{
	return target_open_of(t, path, NULL, client, write, state_dir, e);
}

int
target_open_of(struct target *t, const char *path, const char *settings,
	const char *client, bool write, const char *state_dir, struct err *e)
{
	*t = (struct target){.fd = -1};
	t->path = os_resolve(&t->arena, path, e);
	int rc = t->path != NULL ? 1 : -1;
	for (int i = 0; rc > 0 && i < OPEN_TRIES; i++) {
		let_go(t);
		rc = try_open(t, settings, client, write, state_dir, e);
	}
	if (rc > 0)
		err_set(e, ERR_BUSY, "changed-since-read",
			"%s: it changes all the time; somebody is writing to it",
			t->path);
	if (rc != 0)
		target_close(t);
	return rc == 0 ? 0 : -1;
}

void
target_close(struct target *t)
{
	let_go(t);
	arena_free(&t->arena);
	*t = (struct target){.fd = -1};
}
