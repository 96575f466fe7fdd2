#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *e, enum err_kind kind, const char *reason, const char *fmt, ...)
{
	char raw[sizeof(e->message)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	e->kind = kind;
	e->reason = reason;
	text_escape(text_of(raw), e->message, sizeof(e->message));
	return -1;
}

int
err_io(struct err *e, const char *path, const char *what)
{
	return err_set(e, ERR_IO, "io", "%s: cannot %s: %s", path, what, strerror(errno));
}
