/*
 * Replacing a file: what that takes of the operating system beyond base/os.h, and the
 * locks that go with it. Paths are UTF-8; functions return 0, or -1 with `e` set.
 *
 * Whatever is made here is for its owner alone (0600, 0700), and when root makes it, it
 * belongs to the owner of the folder that it is made in: a user's state folder must not
 * fill with files that this user cannot use.
 */
#ifndef BASE_OS_FILE_H
#define BASE_OS_FILE_H

#include "base/digest.h"
#include "base/os.h"

int os_open_to_read(const char *path, int *fd, struct err *e);
/* A file that must not have been there; to read and write. */
int os_open_new(const char *path, int *fd, struct err *e);
int os_stat_fd(int fd, const char *path, struct os_stat *st, struct err *e);
int os_write_fd(int fd, const char *path, struct text bytes, struct err *e);
int os_sync_fd(int fd, const char *path, struct err *e);
/* What close() has to say of earlier writes is an error, too. */
int os_close(int fd, const char *path, struct err *e);
/* The names in a folder are on the disk only after this. */
int os_sync_folder(const char *folder, struct err *e);

/* A file that stays where it is and keeps its size: no link is followed, and nothing is
 * waited for. */
int os_open_in_place(const char *path, bool write, int *fd, struct err *e);
/* From a place; *n is less than `max` only at the end of the file. */
int os_read_at(int fd, const char *path, uint64_t off, char *to, size_t max, size_t *n,
	struct err *e);
/* Is all that is in the file now these bytes, and no more? A piece at a time is read, so
 * it takes no memory. */
int os_same_fd(int fd, const char *path, struct text bytes, bool *same, struct err *e);
/* The same of a file that has just been written and synced: where it is large and its file
 * system can do it, the disk is asked, not what the system remembers of it. */
int os_reads_back(int fd, const char *path, struct text bytes, bool *same, struct err *e);
int os_write_at(int fd, const char *path, uint64_t off, struct text bytes, struct err *e);
/* When it was changed, in nanoseconds since 1970; when it was read stays. */
int os_set_mtime(int fd, const char *path, int64_t mtime, struct err *e);

/* Owner, group, mode and extended attributes (with them the ACL) of one file to
 * another; times are not copied. What cannot be kept is an error: the file would be
 * readable to others than before. */
int os_copy_attributes(int from, int to, const char *path, struct err *e);

/* In one step; what was under `to` is gone. */
int os_rename(const char *from, const char *to, struct err *e);
/* A second name for a file; -1 with *there set if that name is taken. */
int os_link(const char *from, const char *to, bool *there, struct err *e);
/* A file that is not there is removed already. */
int os_unlink(const char *path, struct err *e);
int os_rmdir(const char *path, struct err *e);
/* mkdir -p, 0700; each new folder is on the disk when this returns. */
int os_make_private_folders(const char *path, struct err *e);

/* Where a symbolic link points to, in the arena; NULL if it is none. */
char *os_readlink(struct arena *a, const char *path);
/* May this process make and rename files in the folder? -1 says why not. */
int os_can_write(const char *folder, struct err *e);
/* "folder" of "folder/name"; in the arena. */
char *os_folder_of(struct arena *a, const char *path);

/*
 * Locks of whole files by fcntl, which is what clients use, so that they see ours.
 *
 * POSIX drops all of a process's locks on a file as soon as the process closes any
 * descriptor of it. So there is one lock object per (device, inode) in a process, counted,
 * whose descriptor stays open until the last set that has it is released; and nothing
 * else may open a file that is locked here.
 */
struct os_locks;

struct os_locks *os_locks_new(void);
/* Add a lock to the set. 1 if another process has it, which *pid (0: unknown) names.
 * `create`: make the file if it is not there; else a missing file is an error. */
int
os_locks_add(struct os_locks *l, const char *path, bool create, long *pid, struct err *e);
/* A dot lock: a file that is the lock of another by being there (FILE.lock of a mailbox).
 * Made, and removed when the set is released; 1 if somebody has it. One that a reuidl left
 * which is no more is taken over; of other programs' nobody can say that. */
int os_dot_add(struct os_locks *l, const char *path, long *pid, struct err *e);
bool os_dot_taken(const char *path, long *pid);
/* NULL is an empty set. */
void os_locks_release(struct os_locks *l);
/* Does another process hold a lock on the file? Takes none, and opens nothing that this
 * process holds. No such file: no. */
int os_lock_taken(const char *path, bool *taken, long *pid, struct err *e);

#endif
