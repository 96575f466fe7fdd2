#include "base/os_moves.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_below.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
/* Open at once; a message cache has 64. */
#define SUBS_MAX 128
#define SLOTS	 256 /* a power of two, and never full */

struct sub {
	char name[OS_SUB_MAX]; /* "": none */
	int fd;
	int why_not; /* errno of moving anything there; 0: it may be done */
};

struct os_moves {
	const char *path;
	int fd;
	size_t n;
	struct sub at[SLOTS]; /* by the hash of the name */
};

int
os_moves_open(struct os_moves **m, const char *path, struct err *e)
{
	int fd;

	*m = NULL;
	if (os_open_folder(path, &fd, e) < 0)
		return -1;
	*m = must_alloc(sizeof(**m));
	memset(*m, 0, sizeof(**m));
	(*m)->path = path;
	(*m)->fd = fd;
	return 0;
}

static struct sub *
slot_of(struct os_moves *m, const char *name)
{
	size_t at = text_hash(text_of(name)) % SLOTS;

	while (m->at[at].name[0] != '\0' && strcmp(m->at[at].name, name) != 0)
		at = (at + 1) % SLOTS;
	return &m->at[at];
}

/* All but the one of that descriptor. */
static void
close_subs(struct os_moves *m, int keep)
{
	struct sub kept = {.fd = -1};

	for (size_t i = 0; i < SLOTS; i++) {
		if (m->at[i].name[0] == '\0')
			continue;
		if (m->at[i].fd == keep)
			kept = m->at[i];
		else
			close(m->at[i].fd);
	}
	memset(m->at, 0, sizeof(m->at));
	m->n = kept.fd >= 0;
	if (kept.fd >= 0)
		*slot_of(m, kept.name) = kept;
}

void
os_moves_close(struct os_moves *m)
{
	close_subs(m, -1);
	close(m->fd);
	free(m);
}

/* EINVAL: as in os_sync_folder(). */
static bool
sync_one(int fd)
{
	return fsync(fd) == 0 || errno == EINVAL;
}

int
os_moves_sync(struct os_moves *m, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (m->at[i].name[0] != '\0' && !sync_one(m->at[i].fd) && rc == 0)
			rc = err_io(e, m->path, "bring a folder there to the disk");
	/* That of a folder that was made. */
	if (!sync_one(m->fd) && rc == 0)
		rc = err_io(e, m->path, "bring the folder to the disk");
	return rc;
}

static int
make_sub(const struct os_moves *m, const char *name)
{
	struct stat st;

	if (mkdirat(m->fd, name, 0700) < 0 && errno != EEXIST)
		return -1;
	int fd = openat(m->fd, name, FOLDER);
	if (fd >= 0 && geteuid() == 0 && fstat(m->fd, &st) == 0 &&
		fchown(fd, st.st_uid, st.st_gid) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* So many descriptors are not to be had, or not wanted: those that are open go. */
static int
make_room(struct os_moves *m, int keep)
{
	struct err e;

	if (os_moves_sync(m, &e) < 0) {
		errno = EIO;
		return -1;
	}
	close_subs(m, keep);
	return 0;
}

/* The folder of "3f/NAME", and its NAME; the descriptor is good until the next call that
 * does not `keep` it. -1, and errno. */
static int
sub_of(struct os_moves *m, const char *file, int keep, bool make, const char **rest)
{
	char name[OS_SUB_MAX];

	if (!os_split_below(file, name, rest)) {
		errno = EINVAL;
		return -1;
	}
	struct sub *s = slot_of(m, name);
	if (s->name[0] != '\0')
		return s->fd;
	if (m->n == SUBS_MAX && make_room(m, keep) < 0)
		return -1;
	int fd = openat(m->fd, name, FOLDER);
	if (fd < 0 && errno == EMFILE && m->n > 0 && make_room(m, keep) == 0)
		fd = openat(m->fd, name, FOLDER);
	if (fd < 0 && errno == ENOENT && make)
		fd = make_sub(m, name);
	if (fd < 0)
		return -1;
	s = slot_of(m, name);
	memcpy(s->name, name, sizeof(name));
	s->fd = fd;
	s->why_not = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
	m->n++;
	return fd;
}

int
os_moves_stat(struct os_moves *m, const char *name, struct os_stat *st)
{
	const char *rest;
	int sub = sub_of(m, name, -1, false, &rest);

	return sub >= 0 ? os_stat_below(sub, rest, st) : -1;
}

/* `to`: what it cannot be called; NULL: nothing. */
static int
fail(const struct os_moves *m, const char *from, const char *to, struct err *e)
{
	char whole[4096], what[512];

	snprintf(whole, sizeof(whole), "%s/%s", m->path, from);
	snprintf(what, sizeof(what), "give it the name %s", to != NULL ? to : "");
	return err_io(e, whole, to != NULL ? what : "give a file another name there");
}

static int
is_ready(struct os_moves *m, const char *file, struct err *e)
{
	char name[OS_SUB_MAX];
	const char *rest;

	if (sub_of(m, file, -1, true, &rest) < 0 || !os_split_below(file, name, &rest))
		return fail(m, file, NULL, e);
	errno = slot_of(m, name)->why_not;
	return errno == 0 ? 0 : fail(m, file, NULL, e);
}

int
os_moves_ready(struct os_moves *m, const char *from, const char *to, struct err *e)
{
	return is_ready(m, from, e) < 0 ? -1 : is_ready(m, to, e);
}

static bool
is_one_file(int from, const char *a, int to, const char *b)
{
	struct stat x, y;

	return fstatat(from, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(to, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* 1: the name is taken. */
static int
move(int from, const char *a, int to, const char *b)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(from, a, to, b, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST && errno != EINVAL && errno != ENOSYS)
		return -1;
#endif
	if (linkat(from, a, to, b, 0) < 0 &&
		(errno != EEXIST || !is_one_file(from, a, to, b)))
		return errno == EEXIST ? 1 : -1;
	return unlinkat(from, a, 0);
}

int
os_moves_move(struct os_moves *m, const char *from, const char *to, struct err *e)
{
	const char *a = NULL, *b = NULL;
	int source = sub_of(m, from, -1, false, &a), target = -1, rc = -1;

	if (source >= 0)
		target = sub_of(m, to, source, true, &b);
	if (target >= 0)
		rc = move(source, a, target, b);
	return rc < 0 ? fail(m, from, to, e) : rc;
}
