/*
 * Files one folder below an open folder ("3f/NAME"); os_moves.h moves them there.
 *
 * No link is followed on the way, so that nothing outside is reached whatever a user has
 * put there, also when root does it. Functions return 0, or -1 with `e` set; `path` is
 * the folder's, for sentences.
 */
#ifndef BASE_OS_BELOW_H
#define BASE_OS_BELOW_H

#include "base/os.h"

/* "3f", with some to spare. */
#define OS_SUB_MAX 64

/* "3f" and "NAME" of "3f/NAME"; false if it is anything else, or leads elsewhere. */
bool os_split_below(const char *name, char sub[OS_SUB_MAX], const char **rest);
/* A link to the folder itself is followed: people put caches on other disks. */
int os_open_folder(const char *path, int *fd, struct err *e);
/* Names in a folder, sorted, without . and ..; in the arena. The descriptor is closed; -1,
 * and errno, if it is none. */
int os_list_open(int folder, struct arena *a, char ***names, size_t *n);
/* The same of a folder that lies in it. */
int os_list_below(int fd, const char *path, const char *sub, struct arena *a,
	char ***names, size_t *n, struct err *e);
/* To read a regular file, "3f/NAME" or one of the folder's own: 1 if there is no such
 * file, -1 if it is something else (a link) or cannot be read. */
int os_open_below(int fd, const char *path, const char *name, int *file, struct err *e);
/* Of the same names. -1 if there is no such regular file. */
int os_stat_below(int fd, const char *name, struct os_stat *st);
#endif
