/*
 * Asking a person: the terminal, with and without echo.
 */
#include "base/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

bool
os_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

static void
set_echo(FILE *tty, const struct termios *before, bool on)
{
	struct termios mode = *before;

	if (!on)
		mode.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(tty), TCSAFLUSH, &mode);
}

/* A line, or a signal that ends or stops the program: not before the terminal echoes
 * again, or the user's shell would be left without. The signals are blocked here. */
static bool
read_without_echo(FILE *tty, const sigset_t *signals, char *answer, size_t size)
{
	struct termios before;
	bool got = false, done = false;

	if (tcgetattr(fileno(tty), &before) < 0)
		return false;
	set_echo(tty, &before, false);
	while (!done) {
		struct pollfd p = {.fd = fileno(tty), .events = POLLIN};
		int ready = poll(&p, 1, 100);
		sigset_t pending;

		sigpending(&pending);
		for (int s = 1; s < 32; s++)
			if (sigismember(signals, s) == 1 &&
				sigismember(&pending, s) == 1) {
				set_echo(tty, &before, true);
				sigprocmask(SIG_UNBLOCK, signals, NULL);
				/* Stopped, and continued: go on. */
				sigprocmask(SIG_BLOCK, signals, NULL);
				set_echo(tty, &before, false);
				break;
			}
		done = ready > 0 || (ready < 0 && errno != EINTR);
		got = ready > 0 && fgets(answer, (int)size, tty) != NULL;
	}
	set_echo(tty, &before, true);
	fputc('\n', tty);
	return got;
}

static bool
ask(const char *prompt, bool echo, char *answer, size_t size)
{
	FILE *tty = fopen("/dev/tty", "r+");
	sigset_t signals, before;
	bool got;

	if (tty == NULL)
		return false;
	setvbuf(tty, NULL, _IONBF, 0);
	fputs(prompt, tty);
	/* C11 7.21.5.3: between writing to a stream and reading from it. */
	fflush(tty);
	if (echo) {
		got = fgets(answer, (int)size, tty) != NULL;
	} else {
		sigemptyset(&signals);
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGHUP);
		sigaddset(&signals, SIGQUIT);
		sigaddset(&signals, SIGTSTP);
		sigprocmask(SIG_BLOCK, &signals, &before);
		got = read_without_echo(tty, &signals, answer, size);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	fclose(tty);
	if (got)
		answer[strcspn(answer, "\r\n")] = '\0';
	return got;
}

bool
os_ask(const char *prompt, char *answer, size_t size)
{
	return ask(prompt, true, answer, size);
}

bool
os_ask_secret(const char *prompt, char **answer)
{
	char line[1024];
	bool got = ask(prompt, false, line, sizeof(line));

	if (got)
		*answer = must_string(text_of(line));
	os_wipe(line, sizeof(line));
	return got;
}
