/*
 * All that differs between operating systems; os_*_posix.c are the only files that
 * include POSIX-only headers. Paths are UTF-8. Functions return 0 or -1 with `e` set.
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct os_stat {
	uint64_t device, inode, size;
	int64_t mtime; /* nanoseconds since 1970 */
	uint32_t mode, uid, gid, links;
	bool regular, folder;
};

/* For os*_posix.c alone: from what the system says. */
struct stat;
void os_stat_fill(struct os_stat *to, const struct stat *st);

/* The file, links followed. -1 with errno ENOENT if there is none (e may be NULL). */
int os_stat(const char *path, struct os_stat *st, struct err *e);
/* The same without following a last link. */
int os_stat_link(const char *path, struct os_stat *st);
bool os_exists(const char *path);
/* An empty file that only its owner may read or write (0600); there already: -1, and
 * errno is EEXIST. */
int os_create(const char *path, struct err *e);
/* Absolute, links resolved; in the arena. NULL with e set. */
char *os_resolve(struct arena *a, const char *path, struct err *e);
/* The whole file, at most `max` bytes, into malloc'ed memory that the caller frees. A
 * file that changes its size while it is read is an error. */
int os_read(const char *path, uint64_t max, char **bytes, size_t *len, struct os_stat *st,
	struct err *e);
/* The same through a descriptor from os_lock(): closing any other descriptor of a file
 * drops this process's fcntl locks on it. */
int os_read_fd(int fd, const char *path, uint64_t max, char **bytes, size_t *len,
	struct os_stat *st, struct err *e);
/* Names in a folder, sorted, without . and ..; in the arena. */
int os_list(struct arena *a, const char *folder, char ***names, size_t *n, struct err *e);
/* mkdir -p with mode 0700 for what is missing. */
int os_make_folders(const char *path, struct err *e);

/* The user's home, or that of another user by number; NULL if there is none. */
char *os_home(struct arena *a);
char *os_home_of(struct arena *a, uint32_t uid);
/* Of a file's owner: ours as the environment has it, another's by number. */
char *os_owners_home(struct arena *a, uint32_t owner);
uint32_t os_user(void);
/* Environment variable, NULL if unset or empty. */
const char *os_env(const char *name);
bool os_process_runs(long pid);
/* Does a process of that user run under this name? Its number, then, in *pid. */
bool os_process_named(const char *name, uint32_t owner, long *pid);
/* Does somebody listen on this Unix socket? */
bool os_socket_answers(const char *path);
/* Does the name fit the glob? A leading dot must be said. */
bool os_glob(const char *glob, const char *name);

/* Once, at the start: a reader of our output that goes away is an error of writing. */
void os_start(void);
void os_random(void *to, size_t n);
int64_t os_now(void);	 /* seconds since 1970 */
double os_seconds(void); /* monotonic */
bool os_is_terminal(int fd);
/* Ask on the terminal without echo; false if there is none. The answer is malloc'ed. */
bool os_ask_secret(const char *prompt, char **answer);
/* Ask on the terminal, one line; false if there is none. */
bool os_ask(const char *prompt, char *answer, size_t size);
/* Run a command by the shell and take the first line of its output; malloc'ed. */
int os_command_line(const char *command, char **line, struct err *e);
/* Appends bytes of that charset as UTF-8; false, and `to` is as it was, if the charset is
 * not known or the bytes are not in it. */
bool os_to_utf8(const char *charset, struct text bytes, struct buf *to);
/* Say of much new memory that it will be used from end to end, so that the system gives it
 * in large pages: what it takes to get one costs as much as for a small one. Changes
 * nothing else. */
void os_large(void *at, size_t n);
/* Overwrite secrets in a way that the compiler cannot leave out. */
void os_wipe(void *at, size_t n);

#endif
