/*
 * A client's local mail, read as evidence: which message stands under which UIDL.
 *
 * A format that can tell has `local` (format.h). It is given one file at a time of those
 * that hold an account's mail (format->mail, format->local_places), opens nothing, and
 * asks local_bytes() for what it wants to see, in any order; it tells a sink of each
 * message of the account that bears a UIDL, those included that are deleted and not yet
 * gone, since they are evidence as well. Each call of `local` reads on to the end of one
 * message, or for a few megabytes at most, so that others have their turn between; the
 * caller calls until `done`.
 *
 * What the sink gets are the lines as the server gave them: without what the client has
 * put before or into a message, and with its quoting undone. Where that cannot be known
 * of a body, the body counts as not known: `known` says so at the end. No message is
 * held, whatever its size.
 */
#ifndef MODEL_LOCAL_H
#define MODEL_LOCAL_H

#include "base/err.h"
#include "base/text.h"

enum local_known {
	LOCAL_NOTHING, /* not even the header is what the server gave */
	LOCAL_HEADER, /* of the body that is not sure: a stub, quoting with two readings */
	LOCAL_ALL,
};

struct local_message {
	struct text uidl; /* until begin() returns */
	/* A file that is read with `off` set to this begins with this message. */
	uint64_t at;
};

struct local_sink {
	/* *wanted is true; false: its lines, and its end, are not needed. */
	int (*begin)(
		void *arg, const struct local_message *m, bool *wanted, struct err *e);
	/* A line without its line end; the first empty one ends the header. */
	void (*line)(void *arg, struct text line);
	int (*end)(void *arg, enum local_known known, struct err *e);
	void *arg;
	bool headers_only; /* no line behind the one that ends the header is needed */
};

struct local_file {
	/* The caller's, all set before the first call. */
	const char *path; /* some clients name the file after the UIDL */
	uint64_t size;	  /* as it was found: it may be another by now */
	bool single;	  /* one message: a maildir's, a cache's */
	struct text key; /* local_mail.key: what the account's messages are marked with */
	/* Less than `len` bytes only at the end of the file. */
	int (*read)(void *arg, uint64_t off, char *to, size_t len, size_t *got,
		struct err *e);
	void *arg;
	/* The reader's, all zero before the first call (but for `off`, see `at`). */
	uint64_t off;	/* how far it has come, or where it goes on */
	bool done;	/* nothing more can come */
	unsigned place; /* for it to know where it is */
	void *state;	/* from must_alloc(), freed by local_release() */
	/* local_bytes()'s own: a window of the file. */
	struct {
		char *at;
		size_t have, cap;
		uint64_t off;
		bool last; /* it ends with the file */
	} window;
};

/* The bytes of the file from `off` on: at least `want` of them unless the file ends, and
 * more if they are at hand. Valid until the next call. */
int local_bytes(
	struct local_file *f, uint64_t off, size_t want, struct text *t, struct err *e);

struct local_line {
	struct text text; /* without its LF or CRLF; valid until the next call */
	uint64_t next;	  /* where the next one begins */
	bool cut;	  /* longer than `max`: this is its beginning */
	bool end;	  /* there is none: the file ends here */
};

/* The line that begins at `off`. */
int local_line(struct local_file *f, uint64_t off, size_t max, struct local_line *l,
	struct err *e);
void local_release(struct local_file *f);

#endif
