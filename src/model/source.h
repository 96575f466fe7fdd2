/*
 * A file, whole in memory, with what is needed to tell later that it has not changed.
 */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include "base/digest.h"
#include "base/err.h"
#include "base/os.h"

/* Stores are below 1 GiB: spans are 32 bits, and no client writes one of that size. */
#define SOURCE_MAX ((uint64_t)1 << 30)

struct source {
	const char *path;  /* as resolved; what messages name */
	struct text bytes; /* owned if `memory` is set */
	struct os_stat stat;
	struct digest digest;
	char *memory; /* what source_release() frees */
	/* Of a settings file: the next one that is read with it (format->settings_beside),
	 * NULL: no more. Somebody else's. */
	const struct source *beside;
};

/* Read the file. `path` is kept, not copied. */
int source_read(struct source *s, const char *path, struct err *e);
/* The same through a descriptor that holds a lock. */
int source_read_fd(struct source *s, int fd, const char *path, struct err *e);
/* Bytes that are not (yet) a file: outputs, tests. Nothing is copied. */
void source_of(struct source *s, const char *path, struct text bytes);
void source_release(struct source *s);

/* ERR_DATA "path:LINE: …", the line counted from the offset; returns -1. */
__attribute__((format(printf, 4, 5))) int
err_at_line(struct err *e, const struct source *s, size_t off, const char *fmt, ...);
/* ERR_DATA "path: byte 0x…: …" for binary files; returns -1. */
__attribute__((format(printf, 4, 5))) int
err_at_byte(struct err *e, const struct source *s, size_t off, const char *fmt, ...);

#endif
