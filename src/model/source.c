#include "model/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void
take(struct source *s, const char *path, char *bytes, size_t len)
{
	s->path = path;
	s->memory = bytes;
	s->bytes = (struct text){bytes, len};
	s->digest = digest_of(s->bytes);
}

int
source_read(struct source *s, const char *path, struct err *e)
{
	char *bytes;
	size_t len;

	*s = (struct source){.path = path};
	if (os_read(path, SOURCE_MAX, &bytes, &len, &s->stat, e) < 0)
		return -1;
	take(s, path, bytes, len);
	return 0;
}

int
source_read_fd(struct source *s, int fd, const char *path, struct err *e)
{
	char *bytes;
	size_t len;

	*s = (struct source){.path = path};
	if (os_read_fd(fd, path, SOURCE_MAX, &bytes, &len, &s->stat, e) < 0)
		return -1;
	take(s, path, bytes, len);
	return 0;
}

void
source_of(struct source *s, const char *path, struct text bytes)
{
	*s = (struct source){.path = path, .bytes = bytes};
	s->stat.size = bytes.len;
	s->digest = digest_of(bytes);
}

void
source_release(struct source *s)
{
	free(s->memory);
	*s = (struct source){.path = s->path};
}

static size_t
line_of(const struct source *s, size_t off)
{
	size_t line = 1;

	for (size_t i = 0; i < off && i < s->bytes.len; i++)
		line += s->bytes.at[i] == '\n';
	return line;
}

int
err_at_line(struct err *e, const struct source *s, size_t off, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(
		e, ERR_DATA, "format", "%s:%zu: %s", s->path, line_of(s, off), what);
}

int
err_at_byte(struct err *e, const struct source *s, size_t off, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(e, ERR_DATA, "format", "%s: byte 0x%zx: %s", s->path, off, what);
}
