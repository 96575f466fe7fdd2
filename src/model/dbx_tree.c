/*
 * A walk through a tree of a dbx file. It is a B-tree: inner nodes bear records, too.
 */
#include "base/arena.h"
#include "model/dbx.h"

#include <stdlib.h>

/* With 25 entries a node, which is half of what it holds, 8 levels are 10^12 records. */
#define LEVELS 12

struct walk {
	const struct source *src;
	struct dbx_tree *tree;
	size_t most; /* nodes that the file has room for */
	struct err *e;
};

static int walk_node(struct walk *w, uint32_t off, const struct dbx_node *parent,
	unsigned position, unsigned level);

/* The records of a child, which is there if it is said to have any. */
static int
walk_child(struct walk *w, uint32_t child, uint32_t count, const struct dbx_node *node,
	unsigned position, unsigned level)
{
	size_t before = w->tree->nrecords;

	if (child != 0 && walk_node(w, child, node, position, level + 1) < 0)
		return -1;
	if (w->tree->nrecords - before == count)
		return 0;
	return err_at_byte(w->e, w->src, node->off,
		"this node of the tree counts %lu records below its child %u, and there "
		"are %zu",
		(unsigned long)count, position, w->tree->nrecords - before);
}

static int
check_place(const struct walk *w, const struct dbx_node *node,
	const struct dbx_node *parent, unsigned position)
{
	uint32_t above = parent != NULL ? parent->off : 0;

	if (node->parent != above)
		return err_at_byte(w->e, w->src, (size_t)node->off + 0xc,
			"this node of the tree hangs below 0x%lx, and says 0x%lx",
			(unsigned long)above, (unsigned long)node->parent);
	if (node->position != position)
		return err_at_byte(w->e, w->src, (size_t)node->off + 0x10,
			"this node of the tree is its parent's child %u, and says %u",
			position, node->position);
	return 0;
}

static int
walk_node(struct walk *w, uint32_t off, const struct dbx_node *parent, unsigned position,
	unsigned level)
{
	struct text all = w->src->bytes;
	struct dbx_tree *t = w->tree;
	struct dbx_node node;
	const char *wrong;

	if (level == LEVELS || t->nnodes == w->most)
		return err_at_byte(
			w->e, w->src, off, "the tree does not end here: it has a loop");
	if (off > all.len)
		return err_at_byte(w->e, w->src, parent != NULL ? parent->off : DBX_ROOTS,
			"a node of the tree is said to be at 0x%lx, outside the file",
			(unsigned long)off);
	wrong = dbx_node_take((struct text){all.at + off, all.len - off}, off, &node);
	if (wrong != NULL)
		return err_at_byte(w->e, w->src, off, "%s", wrong);
	if (check_place(w, &node, parent, position) < 0)
		return -1;
	t->nodes = array_grow(t->nodes, &t->nodes_cap, t->nnodes + 1, sizeof(*t->nodes));
	t->nodes[t->nnodes++] = off;
	if (walk_child(w, node.left, node.left_count, &node, 0, level) < 0)
		return -1;
	for (unsigned k = 0; k < node.n; k++) {
		struct dbx_entry entry = dbx_entry_at(&node, k);

		t->records = array_grow(t->records, &t->records_cap, t->nrecords + 1,
			sizeof(*t->records));
		t->records[t->nrecords++] = entry.record;
		if (walk_child(w, entry.child, entry.count, &node, k, level) < 0)
			return -1;
	}
	return 0;
}

int
dbx_walk(const struct source *src, unsigned index, struct dbx_tree *tree, struct err *e)
{
	struct text all = src->bytes;
	uint32_t root = dbx_word(all, DBX_ROOTS + 4 * index);
	uint32_t count = dbx_word(all, DBX_COUNTS + 4 * index);
	struct walk w = {src, tree, all.len / DBX_NODE, e};

	*tree = (struct dbx_tree){0};
	if (root != 0 && walk_node(&w, root, NULL, 0, 0) < 0)
		return -1;
	if (tree->nrecords == count)
		return 0;
	return err_at_byte(e, src, DBX_COUNTS + 4 * index,
		"%lu records are counted here, and the tree has %zu",
		(unsigned long)count, tree->nrecords);
}

void
dbx_tree_release(struct dbx_tree *tree)
{
	free(tree->records);
	free(tree->nodes);
	*tree = (struct dbx_tree){0};
}

int
dbx_by_place(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}
