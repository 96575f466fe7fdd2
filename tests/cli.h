/*
 * The program itself, called as a person or a script calls it, in a folder of its own that
 * is its home, too. REUIDL names the program; build/reuidl without it.
 */
#ifndef TESTS_CLI_H
#define TESTS_CLI_H

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct cli {
	char dir[32], program[1024];
	char out[16384], err[16384];
	int code;
};

static inline void
set_up(struct cli *c)
{
	const char *program = getenv("REUIDL");

	*c = (struct cli){.code = -1};
	if (realpath(program != NULL ? program : "build/reuidl", c->program) == NULL) {
		cr_assert(program == NULL, "there is no program %s", program);
		cr_skip_test("build/reuidl is not built");
	}
	snprintf(c->dir, sizeof(c->dir), "/tmp/cli.XXXXXX");
	cr_assert(mkdtemp(c->dir) != NULL);
	cr_assert_eq(chdir(c->dir), 0);
	setenv("HOME", c->dir, 1);
	unsetenv("XDG_STATE_HOME");
}

static inline void
tear_down(struct cli *c)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", c->dir);
	cr_assert(system(command) == 0);
}

static inline void
put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL, "%s", path);
	fputs(text, f);
	fclose(f);
	cr_assert_eq(chmod(path, mode), 0);
}

static inline void
get(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");

	cr_assert(f != NULL, "%s", path);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Arguments in words, a blank between two; output to `to` if it is not NULL. */
static inline void
run_to(struct cli *c, const char *to, const char *line)
{
	char words[2048], *argv[64], *word, *rest = words;
	size_t n = 1;
	int status;

	snprintf(words, sizeof(words), "%s", line);
	argv[0] = c->program;
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			argv[n++] = word;
	argv[n] = NULL;
	pid_t pid = fork();
	if (pid == 0) {
		int in = open("/dev/null", O_RDONLY);
		int out = open(
			to != NULL ? to : "stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		setsid(); /* no terminal to ask on */
		dup2(in, 0);
		dup2(out, 1);
		dup2(err, 2);
		execv(c->program, argv);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	c->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	c->out[0] = '\0';
	if (to == NULL)
		get("stdout", c->out, sizeof(c->out));
	get("stderr", c->err, sizeof(c->err));
}

static inline void
run(struct cli *c, const char *line)
{
	run_to(c, NULL, line);
}

#define HEAD                                                                             \
	"# POP3 State File\n# This is a generated file!  Do not edit.\n\n"               \
	"*old.example.org anna\n"

#endif
