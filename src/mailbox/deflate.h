/*
 * IMAP's COMPRESS=DEFLATE (RFC 4978) between a wire and its connection: from its begin on
 * all octets of both directions are raw deflate (RFC 1951), flushed at the end of each
 * command. zlib does it.
 */
#ifndef MAILBOX_DEFLATE_H
#define MAILBOX_DEFLATE_H

#include <zlib.h>

#include "base/text.h"

#define DEFLATE_IN ((size_t)64 << 10)

struct deflate {
	z_stream in, out;
	char packed[DEFLATE_IN]; /* as it came: in.next_in, in.avail_in of it are left */
	char *to_send;		 /* never moves while it is sent */
	size_t send_at, send_len, send_cap;
};

/* `most` is the longest that is ever packed at once; `came` what was read behind the
 * server's OK already. NULL: it is longer than DEFLATE_IN. */
struct deflate *deflate_begin(size_t most, struct text came);
/* Some of what came, unpacked; *n 0: more must come first. False: this is not deflate. */
bool deflate_unpack(struct deflate *d, char *to, size_t room, size_t *n);
/* Only when all that was packed before has been sent. */
void deflate_pack(struct deflate *d, struct text t);
void deflate_free(struct deflate *d);

#endif
