#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands in a lock that is one by being there: our number, and that it is ours. */
#define DOT_MAX	 64
#define DOT_OURS "reuidl"

/* A lock of this process, whoever in it asked. */
struct held {
	struct held *next;
	dev_t device;
	ino_t inode;
	int fd;
	size_t count;
};

struct os_locks {
	struct held **at;
	size_t n, cap;
	char **dots; /* files that are locks by being there */
	size_t ndots, dots_cap;
};

/* The one thing that a process has but once: POSIX keeps these locks per process, so a
 * list per caller could not tell what closing a descriptor would drop. */
static struct held *all;

static struct held *
find_held(const struct stat *st)
{
	for (struct held *h = all; h != NULL; h = h->next)
		if (h->device == st->st_dev && h->inode == st->st_ino)
			return h;
	return NULL;
}

static struct flock
whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static long
holder(int fd)
{
	struct flock lock = whole_file();

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid < 0)
		return 0;
	return lock.l_pid;
}

struct os_locks *
os_locks_new(void)
{
	struct os_locks *l = must_alloc(sizeof(*l));

	*l = (struct os_locks){0};
	return l;
}

static void
keep(struct os_locks *l, struct held *h)
{
	h->count++;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = h;
}

static int
open_lock(const char *path, bool create, int *fd, struct err *e)
{
	/* Twice: somebody may make the file between the two. */
	for (int i = 0; i < 2; i++) {
		*fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
		if (*fd >= 0)
			return 0;
		if (errno != ENOENT || !create)
			break;
		if (os_open_new(path, fd, e) == 0)
			return 0;
		if (!os_exists(path))
			return -1;
	}
	return err_io(e, path, "open the lock");
}

/* 0, 1 if another process has it, -1. */
static int
lock_now(struct os_locks *l, int fd, const struct stat *st, const char *path, long *pid,
	struct err *e)
{
	struct flock lock = whole_file();

	if (fcntl(fd, F_SETLK, &lock) < 0) {
		int rc = 1;
		if (errno == EACCES || errno == EAGAIN)
			*pid = holder(fd);
		else
			rc = err_io(e, path, "lock");
		close(fd);
		return rc;
	}
	struct held *h = must_alloc(sizeof(*h));
	*h = (struct held){.next = all,
		.device = st->st_dev,
		.inode = st->st_ino,
		.fd = fd,
		.count = 0};
	all = h;
	keep(l, h);
	return 0;
}

int
os_locks_add(struct os_locks *l, const char *path, bool create, long *pid, struct err *e)
{
	struct stat st;
	struct held *h;
	int fd;

	*pid = 0;
	if (stat(path, &st) == 0 && (h = find_held(&st)) != NULL) {
		keep(l, h);
		return 0;
	}
	if (open_lock(path, create, &fd, e) < 0)
		return -1;
	if (fstat(fd, &st) < 0) {
		err_io(e, path, "look at the lock");
		close(fd);
		return -1;
	}
	/* Renamed here between stat() and open(): closing fd would drop the lock. */
	if ((h = find_held(&st)) != NULL) {
		keep(l, h);
		return 0;
	}
	return lock_now(l, fd, &st, path, pid, e);
}

static void
drop(struct held *gone)
{
	struct held **at = &all;

	if (--gone->count > 0)
		return;
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	close(gone->fd);
	free(gone);
}

void
os_locks_release(struct os_locks *l)
{
	if (l == NULL)
		return;
	while (l->n > 0)
		drop(l->at[--l->n]);
	while (l->ndots > 0) {
		unlink(l->dots[--l->ndots]);
		free(l->dots[l->ndots]);
	}
	free(l->dots);
	free(l->at);
	free(l);
}

int
os_lock_taken(const char *path, bool *taken, long *pid, struct err *e)
{
	struct flock lock = whole_file();
	struct stat st;

	*taken = false;
	*pid = 0;
	if (stat(path, &st) == 0 && find_held(&st) != NULL)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_io(e, path, "open the lock");
	int rc = fcntl(fd, F_GETLK, &lock) == 0 ? 0 : err_io(e, path, "ask for the lock");
	*taken = rc == 0 && lock.l_type != F_UNLCK;
	if (*taken && lock.l_pid > 0)
		*pid = lock.l_pid;
	close(fd);
	return rc;
}

/* Who wrote it: its process, and whether that was a reuidl. */
static bool
read_dot(const char *path, long *pid)
{
	struct os_stat st;
	struct err ignored;
	struct text word;
	uint64_t number;
	char *bytes;
	size_t len;
	bool ours = false;

	*pid = 0;
	if (os_read(path, DOT_MAX, &bytes, &len, &st, &ignored) < 0)
		return false;
	struct cursor c = {{bytes, len}, 0};
	if (take_line(&c, &word)) {
		c = (struct cursor){word, 0};
		if (take_word(&c, &word) && text_number(word, &number) &&
			number <= INT32_MAX)
			*pid = (long)number;
		ours = take_word(&c, &word) && text_equal(word, text_of(DOT_OURS));
	}
	free(bytes);
	return ours;
}

bool
os_dot_taken(const char *path, long *pid)
{
	if (!os_exists(path))
		return false;
	return !read_dot(path, pid) || (*pid != getpid() && os_process_runs(*pid));
}

int
os_dot_add(struct os_locks *l, const char *path, long *pid, struct err *e)
{
	/* Twice: a reuidl that was killed has left it. */
	for (int i = 0; i < 2; i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0) {
			bool told = dprintf(fd, "%ld " DOT_OURS "\n", (long)getpid()) > 0;
			close(fd);
			l->dots = array_grow(
				l->dots, &l->dots_cap, l->ndots + 1, sizeof(*l->dots));
			l->dots[l->ndots++] = must_string(text_of(path));
			return told ? 0 : err_io(e, path, "write the lock");
		}
		if (errno != EEXIST)
			return err_io(e, path, "make the lock");
		if (os_dot_taken(path, pid))
			return 1;
		unlink(path);
	}
	return err_io(e, path, "make the lock");
}
