#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Values are at most 64 KiB on Linux, and so is the list of names (xattr(7)). */
#define XATTR_MAX 65536

int
os_open_to_read(const char *path, int *fd, struct err *e)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0)
		return 0;
	int saved = errno;
	err_io(e, path, "open");
	if (saved == ENOENT)
		e->kind = ERR_NO_STORE;
	return -1;
}

char *
os_folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return arena_string(a, text_of("."));
	return arena_string(
		a, (struct text){path, slash == path ? 1 : (size_t)(slash - path)});
}

/* When root makes something in a folder of somebody else's, it is theirs. */
static int
give_to_folders_owner(int fd, const char *path, struct err *e)
{
	struct arena a = {0};
	struct stat folder;
	int rc = 0;

	if (geteuid() != 0)
		return 0;
	if (stat(os_folder_of(&a, path), &folder) < 0)
		rc = err_io(e, path, "look at the folder");
	else if (folder.st_uid != 0 && fchown(fd, folder.st_uid, folder.st_gid) < 0)
		rc = err_io(e, path, "give it to the folder's owner");
	arena_free(&a);
	return rc;
}

int
os_open_new(const char *path, int *fd, struct err *e)
{
	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_io(e, path, "make the file");
	if (give_to_folders_owner(*fd, path, e) == 0)
		return 0;
	close(*fd);
	unlink(path);
	*fd = -1;
	return -1;
}

int
os_stat_fd(int fd, const char *path, struct os_stat *to, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_io(e, path, "look at the file");
	*to = (struct os_stat){
		.device = (uint64_t)st.st_dev,
		.inode = (uint64_t)st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.links = (uint32_t)st.st_nlink,
		.regular = S_ISREG(st.st_mode),
		.folder = S_ISDIR(st.st_mode),
	};
	return 0;
}

/* A file of this size goes past the system's cache, if its file system can do that: it has
 * no room there for three more copies of it, and making room takes longer than all else. In
 * whole pieces, since offset, length and memory must fit the disk's blocks (open(2),
 * O_DIRECT); the rest is written and read as any file is. */
#define DIRECT_LEAST ((size_t)16 << 20)
#define DIRECT_PIECE ((size_t)1 << 20)
#define DIRECT_ALIGN ((size_t)4096)

static bool
set_direct(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return false;
	flags = on ? flags | O_DIRECT : flags & ~O_DIRECT;
	return fcntl(fd, F_SETFL, flags) == 0;
}

/* NULL: this file is not for that. */
static char *
direct_begin(int fd, size_t len)
{
	char *piece;

	if (len < DIRECT_LEAST || !set_direct(fd, true))
		return NULL;
	piece = aligned_alloc(DIRECT_ALIGN, DIRECT_PIECE);
	if (piece == NULL)
		set_direct(fd, false);
	return piece;
}

static void
direct_end(int fd, char *piece)
{
	if (piece != NULL)
		set_direct(fd, false);
	free(piece);
}

/* How much of it is written. Whatever stops it, the write that goes on from there meets it
 * again, or does not mind it. */
static size_t
write_direct(int fd, struct text bytes)
{
	char *piece = direct_begin(fd, bytes.len);
	ssize_t n = DIRECT_PIECE;
	size_t done = 0;

	while (piece != NULL && n == (ssize_t)DIRECT_PIECE &&
		bytes.len - done >= DIRECT_PIECE) {
		memcpy(piece, bytes.at + done, DIRECT_PIECE);
		n = write(fd, piece, DIRECT_PIECE);
		done += n > 0 ? (size_t)n : 0;
	}
	direct_end(fd, piece);
	return done;
}

/* Likewise how much of the file has been looked at; *same: it is the same so far. */
static size_t
same_direct(int fd, struct text bytes, bool *same)
{
	char *piece = direct_begin(fd, bytes.len);
	size_t done = 0;

	*same = true;
	while (piece != NULL && *same && bytes.len - done >= DIRECT_PIECE &&
		pread(fd, piece, DIRECT_PIECE, (off_t)done) == (ssize_t)DIRECT_PIECE) {
		*same = memcmp(piece, bytes.at + done, DIRECT_PIECE) == 0;
		done += DIRECT_PIECE;
	}
	direct_end(fd, piece);
	return done;
}

int
os_write_fd(int fd, const char *path, struct text bytes, struct err *e)
{
	size_t done = write_direct(fd, bytes);

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.at + done, bytes.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_io(e, path, "write");
		done += (size_t)n;
	}
	return 0;
}

int
os_open_in_place(const char *path, bool write, int *fd, struct err *e)
{
	int how = write ? O_RDWR : O_RDONLY;

	*fd = open(path, how | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return *fd >= 0 ? 0 : err_io(e, path, "open");
}

int
os_read_at(int fd, const char *path, uint64_t off, char *to, size_t max, size_t *n,
	struct err *e)
{
	for (*n = 0; *n < max;) {
		ssize_t got = pread(fd, to + *n, max - *n, (off_t)(off + *n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_io(e, path, "read");
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

/* Small enough to stay in the processor's cache from the reading to the comparison. */
#define PIECE ((size_t)128 << 10)

/* From there on. */
static int
same_from(int fd, const char *path, size_t off, struct text bytes, bool *same,
	struct err *e)
{
	char *piece = must_alloc(PIECE);
	size_t n;
	int rc;

	do {
		rc = os_read_at(fd, path, off, piece, PIECE, &n, e);
		*same = rc == 0 && n <= bytes.len - off &&
			text_equal((struct text){piece, n},
				(struct text){bytes.at + off, n});
		off += n;
	} while (*same && n == PIECE);
	*same = *same && off == bytes.len;
	free(piece);
	return rc;
}

int
os_same_fd(int fd, const char *path, struct text bytes, bool *same, struct err *e)
{
	return same_from(fd, path, 0, bytes, same, e);
}

int
os_reads_back(int fd, const char *path, struct text bytes, bool *same, struct err *e)
{
	size_t done = same_direct(fd, bytes, same);

	return *same ? same_from(fd, path, done, bytes, same, e) : 0;
}

int
os_write_at(int fd, const char *path, uint64_t off, struct text bytes, struct err *e)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.at, bytes.len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_io(e, path, "write");
		bytes.at += n;
		bytes.len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}

int
os_set_mtime(int fd, const char *path, int64_t mtime, struct err *e)
{
	struct timespec to[2] = {{.tv_nsec = UTIME_OMIT}};

	to[1].tv_sec = (time_t)(mtime / 1000000000);
	to[1].tv_nsec = (long)(mtime % 1000000000);
	if (to[1].tv_nsec < 0) {
		to[1].tv_sec--;
		to[1].tv_nsec += 1000000000;
	}
	return futimens(fd, to) == 0 ? 0 : err_io(e, path, "put its time back");
}

int
os_sync_fd(int fd, const char *path, struct err *e)
{
	return fsync(fd) == 0 ? 0 : err_io(e, path, "bring it to the disk");
}

int
os_close(int fd, const char *path, struct err *e)
{
	/* EINTR: Linux has closed it, and another close could hit somebody else's. */
	return close(fd) == 0 || errno == EINTR ? 0 : err_io(e, path, "close");
}

int
os_sync_folder(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_io(e, folder, "open the folder");
	/* EINVAL: a file system that has nothing to sync for a folder (some FUSE, CIFS). */
	int rc = fsync(fd) == 0 || errno == EINVAL
			 ? 0
			 : err_io(e, folder, "bring the folder to the disk");
	close(fd);
	return rc;
}

/* SELinux and its like label new files by their own rules and may forbid setting. */
static bool
is_systems_own(const char *name)
{
	return strncmp(name, "security.", 9) == 0 || strncmp(name, "trusted.", 8) == 0;
}

static int
copy_xattr(
	int from, int to, const char *name, char *value, const char *path, struct err *e)
{
	ssize_t n = fgetxattr(from, name, value, XATTR_MAX);

	if (n < 0 && (errno == ENODATA || is_systems_own(name)))
		return 0;
	if (n < 0)
		return err_set(e, ERR_IO, "io", "%s: cannot read its attribute %s: %s",
			path, name, strerror(errno));
	if (fsetxattr(to, name, value, (size_t)n, 0) == 0 || is_systems_own(name))
		return 0;
	return err_set(e, ERR_IO, "io", "%s: cannot keep its attribute %s: %s", path,
		name, strerror(errno));
}

static int
copy_xattrs(int from, int to, const char *path, struct err *e)
{
	char *names = must_alloc(XATTR_MAX + 1), *value = must_alloc(XATTR_MAX);
	ssize_t n = flistxattr(from, names, XATTR_MAX);
	int rc = 0;

	if (n < 0 && errno != ENOTSUP)
		rc = err_io(e, path, "list its attributes");
	for (ssize_t at = 0; rc == 0 && at < n; at += (ssize_t)strlen(names + at) + 1)
		rc = copy_xattr(from, to, names + at, value, path, e);
	free(names);
	free(value);
	return rc;
}

int
os_copy_attributes(int from, int to, const char *path, struct err *e)
{
	struct stat was, is;

	if (fstat(from, &was) < 0 || fstat(to, &is) < 0)
		return err_io(e, path, "look at the file");
	if ((was.st_uid != is.st_uid || was.st_gid != is.st_gid) &&
		fchown(to, was.st_uid, was.st_gid) < 0)
		return err_set(e, ERR_IO, "io",
			"%s: cannot keep its owner and group (%u:%u): %s; run this as "
			"that user",
			path, (unsigned)was.st_uid, (unsigned)was.st_gid,
			strerror(errno));
	/* A default ACL of the folder would come to life with the mode's group bits. */
	if (fremovexattr(to, "system.posix_acl_access") < 0 && errno != ENODATA &&
		errno != ENOTSUP)
		return err_io(e, path, "take the folder's default ACL off the new file");
	if (fchmod(to, was.st_mode & 07777) < 0)
		return err_io(e, path, "keep its mode");
	return copy_xattrs(from, to, path, e);
}

int
os_rename(const char *from, const char *to, struct err *e)
{
	return rename(from, to) == 0 ? 0 : err_io(e, to, "put the new file in its place");
}

int
os_link(const char *from, const char *to, bool *there, struct err *e)
{
	int rc = link(from, to);

	*there = rc < 0 && errno == EEXIST;
	return rc == 0 ? 0 : err_io(e, to, "give the file this name");
}

int
os_unlink(const char *path, struct err *e)
{
	return unlink(path) == 0 || errno == ENOENT ? 0 : err_io(e, path, "remove");
}

int
os_rmdir(const char *path, struct err *e)
{
	return rmdir(path) == 0 || errno == ENOENT ? 0
						   : err_io(e, path, "remove the folder");
}

static int
make_folder(const char *path, struct err *e)
{
	struct arena a = {0};
	int rc = 0;

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : err_io(e, path, "make the folder");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_io(e, path, "open the folder");
	rc = give_to_folders_owner(fd, path, e);
	close(fd);
	if (rc == 0)
		rc = os_sync_folder(os_folder_of(&a, path), e);
	arena_free(&a);
	return rc;
}

int
os_make_private_folders(const char *path, struct err *e)
{
	struct stat st;
	int rc = 0;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	char *copy = must_string(text_of(path));
	for (char *p = copy + 1; rc == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;
		*p = '\0';
		if (stat(copy, &st) < 0)
			rc = make_folder(copy, e);
		*p = kept;
		if (kept == '\0')
			break;
	}
	free(copy);
	return rc;
}

char *
os_readlink(struct arena *a, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n < 0 || (size_t)n == sizeof(target))
		return NULL;
	return arena_string(a, (struct text){target, (size_t)n});
}

int
os_can_write(const char *folder, struct err *e)
{
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	return err_io(e, folder, "write to the folder");
}
