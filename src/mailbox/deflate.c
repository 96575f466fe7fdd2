#include "mailbox/deflate.h"

#include <stdlib.h>

#include "base/arena.h"

/* Without a header of zlib's own. */
#define RAW (-15)

struct deflate *
deflate_begin(size_t most, struct text came)
{
	struct deflate *d;

	if (came.len > DEFLATE_IN)
		return NULL;
	d = must_alloc(sizeof(*d));
	/* These fail only where there is no memory. */
	if (inflateInit2(&d->in, RAW) != Z_OK ||
		deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW, 8,
			Z_DEFAULT_STRATEGY) != Z_OK) {
		deflate_free(d);
		return NULL;
	}
	/* And the empty block of a flush. */
	d->send_cap = deflateBound(&d->out, most) + 64;
	d->to_send = must_alloc(d->send_cap);
	if (came.len > 0)
		memcpy(d->packed, came.at, came.len);
	d->in.next_in = (Bytef *)d->packed;
	d->in.avail_in = (uInt)came.len;
	return d;
}

bool
deflate_unpack(struct deflate *d, char *to, size_t room, size_t *n)
{
	int r;

	d->in.next_out = (Bytef *)to;
	d->in.avail_out = (uInt)room;
	r = inflate(&d->in, Z_SYNC_FLUSH);
	*n = room - d->in.avail_out;
	/* Z_BUF_ERROR: there was nothing to be done. A stream that ends has no more to say. */
	return r == Z_OK || r == Z_BUF_ERROR;
}

void
deflate_pack(struct deflate *d, struct text t)
{
	d->out.next_in = (Bytef *)(uintptr_t)t.at;
	d->out.avail_in = (uInt)t.len;
	d->out.next_out = (Bytef *)d->to_send;
	d->out.avail_out = (uInt)d->send_cap;
	deflate(&d->out, Z_SYNC_FLUSH);
	d->send_at = 0;
	d->send_len = d->send_cap - d->out.avail_out;
}

void
deflate_free(struct deflate *d)
{
	if (d == NULL)
		return;
	inflateEnd(&d->in);
	deflateEnd(&d->out);
	free(d->to_send);
	free(d);
}
