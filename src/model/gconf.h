/*
 * Lists of strings in GConf's XML files (markup-tree.c of GConf 2), each folder a file
 * %gconf.xml, or a whole tree in one %gconf-tree.xml:
 *
 *     <gconf>
 *       <dir name="apps"> …                            (of a tree only)
 *         <entry name="accounts" type="list" ltype="string">
 *           <li type="string"><stringvalue>one</stringvalue></li>
 *         </entry>
 *
 * libxml2 reads them: nothing is loaded from elsewhere, no entity is replaced, and a
 * document with a DTD of its own is refused.
 */
#ifndef MODEL_GCONF_H
#define MODEL_GCONF_H

#include <libxml/tree.h>

#include "base/arena.h"

struct gconf_list {
	struct text *at; /* in the arena */
	size_t n, cap;	 /* the caller frees `at` itself */
};

/* NULL if it is not a sound document, or not a harmless one. xmlFreeDoc() is the
 * caller's. */
xmlDoc *gconf_parse(struct text xml);
/* The attribute's value in the arena; len 0 if it is not there. */
struct text gconf_attribute(const xmlNode *n, const char *name, struct arena *a);
/* The element of that name below `n`, NULL: there is none. */
const xmlNode *gconf_child(const xmlNode *n, const char *name);
/* All that the element holds, in the arena. */
struct text gconf_content(const xmlNode *n, struct arena *a);

/* The strings of `entry`; `folder` is "apps/evolution/mail", in which it is looked for if
 * the file is a tree. */
void gconf_strings(struct text xml, const char *folder, const char *entry,
	struct arena *a, struct gconf_list *out);

#endif
