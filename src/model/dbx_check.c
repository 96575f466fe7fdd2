/*
 * What must hold of a dbx file before, and after, it is built anew. Seen to hold on six
 * real files of Outlook Express: message stores, Folders.dbx, Offline.dbx.
 */
#include "base/arena.h"
#include "model/dbx.h"

#include <stdlib.h>

/* Words of the header that are known in such a file. */
static const struct {
	uint32_t off, n, want;
	const char *what;
} fixed[] = {
	{DBX_SCHEMA, 1, 5, "the version of its columns"},
	{DBX_ENGINE, 1, 5, "the version of the engine"},
	{DBX_USER_DATA, 1, 0, "the length of the user data"},
	{DBX_TEXTS, 3, 0, "a segment of text"},
	{DBX_FREE_TEXTS, 1, 0, "a list of free text"},
	{DBX_UNKNOWN, 1, 0, "a word of unknown meaning"},
	{DBX_PENDING, 5, 0, "unfinished work (start Outlook Express and close it again)"},
	{DBX_INDEXES, 1, 1, "the number of indexes"},
	{DBX_FILTERS, 8, 0, "the filter of an index"},
	{DBX_COUNTS + 4, 7, 0, "the records of another index"},
	{DBX_ROOTS + 4, 7, 0, "the root of another index"},
	{DBX_LIVE + 4, 3, 0, "the bytes of filters and transactions"},
	{DBX_LIVE_NODES + 4, 3, 0, "the bytes of text"},
};

/* "of a segment": its place, its length, how much is in use; all 0 if there is none. */
static int
check_segment(const struct source *src, uint32_t off, uint32_t length, struct err *e)
{
	uint32_t at = dbx_word(src->bytes, off), len = dbx_word(src->bytes, off + 4);
	uint32_t used = dbx_word(src->bytes, off + 8);
	uint32_t end = dbx_word(src->bytes, DBX_END);

	if (at == 0 && len == 0 && used == 0)
		return 0;
	if (len != length || used > len || at < DBX_HEADER || at > end || len > end - at)
		return err_at_byte(e, src, off,
			"want the place, the length 0x%lx and the use of a segment; there "
			"are 0x%lx, 0x%lx and 0x%lx",
			(unsigned long)length, (unsigned long)at, (unsigned long)len,
			(unsigned long)used);
	return 0;
}

int
dbx_check_header(const struct source *src, struct err *e)
{
	uint32_t end = dbx_word(src->bytes, DBX_END);

	if (src->bytes.len < DBX_HEADER)
		return err_at_byte(e, src, src->bytes.len,
			"the file ends in its header, of which there must be 0x%lx bytes",
			(unsigned long)DBX_HEADER);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		for (uint32_t k = 0; k < fixed[i].n; k++) {
			uint32_t is = dbx_word(src->bytes, fixed[i].off + 4 * k);
			if (is != fixed[i].want)
				return err_at_byte(e, src, fixed[i].off + 4 * k,
					"want %lu here, there is %lu: %s",
					(unsigned long)fixed[i].want, (unsigned long)is,
					fixed[i].what);
		}
	if (end < DBX_HEADER || end > src->bytes.len)
		return err_at_byte(e, src, DBX_END,
			"the segments are said to end at 0x%lx, and the file has 0x%zx "
			"bytes",
			(unsigned long)end, src->bytes.len);
	if (check_segment(src, DBX_RECORDS, DBX_RECORDS_SEGMENT, e) < 0)
		return -1;
	return check_segment(src, DBX_NODES, DBX_NODES_SEGMENT, e);
}

struct block {
	uint32_t off, size;
	bool node;
};

struct blocks {
	const struct source *src;
	struct block *at;
	size_t n, cap;
	uint64_t live, live_nodes, freed;
	struct err *e;
};

static int
add(struct blocks *b, uint32_t off, uint32_t size, bool node)
{
	uint32_t end = dbx_word(b->src->bytes, DBX_END);

	if (off < DBX_HEADER || off > end || size > end - off)
		return err_at_byte(
			b->e, b->src, off, "this block lies outside all segments");
	if (dbx_word(b->src->bytes, off) != off)
		return err_at_byte(b->e, b->src, off,
			"want a free block, which begins with its own place in the file");
	b->at = array_grow(b->at, &b->cap, b->n + 1, sizeof(*b->at));
	b->at[b->n++] = (struct block){off, size, node};
	return 0;
}

/* The free blocks from `head` on; each is at least 20 bytes, so of a list with a loop
 * there would be more than the file has room for. */
static int
add_free(struct blocks *b, size_t head, uint32_t size, bool node)
{
	struct text all = b->src->bytes;
	size_t most = b->n + all.len / size + 1;

	for (uint32_t off = dbx_word(all, head); off != 0;
		off = dbx_word(all, (size_t)off + 16)) {
		if (b->n > most)
			return err_at_byte(b->e, b->src, head,
				"the list of free blocks from here has a loop");
		if (add(b, off, size, node) < 0)
			return -1;
		if (!node && (dbx_word(all, (size_t)off + 8) != size ||
				     dbx_word(all, (size_t)off + 4) != size - 0x14))
			return err_at_byte(b->e, b->src, off,
				"want a free block of 0x%lx bytes", (unsigned long)size);
		b->freed += size;
	}
	return 0;
}

static int
add_all(struct blocks *b, const struct dbx_tree *tree)
{
	struct text all = b->src->bytes;

	for (size_t i = 0; i < tree->nrecords; i++) {
		uint32_t off = tree->records[i];
		uint32_t size = DBX_RECORD_HEAD + dbx_word(all, (size_t)off + 4);

		if (add(b, off, size, false) < 0)
			return -1;
		b->live += size;
	}
	for (size_t i = 0; i < tree->nnodes; i++)
		if (add(b, tree->nodes[i], DBX_NODE, true) < 0)
			return -1;
	b->live_nodes = (uint64_t)tree->nnodes * DBX_NODE;
	for (uint32_t size = DBX_FREE_MIN; size < DBX_FREE_MAX; size += 4)
		if (add_free(b, DBX_FREE_BLOCKS + size, size, false) < 0)
			return -1;
	return add_free(b, DBX_FREE_NODES, DBX_NODE, true);
}

static int
by_place(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static int
check_sum(const struct blocks *b, uint32_t off, uint64_t sum, const char *of)
{
	uint32_t said = dbx_word(b->src->bytes, off);

	if (said == sum)
		return 0;
	return err_at_byte(b->e, b->src, off,
		"%lu bytes of %s are counted here, and there are %llu",
		(unsigned long)said, of, (unsigned long long)sum);
}

/* The used part of the last segment of each kind ends with its last block. */
static int
check_used(const struct blocks *b, const struct block *last)
{
	uint32_t head = last->node ? DBX_NODES : DBX_RECORDS;
	uint32_t at = dbx_word(b->src->bytes, head);
	uint32_t used = dbx_word(b->src->bytes, head + 8);

	if (last->off < at || last->off + last->size - at == used)
		return 0;
	return err_at_byte(b->e, b->src, head + 8,
		"0x%lx bytes of the last segment are said to be in use, and they are "
		"0x%lx",
		(unsigned long)used, (unsigned long)(last->off + last->size - at));
}

/* One segment, from blocks[*i] on: it begins with a block, which says of what kind it
 * is, and all its blocks are of that kind and end within it. */
static int
check_one_segment(struct blocks *b, size_t *i, uint32_t *start)
{
	const struct block *first = &b->at[*i];
	uint32_t length = first->node ? DBX_NODES_SEGMENT : DBX_RECORDS_SEGMENT;
	uint32_t done = *start;

	if (first->off != *start)
		return err_at_byte(
			b->e, b->src, *start, "want a block at the start of a segment");
	for (; *i < b->n && b->at[*i].off - *start < length; (*i)++) {
		const struct block *x = &b->at[*i];

		if (x->off < done)
			return err_at_byte(
				b->e, b->src, x->off, "two blocks share their bytes");
		if (x->node != first->node || x->off - *start + x->size > length)
			return err_at_byte(b->e, b->src, x->off,
				"this block is not within a segment of its kind");
		done = x->off + x->size;
	}
	*start += length;
	return check_used(b, &b->at[*i - 1]);
}

static int
check_segments(struct blocks *b)
{
	uint32_t start = DBX_HEADER, end = dbx_word(b->src->bytes, DBX_END);
	size_t i = 0;

	if (b->n > 0)
		qsort(b->at, b->n, sizeof(*b->at), by_place);
	while (i < b->n)
		if (check_one_segment(b, &i, &start) < 0)
			return -1;
	if (start == end)
		return 0;
	return err_at_byte(b->e, b->src, DBX_END,
		"the segments are said to end at 0x%lx, and they end at 0x%lx",
		(unsigned long)end, (unsigned long)start);
}

int
dbx_check_blocks(const struct source *src, const struct dbx_tree *tree, struct err *e)
{
	struct blocks b = {.src = src, .e = e};
	int rc = add_all(&b, tree);

	if (rc == 0)
		rc = check_segments(&b);
	if (rc == 0)
		rc = check_sum(&b, DBX_LIVE, b.live, "records");
	if (rc == 0)
		rc = check_sum(&b, DBX_LIVE_NODES, b.live_nodes, "nodes");
	if (rc == 0)
		rc = check_sum(&b, DBX_FREED, b.freed, "free blocks");
	if (rc == 0)
		rc = check_sum(
			&b, DBX_ALLOCATED, b.live + b.live_nodes + b.freed, "all blocks");
	free(b.at);
	return rc;
}
