/*
 * A line connection over libcurl: DNS, proxy, TCP, TLS and STLS are libcurl's, all that
 * is said after them is ours. Nothing in here blocks.
 *
 * wire_begin(), then wire_connect() until it says that the wire is up. After that
 * wire_fill() takes in what has come, wire_line() hands out the lines, wire_say() and
 * wire_flush() send. libcurl is never told a user or a password.
 */
#ifndef MAILBOX_WIRE_H
#define MAILBOX_WIRE_H

#include <curl/curl.h>

#include "base/buf.h"
#include "mailbox/deflate.h"
#include "mailbox/kind.h"

/* Commands not yet sent. libcurl wants a blocked send to be repeated from the very same
 * place in memory, so this never moves. */
#define WIRE_OUT ((size_t)64 << 10)

struct wire {
	CURL *easy;
	CURLM *multi;
	CURLU *url;
	curl_socket_t fd;
	bool up;      /* connected, and TLS as wanted */
	bool ended;   /* the server has hung up; lines may still wait in `in` */
	bool garbled; /* … or rather sends what is not compressed as it had said */
	bool secret;  /* `out` holds a password: wiped once it is sent */
	bool tls;     /* it has, or will have, TLS */
	char *in, *out;
	size_t in_at, in_len, in_cap, scanned, out_at, out_len;
	size_t line_max; /* longer lines are skipped: WIRE_CUT */
	bool skipping;
	struct deflate *deflate; /* of IMAP; NULL: nothing is packed */
	struct buf before;	 /* what the server said before wire was up */
	uint64_t received;	 /* bytes in, as they come over the line */
	uint64_t taken;		 /* of these, bytes handed out as lines or skipped */
	double heard;		 /* when something came, or was sent, the last time */
	char words[CURL_ERROR_SIZE];
};

enum wire_line { WIRE_NONE, WIRE_LINE, WIRE_CUT };

int wire_begin(struct wire *w, const struct mailbox_kind *kind,
	const struct mailbox_options *o, struct err *e);
/* 1 once up, 0 while connecting, -1 failed. ERR_BUSY: the server's greeting says so. */
int wire_connect(struct wire *w, const struct mailbox_options *o, struct err *e);
/* Take in what has come; true if there may be more at once. */
bool wire_fill(struct wire *w);
/* The next line, without its LF or CRLF, valid until wire_fill(). WIRE_CUT: here stood
 * one that was too long. */
enum wire_line wire_line(struct wire *w, struct text *line);
/* The same within the next *left octets, which are the server's to end without a line
 * end; *left becomes less by what was taken. Not to be asked with *left 0. */
enum wire_line wire_part(struct wire *w, uint64_t *left, struct text *line);
/* False, and nothing is said, if there is no room now. */
bool wire_say(struct wire *w, struct text command);
void wire_flush(struct wire *w);
/* From here on both sides pack what they say (deflate.h); false: that cannot be. */
bool wire_deflate(struct wire *w);
void wire_wait(const struct wire *w, struct waiting *to);
/* Hang up, forget and wipe everything. Safe on a wire that was never begun. */
void wire_end(struct wire *w);

#endif
