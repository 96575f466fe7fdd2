#include "base/os_below.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

int
os_open_folder(const char *path, int *fd, struct err *e)
{
	*fd = open(path, FOLDER);
	return *fd >= 0 ? 0 : err_io(e, path, "open the folder");
}

bool
os_split_below(const char *name, char sub[OS_SUB_MAX], const char **rest)
{
	const char *slash = strchr(name, '/');

	if (slash == NULL || slash == name || (size_t)(slash - name) >= OS_SUB_MAX ||
		strchr(slash + 1, '/') != NULL || slash[1] == '\0')
		return false;
	snprintf(sub, OS_SUB_MAX, "%.*s", (int)(slash - name), name);
	*rest = slash + 1;
	return strcmp(sub, "..") != 0 && strcmp(*rest, "..") != 0;
}

static int
open_sub(int fd, const char *name, const char **rest)
{
	char sub[OS_SUB_MAX];

	if (!os_split_below(name, sub, rest)) {
		errno = EINVAL;
		return -1;
	}
	return openat(fd, sub, FOLDER | O_NOFOLLOW);
}

/* Sentences name the file. */
static int
fail_below(struct err *e, const char *path, const char *name, const char *what)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s/%s", path, name);
	return err_io(e, whole, what);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
os_list_open(int folder, struct arena *a, char ***names, size_t *n)
{
	DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
	struct dirent *entry;
	char **found = NULL;
	size_t cap = 0;

	*n = 0;
	*names = NULL;
	if (d == NULL) {
		int why = errno;
		if (folder >= 0)
			close(folder);
		errno = why;
		return -1;
	}
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		found = array_grow(found, &cap, *n + 1, sizeof(*found));
		found[(*n)++] = arena_string(a, text_of(entry->d_name));
	}
	closedir(d);
	if (*n > 0) {
		qsort(found, *n, sizeof(*found), by_bytes);
		*names = arena_alloc(a, *n * sizeof(**names));
		memcpy(*names, found, *n * sizeof(**names));
	}
	free(found);
	return 0;
}

int
os_list_below(int fd, const char *path, const char *sub, struct arena *a, char ***names,
	size_t *n, struct err *e)
{
	int folder = openat(fd, sub, FOLDER | O_NOFOLLOW);

	return os_list_open(folder, a, names, n) == 0 ? 0
						      : fail_below(e, path, sub, "list");
}

int
os_open_below(int fd, const char *path, const char *name, int *file, struct err *e)
{
	const char *rest = name;
	bool below = strchr(name, '/') != NULL;
	int sub = below ? open_sub(fd, name, &rest) : fd, saved;
	struct stat st;

	*file = sub < 0 ? -1
			: openat(sub, rest,
				  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
					  O_NOCTTY);
	saved = errno;
	if (below && sub >= 0)
		close(sub);
	errno = saved;
	if (*file < 0)
		return errno == ENOENT ? 1 : fail_below(e, path, name, "open");
	if (fstat(*file, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	close(*file);
	*file = -1;
	errno = EINVAL;
	return fail_below(e, path, name, "read what is no regular file");
}

int
os_stat_below(int fd, const char *name, struct os_stat *to)
{
	const char *rest = name;
	bool below = strchr(name, '/') != NULL;
	int sub = below ? open_sub(fd, name, &rest) : fd;
	struct stat st;

	if (sub < 0)
		return -1;
	int rc = fstatat(sub, rest, &st, AT_SYMLINK_NOFOLLOW);
	if (below)
		close(sub);
	if (rc < 0 || !S_ISREG(st.st_mode))
		return -1;
	os_stat_fill(to, &st);
	return 0;
}
