#include "model/xmlspan.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdio.h>

#define PIECE ((size_t)1 << 16)

struct open_element {
	uint32_t start, content; /* its '<'; behind the '>' of its first tag */
	bool text_alone;
};

struct reading {
	const struct source *src;
	const struct xml_handler *handler;
	void *arg;
	xmlParserCtxtPtr parser;
	struct open_element open[XMLSPAN_DEPTH];
	unsigned depth;
	struct buf text;  /* of the innermost element, as libxml2 tells it */
	struct buf plain; /* the same, unescaped by us */
	bool has_root, failed;
	struct err *e;
};

int
xmlspan_refuse(struct err *e, const struct source *src, size_t off, const char *fmt, ...)
{
	char what[400];
	size_t column = 1;
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (off > src->bytes.len)
		off = src->bytes.len;
	while (column <= off && src->bytes.at[off - column] != '\n')
		column++;
	return err_at_line(e, src, off, "column %zu: %s", column, what);
}

static void
stop(struct reading *r)
{
	r->failed = true;
	xmlStopParser(r->parser);
}

/* Where the parser stands. In UTF-8 there is no converter between the file and the
 * parser's input, so this counts the file's own bytes. */
static size_t
here(const struct reading *r)
{
	long off = xmlByteConsumed(r->parser);

	return off < 0 || (uint64_t)off > r->src->bytes.len ? r->src->bytes.len
							    : (size_t)off;
}

static void
refuse(struct reading *r, size_t off, const char *what)
{
	if (!r->failed)
		xmlspan_refuse(r->e, r->src, off, "%s", what);
	stop(r);
}

/* The last '<' before: in a tag there can be none but its first byte. */
static bool
tag_start(const struct reading *r, size_t end, size_t from, uint32_t *start)
{
	while (end > from)
		if (r->src->bytes.at[--end] == '<') {
			*start = (uint32_t)end;
			return true;
		}
	return false;
}

/* The proof that the place is right: its bytes mean what libxml2 has read. */
static bool
is_text_at(struct reading *r, struct xml_element *el)
{
	struct text raw = {r->src->bytes.at + el->at.off, el->at.len};
	struct text told = buf_text(&r->text);

	if (text_equal(raw, told)) {
		el->text = raw;
		return text_find(raw, '&') == raw.len && text_find(raw, '<') == raw.len;
	}
	el->text = told;
	buf_clear(&r->plain);
	return xmlspan_unescape(raw, &r->plain) && text_equal(buf_text(&r->plain), told);
}

static void
tell(struct reading *r, int (*callback)(void *, const struct xml_element *, struct err *),
	const struct xml_element *el)
{
	if (callback(r->arg, el, r->e) < 0)
		stop(r);
}

static void
on_begin(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
	const xmlChar **attributes)
{
	struct reading *r = ctx;
	size_t off = here(r);
	struct text all = r->src->bytes;
	struct open_element *o;

	(void)uri, (void)nnamespaces, (void)namespaces;
	(void)nattributes, (void)ndefaulted, (void)attributes;
	if (r->failed)
		return;
	if (prefix != NULL) {
		refuse(r, off, "a name with a prefix, and no client writes any");
		return;
	}
	if (r->depth == XMLSPAN_DEPTH) {
		refuse(r, off, "too many elements in each other");
		return;
	}
	if (r->depth > 0)
		r->open[r->depth - 1].text_alone = false;
	r->has_root = true;
	o = &r->open[r->depth++];
	*o = (struct open_element){.text_alone = true};
	/* The parser has read the tag up to its '>' or "/>". */
	size_t skip = off < all.len && all.at[off] == '/' ? 2 : 1;
	if (off + skip > all.len || all.at[off + skip - 1] != '>' ||
		!tag_start(r, off, r->depth > 1 ? o[-1].content : 0, &o->start)) {
		refuse(r, off, "its place in the file cannot be told");
		return;
	}
	o->content = (uint32_t)(off + skip);
	buf_clear(&r->text);
	struct xml_element el = {.name = text_of((const char *)name),
		.depth = r->depth,
		.start = o->start};
	tell(r, r->handler->begin, &el);
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reading *r = ctx;
	size_t end = here(r);
	const struct open_element *o;

	(void)prefix, (void)uri;
	if (r->failed || r->depth == 0)
		return;
	o = &r->open[r->depth - 1];
	struct xml_element el = {.name = text_of((const char *)name),
		.depth = r->depth,
		.start = o->start,
		.end = (uint32_t)end,
		.text_alone = o->text_alone,
		.at = {o->content, 0}};
	uint32_t tag = o->content;
	/* Behind the last '>'. An element of one tag has ended where its content begins. */
	bool right = end >= o->content && r->src->bytes.at[end - 1] == '>' &&
		     (end == o->content || tag_start(r, end, o->content, &tag));
	el.at.len = tag - o->content;
	if (!right || (el.text_alone && !is_text_at(r, &el))) {
		refuse(r, o->content, "its place in the file cannot be told");
		return;
	}
	if (!el.text_alone)
		el.at = (struct span){0, 0};
	r->depth--;
	tell(r, r->handler->end, &el);
	buf_clear(&r->text);
}

static void
on_text(void *ctx, const xmlChar *at, int len)
{
	struct reading *r = ctx;

	if (r->failed || r->depth == 0 || !r->open[r->depth - 1].text_alone || len <= 0)
		return;
	buf_add(&r->text, (struct text){(const char *)at, (size_t)len});
	if (r->text.full)
		refuse(r, r->open[r->depth - 1].content,
			"a text of more than a megabyte");
}

static void
mixed(struct reading *r)
{
	if (r->depth > 0)
		r->open[r->depth - 1].text_alone = false;
}

static void
on_comment(void *ctx, const xmlChar *text)
{
	(void)text;
	mixed(ctx);
}

static void
on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	(void)target, (void)data;
	mixed(ctx);
}

static void
on_reference(void *ctx, const xmlChar *name)
{
	struct reading *r = ctx;

	(void)name;
	refuse(r, here(r), "a reference to an entity, and no client writes any");
}

static xmlEntityPtr
on_entity(void *ctx, const xmlChar *name)
{
	on_reference(ctx, name);
	return NULL;
}

/* Called before what stands in '[' is read. */
static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *public, const xmlChar *system)
{
	struct reading *r = ctx;
	size_t off = here(r);

	(void)name, (void)public, (void)system;
	if (off >= r->src->bytes.len || r->src->bytes.at[off] != '>')
		refuse(r, off, "a DOCTYPE with declarations of its own");
}

static void
on_error(void *ctx, xmlErrorPtr error)
{
	struct reading *r = ctx;
	char what[200];
	size_t n;

	if (r->failed || error->level != XML_ERR_FATAL)
		return;
	/* What libxml2 says then is of a file that goes on. */
	if (error->code == XML_ERR_DOCUMENT_END && (r->depth > 0 || !r->has_root)) {
		refuse(r, r->src->bytes.len, "not well-formed XML: it ends too early");
		return;
	}
	snprintf(what, sizeof(what), "not well-formed XML: %s",
		error->message != NULL ? error->message : "libxml2 does not say why");
	n = strlen(what);
	while (n > 0 && what[n - 1] == '\n')
		what[--n] = '\0';
	refuse(r, here(r), what);
}

#define UTF8_MARK "\xef\xbb\xbf"

/* <?xml version="1.0" encoding="UTF-8"?>: libxml2 is told not to look at it, or it would
 * convert, and say on the terminal what it cannot. */
static bool
is_utf8_said(struct text all)
{
	size_t skip = text_starts(all, UTF8_MARK) ? strlen(UTF8_MARK) : 0, end, i;
	struct text t = {all.at + skip, all.len - skip}, value;
	struct cursor c;

	if (!text_starts(t, "<?xml"))
		return true;
	end = text_find(t, '>');
	for (i = 0; i < end; i++)
		if (text_starts((struct text){t.at + i, end - i}, "encoding"))
			break;
	if (i == end)
		return true;
	for (i += strlen("encoding"); i < end && strchr(" \t\r\n=", t.at[i]) != NULL;)
		i++;
	if (i == end || (t.at[i] != '"' && t.at[i] != '\''))
		return false;
	c = (struct cursor){{t.at, end}, i + 1};
	return take_until(&c, t.at[i], &value) &&
	       text_equal_nocase(value, text_of("UTF-8"));
}

static int
check_bytes(const struct source *src, struct err *e)
{
	struct text all = src->bytes;
	size_t nul = text_find(all, '\0');
	size_t off = 0;
	struct cursor c = {all, 0};
	struct text line;

	if (text_starts(all, "\xff\xfe") || text_starts(all, "\xfe\xff") ||
		(nul < all.len && nul <= 1) || !is_utf8_said(all))
		return xmlspan_refuse(e, src, 0, "want the encoding UTF-8");
	if (nul < all.len)
		return xmlspan_refuse(e, src, nul, "a NUL byte");
	if (text_is_utf8(all))
		return 0;
	while (take_line(&c, &line) && text_is_utf8(line))
		off = c.off;
	return xmlspan_refuse(e, src, off, "this line is not valid UTF-8");
}

/* A piece at a time: in one, libxml2 would copy the file. */
static void
feed(struct reading *r)
{
	struct text all = r->src->bytes;

	for (size_t off = 0; off < all.len && !r->failed;) {
		size_t n = all.len - off < PIECE ? all.len - off : PIECE;
		xmlParseChunk(r->parser, all.at + off, (int)n, 0);
		off += n;
	}
	if (!r->failed)
		xmlParseChunk(r->parser, NULL, 0, 1);
}

int
xmlspan_read(
	const struct source *src, const struct xml_handler *h, void *arg, struct err *e)
{
	struct reading r = {.src = src, .handler = h, .arg = arg, .e = e};
	xmlSAXHandler callbacks = {.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.getEntity = on_entity,
		.reference = on_reference,
		.startElementNs = on_begin,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.comment = on_comment,
		.processingInstruction = on_instruction,
		.serror = on_error};

	if (check_bytes(src, e) < 0)
		return -1;
	xmlInitParser();
	r.parser = xmlCreatePushParserCtxt(&callbacks, &r, NULL, 0, NULL);
	if (r.parser == NULL)
		return err_set(e, ERR_INTERNAL, "", "%s: not enough memory", src->path);
	xmlCtxtUseOptions(r.parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	buf_init(&r.text, XMLSPAN_TEXT);
	buf_init(&r.plain, XMLSPAN_TEXT);
	feed(&r);
	if (!r.failed && (!r.parser->wellFormed || r.depth != 0))
		refuse(&r, here(&r), "not well-formed XML");
	xmlFreeParserCtxt(r.parser);
	buf_release(&r.text);
	buf_release(&r.plain);
	return r.failed ? -1 : 0;
}
