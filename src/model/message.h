/*
 * What a mailbox lists: one message, and the list of them.
 *
 * At most some 200 bytes a message are kept, whatever the mail: headers are digested
 * as they stream by, and 16 bytes of each digest stay here. The whole digests go to
 * the map (struct evidence), where pairs that are equal here are compared in full.
 */
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include "base/arena.h"
#include "base/digest.h"

#define MESSAGE_DIGEST 16

enum message_flag {
	MESSAGE_HEADER = 1,	  /* the header's digests are known */
	MESSAGE_BODY = 2,	  /* the body's digest is known */
	MESSAGE_HAS_ID = 4,	  /* the header has a Message-ID */
	MESSAGE_HAS_RECEIVED = 8, /* … a Received line */
	MESSAGE_HAS_DATE = 16,	  /* … a Date */
	MESSAGE_TWICE = 32,	  /* its UIDL stands more than once in this list */
	MESSAGE_BAD_UIDL = 64,	  /* over 70 bytes or outside 0x21..0x7e: never written */
	MESSAGE_NO_HEADER = 128,  /* the server would not give it */
	MESSAGE_CUT_HEADER = 256, /* TOP's reply had no end of header: the whole message
	                             must be read to know it */
	MESSAGE_NO_BODY = 512,	  /* the server would not give it */
	MESSAGE_8BIT = 1024,	  /* 8-bit or control bytes in the header's values, so no
	                             server has replaced them by '?' */
};

struct message {
	const char *uidl;    /* NUL-terminated, in the list's arena; may hold any byte but
	                     NUL, CR, LF */
	uint64_t size;	     /* octets as listed (POP3 LIST) */
	uint64_t message_id; /* 8 bytes of the digest of the Message-ID's value */
	uint32_t number;     /* the server's own (POP3 message number) */
	uint32_t header_octets; /* as given, CRLF line ends, with the empty line */
	uint16_t uidl_len;
	uint16_t flags; /* enum message_flag */
	uint8_t strict[MESSAGE_DIGEST];
	uint8_t loose[MESSAGE_DIGEST];
	uint8_t id[MESSAGE_DIGEST];
	uint8_t damaged[MESSAGE_DIGEST];
	uint8_t body[MESSAGE_DIGEST];
};

/* The whole of what was learnt of a message, as the map keeps it. */
struct evidence {
	uint16_t flags; /* MESSAGE_HEADER … MESSAGE_HAS_DATE, MESSAGE_NO_HEADER, …CUT */
	uint32_t header_octets;
	uint64_t message_id;
	struct digest strict, loose, id, damaged, body;
};

struct listing {
	struct message *at;
	size_t n, cap;
	bool whole; /* false: this is known to be a part of the mailbox */
	struct arena arena;
};

struct message *listing_add(struct listing *l, struct text uidl, uint64_t size);
/* Copy evidence into the message: flags and the digests that the flags name. */
void message_learn(struct message *m, const struct evidence *ev);
/* Sets MESSAGE_TWICE and MESSAGE_BAD_UIDL on all messages; once, after the last add. */
void listing_mark(struct listing *l);
void listing_release(struct listing *l);
struct text message_uidl(const struct message *m);

/* RFC 1939 section 7: one to 70 bytes in 0x21..0x7e. */
bool uidl_is_valid(struct text uidl);
/* The same of any length: what an old server may well have handed out. */
bool uidl_is_printable(struct text uidl);
/* Says nothing about which mailbox it is from, and may come again for another message
 * (no validity part): digits only, or under 12 bytes. */
bool uidl_is_plain(struct text uidl);

#endif
