/*
 * A file of mail, read line by line: one message of a Maildir, or an mbox. It may be
 * gzip'ed, as Dovecot's zlib plugin leaves files: by their first bytes, whatever the name.
 */
#ifndef MAILBOX_MAILFILE_H
#define MAILBOX_MAILFILE_H

#include "base/text.h"

enum mailfile_got {
	MAILFILE_LINE,
	MAILFILE_LONG, /* here stood a line over the maximum */
	MAILFILE_END,
	MAILFILE_BROKEN, /* it cannot be read on: damaged, or compressed in another way */
};

struct mailfile {
	void *gz;
	char *at; /* a window of what it holds */
	size_t have, from, cap;
	bool last; /* the window ends with the file */
	bool broken;
	uint64_t off;	 /* of the next line, in what it holds */
	uint64_t octets; /* read so far, as POP3 counts: each line end is two */
};

/* Takes the descriptor, which mailfile_close() closes. */
void mailfile_open(struct mailfile *f, int fd);
/* Without its line end, valid until the next call. A last line without one counts. */
enum mailfile_got mailfile_line(struct mailfile *f, size_t max, struct text *line);
/* The next line is the one that begins there. False: there is no such place. */
bool mailfile_seek(struct mailfile *f, uint64_t off);
/* Safe on a file that is not open; keeps its memory for the next one. */
void mailfile_close(struct mailfile *f);
void mailfile_release(struct mailfile *f);

#endif
