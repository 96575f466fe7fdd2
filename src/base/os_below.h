/*
 * Files one folder below an open folder ("3f/NAME"), and moving them there.
 *
 * No link is followed on the way, so that nothing outside is reached whatever a user has
 * put there, also when root does it. Functions return 0, or -1 with `e` set; `path` is
 * the folder's, for sentences.
 */
#ifndef BASE_OS_BELOW_H
#define BASE_OS_BELOW_H

#include "base/os.h"

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
/* -1 if there is no such regular file. */
int os_stat_below(int fd, const char *name, struct os_stat *st);
/* In one step, and over no other file: 1 if there is one under the new name already. The
 * new name's folder is made (0700, its owner the folder's) if it is not there. Where the
 * file system cannot do that, for an instant the file has both names; to be called again
 * then. */
int
os_move_below(int fd, const char *path, const char *from, const char *to, struct err *e);
/* The names in the folder of that file, and those of the folder itself, are on the disk
 * after this. */
int os_sync_below(int fd, const char *path, const char *name, struct err *e);

#endif
