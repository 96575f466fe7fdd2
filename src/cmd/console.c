#include "cmd/console.h"
#include "base/os.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"

void
console_init(struct console *c, bool json, bool quiet, bool verbose)
{
	*c = (struct console){.json = json, .quiet = quiet, .verbose = verbose};
	c->live = !quiet && os_is_terminal(2);
	c->colour = os_is_terminal(1) && os_env("NO_COLOR") == NULL;
}

void
console_settle(struct console *c)
{
	if (c->open)
		fputs("\r\033[K", stderr);
	c->open = false;
}

static void
progress(void *arg, const char *what, size_t done, size_t total)
{
	struct console *c = arg;
	double now = os_seconds();

	if (!c->live)
		return;
	if (strcmp(c->what, what) != 0) {
		snprintf(c->what, sizeof(c->what), "%s", what);
		c->began = now;
		c->first = done;
	}
	if (now - c->shown < 0.1 && done < total)
		return;
	c->shown = now;
	double rate = now > c->began ? (double)(done - c->first) / (now - c->began) : 0;
	fprintf(stderr, "\r\033[K%s: %zu of %zu", what, done, total);
	if (rate > 0 && now - c->began > 0.5)
		fprintf(stderr, ", %.0f/s, %.0f s left", rate,
			(double)(total - done) / rate);
	fflush(stderr);
	c->open = true;
}

static void
say(void *arg, const char *sentence)
{
	tell(arg, "%s\n", sentence);
}

struct watch
console_watch(struct console *c)
{
	return (struct watch){.progress = progress, .say = say, .arg = c};
}

static bool
is_harmless(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s != '\n' && (*s < 0x20 || *s > 0x7e))
			return false;
	return true;
}

/* Names of files and of accounts are other people's bytes: none of them gets to the
 * terminal as a control byte. Line ends are kept, they are our own. */
__attribute__((format(printf, 2, 0))) static void
print(FILE *to, const char *fmt, va_list args)
{
	char brief[1024], safe[4 * sizeof(brief)], *all = brief;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(brief, sizeof(brief), fmt, args);
	if (n >= (int)sizeof(brief)) {
		all = must_alloc((size_t)n + 1);
		vsnprintf(all, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	struct text rest = text_of(n < 0 ? "" : all);
	if (n < 0 || is_harmless(all)) {
		fputs(rest.at, to);
		rest.len = 0;
	}
	while (rest.len > 0) {
		size_t line = text_find(rest, '\n'), part = line;

		/* A part that is cut inside a character shows its bytes as numbers. */
		if (part > sizeof(brief) - 1)
			part = sizeof(brief) - 1;
		fputs(text_escape((struct text){rest.at, part}, safe, sizeof(safe)), to);
		if (part == line && line < rest.len) {
			putc('\n', to);
			part++;
		}
		rest = (struct text){rest.at + part, rest.len - part};
	}
	if (all != brief)
		free(all);
}

void
out(struct console *c, const char *fmt, ...)
{
	va_list args;

	if (c->json || c->quiet)
		return;
	console_settle(c);
	va_start(args, fmt);
	print(stdout, fmt, args);
	va_end(args);
}

void
out_colour(struct console *c, char colour, const char *fmt, ...)
{
	va_list args;
	const char *code = colour == '-'   ? "31"
			   : colour == '+' ? "32"
			   : colour == '@' ? "36"
					   : "1";

	if (c->json || c->quiet)
		return;
	console_settle(c);
	if (c->colour)
		printf("\033[%sm", code);
	va_start(args, fmt);
	print(stdout, fmt, args);
	va_end(args);
	if (c->colour)
		fputs("\033[0m", stdout);
	putchar('\n');
}

void
tell(struct console *c, const char *fmt, ...)
{
	va_list args;

	if (c->quiet)
		return;
	console_settle(c);
	fflush(stdout);
	va_start(args, fmt);
	print(stderr, fmt, args);
	va_end(args);
}

void
console_error(struct console *c, const char *message)
{
	console_settle(c);
	fflush(stdout);
	fprintf(stderr, "reuidl: %s\n", message);
}
