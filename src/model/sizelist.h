/*
 * courierpop3dsizelist: which number and size Courier's POP3 server has given to each file
 * of a Maildir (pop3dserver.c, versions 2 and 3 of the list):
 *
 *     /3 4 1795355286
 *     1162738321.M1P2.host,S=1200:2,S 1234 1:1795355286:0
 *     1162738399.M5P2.host 567 0:0:0
 *
 * "/VERSION NEXT VALIDITY", then "NAME SIZE N:V[:UTF8]". The UIDL is UIDN-V; UIDN where V
 * is 0; and where N is 0 the file's name, as Courier escapes it. The size is POP3's.
 */
#ifndef MODEL_SIZELIST_H
#define MODEL_SIZELIST_H

#include "base/arena.h"
#include "base/err.h"

struct sizelist_record {
	struct text name; /* up to its ':' */
	uint64_t size;
	uint32_t number, validity;
};

/* Texts are slices of the bytes that were read, which the caller keeps. */
struct sizelist {
	struct sizelist_record *at;
	size_t n, cap;
};

/* ERR_DATA in words, with `path` and the line. Also after an error to be released. */
int sizelist_read(struct sizelist *l, const char *path, struct text bytes, struct err *e);
/* The rule (rule.h) of a record's UIDL; its {u} and {v} are number and validity. */
const char *sizelist_rule(const struct sizelist_record *r);
void sizelist_release(struct sizelist *l);
/* The order of Courier's list: by the number that a name begins with, then by its bytes
 * up to the ':'. Names without flags. */
int sizelist_compare(struct text a, struct text b);

#endif
