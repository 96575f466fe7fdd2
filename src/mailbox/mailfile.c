#include "mailbox/mailfile.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/arena.h"

#define WINDOW ((size_t)64 << 10)
/* What a small file may turn out to hold. */
#define HOLDS_MOST ((uint64_t)8 << 30)

void
mailfile_open(struct mailfile *f, int fd)
{
	f->gz = gzdopen(fd, "rb");
	if (f->gz == NULL)
		abort(); /* out of memory */
	f->have = f->from = 0;
	f->last = f->broken = false;
	f->off = f->octets = 0;
}

/* Compressions that Dovecot can be set to and that we do not read. */
static bool
is_foreign(const char *at, size_t n)
{
	static const struct text magic[] = {{"BZh91AY&SY", 10},
		{"\xfd"
		 "7zXZ\0",
			6},
		{"\x28\xb5\x2f\xfd", 4}, {"Dovecot-LZ4\r*\x9b\xc5", 15}};

	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		if (n >= magic[i].len && memcmp(at, magic[i].at, magic[i].len) == 0)
			return true;
	return false;
}

/* More of the file behind what the window has. */
static void
fill(struct mailfile *f)
{
	int got, code = Z_OK;

	if (f->have > f->from)
		memmove(f->at, f->at + f->from, f->have - f->from);
	f->have -= f->from;
	f->from = 0;
	f->at = array_grow(f->at, &f->cap, f->have + WINDOW, 1);
	got = gzread(f->gz, f->at + f->have, (unsigned)WINDOW);
	if (got < (int)WINDOW)
		gzerror(f->gz, &code);
	/* A file that ends within its compressed data gives Z_BUF_ERROR. */
	f->broken = got < 0 || (code != Z_OK && code != Z_STREAM_END) ||
		    f->off > HOLDS_MOST ||
		    (f->off == 0 && f->have == 0 && is_foreign(f->at, (size_t)got));
	f->last = got < (int)WINDOW;
	f->have += got > 0 ? (size_t)got : 0;
}

/* Past the end of a line that is too long to be held. */
static enum mailfile_got
skip_line(struct mailfile *f)
{
	for (;;) {
		const char *lf = memchr(f->at + f->from, '\n', f->have - f->from);
		size_t n = lf != NULL ? (size_t)(lf - f->at) + 1 - f->from
				      : f->have - f->from;

		f->off += n;
		f->octets += n;
		f->from += n;
		if (lf != NULL || f->last)
			return MAILFILE_LONG;
		fill(f);
		if (f->broken)
			return MAILFILE_BROKEN;
	}
}

enum mailfile_got
mailfile_line(struct mailfile *f, size_t max, struct text *line)
{
	const char *lf = NULL;
	size_t searched = 0;

	for (;;) {
		size_t held = f->have - f->from;

		if (held > searched)
			lf = memchr(f->at + f->from + searched, '\n', held - searched);
		if (f->broken)
			return MAILFILE_BROKEN;
		if (lf != NULL || f->last)
			break;
		if (held > max)
			return skip_line(f);
		searched = held;
		fill(f);
	}
	*line = (struct text){f->at + f->from,
		lf != NULL ? (size_t)(lf - f->at) - f->from : f->have - f->from};
	if (lf == NULL && line->len == 0)
		return MAILFILE_END;
	size_t whole = line->len + (lf != NULL);
	f->off += whole;
	f->from += whole;
	f->octets += whole;
	if (lf != NULL && line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	else if (lf != NULL)
		f->octets++;
	return line->len > max ? MAILFILE_LONG : MAILFILE_LINE;
}

bool
mailfile_seek(struct mailfile *f, uint64_t off)
{
	if (off > HOLDS_MOST || gzseek(f->gz, (z_off_t)off, SEEK_SET) != (z_off_t)off)
		return false;
	f->have = f->from = 0;
	f->last = f->broken = false;
	f->off = off;
	return true;
}

void
mailfile_close(struct mailfile *f)
{
	if (f->gz != NULL)
		gzclose_r(f->gz);
	f->gz = NULL;
}

void
mailfile_release(struct mailfile *f)
{
	mailfile_close(f);
	free(f->at);
	*f = (struct mailfile){0};
}
