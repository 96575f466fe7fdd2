/*
 * Where in an XML file its texts stand.
 *
 * libxml2 parses; what it tells of an element is what the file means, and where its
 * parser stands at that moment is where the element's tags end. That this is so is not
 * believed but shown, each time: the bytes of a span, unescaped by xmlspan_unescape(), must
 * be the very text that libxml2 has read, else the file is refused with line and column.
 * The bytes are spliced by the caller; nothing is ever written by libxml2.
 *
 * UTF-8 only. A DOCTYPE may name an external subset, as each property list of Apple's
 * does, and it is never loaded; an internal one is refused, and with it all entities but
 * the five of XML. Nothing is opened, no network. Refused too: more than XMLSPAN_DEPTH
 * elements in each other, a text over XMLSPAN_TEXT bytes, namespaces with a prefix.
 */
#ifndef MODEL_XMLSPAN_H
#define MODEL_XMLSPAN_H

#include "base/buf.h"
#include "model/source.h"

#define XMLSPAN_DEPTH 64
#define XMLSPAN_TEXT  ((size_t)1 << 20)

struct xml_element {
	struct text name;
	unsigned depth;	 /* of the root: 1 */
	uint32_t start;	 /* where its '<' stands */
	uint32_t end;	 /* behind its last '>'; 0 while it begins */
	bool text_alone; /* it holds text, or nothing; no element, no comment */
	struct span at;	 /* what stands between its tags, if text_alone */
	/* What that means: in the source's bytes if it is spelled as it is, else in a
	 * buffer that lives until the callback returns. */
	struct text text;
};

/* Each element as it begins and as it ends, in the order of the file. -1 with `e` set
 * ends the reading. */
struct xml_handler {
	int (*begin)(void *arg, const struct xml_element *, struct err *e);
	int (*end)(void *arg, const struct xml_element *, struct err *e);
};

int xmlspan_read(
	const struct source *src, const struct xml_handler *h, void *arg, struct err *e);

/* ERR_DATA "path:LINE: column N: …"; returns -1. */
__attribute__((format(printf, 4, 5))) int
xmlspan_refuse(struct err *e, const struct source *src, size_t off, const char *fmt, ...);

/* What the bytes between two tags mean: references, CDATA, line ends. False if they are
 * not text. */
bool xmlspan_unescape(struct text raw, struct buf *out);
/* A text between tags, as Apple's and most writers spell it: & < > are escaped. False if
 * XML has no way to say it, or would read it as another: a control character, or no
 * UTF-8. */
bool xmlspan_spell(struct text t, struct buf *out);

#endif
