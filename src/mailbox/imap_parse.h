/*
 * What an IMAP server says (RFC 3501), a line at a time and nothing held: a line may end
 * in "{n}", and then n octets follow that are the caller's to read before the next line.
 *
 *     * 12 FETCH (UID 34 BODY[HEADER] {342}      imap_line(), imap_literal(),
 *     …342 octets…                               imap_fetch_text()
 *      RFC822.SIZE 2048)                         imap_fetch_text()
 *
 * Pure: bytes in, meaning out.
 */
#ifndef MAILBOX_IMAP_PARSE_H
#define MAILBOX_IMAP_PARSE_H

#include "base/buf.h"

enum imap_what {
	IMAP_GARBAGE, /* no response at all */
	IMAP_TAGGED,
	IMAP_STATUS,   /* untagged OK, NO, BAD, BYE, PREAUTH */
	IMAP_CONTINUE, /* "+": `rest` is the challenge */
	IMAP_FETCH,    /* `rest` is for imap_fetch_text() */
	IMAP_EXISTS,
	IMAP_LIST,
	IMAP_CAPABILITY,
	IMAP_OTHER, /* untagged, and nothing to us */
};

enum imap_status { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

/* All texts point into the line. */
struct imap_line {
	enum imap_what what;
	enum imap_status status; /* of IMAP_TAGGED and IMAP_STATUS */
	uint64_t number;	 /* of FETCH and EXISTS */
	struct text tag;
	struct text words; /* behind the status, code and all */
	struct text code;  /* "UIDVALIDITY 1", without its brackets; len 0: none */
	struct text rest;  /* behind the word that says what it is */
};

void imap_line(struct text line, struct imap_line *out);
/* Does the line end in {n}, {n+} or ~{n}? That is cut off. Not to be asked of words for
 * people, which may end in anything. */
bool imap_literal(struct text *line, uint64_t *octets);

enum imap_item {
	ITEM_OTHER,
	ITEM_UID,
	ITEM_SIZE,
	ITEM_GMAIL,
	ITEM_HEADER, /* BODY[HEADER] */
	ITEM_FIELDS, /* BODY[HEADER.FIELDS (…)] */
	ITEM_WHOLE,  /* BODY[] */
};

/* One FETCH response. Items come in any order. */
struct imap_fetch {
	uint64_t size, gmail;
	uint32_t uid;
	bool has_uid, has_size, has_gmail;
	enum imap_item item; /* whose value comes next, or was the last */
	enum imap_item
		section;    /* the part of the message that is in it; ITEM_OTHER: none */
	bool nil;	    /* the section is NIL: the server has none */
	struct text quoted; /* the section as a quoted string, in the text just read */
	uint32_t depth;
	uint8_t state;
};

enum imap_went { IMAP_BROKEN = -1, IMAP_DONE, IMAP_LITERAL };

void imap_fetch_begin(struct imap_fetch *f);
/* `t` is the text up to a literal that follows, or else up to the end. IMAP_LITERAL: the
 * literal is a value of f->item, or of ITEM_OTHER somewhere within a list. IMAP_BROKEN:
 * this is no FETCH response. */
enum imap_went imap_fetch_text(struct imap_fetch *f, struct text t, bool literal);

/* A LIST response's rest, literals written as quoted strings: is the mailbox one that can
 * be examined, and its name as the wire has it, in `name`, which is emptied first. */
bool imap_list(struct text rest, bool *selectable, struct buf *name);
/* As a quoted string; a name or a word for the wire. NUL, CR and LF, which it cannot
 * hold, and 8-bit bytes: false. */
bool imap_quote(struct text t, struct buf *out);

/* A mailbox's name, UTF-8 to modified UTF-7 (RFC 3501, 5.1.3) and back. False: it is not
 * UTF-8. What is no modified UTF-7 comes back as it is. */
bool imap_utf7(struct text utf8, struct buf *out);
void imap_utf8(struct text utf7, struct buf *out);

#endif
