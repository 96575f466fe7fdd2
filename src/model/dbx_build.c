/*
 * A dbx file, built anew: no freed blocks but the rest of a segment that the next record
 * did not fit into; a tree of nodes that are between half and four fifths full, which
 * neither the next insertion nor the next deletion must reshape.
 */
#include "base/arena.h"
#include "model/dbx.h"

#include <stdlib.h>

#define NODE_MOST 50u /* whether Outlook Express fills the 51st place is not known */
#define NODE_FILL 40u
/* The file grows by such steps; the rest is zeroes. */
#define GROWTH 0x10000u

static void
zeroes(struct buf *out, size_t n)
{
	char *room = n > 0 ? buf_room(out, n) : NULL;

	if (room == NULL)
		return;
	memset(room, 0, n);
	out->len += n;
}

/* A word that is written already; nothing of a buffer that is full is used. */
static void
set(struct dbx_build *b, size_t off, uint32_t word)
{
	if (off + 4 <= b->out->len)
		dbx_put(b->out->at + off, word);
}

static uint32_t
get(const struct dbx_build *b, size_t off)
{
	return dbx_word(buf_text(b->out), off);
}

void
dbx_build_begin(struct dbx_build *b, struct text header, struct buf *out)
{
	static const uint32_t cleared[] = {DBX_RECORDS, DBX_RECORDS + 4, DBX_RECORDS + 8,
		DBX_NODES, DBX_NODES + 4, DBX_NODES + 8, DBX_FREE_NODES};

	*b = (struct dbx_build){.out = out};
	buf_add(out, (struct text){header.at, DBX_HEADER});
	for (size_t i = 0; i < sizeof(cleared) / sizeof(*cleared); i++)
		set(b, cleared[i], 0);
	for (uint32_t size = 0; size < DBX_FREE_MAX; size += 4)
		set(b, DBX_FREE_BLOCKS + size, 0);
}

/* A segment of zeroes at the end; where it begins. */
static uint32_t
add_segment(struct dbx_build *b, uint32_t length)
{
	uint32_t at = (uint32_t)b->out->len;

	zeroes(b->out, length);
	return at;
}

/* What is left of the last segment, for the client to use. */
static void
free_rest(struct dbx_build *b)
{
	uint32_t size = DBX_RECORDS_SEGMENT - b->used, off = b->segment + b->used;

	if (size < DBX_FREE_MIN || size >= DBX_FREE_MAX)
		return;
	set(b, off, off);
	set(b, off + 4, size - 0x14);
	set(b, off + 8, size);
	set(b, off + 16, get(b, DBX_FREE_BLOCKS + size));
	set(b, DBX_FREE_BLOCKS + size, off);
	b->free_bytes += size;
}

int
dbx_build_record(struct dbx_build *b, const struct dbx_record *r, uint32_t *off)
{
	uint32_t len = (uint32_t)(r->entries.len + r->data.len);
	uint32_t size = DBX_RECORD_HEAD + (len + 3) / 4 * 4;

	if (size >= DBX_FREE_MAX)
		return -1;
	if (b->segment == 0 || size > DBX_RECORDS_SEGMENT - b->used) {
		if (b->segment != 0)
			free_rest(b);
		b->segment = add_segment(b, DBX_RECORDS_SEGMENT);
		b->used = 0;
	}
	*off = b->segment + b->used;
	b->used += size;
	b->live += size;
	if (b->out->full)
		return 0;
	char *at = b->out->at + *off;
	dbx_put(at, *off);
	dbx_put(at + 4, size - DBX_RECORD_HEAD);
	at[10] = (char)r->n;
	at[11] = (char)r->version;
	memcpy(at + DBX_RECORD_HEAD, r->entries.at, r->entries.len);
	memcpy(at + DBX_RECORD_HEAD + r->entries.len, r->data.at, r->data.len);
	return 0;
}

static uint32_t
add_node(struct dbx_build *b)
{
	if (b->nodes_segment == 0 || DBX_NODE > DBX_NODES_SEGMENT - b->nodes_used) {
		b->nodes_segment = add_segment(b, DBX_NODES_SEGMENT);
		b->nodes_used = 0;
	}
	uint32_t off = b->nodes_segment + b->nodes_used;
	b->nodes_used += DBX_NODE;
	b->nnodes++;
	set(b, off, off);
	return off;
}

/* What a level hands to the one above: the records between its nodes, and the nodes,
 * which are one more. There are none below the lowest level. */
struct level {
	uint32_t *records, *nodes, *counts;
	size_t n;
};

/* Hang child `k` (0: the leftmost) of the level below under the node's place `k`. */
static void
hang(struct dbx_build *b, uint32_t node, size_t k, uint32_t child, uint32_t count)
{
	uint32_t at = k == 0 ? node + 8 : node + 0x18 + 12 * (uint32_t)(k - 1) + 4;

	set(b, at, child);
	set(b, k == 0 ? node + 0x14 : at + 4, count);
	set(b, child + 0xc, node);
	if (!b->out->full)
		b->out->at[child + 0x10] = (char)(k == 0 ? 0 : k - 1);
}

/* A node of n entries, from the record `from` of the level on; the records below it. */
static uint32_t
build_node(struct dbx_build *b, const struct level *l, size_t from, size_t n,
	uint32_t *count)
{
	uint32_t node = add_node(b);

	*count = (uint32_t)n;
	if (!b->out->full)
		b->out->at[node + 0x11] = (char)n;
	for (size_t k = 0; k < n; k++)
		set(b, node + 0x18 + 12 * (uint32_t)k, l->records[from + k]);
	for (size_t k = 0; l->nodes != NULL && k <= n; k++) {
		hang(b, node, k, l->nodes[from + k], l->counts[from + k]);
		*count += l->counts[from + k];
	}
	return node;
}

/* Share the level's records among nodes evenly, and one between any two nodes goes up. */
static void
build_level(struct dbx_build *b, const struct level *l, struct level *up)
{
	size_t nodes = (l->n + 1 + NODE_FILL) / (NODE_FILL + 1), from = 0;
	size_t share = (l->n - (nodes - 1)) / nodes, more = (l->n - (nodes - 1)) % nodes;

	*up = (struct level){.n = nodes - 1};
	up->records = must_alloc(nodes * sizeof(*up->records));
	up->nodes = must_alloc(nodes * sizeof(*up->nodes));
	up->counts = must_alloc(nodes * sizeof(*up->counts));
	for (size_t i = 0; i < nodes; i++) {
		size_t n = share + (i < more);
		up->nodes[i] = build_node(b, l, from, n, &up->counts[i]);
		from += n;
		if (i + 1 < nodes)
			up->records[i] = l->records[from++];
	}
}

static void
level_release(struct level *l)
{
	free(l->records);
	free(l->nodes);
	free(l->counts);
}

static uint32_t
build_tree(struct dbx_build *b, const uint32_t *records, size_t n)
{
	struct level l = {.n = n}, up;
	uint32_t root, count;

	if (n == 0)
		return 0;
	l.records = must_alloc(n * sizeof(*records));
	memcpy(l.records, records, n * sizeof(*records));
	while (l.n > NODE_MOST) {
		build_level(b, &l, &up);
		level_release(&l);
		l = up;
	}
	root = build_node(b, &l, 0, l.n, &count);
	level_release(&l);
	return root;
}

void
dbx_build_finish(struct dbx_build *b, const uint32_t *records, size_t n)
{
	uint32_t root = build_tree(b, records, n), nodes = b->nnodes * DBX_NODE;
	uint32_t end = (uint32_t)b->out->len;

	if (n > 0) {
		set(b, DBX_RECORDS, b->segment);
		set(b, DBX_RECORDS + 4, DBX_RECORDS_SEGMENT);
		set(b, DBX_RECORDS + 8, b->used);
		set(b, DBX_NODES, b->nodes_segment);
		set(b, DBX_NODES + 4, DBX_NODES_SEGMENT);
		set(b, DBX_NODES + 8, b->nodes_used);
	}
	set(b, DBX_FREED, b->free_bytes);
	set(b, DBX_ALLOCATED, b->live + nodes + b->free_bytes);
	set(b, DBX_LIVE, b->live);
	set(b, DBX_LIVE_NODES, nodes);
	set(b, DBX_COUNTS, (uint32_t)n);
	set(b, DBX_ROOTS, root);
	set(b, DBX_END, end);
	zeroes(b->out, (GROWTH - (end - DBX_HEADER) % GROWTH) % GROWTH);
}
