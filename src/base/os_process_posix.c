/* Other processes: whether one runs, by its number, its name, or the socket it serves. */
#include "base/os.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Of a command line, more than any path of a program and its script. */
#define COMMAND_MAX 8192

bool
os_process_runs(long pid)
{
	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

bool
os_socket_answers(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, path, len + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	/* EAGAIN: somebody listens, and has more to do than it can take. */
	bool answers = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ||
		       errno == EAGAIN || errno == EINPROGRESS;
	close(fd);
	return answers;
}

/* The last part of a path. */
static struct text
name_of(struct text path)
{
	for (size_t n = path.len; n > 0; n--)
		if (path.at[n - 1] == '/')
			return (struct text){path.at + n, path.len - n};
	return path;
}

/* A program is its first word, a script the second one, behind its interpreter. */
static bool
command_is(const char *folder, struct text name, struct arena *a)
{
	char line[COMMAND_MAX];
	struct text word;
	ssize_t len = 0;
	bool is = false;
	int fd = open(arena_print(a, "%s/cmdline", folder), O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		len = read(fd, line, sizeof(line));
		close(fd);
	}
	struct cursor c = {{line, len > 0 ? (size_t)len : 0}, 0};
	for (int i = 0; i < 2 && !is && take_until(&c, '\0', &word); i++)
		is = text_equal(name_of(word), name);
	return is;
}

/* By /proc; where there is none, nothing is found. */
bool
os_process_named(const char *name, uint32_t owner, long *pid)
{
	struct arena a = {0};
	struct err ignored;
	struct stat st;
	char **names;
	size_t n = 0;

	*pid = 0;
	if (os_list(&a, "/proc", &names, &n, &ignored) < 0)
		n = 0;
	for (size_t i = 0; i < n && *pid == 0; i++) {
		char *folder = arena_print(&a, "/proc/%s", names[i]);
		if (isdigit((unsigned char)names[i][0]) && stat(folder, &st) == 0 &&
			st.st_uid == owner && command_is(folder, text_of(name), &a))
			*pid = strtol(names[i], NULL, 10);
	}
	arena_free(&a);
	return *pid != 0;
}
