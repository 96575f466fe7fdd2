/* How clients show that they run: each kind of lock, where the table says it is. */
#include "work/running.h"

#include "base/os.h"
#include "work/replace.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[64];
static struct arena arena;

static void
set_up(void)
{
	char made[] = "/tmp/reuidl-run.XXXXXX";

	cr_assert_not_null(mkdtemp(made));
	snprintf(home, sizeof(home), "%s", made);
	setenv("HOME", home, 1);
}

static void
tear_down(void)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("rm", "rm", "-rf", home, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	arena_free(&arena);
}

TestSuite(running, .init = set_up, .fini = tear_down);

static char *
at(const char *path)
{
	return arena_print(&arena, "%s/%s", home, path);
}

static void
put(const char *path, const char *bytes)
{
	char *full = at(path);
	struct err e;

	*strrchr(full, '/') = '\0';
	cr_assert_eq(os_make_folders(full, &e), 0, "%s", e.message);
	FILE *f = fopen(at(path), "w");
	cr_assert_not_null(f);
	fputs(bytes, f);
	fclose(f);
}

/* With one lock, of a store at ~/.client/uidl/h-u. */
static bool
runs(enum lock_kind what, const char *name, long *pid)
{
	static const char *const places[] = {".client/uidl/*", NULL};
	const struct client_lock locks[] = {{what, name}, {LOCK_NONE, NULL}};
	const struct format f = {.name = "f", .places = places, .locks = locks};
	struct running r = {
		.format = &f, .store = at(".client/uidl/h-u"), .owner = os_user()};
	struct err e = {0};
	bool is;

	cr_assert_eq(running_look(&r, NULL, &arena, &is, &e), 0, "%s", e.message);
	if (pid != NULL)
		*pid = r.pid;
	return is;
}

/* One that has just ended, so that no other has it yet. */
static long
gone(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	return child;
}

Test(running, a_file_with_a_number)
{
	static const char *const lives[] = {"%ld", "%ld\n", "%ld 60\nx", "  %ld x",
		"appName=kmail\nhostname=here\npid=%ld\n", "pid=%ld"};
	static const char *const not [] = {
		"", "\n", "x %ld", "x\n%ld", "pid=-1\n", "pid=%ld x\n", "xpid=%ld\n"};
	long pid;

	cr_assert(!runs(LOCK_PID, "~/lock", NULL));
	for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		put("lock", arena_print(&arena, lives[i], (long)getpid()));
		cr_assert(runs(LOCK_PID, "~/lock", &pid), "%s", lives[i]);
		cr_assert_eq(pid, (long)getpid());
		put("lock", arena_print(&arena, lives[i], gone()));
		cr_assert(!runs(LOCK_PID, "~/lock", NULL), "%s", lives[i]);
	}
	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++) {
		put("lock", arena_print(&arena, not [i], (long)getpid()));
		cr_assert(!runs(LOCK_PID, "~/lock", NULL), "%s", not [i]);
	}
}

static int
listen_at(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		  listen(fd, 1) == 0);
	return fd;
}

Test(running, a_socket_by_its_place)
{
	char *named = arena_print(&arena, "%s/s-%u", home, (unsigned)os_user());
	char *name = arena_print(&arena, "%s/s-%%u", home);
	struct err e;

	cr_assert_eq(os_make_folders(at("run/client"), &e), 0);
	int one = listen_at(named), two = listen_at(at("run/client/0123abcd"));
	cr_assert(runs(LOCK_SOCKET, name, NULL));
	cr_assert(runs(LOCK_SOCKET, "~/run/client/*", NULL));
	cr_assert(!runs(LOCK_SOCKET, "~/run/client/x*", NULL));
	unsetenv("CLIENT_DIR");
	cr_assert(!runs(LOCK_SOCKET, "$CLIENT_DIR/client/*", NULL));
	setenv("CLIENT_DIR", at("run"), 1);
	cr_assert(runs(LOCK_SOCKET, "$CLIENT_DIR/client/*", NULL));
	close(one);
	close(two);
	/* What a crash has left. */
	cr_assert(!runs(LOCK_SOCKET, name, NULL));
	cr_assert(!runs(LOCK_SOCKET, "~/run/client/*", NULL));
}

static pid_t
start(const char *name)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("sleep", name, "20", (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 200 && !os_process_named(name, os_user(), &(long){0}); i++)
		usleep(10000);
	return child;
}

static void
end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Its name, not that of a folder, nor a part of another's. */
Test(running, a_process_by_its_name)
{
	char name[40];
	long pid;

	snprintf(name, sizeof(name), "client-%ld", (long)getpid());
	cr_assert(!runs(LOCK_PROCESS, name, NULL));
	pid_t child = start(name);
	cr_assert(runs(LOCK_PROCESS, name, &pid));
	cr_assert_eq(pid, (long)child);
	name[strlen(name) - 1] = '\0';
	cr_assert(!runs(LOCK_PROCESS, name, NULL));
	end(child);
}

/* Closing KMail leaves its resources running, so it is said how those are ended. */
Test(running, how_it_is_quit)
{
	static const char rc[] = ".config/akonadi_pop3_resource_7rc";
	struct target t;
	struct err e = {0};

	put(rc, "[General]\nhost=h\nlogin=u\n");
	pid_t child = start("akonadi_pop3_resource");
	cr_assert_eq(target_open(&t, at(rc), NULL, true, at("state"), &e), -1);
	end(child);
	cr_assert_str_eq(e.reason, "client-running", "%s", e.message);
	cr_assert(
		strstr(e.message,
			"quit it first (closing KMail is not enough: akonadictl stop)") !=
			NULL,
		"%s", e.message);
}
