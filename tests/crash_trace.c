#include "crash_trace.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* glibc's <sys/ptrace.h> and the kernel's header do not go together. */
long ptrace(int request, ...);

const char *const crash_modes[CRASH_MODES] = {
	[CRASH_NONE] = "no fault",
	[CRASH_COUNT] = "no fault",
	[CRASH_KILL_BEFORE] = "kill before",
	[CRASH_KILL_AFTER] = "kill after",
	[CRASH_EIO] = "EIO",
	[CRASH_ENOSPC] = "ENOSPC",
	[CRASH_SHORT] = "short",
};

enum what { CHANGES = 1, OPENS = 2, WRITES = 4, LOOKS = 8 };

/* `path`: which argument is one, -1: none. `flags`: of an open. */
struct call {
	long number;
	const char *name;
	int what, path, flags;
};

#define CALL(name, what, path, flags)                                                    \
	{                                                                                \
		SYS_##name, #name, what, path, flags                                     \
	}

static const struct call calls[] = {
	CALL(openat, OPENS, 1, 2),
	CALL(write, CHANGES | WRITES, -1, 0),
	CALL(pwrite64, CHANGES | WRITES, -1, 0),
	CALL(writev, CHANGES, -1, 0),
	CALL(pwritev, CHANGES, -1, 0),
	CALL(pwritev2, CHANGES, -1, 0),
	CALL(renameat2, CHANGES, 1, 0),
	CALL(unlinkat, CHANGES, 1, 0),
	CALL(linkat, CHANGES, 1, 0),
	CALL(symlinkat, CHANGES, 2, 0),
	CALL(mkdirat, CHANGES, 1, 0),
	CALL(ftruncate, CHANGES, -1, 0),
	CALL(truncate, CHANGES, 0, 0),
	CALL(fallocate, CHANGES, -1, 0),
	CALL(fsync, CHANGES, -1, 0),
	CALL(fdatasync, CHANGES, -1, 0),
	CALL(fchmod, CHANGES, -1, 0),
	CALL(fchmodat, CHANGES, 1, 0),
	CALL(fchown, CHANGES, -1, 0),
	CALL(fchownat, CHANGES, 1, 0),
	CALL(utimensat, CHANGES, -1, 0),
	CALL(setxattr, CHANGES, 0, 0),
	CALL(fsetxattr, CHANGES, -1, 0),
	CALL(fremovexattr, CHANGES, -1, 0),
	CALL(copy_file_range, CHANGES, -1, 0),
	CALL(newfstatat, LOOKS, 1, 0),
	CALL(readlinkat, LOOKS, 1, 0),
	CALL(faccessat, LOOKS, 1, 0),
#ifdef SYS_open
	CALL(open, OPENS, 0, 1),
	CALL(creat, CHANGES, 0, 0),
	CALL(rename, CHANGES, 0, 0),
	CALL(unlink, CHANGES, 0, 0),
	CALL(rmdir, CHANGES, 0, 0),
	CALL(link, CHANGES, 0, 0),
	CALL(symlink, CHANGES, 1, 0),
	CALL(mkdir, CHANGES, 0, 0),
	CALL(chmod, CHANGES, 0, 0),
	CALL(chown, CHANGES, 0, 0),
	CALL(stat, LOOKS, 0, 0),
	CALL(lstat, LOOKS, 0, 0),
	CALL(readlink, LOOKS, 0, 0),
	CALL(access, LOOKS, 0, 0),
#endif
#ifdef SYS_renameat
	CALL(renameat, CHANGES, 1, 0),
#endif
};

/* A file, not the log. */
#define FIRST_FD 3

static const struct call *
call_of(const struct ptrace_syscall_info *info)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == (long)info->entry.nr)
			return &calls[i];
	return NULL;
}

static bool
changes(const struct call *c, const struct ptrace_syscall_info *info)
{
	if ((c->what & OPENS) != 0)
		return (info->entry.args[c->flags] &
			       (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
	if (c->path < 0 && info->entry.args[0] < FIRST_FD)
		return false;
	return (c->what & CHANGES) != 0;
}

static bool
names_path_below(pid_t pid, const struct call *c, const struct ptrace_syscall_info *info,
	const char *from)
{
	char name[32], path[4096];

	if (c->path < 0)
		return false;
	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = pread(fd, path, sizeof(path), (off_t)info->entry.args[c->path]);
	close(fd);
	return n >= (ssize_t)strlen(from) && strncmp(path, from, strlen(from)) == 0;
}

#if defined(__x86_64__)
static void
change_call(pid_t pid, bool skip, uint64_t third)
{
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, pid, NULL, &r);
	if (skip)
		r.orig_rax = (unsigned long long)-1;
	else
		r.rdx = third;
	ptrace(PTRACE_SETREGS, pid, NULL, &r);
}

static void
change_result(pid_t pid, long result)
{
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, pid, NULL, &r);
	r.rax = (unsigned long long)result;
	ptrace(PTRACE_SETREGS, pid, NULL, &r);
}
#elif defined(__aarch64__)
static void
change_call(pid_t pid, bool skip, uint64_t third)
{
	struct user_pt_regs r;
	int none = -1;
	struct iovec v = {&r, sizeof(r)}, n = {&none, sizeof(none)};

	if (skip) {
		ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &n);
		return;
	}
	ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v);
	r.regs[2] = third;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v);
}

static void
change_result(pid_t pid, long result)
{
	struct user_pt_regs r;
	struct iovec v = {&r, sizeof(r)};

	ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v);
	r.regs[0] = (uint64_t)result;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v);
}
#else
#error "which registers hold a system call's number and result?"
#endif

struct trace {
	const char *from;
	enum crash_mode mode;
	size_t n;
	pid_t first, faulty; /* the command; who is in the call that goes wrong */
	bool started;
	struct crash_run *run;
};

/* True if the process was killed. */
static bool
enter(struct trace *t, pid_t pid, const struct ptrace_syscall_info *info)
{
	const struct call *c = call_of(info);

	if (c == NULL)
		return false;
	t->started = t->started || names_path_below(pid, c, info, t->from);
	if (!t->started || !changes(c, info))
		return false;
	if (++t->run->calls != t->n || t->mode == CRASH_COUNT)
		return false;
	if (t->mode == CRASH_SHORT &&
		((c->what & WRITES) == 0 || info->entry.args[2] < 2))
		return false;
	t->run->call = c->name;
	if (t->mode == CRASH_KILL_BEFORE) {
		kill(t->first, SIGKILL);
		return true;
	}
	t->faulty = pid;
	if (t->mode == CRASH_SHORT)
		change_call(pid, false, info->entry.args[2] / 2);
	else if (t->mode != CRASH_KILL_AFTER)
		change_call(pid, true, 0);
	return false;
}

static bool
leave(struct trace *t, pid_t pid)
{
	if (t->faulty != pid)
		return false;
	t->faulty = 0;
	if (t->mode == CRASH_KILL_AFTER) {
		kill(t->first, SIGKILL);
		return true;
	}
	if (t->mode != CRASH_SHORT)
		change_result(pid, t->mode == CRASH_EIO ? -EIO : -ENOSPC);
	return false;
}

static void
on_alarm(int signal)
{
	(void)signal;
}

/* Rings again and again: one that rings just before waitpid() would be lost. */
static void
set_alarm(double seconds)
{
	struct sigaction action = {.sa_handler = on_alarm};
	long usec = (long)(seconds * 1e6);
	struct itimerval timer = {
		{0, usec > 0 ? 50000 : 0}, {usec / 1000000, usec % 1000000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static pid_t
start(char *const *command, const char *log, bool traced)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	close(fd);
	close(null);
	if (traced) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
	}
	execvp(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* One stop of one process: what to go on with. */
static void
stopped(struct trace *t, pid_t pid, int status)
{
	struct ptrace_syscall_info info = {0};
	int signal = WSTOPSIG(status);
	bool dead = false;

	if (signal == (SIGTRAP | 0x80)) {
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			dead = enter(t, pid, &info);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			dead = leave(t, pid);
		signal = 0;
	} else if (signal == SIGTRAP || signal == SIGSTOP)
		signal = 0;
	if (!dead)
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool
begin_trace(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
		(void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
			 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE));
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return true;
}

void
crash_run(char *const *command, const char *from, enum crash_mode mode, size_t n,
	double seconds, const char *log, struct crash_run *run)
{
	struct trace t = {.from = from, .mode = mode, .n = n, .run = run};
	double until = now() + seconds;
	int status;

	*run = (struct crash_run){.exit = -1};
	t.first = start(command, log, mode != CRASH_NONE);
	if (mode != CRASH_NONE && !begin_trace(t.first))
		return;
	set_alarm(seconds);
	for (bool hung = false;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno != EINTR)
			break;
		if (!hung && now() > until) {
			hung = true;
			run->exit = -2;
			kill(t.first, SIGKILL);
		}
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status))
			stopped(&t, pid, status);
		else if (pid == t.first && WIFEXITED(status) && !hung)
			run->exit = WEXITSTATUS(status);
	}
	set_alarm(0);
}
