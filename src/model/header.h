/*
 * The canonical header of a message and its digests: what stays the same when a
 * message is copied to another server. docs/matching.md has each rule and its source.
 *
 * Usage: header_begin(), header_line() for every line without its line end, and
 * header_end() at the empty line or the end. One struct serves any number of messages.
 * A header over HEADER_MAX bytes gets no digests (MESSAGE_NO_HEADER).
 */
#ifndef MODEL_HEADER_H
#define MODEL_HEADER_H

#include "base/buf.h"
#include "model/message.h"

#define HEADER_MAX ((size_t)4 << 20)

enum header_what { /* header_rules.c */
	HEADER_KEPT,
	HEADER_DROPPED,	 /* not part of any digest */
	HEADER_DELIVERY, /* part of `strict` only */
	HEADER_RECEIVED, /* the same, and it says that a server has had the message */
	HEADER_MESSAGE_ID,
	HEADER_DATE,
	HEADER_FROM,
	HEADER_SUBJECT,
	HEADER_TO,
};

/* What a header of this name is to the digests; case does not matter. */
enum header_what header_what(struct text name);

struct header_field {
	struct span name, value; /* in `text` below */
	uint64_t key; /* the first 8 bytes of the name in lower case, to sort by */
	uint8_t what; /* enum header_what */
	bool raw;     /* 8-bit or control bytes in the value */
	bool odd;     /* those, or '?': the value may look otherwise when damaged */
};

struct header {
	struct buf text; /* "Name:value\n" of each field kept; what `strict` digests */
	struct header_field *fields;
	size_t nfields, cap;
	uint32_t octets; /* of the lines given, with their CRLF */
	bool open;	 /* the last field may be continued */
	bool ended;	 /* the empty line has been seen */
	struct hash hash;
	struct buf scratch;
	struct header_field *sorted; /* for `loose`: room for two of nfields */
	size_t sorted_cap;
};

/* The struct is all zero before its first use. */
void header_begin(struct header *h);
/* A line without its line end. True once the header has ended: the line was empty, or held only a CR (Courier). */
bool header_line(struct header *h, struct text line);
/* Fills flags, header_octets, message_id and the four header digests; leaves the body
 * alone. Without an empty line: MESSAGE_CUT_HEADER. */
void header_end(struct header *h, struct evidence *ev);
/* Date, From and Subject as they stand, unfolded, for people; into `out`, which is
 * emptied first, three texts in `values` that point into it (len 0: there is none).
 * Call between the last line and header_begin(). */
void header_describe(const struct header *h, struct buf *out, struct text values[3]);
void header_release(struct header *h);

/* Digest of a body: line ends unified, trailing blank lines dropped. */
struct body {
	struct hash hash;
	size_t blank; /* blank lines not yet counted */
};

void body_begin(struct body *b);
/* A line without its line end, and without the dot that POP3 puts before dots. */
void body_line(struct body *b, struct text line);
struct digest body_end(struct body *b);
void body_release(struct body *b);

#endif
