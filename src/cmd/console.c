#include "cmd/console.h"
#include "base/os.h"

#include "base/arena.h"
#include "model/words.h"

#include <stdarg.h>
#include <stdlib.h>
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
		if (!c->log_open && tm != NULL &&
			strftime(when, sizeof(when), "%F %T ", tm) > 0)
			fputs(when, c->log);
		c->log_open = *p != '\n';
		putc(*p, c->log);
	}
	fflush(c->log);
}

/* What was said goes to the log and into the report, whatever the terminal shows. */
static void
keep(struct console *c, const char *text)
{
	keep_log(c, text);
	if (c->transcript.max > 0)
		buf_add(&c->transcript, text_of(text));
}

static bool
is_harmless(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] != '\n' && (t.at[i] < 0x20 || t.at[i] > 0x7e))
			return false;
	return true;
}

/* Names of files and of accounts are other people's bytes: none of them gets to a
 * terminal as a control byte. Line ends are kept, they are our own. malloc'ed. */
__attribute__((format(printf, 1, 0))) static char *
compose(const char *fmt, va_list args)
{
	char *raw = NULL, *safe;
	va_list again;
	size_t used = 0;

	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	raw = must_alloc((size_t)(n < 0 ? 0 : n) + 1);
	if (n >= 0)
		vsnprintf(raw, (size_t)n + 1, fmt, args);
	struct text rest = text_of(raw);
	if (is_harmless(rest))
		return raw;
	/* No byte becomes more than six. */
	size_t room = 6 * rest.len + 1;
	safe = must_alloc(room);
	while (rest.len > 0) {
		size_t line = text_find(rest, '\n');

		text_escape((struct text){rest.at, line}, safe + used, room - used);
		used += strlen(safe + used);
		if (line < rest.len)
			safe[used++] = '\n';
		line += line < rest.len;
		rest = (struct text){rest.at + line, rest.len - line};
	}
	safe[used] = '\0';
	free(raw);
	return safe;
}

/* The same without what is nobody else's business; frees `text`. */
static char *
hide(struct console *c, char *text, bool error)
{
	struct buf b;

	if (c->redact == NULL)
		return text;
	buf_init(&b, SIZE_MAX);
	redact_text(c->redact, text_of(text), error, &b);
	buf_byte(&b, '\0');
	free(text);
	return b.at;
}

static void
hide_json(void *arg, const char *key, struct text value, struct buf *out_)
{
	bool error = key != NULL && strcmp(key, "message") == 0;

	redact_value(arg, value, error, out_);
}

struct json
console_json(struct console *c)
{
	struct json j = {.to = stdout};

	if (c->redact != NULL) {
		j.hide = hide_json;
		j.hide_arg = c->redact;
	}
	return j;
}

char *
console_show(
	struct console *c, enum redact_kind kind, struct text t, char *to, size_t size)
{
	if (c->redact != NULL)
		t = text_of(redact_token(c->redact, kind, t));
	return text_escape(t, to, size);
}

char *
console_words(
	struct console *c, enum redact_kind kind, struct text t, char *to, size_t size)
{
	return c->redact != NULL ? console_show(c, kind, t, to, size)
				 : words_show(t, to, size);
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
	redact_free(c->redact);
	buf_release(&c->transcript);
}

void
out(struct console *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = hide(c, compose(fmt, args), false);
	va_end(args);
	keep(c, text);
	if (!c->json && !c->quiet) {
		console_settle(c);
		fputs(text, stdout);
	}
	free(text);
}

void
out_colour(struct console *c, char colour, const char *fmt, ...)
{
	va_list args;
	const char *code = colour == '-'   ? "31"
			   : colour == '+' ? "32"
			   : colour == '@' ? "36"
					   : "1";

	va_start(args, fmt);
	char *text = hide(c, compose(fmt, args), false);
	va_end(args);
	keep(c, text);
	keep(c, "\n");
	if (!c->json && !c->quiet) {
		console_settle(c);
		if (c->colour)
			printf("\033[%sm", code);
		fputs(text, stdout);
		if (c->colour)
			fputs("\033[0m", stdout);
		putchar('\n');
	}
	free(text);
}

void
tell(struct console *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = hide(c, compose(fmt, args), true);
	va_end(args);
	keep(c, text);
	if (!c->quiet) {
		console_settle(c);
		fflush(stdout);
		fputs(text, stderr);
	}
	free(text);
}

void
console_error(struct console *c, const char *message)
{
	char *text = hide(c, must_string(text_of(message)), true);

	keep(c, "reuidl: ");
	keep(c, text);
	keep(c, "\n");
	console_settle(c);
	fflush(stdout);
	fprintf(stderr, "reuidl: %s\n", text);
	free(text);
}
