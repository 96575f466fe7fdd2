/*
 * One run of a command under ptrace, in which the n-th file-changing system call goes
 * wrong. Calls are counted from the first one that names a path below `from` on, so that
 * loading the program is left out. Linux, x86_64 and aarch64.
 */
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stddef.h>
#include <sys/types.h>

enum crash_mode {
	CRASH_NONE,	   /* not traced at all */
	CRASH_COUNT,	   /* nothing goes wrong */
	CRASH_KILL_BEFORE, /* the process dies before the call */
	CRASH_KILL_AFTER,  /* … when the kernel has done it */
	CRASH_EIO,	   /* the call is not made and fails */
	CRASH_ENOSPC,
	CRASH_SHORT, /* half of what was to be written really is */
	CRASH_MODES,
};

extern const char *const crash_modes[CRASH_MODES];

struct crash_run {
	size_t calls;	  /* counted; the n-th is the first with .n == n, from 1 */
	const char *call; /* name of the one that went wrong; NULL: it never came */
	int exit;	  /* exit status; -1: died of a signal; -2: hung and was killed */
};

/* stdout and stderr of the command go to the file `log`. */
void crash_run(char *const *command, const char *from, enum crash_mode mode, size_t n,
	double seconds, const char *log, struct crash_run *run);

#endif
