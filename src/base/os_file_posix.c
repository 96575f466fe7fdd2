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
	os_stat_fill(to, &st);
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
