/*
 * dovecot-uidlist: which UID, and which POP3 UIDL, Dovecot has given to each file of a
 * Maildir (maildir-uidlist.c, maildir-uidlist.h of Dovecot 1.0 to 2.4). Version 3:
 *
 *     3 V1795355606 N4 G0f3a4c1d2e5b6a790000000000000001
 *     1 W1234 P1a2b :1162738321.M1P2.host
 *     3 O7 :1162738399.M5P2.host
 *
 * Fields of a record: P its UIDL (empty: the file's base name), O its place in POP3's
 * list, G its GUID, S and W its size as it lies there and with CRLF; others are passed
 * over. Version 1 has "1 VALIDITY NEXT" and "UID NAME". A last line without its LF is
 * being written just now, and does not count, as with Dovecot.
 */
#ifndef MODEL_UIDLIST_H
#define MODEL_UIDLIST_H

#include "base/buf.h"
#include "base/err.h"

struct uidlist_record {
	uint32_t uid;
	uint32_t order;
	uint64_t vsize;
	struct text line; /* all of it, without its LF */
	struct text name; /* of the file, up to its ':' */
	struct text pop3, guid;
	bool has_pop3, has_order, has_vsize;
};

/* Texts are slices of the bytes that were read, which the caller keeps. */
struct uidlist {
	unsigned version; /* 1 or 3 */
	uint32_t validity, next;
	struct text header; /* the first line, without its LF */
	struct text torn;   /* the last line, if it has no LF */
	struct uidlist_record *at;
	size_t n, cap;
};

/* ERR_DATA in words, with `path` and the line, for what Dovecot would call corrupted. Also
 * after an error to be released. */
int uidlist_read(struct uidlist *l, const char *path, struct text bytes, struct err *e);
/* The same file with other UIDLs: pop3[i] becomes the P field of record i; len 0: the
 * record is left as it is. All else stays as it stands. Version 3 only. */
void uidlist_write(const struct uidlist *l, const struct text *pop3, struct buf *out);
void uidlist_release(struct uidlist *l);

#endif
