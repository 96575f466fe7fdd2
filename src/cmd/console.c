#include "cmd/console.h"
#include "base/os.h"

#include <stdarg.h>
#include <time.h>

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
		fprintf(stderr, ", %.0f/s, %.0f s left", rate, (double)(total - done) / rate);
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

/* A line of the log begins with the time; what is said in pieces stays one line. */
static void
keep_log(struct console *c, const char *text)
{
	char when[32];
	time_t now = (time_t)os_now();
	struct tm *tm = localtime(&now);

	if (c->log == NULL)
		return;
	for (const char *p = text; *p != '\0'; p++) {
		if (!c->log_open && tm != NULL && strftime(when, sizeof(when), "%F %T ", tm) > 0)
			fputs(when, c->log);
		c->log_open = *p != '\n';
		putc(*p, c->log);
	}
	fflush(c->log);
}

/* What was said goes to the log and into the report, whatever the terminal shows. */
__attribute__((format(printf, 2, 0))) static void
keep(struct console *c, const char *fmt, va_list args)
{
	size_t from = c->transcript.len;
	struct buf line = {.max = (size_t)1 << 24};
	struct buf *to = c->transcript.max > 0 ? &c->transcript : &line;

	if (c->log == NULL && c->transcript.max == 0)
		return;
	if (to == &line)
		from = 0;
	buf_vprint(to, fmt, args);
	if (!to->full) {
		buf_byte(to, '\0');
		keep_log(c, to->at + from);
		to->len--;
	}
	buf_release(&line);
}

__attribute__((format(printf, 2, 3))) static void
keep_text(struct console *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(c, fmt, args);
	va_end(args);
}

int
console_log(struct console *c, const char *path, struct err *e)
{
	c->log = fopen(path, "ae");
	return c->log != NULL ? 0 : err_io(e, path, "open the log");
}

void
console_release(struct console *c)
{
	if (c->log != NULL)
		fclose(c->log);
	buf_release(&c->transcript);
}

void
out(struct console *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(c, fmt, args);
	va_end(args);
	if (c->json || c->quiet)
		return;
	console_settle(c);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

void
out_colour(struct console *c, char colour, const char *fmt, ...)
{
	va_list args;
	const char *code = colour == '-' ? "31" : colour == '+' ? "32" : colour == '@' ? "36" : "1";

	va_start(args, fmt);
	keep(c, fmt, args);
	va_end(args);
	keep_text(c, "\n");
	if (c->json || c->quiet)
		return;
	console_settle(c);
	if (c->colour)
		printf("\033[%sm", code);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	if (c->colour)
		fputs("\033[0m", stdout);
	putchar('\n');
}

void
tell(struct console *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(c, fmt, args);
	va_end(args);
	if (c->quiet)
		return;
	console_settle(c);
	fflush(stdout);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void
console_error(struct console *c, const char *message)
{
	keep_text(c, "reuidl: %s\n", message);
	console_settle(c);
	fflush(stdout);
	fprintf(stderr, "reuidl: %s\n", message);
}
