/* FILE.lock of a mailbox, which is a lock by being there (LOCK_DOT). */
#include "base/os_file.h"
#include "work/replace.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/reuidl-dot.XXXXXX", box[64], dot[64], state[64];
static struct err e;

static void
put(const char *path, const char *bytes)
{
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL && fputs(bytes, f) >= 0 && fclose(f) == 0);
}

static void
begin(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(box, sizeof(box), "%s/inbox", dir);
	snprintf(dot, sizeof(dot), "%s/inbox.lock", dir);
	snprintf(state, sizeof(state), "%s/state", dir);
	put(box, "From a@example.org Thu Nov 19 13:55:07 2026\nX-UIDL: a\n\n");
}

static void
end(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(dot_lock, .init = begin, .fini = end);

static int
open_box(struct target *t, bool write)
{
	return target_open(t, box, "movemail", write, state, &e);
}

static bool
is_busy(void)
{
	struct target t;

	return open_box(&t, true) == -1 && e.kind == ERR_BUSY &&
	       strcmp(e.reason, "client-running") == 0 && strstr(e.message, dot) != NULL;
}

Test(dot_lock, is_made_and_removed)
{
	struct target t;
	char want[32], have[32] = "";

	cr_assert_eq(open_box(&t, true), 0, "%s", e.message);
	FILE *f = fopen(dot, "r");
	cr_assert_not_null(f);
	cr_assert_not_null(fgets(have, sizeof(have), f));
	fclose(f);
	snprintf(want, sizeof(want), "%d reuidl\n", (int)getpid());
	cr_assert_str_eq(have, want);
	target_close(&t);
	cr_assert_not(os_exists(dot));
}

Test(dot_lock, of_another_is_honoured_and_left)
{
	static const char *const locks[] = {
		"", "0", "1\n", "not a number\n", "999999999\n", "1 reuidl\n"};
	struct target t;

	for (size_t i = 0; i < sizeof(locks) / sizeof(*locks); i++) {
		put(dot, locks[i]);
		cr_assert(is_busy(), "%s: %s", locks[i], e.message);
		cr_assert(os_exists(dot));
		cr_assert_eq(open_box(&t, false), 0, "%s", e.message);
		cr_assert_not_null(t.running, "and told when only looking");
		target_close(&t);
		cr_assert(os_exists(dot));
	}
	unlink(dot);
	cr_assert_eq(symlink("nowhere", dot), 0);
	cr_assert(is_busy(), "a link that leads nowhere is there");
}

Test(dot_lock, of_a_reuidl_that_was_killed_is_taken_over)
{
	struct target t;
	char mark[32];
	pid_t gone = fork();

	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);
	snprintf(mark, sizeof(mark), "%d reuidl\n", (int)gone);
	put(dot, mark);
	cr_assert_eq(open_box(&t, false), 0);
	cr_assert_null(t.running);
	cr_assert(os_exists(dot), "looking changes nothing");
	target_close(&t);
	cr_assert_eq(open_box(&t, true), 0, "%s", e.message);
	target_close(&t);
	cr_assert_not(os_exists(dot));
}

Test(dot_lock, a_lock_of_the_store_itself_is_honoured)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct target t;
	int ready[2];
	char byte;

	cr_assert_eq(pipe(ready), 0);
	pid_t other = fork();
	if (other == 0) {
		int fd = open(box, O_RDWR);
		if (fcntl(fd, F_SETLK, &whole) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert_eq(open_box(&t, true), -1);
	cr_assert_str_eq(e.reason, "client-running");
	cr_assert_not(os_exists(dot), "what was taken before is let go");
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	cr_assert_eq(open_box(&t, true), 0, "%s", e.message);
	target_close(&t);
}
