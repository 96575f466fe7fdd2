#include "base/os.h"
#include "base/os_below.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <iconv.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LARGE ((size_t)4 << 20)

void
os_stat_fill(struct os_stat *to, const struct stat *st)
{
	*to = (struct os_stat){
		.device = (uint64_t)st->st_dev,
		.inode = (uint64_t)st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.links = (uint32_t)st->st_nlink,
		.regular = S_ISREG(st->st_mode),
		.folder = S_ISDIR(st->st_mode),
	};
}

int
os_stat(const char *path, struct os_stat *to, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return e != NULL ? err_io(e, path, "look at the file") : -1;
	os_stat_fill(to, &st);
	return 0;
}

int
os_stat_link(const char *path, struct os_stat *to)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -1;
	os_stat_fill(to, &st);
	return 0;
}

bool
os_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int
os_create(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0) {
		int why = errno;
		err_io(e, path, "create the file");
		errno = why;
		return -1;
	}
	close(fd);
	return 0;
}

char *
os_resolve(struct arena *a, const char *path, struct err *e)
{
	char *real = realpath(path, NULL);

	if (real == NULL) {
		err_io(e, path, "find it");
		if (errno == ENOENT)
			e->kind = ERR_NO_STORE;
		return NULL;
	}
	char *kept = arena_string(a, text_of(real));
	free(real);
	return kept;
}

int
os_read_fd(int fd, const char *path, uint64_t max, char **bytes, size_t *len,
	struct os_stat *to, struct err *e)
{
	struct stat st;
	size_t have = 0;

	if (fstat(fd, &st) < 0)
		return err_io(e, path, "look at the file");
	os_stat_fill(to, &st);
	if (!to->regular)
		return err_set(e, ERR_DATA, "format", "%s: not a regular file", path);
	if (to->size > max)
		return err_set(e, ERR_DATA, "format",
			"%s: %llu bytes is more than the %llu that are read", path,
			(unsigned long long)to->size, (unsigned long long)max);
	char *at = malloc((size_t)to->size + 1);
	if (at == NULL)
		return err_set(e, ERR_IO, "io", "%s: no memory for %llu bytes", path,
			(unsigned long long)to->size);
	os_large(at, (size_t)to->size + 1);
	/* One byte more than the size, to notice a file that has grown. */
	while (have <= to->size) {
		ssize_t n =
			pread(fd, at + have, (size_t)to->size + 1 - have, (off_t)have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_io(e, path, "read");
			free(at);
			return -1;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have != to->size) {
		free(at);
		return err_set(e, ERR_BUSY, "changed-since-read",
			"%s: its size changed while it was read; somebody is writing to "
			"it",
			path);
	}
	*bytes = at;
	*len = have;
	return 0;
}

int
os_read(const char *path, uint64_t max, char **bytes, size_t *len, struct os_stat *st,
	struct err *e)
{
	/* O_NONBLOCK: a FIFO must not hang us before we have seen what it is. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		int saved = errno;
		err_io(e, path, "open");
		if (saved == ENOENT)
			e->kind = ERR_NO_STORE;
		return -1;
	}
	int rc = os_read_fd(fd, path, max, bytes, len, st, e);
	close(fd);
	return rc;
}

int
os_list(struct arena *a, const char *folder, char ***names, size_t *n, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return os_list_open(fd, a, names, n) == 0 ? 0 : err_io(e, folder, "list");
}

int
os_make_folders(const char *path, struct err *e)
{
	char *copy = must_string(text_of(path));
	int rc = 0;

	for (char *p = copy + 1; rc == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			rc = err_io(e, copy, "make the folder");
		*p = kept;
		if (kept == '\0')
			break;
	}
	free(copy);
	return rc;
}

char *
os_home_of(struct arena *a, uint32_t uid)
{
	struct passwd *pw = getpwuid(uid);

	return pw != NULL ? arena_string(a, text_of(pw->pw_dir)) : NULL;
}

char *
os_home(struct arena *a)
{
	const char *home = os_env("HOME");

	return home != NULL ? arena_string(a, text_of(home)) : os_home_of(a, getuid());
}

char *
os_owners_home(struct arena *a, uint32_t owner)
{
	return owner == os_user() ? os_home(a) : os_home_of(a, owner);
}

uint32_t
os_user(void)
{
	return geteuid();
}

const char *
os_env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

bool
os_glob(const char *glob, const char *name)
{
	return fnmatch(glob, name, FNM_PERIOD) == 0;
}

void
os_start(void)
{
	signal(SIGPIPE, SIG_IGN);
#ifdef M_MMAP_THRESHOLD
	/* What is large is got from the system and given back to it, each for itself. Left
	 * alone, malloc() ends that with the first that is freed. */
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void
os_large(void *at, size_t n)
{
#ifdef MADV_HUGEPAGE
	/* From its first page on, of which malloc() has the first bytes: a mapping that is
	 * half of one kind and half of another cannot grow without being copied. */
	size_t before = (uintptr_t)at % (uintptr_t)sysconf(_SC_PAGESIZE);

	if (n >= LARGE)
		madvise((char *)at - before, before + n, MADV_HUGEPAGE);
#else
	(void)at, (void)n;
#endif
}

void
os_random(void *to, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = getrandom((char *)to + have, n - have, 0);
		if (got > 0)
			have += (size_t)got;
		else if (errno != EINTR)
			abort();
	}
}

int64_t
os_now(void)
{
	return (int64_t)time(NULL);
}

double
os_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
os_command_line(const char *command, char **line, struct err *e)
{
	FILE *p = popen(command, "re");
	char got[4096];

	if (p == NULL)
		return err_io(e, command, "run");
	bool any = fgets(got, sizeof(got), p) != NULL;
	while (any && fgetc(p) != EOF)
		;
	int status = pclose(p);
	if (status != 0 || !any) {
		os_wipe(got, sizeof(got));
		return err_set(e, ERR_USAGE, "", "the command \"%s\" %s", command,
			status != 0 ? "failed" : "printed nothing");
	}
	got[strcspn(got, "\r\n")] = '\0';
	*line = must_string(text_of(got));
	os_wipe(got, sizeof(got));
	return 0;
}

bool
os_to_utf8(const char *charset, struct text bytes, struct buf *to)
{
	iconv_t cd;
	/* No charset makes more than four bytes of one. */
	size_t left = 4 * bytes.len, in_left = bytes.len;
	char *in = (char *)(uintptr_t)bytes.at, *out;

	if (bytes.len == 0)
		return true;
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return false;
	out = buf_room(to, left);
	bool done = out != NULL && iconv(cd, &in, &in_left, &out, &left) != (size_t)-1 &&
		    iconv(cd, NULL, NULL, &out, &left) != (size_t)-1;
	iconv_close(cd);
	if (done)
		to->len += 4 * bytes.len - left;
	return done;
}

void
os_wipe(void *at, size_t n)
{
	explicit_bzero(at, n);
}
