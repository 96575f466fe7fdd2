/*
 * The files of Outlook Express 5 and 6 (*.dbx), all of one engine: records in a tree.
 *
 *     0x0000  header: signature, class id, what is where, how many bytes of each kind
 *     0x24bc  user data (message stores and Folders.dbx have some)
 *     ...     segments of a fixed length: records and freed blocks; tree nodes; text
 *
 * Published by Arne Schloh and Zvonko Tesic ("Outlook Express dbx file format"), by
 * Microsoft ("Windows Mail Database Reference": columns, keys, versions), and read by
 * undbx; what those leave open was looked up in real files. All numbers are
 * little-endian, and each block begins with its own place in the file.
 *
 * Nothing here trusts a number of the file: a place is looked at before it is used, and
 * nothing is allocated by a count that stands there.
 */
#ifndef MODEL_DBX_H
#define MODEL_DBX_H

#include "base/buf.h"
#include "model/source.h"

#define DBX_HEADER  0x24bcu
#define DBX_NODE    0x27cu
#define DBX_ENTRIES 51u /* of a node at the most */
/* Lengths of segments. */
#define DBX_RECORDS_SEGMENT 0xc000u
#define DBX_NODES_SEGMENT   0x3e1cu
#define DBX_TEXT_SEGMENT    0xf780u
/* A block that is freed is cut from nothing smaller, and listed by its size below this. */
#define DBX_FREE_MIN 0x14u
#define DBX_FREE_MAX 0x2020u

/* Words of the header. */
enum dbx_header {
	DBX_SIGNATURE = 0x00,
	DBX_CLASS = 0x04,
	DBX_SCHEMA = 0x14,
	DBX_ENGINE = 0x18,
	DBX_USER_DATA = 0x1c,
	DBX_RECORDS = 0x24, /* the last such segment; its length; how much is in use */
	DBX_NODES = 0x30,
	DBX_TEXTS = 0x3c,
	DBX_FREE_TEXTS = 0x48,
	DBX_FREE_NODES = 0x4c,
	DBX_UNKNOWN = 0x50,
	DBX_ALLOCATED = 0x54,
	DBX_FREED = 0x58,
	DBX_PENDING = 0x68, /* five words: all 0 after a clean close */
	DBX_END = 0x7c,	    /* of all segments */
	DBX_INDEXES = 0x80,
	DBX_FILTERS = 0x84, /* eight words each, by index */
	DBX_COUNTS = 0xc4,
	DBX_ROOTS = 0xe4,
	DBX_LIVE = 0x27c,	 /* bytes of records, */
	DBX_LIVE_NODES = 0x28c,	 /* and of nodes; six words between them are others' */
	DBX_FREE_BLOCKS = 0x29c, /* + size: the first free block of exactly that size */
	DBX_INDEX = 0x22bc,	 /* 50 bytes an index: its keys */
};

#define DBX_INDEX_SIZE 50u

enum dbx_kind {
	DBX_NOT, /* no such file */
	DBX_MESSAGES,
	DBX_FOLDERS,
	DBX_POP3UIDL,
	DBX_OFFLINE,
	DBX_OTHER, /* of the engine, and of no class that is known */
};

/* The word at `off`; 0 if it is not wholly there. */
uint32_t dbx_word(struct text bytes, size_t off);
void dbx_put(char *at, uint32_t word);
enum dbx_kind dbx_kind_of(struct text bytes);
/* "a message store of Outlook Express (a folder of its mail)" */
const char *dbx_kind_words(enum dbx_kind kind);

struct dbx_record {
	uint32_t off, size; /* of the whole block */
	uint8_t n, version; /* columns; how often it was written */
	struct text entries, data;
};

/* A column's value: a number, or bytes up to the next value or the end of the block. */
struct dbx_value {
	uint8_t column;
	bool direct;
	bool last;	      /* of the bytes: zeroes may follow the value */
	uint32_t number, off; /* `off` in the data */
	struct text bytes;
};

#define DBX_RECORD_HEAD 12u
#define DBX_DIRECT	0x80u

/* A record, from the bytes that begin where the file's byte `off` is. Its columns ascend
 * and their values lie in it. Returns NULL, or what is wrong; `*at`: where, in the file. */
const char *
dbx_record_take(struct text bytes, uint32_t off, struct dbx_record *r, size_t *at);
/* The i-th of n. */
struct dbx_value dbx_value_at(const struct dbx_record *r, size_t i);
/* The value of a column; false if the record has none: 0, or no string. */
bool dbx_column(const struct dbx_record *r, unsigned column, struct dbx_value *v);
/* Up to the NUL; false if there is none. */
bool dbx_string(const struct dbx_value *v, struct text *string);

struct dbx_node {
	uint32_t off, left, parent, left_count;
	uint8_t position, n;
	struct text entries;
};

struct dbx_entry {
	uint32_t record, child, count; /* the child's keys are above the record's */
};

/* Returns NULL, or what is wrong. */
const char *dbx_node_take(struct text bytes, uint32_t off, struct dbx_node *node);
struct dbx_entry dbx_entry_at(const struct dbx_node *node, size_t k);

/* A tree, walked from a root: the places of its records in the order of their keys. */
struct dbx_tree {
	uint32_t *records, *nodes;
	size_t nrecords, nnodes, records_cap, nodes_cap;
};

/* All of the index, `root` and `count` as its header has them; `count`s must agree. */
int
dbx_walk(const struct source *src, unsigned index, struct dbx_tree *tree, struct err *e);
void dbx_tree_release(struct dbx_tree *tree);
int dbx_by_place(const void *a, const void *b); /* of uint32_t, for qsort() */

/*
 * Is a file with one index, no user data and no text what it should be, so that it may be
 * built anew? The header alone; then all blocks, of a tree that was walked: the sums of
 * the header, the lists of free blocks, that no two blocks overlap, and that each lies in
 * a segment of its kind.
 */
int dbx_check_header(const struct source *src, struct err *e);
int
dbx_check_blocks(const struct source *src, const struct dbx_tree *tree, struct err *e);

/*
 * Such a file, built anew: the header's bytes are the old one's but for what says where
 * things are. Records first, in the order in which they are to lie; then the tree.
 */
struct dbx_build {
	struct buf *out;
	uint32_t segment, used;	   /* of records: the last one; 0: none yet */
	uint32_t free_bytes, live; /* in blocks */
	uint32_t nodes_segment, nodes_used, nnodes;
};

void dbx_build_begin(struct dbx_build *b, struct text header, struct buf *out);
/* `entries` and `data` of a record; `*off`: where it lies. -1: it is too large. */
int dbx_build_record(struct dbx_build *b, const struct dbx_record *r, uint32_t *off);
/* `records`: their places in the order of their keys. */
void dbx_build_finish(struct dbx_build *b, const uint32_t *records, size_t n);

#endif
