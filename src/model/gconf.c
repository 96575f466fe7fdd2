#include "model/gconf.h"

#include <libxml/parser.h>
#include <limits.h>

xmlDoc *
gconf_parse(struct text xml)
{
	int how = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		  XML_PARSE_NOCDATA;

	if (xml.len == 0 || xml.len > INT_MAX)
		return NULL;
	xmlDoc *doc = xmlReadMemory(xml.at, (int)xml.len, NULL, NULL, how);
	if (doc != NULL && (doc->intSubset != NULL || doc->extSubset != NULL)) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

static bool
is_named(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, (const xmlChar *)name);
}

static struct text
keep(xmlChar *value, struct arena *a)
{
	struct text t = {"", 0};

	if (value != NULL)
		t = arena_text(a, text_of((const char *)value));
	xmlFree(value);
	return t;
}

struct text
gconf_attribute(const xmlNode *n, const char *name, struct arena *a)
{
	return keep(xmlGetNoNsProp((xmlNode *)n, (const xmlChar *)name), a);
}

struct text
gconf_content(const xmlNode *n, struct arena *a)
{
	return keep(xmlNodeGetContent((xmlNode *)n), a);
}

const xmlNode *
gconf_child(const xmlNode *n, const char *name)
{
	for (const xmlNode *c = n->children; c != NULL; c = c->next)
		if (is_named(c, name))
			return c;
	return NULL;
}

/* The child of that kind whose attribute `name` is that. */
static const xmlNode *
child_called(const xmlNode *n, const char *kind, struct text called, struct arena *a)
{
	for (const xmlNode *c = n->children; c != NULL; c = c->next)
		if (is_named(c, kind) &&
			text_equal(gconf_attribute(c, "name", a), called))
			return c;
	return NULL;
}

/* Down to the folder; a file of one folder has no such elements. */
static const xmlNode *
find_folder(const xmlNode *n, const char *folder, struct arena *a)
{
	struct cursor c = {text_of(folder), 0};
	struct text part;

	if (gconf_child(n, "dir") == NULL)
		return n;
	while (n != NULL && c.off < c.all.len) {
		if (!take_until(&c, '/', &part)) {
			part = (struct text){c.all.at + c.off, c.all.len - c.off};
			c.off = c.all.len;
		}
		n = child_called(n, "dir", part, a);
	}
	return n;
}

static void
add(struct gconf_list *l, struct text t)
{
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = t;
}

void
gconf_strings(struct text xml, const char *folder, const char *entry, struct arena *a,
	struct gconf_list *out)
{
	xmlDoc *doc = gconf_parse(xml);
	const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL, *n = NULL;

	if (root != NULL && is_named(root, "gconf"))
		n = find_folder(root, folder, a);
	if (n != NULL)
		n = child_called(n, "entry", text_of(entry), a);
	for (const xmlNode *c = n != NULL ? n->children : NULL; c != NULL; c = c->next) {
		const xmlNode *value =
			is_named(c, "li") ? gconf_child(c, "stringvalue") : NULL;
		if (value != NULL)
			add(out, gconf_content(value, a));
	}
	xmlFreeDoc(doc);
}
