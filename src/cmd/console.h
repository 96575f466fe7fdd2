/*
 * What a person sees. Results go to stdout, progress and messages to stderr; with
 * --json nothing but the object goes to stdout, with --quiet nothing but errors
 * anywhere. Texts that came from files or servers are escaped on their way out.
 */
#ifndef CMD_CONSOLE_H
#define CMD_CONSOLE_H

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/watch.h"
#include "cmd/redact.h"

struct console {
	bool json, quiet, verbose;
	bool live;   /* stderr is a terminal: progress */
	bool colour; /* stdout is a terminal, and NO_COLOR is unset */
	/* The progress line that stands on the terminal. */
	char what[64];
	double began, shown;
	size_t first; /* done when it began */
	bool open;
	bool log_open; /* its last line is not ended */
	FILE *log;     /* --log: messages and results, with the time; NULL: none */
	struct redact *redact; /* --redact; NULL: all is said as it is */
	struct buf transcript; /* what out() has said, for --report; max 0: not kept */
};

void console_init(struct console *c, bool json, bool quiet, bool verbose);
struct watch console_watch(struct console *c);

/* Results. */
__attribute__((format(printf, 2, 3))) void out(struct console *c, const char *fmt, ...);
/* The same in a colour: '-' red, '+' green, '@' cyan, '!' bold. */
__attribute__((format(printf, 3, 4))) void
out_colour(struct console *c, char colour, const char *fmt, ...);
/* For messages: stderr. */
__attribute__((format(printf, 2, 3))) void tell(struct console *c, const char *fmt, ...);
void console_error(struct console *c, const char *message);
/* To stdout; for everything that a command prints as JSON. */
struct json console_json(struct console *c);
/* What may be shown of a thing: fit for a terminal, and redacted. Into `out`, returned. */
char *console_show(
	struct console *c, enum redact_kind kind, struct text t, char *out, size_t size);
/* The same of a header field, its encoded words decoded. */
char *console_words(
	struct console *c, enum redact_kind kind, struct text t, char *out, size_t size);
/* Append what is said to this file from now on. */
int console_log(struct console *c, const char *path, struct err *e);
void console_release(struct console *c);
/* End the progress line. */
void console_settle(struct console *c);

#endif
