#include "work/running.h"

#include <stdlib.h>

#include "base/os_file.h"

/* A file that is made for the number of a process. */
#define PID_FILE_MAX 4096

/* The home that the store lies in, else its owner's. */
static const char *
home_of(const struct running *r, struct arena *a)
{
	size_t n = format_home(r->format, r->store);

	if (n > 0)
		return arena_string(a, (struct text){r->store, n});
	return os_owners_home(a, r->owner);
}

static const char *
folder_of(const struct running *r, struct arena *a)
{
	return os_folder_of(a, r->settings != NULL ? r->settings : r->store);
}

/* Where a lock is, by the name that the table gives it (model/format.h); NULL: nowhere. */
static char *
place_of(const struct running *r, const char *name, struct arena *a)
{
	size_t len = strcspn(name, "/");
	const char *below;

	if (text_starts(text_of(name), "%s"))
		return arena_print(a, "%s%s", r->store, name + 2);
	if (name[0] == '/') {
		const char *user = strstr(name, "%u");
		if (user == NULL)
			return arena_string(a, text_of(name));
		return arena_print(a, "%.*s%u%s", (int)(user - name), name,
			(unsigned)r->owner, user + 2);
	}
	if (name[len] == '\0')
		return arena_print(a, "%s/%s", folder_of(r, a), name);
	if (name[0] == '$')
		below = os_env(arena_string(a, (struct text){name + 1, len - 1}));
	else
		below = home_of(r, a);
	return below != NULL ? arena_print(a, "%s%s", below, name + len) : NULL;
}

/* "address:pid": the link is the lock. "address:+pid": fcntl decides. Whether a process
 * of another machine lives cannot be seen from here. */
static bool
symlink_says(struct running *r, const char *path, struct arena *a)
{
	uint64_t number;
	char *to = os_readlink(a, path);
	char *colon = to != NULL ? strrchr(to, ':') : NULL;

	if (colon == NULL || !text_number(text_of(colon + 1), &number) ||
		number > INT32_MAX)
		return false;
	r->pid = (long)number;
	return os_process_runs(r->pid);
}

/* The first word of the file, or what a line says of "pid". */
static bool
take_pid(struct text bytes, uint64_t *number)
{
	struct cursor c = {bytes, 0}, words;
	struct text line, word;

	for (bool first = true; take_line(&c, &line); first = false) {
		words = (struct cursor){line, 0};
		if (first && take_word(&words, &word) && text_number(word, number))
			return true;
		if (text_starts(line, "pid="))
			return text_number(
				(struct text){line.at + 4, line.len - 4}, number);
	}
	return false;
}

static bool
pid_file_says(struct running *r, const char *path)
{
	struct os_stat st;
	struct err ignored;
	uint64_t number;
	char *bytes;
	size_t len;
	bool says = false;

	if (os_read(path, PID_FILE_MAX, &bytes, &len, &st, &ignored) < 0)
		return false;
	if (take_pid((struct text){bytes, len}, &number) && number <= INT32_MAX &&
		os_process_runs((long)number)) {
		r->pid = (long)number;
		says = true;
	}
	free(bytes);
	return says;
}

static bool
file_says(struct running *r, enum lock_kind what, const char *path, struct arena *a)
{
	switch (what) {
	case LOCK_SYMLINK:
		return symlink_says(r, path, a);
	case LOCK_PID:
		return pid_file_says(r, path);
	case LOCK_SOCKET:
		return os_socket_answers(path);
	default:
		return os_exists(path);
	}
}

/* The last part may be a glob. */
static bool
any_file_says(struct running *r, enum lock_kind what, const char *path, struct arena *a)
{
	const char *folder = os_folder_of(a, path), *glob = strrchr(path, '/') + 1;
	struct err ignored;
	char **names;
	size_t n;

	if (strpbrk(glob, "*?[") == NULL)
		return file_says(r, what, path, a);
	if (os_list(a, folder, &names, &n, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (os_glob(glob, names[i]) &&
			file_says(r, what, arena_print(a, "%s/%s", folder, names[i]), a))
			return true;
	return false;
}

/* An fcntl lock. One that the client has not made yet is made, so that a client which
 * starts now finds it held; it is never removed, as the clients do not either. */
static int
fcntl_says(struct running *r, const char *path, bool make, struct os_locks *locks,
	bool *runs, struct err *e)
{
	int rc;

	if (locks == NULL || (!make && !os_exists(path)))
		return os_lock_taken(path, runs, &r->pid, e);
	rc = os_locks_add(locks, path, make, &r->pid, e);
	*runs = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int
dot_says(struct running *r, const char *path, struct os_locks *locks, bool *runs,
	struct err *e)
{
	int rc;

	r->at = path;
	if (locks == NULL) {
		*runs = os_dot_taken(path, &r->pid);
		return 0;
	}
	rc = os_dot_add(locks, path, &r->pid, e);
	*runs = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int
one_says(struct running *r, const struct client_lock *l, struct os_locks *locks,
	struct arena *a, bool *runs, struct err *e)
{
	*runs = false;
	r->at = folder_of(r, a);
	if (l->what == LOCK_PROCESS) {
		r->at = r->store;
		*runs = os_process_named(l->name, r->owner, &r->pid);
		return 0;
	}
	if (l->what == LOCK_STORE) {
		r->at = r->store;
		return fcntl_says(r, r->store, false, locks, runs, e);
	}
	char *path = place_of(r, l->name, a);
	if (path == NULL)
		return 0;
	if (l->what == LOCK_DOT)
		return dot_says(r, path, locks, runs, e);
	if (l->what == LOCK_FCNTL)
		return fcntl_says(r, path, r->settings != NULL, locks, runs, e);
	*runs = any_file_says(r, l->what, path, a);
	return 0;
}

/* Nothing that a client does then keeps it from starting. */
static bool
is_only_seen(enum lock_kind what)
{
	return what != LOCK_FCNTL && what != LOCK_STORE && what != LOCK_DOT;
}

bool
running_started(struct running *r, struct arena *a)
{
	const struct client_lock *l = r->format->locks;
	bool runs = false;
	struct err ignored;

	r->pid = 0;
	for (; l != NULL && l->what != LOCK_NONE && !runs; l++)
		if (is_only_seen(l->what))
			one_says(r, l, NULL, a, &runs, &ignored);
	return runs;
}

int
running_look(struct running *r, struct os_locks *locks, struct arena *a, bool *runs,
	struct err *e)
{
	const struct client_lock *l = r->format->locks;

	*runs = false;
	r->pid = 0;
	for (; l != NULL && l->what != LOCK_NONE && !*runs; l++)
		if (one_says(r, l, locks, a, runs, e) < 0)
			return -1;
	return 0;
}
