#include "mailbox/wire.h"

#include <stdlib.h>

#include "base/os.h"

/* Room for each read. TLS gives at most 16 KiB at once, plain TCP as much as has come. */
#define READ_SIZE ((size_t)128 << 10)
/* Taken in before lines are looked at, so that one fast server does not starve others. */
#define FILL_MAX ((size_t)512 << 10)

/* Room behind what is there: what has been taken is forgotten first. */
static size_t
make_room(struct wire *w)
{
	if (w->in_at == w->in_len)
		w->in_at = w->in_len = 0;
	if (w->in_cap - w->in_len < READ_SIZE / 2 && w->in_at > 0) {
		memmove(w->in, w->in + w->in_at, w->in_len - w->in_at);
		w->in_len -= w->in_at;
		w->in_at = 0;
	}
	if (w->in_cap - w->in_len < READ_SIZE / 2)
		w->in = array_grow(w->in, &w->in_cap, w->in_len + READ_SIZE, 1);
	return w->in_cap - w->in_len;
}

/* Unpacked, if need be; *n 0: the server has hung up. */
static CURLcode
receive(struct wire *w, char *to, size_t room, size_t *n)
{
	CURLcode r = CURLE_OK;
	size_t got = 1;

	if (w->deflate == NULL) {
		r = curl_easy_recv(w->easy, to, room, n);
		w->received += r == CURLE_OK ? *n : 0;
		return r;
	}
	for (*n = 0; r == CURLE_OK && *n == 0 && got > 0;) {
		struct deflate *d = w->deflate;

		if (!deflate_unpack(d, to, room, n))
			return CURLE_BAD_CONTENT_ENCODING;
		if (*n > 0)
			break;
		r = curl_easy_recv(w->easy, d->packed, DEFLATE_IN, &got);
		if (r == CURLE_OK) {
			w->received += got;
			d->in.next_in = (Bytef *)d->packed;
			d->in.avail_in = (uInt)got;
		}
	}
	return r;
}

bool
wire_fill(struct wire *w)
{
	uint64_t before = w->received;
	size_t got = 0, n;

	while (!w->ended && got < FILL_MAX) {
		size_t room = make_room(w);
		CURLcode r = receive(w, w->in + w->in_len, room, &n);
		if (r == CURLE_AGAIN)
			break;
		if (r != CURLE_OK || n == 0) {
			w->ended = true;
			w->garbled = r == CURLE_BAD_CONTENT_ENCODING &&
				     w->deflate->in.msg != NULL;
			break;
		}
		w->in_len += n;
		got += n;
	}
	if (w->received > before)
		w->heard = os_seconds();
	return got >= FILL_MAX;
}

static void
take(struct wire *w, size_t n)
{
	w->in_at += n;
	w->taken += n;
	w->scanned = 0;
}

enum wire_line
wire_line(struct wire *w, struct text *line)
{
	const char *from = w->in + w->in_at, *end;
	size_t have = w->in_len - w->in_at;

	end = have > w->scanned ? memchr(from + w->scanned, '\n', have - w->scanned)
				: NULL;
	if (end == NULL) {
		w->scanned = have;
		if (have > w->line_max)
			w->skipping = true;
		if (w->skipping)
			take(w, have);
		return WIRE_NONE;
	}
	*line = (struct text){from, (size_t)(end - from)};
	take(w, line->len + 1);
	if (w->skipping || line->len > w->line_max) {
		w->skipping = false;
		return WIRE_CUT;
	}
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return WIRE_LINE;
}

enum wire_line
wire_part(struct wire *w, uint64_t *left, struct text *line)
{
	const char *from = w->in + w->in_at, *end;
	size_t have = w->in_len - w->in_at;
	bool all = have >= *left;

	if (all)
		have = (size_t)*left;
	end = have > w->scanned ? memchr(from + w->scanned, '\n', have - w->scanned)
				: NULL;
	if (end == NULL && !all) {
		w->scanned = have;
		if (have > w->line_max)
			w->skipping = true;
		if (w->skipping) {
			*left -= have;
			take(w, have);
		}
		return WIRE_NONE;
	}
	*line = (struct text){from, end != NULL ? (size_t)(end - from) : have};
	*left -= line->len + (end != NULL);
	take(w, line->len + (end != NULL));
	if (w->skipping || line->len > w->line_max) {
		w->skipping = false;
		return WIRE_CUT;
	}
	if (end != NULL && line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return WIRE_LINE;
}

bool
wire_say(struct wire *w, struct text command)
{
	if (WIRE_OUT - w->out_len < command.len)
		return false;
	memcpy(w->out + w->out_len, command.at, command.len);
	w->out_len += command.len;
	return true;
}

bool
wire_deflate(struct wire *w)
{
	struct text came = {w->in + w->in_at, w->in_len - w->in_at};

	w->deflate = deflate_begin(WIRE_OUT, came);
	w->in_len = w->in_at;
	w->scanned = 0;
	return w->deflate != NULL;
}

/* What was said, packed, is what is to be sent, once all before that has gone. */
static void
flush_packed(struct wire *w)
{
	struct deflate *d = w->deflate;
	size_t n;

	if (d->send_at == d->send_len && w->out_len > 0) {
		deflate_pack(d, (struct text){w->out, w->out_len});
		if (w->secret)
			os_wipe(w->out, w->out_len);
		w->secret = false;
		w->out_len = 0;
	}
	while (d->send_at < d->send_len && !w->ended) {
		CURLcode r = curl_easy_send(
			w->easy, d->to_send + d->send_at, d->send_len - d->send_at, &n);
		if (r == CURLE_AGAIN)
			return;
		if (r != CURLE_OK)
			n = d->send_len - d->send_at;
		d->send_at += n;
		w->heard = os_seconds();
	}
}

void
wire_flush(struct wire *w)
{
	size_t n;

	if (w->deflate != NULL) {
		flush_packed(w);
		return;
	}
	while (w->out_at < w->out_len && !w->ended) {
		CURLcode r = curl_easy_send(
			w->easy, w->out + w->out_at, w->out_len - w->out_at, &n);
		if (r == CURLE_AGAIN)
			return;
		/* Not `ended`: what the server said before it hung up is still there. */
		if (r != CURLE_OK)
			break;
		w->out_at += n;
		w->heard = os_seconds();
	}
	if (w->secret)
		os_wipe(w->out, w->out_len);
	w->secret = false;
	w->out_at = w->out_len = 0;
}

void
wire_wait(const struct wire *w, struct waiting *to)
{
	fd_set in, out, bad;
	int max = -1;
	long ms = -1;

	if (w->up) {
		const struct deflate *d = w->deflate;
		waiting_add(to, w->fd, true,
			d != NULL ? d->send_at < d->send_len : w->out_at < w->out_len);
		return;
	}
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&bad);
	curl_multi_fdset(w->multi, &in, &out, &bad, &max);
	for (int fd = 0; fd <= max; fd++) {
		if (FD_ISSET(fd, &in) || FD_ISSET(fd, &out))
			waiting_add(to, fd, FD_ISSET(fd, &in), FD_ISSET(fd, &out));
	}
	curl_multi_timeout(w->multi, &ms);
	/* Without a socket libcurl resolves the name in a thread of its own. */
	if (ms < 0 || (max < 0 && ms > 20))
		ms = max < 0 ? 20 : 1000;
	waiting_until(to, (double)ms / 1000);
}

void
wire_end(struct wire *w)
{
	if (w->out != NULL)
		os_wipe(w->out, WIRE_OUT);
	/* Removed before it is cleaned up, libcurl hangs up without a QUIT of its own,
	 * for whose answer it would wait. */
	if (w->multi != NULL && w->easy != NULL)
		curl_multi_remove_handle(w->multi, w->easy);
	if (w->easy != NULL)
		curl_easy_cleanup(w->easy);
	if (w->multi != NULL)
		curl_multi_cleanup(w->multi);
	if (w->url != NULL)
		curl_url_cleanup(w->url);
	deflate_free(w->deflate);
	free(w->in);
	free(w->out);
	buf_release(&w->before);
	*w = (struct wire){.fd = CURL_SOCKET_BAD};
}
