/*
 * Moving many files among the folders of one folder ("3f/NAME" to "06/OTHER"). Each of
 * these is opened once, and stays open to the end: a file costs a call to look and a call
 * to move, and the disk is waited for once a folder.
 *
 * No link is followed on the way, as in os_below.h. Nobody else may move the folders
 * themselves meanwhile: files would follow them. Functions return 0, or -1 with `e` set.
 */
#ifndef BASE_OS_MOVES_H
#define BASE_OS_MOVES_H

#include "base/os.h"

struct os_moves;

/* `path` must live until os_moves_close(). */
int os_moves_open(struct os_moves **m, const char *path, struct err *e);
/* -1 if there is no such regular file. */
int os_moves_stat(struct os_moves *m, const char *name, struct os_stat *st);
/* May a file be moved so, later? The new name's folder is made here, too. */
int os_moves_ready(struct os_moves *m, const char *from, const char *to, struct err *e);
/* In one step, and over no other file: 1 if there is one under the new name already. The
 * new name's folder is made (0700, its owner the folder's) if it is not there. Where the
 * file system cannot do that, for an instant the file has both names; to be called again
 * then. */
int os_moves_move(struct os_moves *m, const char *from, const char *to, struct err *e);
/* What was moved, and what was looked at and is where somebody else had moved it, is on
 * the disk after this. All of it is tried, whatever fails. */
int os_moves_sync(struct os_moves *m, struct err *e);
/* Syncs nothing. */
void os_moves_close(struct os_moves *m);

#endif
