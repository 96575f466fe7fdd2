/* Of os_file.h: what stands in a file, read, written and compared. */
#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A file of this size goes past the system's cache, if its file system can do that: it has
 * no room there for three more copies of it, and making room takes longer than all else. In
 * whole pieces, since offset, length and memory must fit the disk's blocks (open(2),
 * O_DIRECT); the rest is written and read as any file is. */
#define DIRECT_LEAST ((size_t)16 << 20)
#define DIRECT_PIECE ((size_t)1 << 20)
#define DIRECT_ALIGN ((size_t)4096)

static bool
set_direct(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return false;
	flags = on ? flags | O_DIRECT : flags & ~O_DIRECT;
	return fcntl(fd, F_SETFL, flags) == 0;
}

/* NULL: this file is not for that. */
static char *
direct_begin(int fd, size_t len)
{
	char *piece;

	if (len < DIRECT_LEAST || !set_direct(fd, true))
		return NULL;
	piece = aligned_alloc(DIRECT_ALIGN, DIRECT_PIECE);
	if (piece == NULL)
		set_direct(fd, false);
	return piece;
}

static void
direct_end(int fd, char *piece)
{
	if (piece != NULL)
		set_direct(fd, false);
	free(piece);
}

/* How much of it is written. Whatever stops it, the write that goes on from there meets it
 * again, or does not mind it. */
static size_t
write_direct(int fd, struct text bytes)
{
	char *piece = direct_begin(fd, bytes.len);
	ssize_t n = DIRECT_PIECE;
	size_t done = 0;

	while (piece != NULL && n == (ssize_t)DIRECT_PIECE &&
		bytes.len - done >= DIRECT_PIECE) {
		memcpy(piece, bytes.at + done, DIRECT_PIECE);
		n = write(fd, piece, DIRECT_PIECE);
		done += n > 0 ? (size_t)n : 0;
	}
	direct_end(fd, piece);
	return done;
}

/* Likewise how much of the file has been looked at; *same: it is the same so far. */
static size_t
same_direct(int fd, struct text bytes, bool *same)
{
	char *piece = direct_begin(fd, bytes.len);
	size_t done = 0;

	*same = true;
	while (piece != NULL && *same && bytes.len - done >= DIRECT_PIECE &&
		pread(fd, piece, DIRECT_PIECE, (off_t)done) == (ssize_t)DIRECT_PIECE) {
		*same = memcmp(piece, bytes.at + done, DIRECT_PIECE) == 0;
		done += DIRECT_PIECE;
	}
	direct_end(fd, piece);
	return done;
}

int
os_write_fd(int fd, const char *path, struct text bytes, struct err *e)
{
	size_t done = write_direct(fd, bytes);

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.at + done, bytes.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_io(e, path, "write");
		done += (size_t)n;
	}
	return 0;
}

int
os_read_at(int fd, const char *path, uint64_t off, char *to, size_t max, size_t *n,
	struct err *e)
{
	for (*n = 0; *n < max;) {
		ssize_t got = pread(fd, to + *n, max - *n, (off_t)(off + *n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_io(e, path, "read");
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

/* Small enough to stay in the processor's cache from the reading to the comparison. */
#define PIECE ((size_t)128 << 10)

/* From there on. */
static int
same_from(int fd, const char *path, size_t off, struct text bytes, bool *same,
	struct err *e)
{
	char *piece = must_alloc(PIECE);
	size_t n;
	int rc;

	do {
		rc = os_read_at(fd, path, off, piece, PIECE, &n, e);
		*same = rc == 0 && n <= bytes.len - off &&
			text_equal((struct text){piece, n},
				(struct text){bytes.at + off, n});
		off += n;
	} while (*same && n == PIECE);
	*same = *same && off == bytes.len;
	free(piece);
	return rc;
}

int
os_same_fd(int fd, const char *path, struct text bytes, bool *same, struct err *e)
{
	return same_from(fd, path, 0, bytes, same, e);
}

int
os_reads_back(int fd, const char *path, struct text bytes, bool *same, struct err *e)
{
	size_t done = same_direct(fd, bytes, same);

	return *same ? same_from(fd, path, done, bytes, same, e) : 0;
}

int
os_write_at(int fd, const char *path, uint64_t off, struct text bytes, struct err *e)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.at, bytes.len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_io(e, path, "write");
		bytes.at += n;
		bytes.len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}
