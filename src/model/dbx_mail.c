/*
 * Of a message's record (Microsoft's "Windows Mail Database Reference"; looked up in a
 * store of 2002 that holds such UIDLs) these columns:
 *
 *     0x04 where its text begins   0x11 the length of that    0x16 POP3UIDL
 *     0x0c SERVER                  0x1b ACCOUNTID
 *
 * The text is a chain of blocks: the block's own place, 0x200, how much of that is in use,
 * the next block, and the bytes. They are what the server sent, with CRLF.
 */
#include "model/dbx_mail.h"

#include <stdlib.h>

#include "base/arena.h"
#include "model/dbx.h"

enum column { TEXT = 0x04, SERVER = 0x0c, SIZE = 0x11, UIDL = 0x16, ACCOUNTID = 0x1b };

#define BLOCK	   0x210u
#define BLOCK_HEAD 0x10u
/* As over POP3 (pop3_top.c): a longer line costs the digest. */
#define LINE_MAX_BYTES ((size_t)16 << 20)

struct records {
	size_t n, next;
	uint32_t at[];
};

struct nodes {
	uint32_t *at;
	size_t n, cap;
};

static void
add_word(struct nodes *to, uint32_t word)
{
	to->at = array_grow(to->at, &to->cap, to->n + 1, sizeof(*to->at));
	to->at[to->n++] = word;
}

/* The node's records, and its children to come. */
static int
read_node(struct local_file *f, uint32_t off, struct nodes *nodes, struct nodes *records,
	struct err *e)
{
	struct dbx_node node;
	struct text t;

	if (local_bytes(f, off, DBX_NODE, &t, e) < 0)
		return -1;
	if (dbx_node_take(t, off, &node) != NULL)
		return 0;
	if (node.left != 0)
		add_word(nodes, node.left);
	for (size_t k = 0; k < node.n; k++) {
		struct dbx_entry entry = dbx_entry_at(&node, k);
		add_word(records, entry.record);
		if (entry.child != 0)
			add_word(nodes, entry.child);
	}
	return 0;
}

/* All records, in the order of the file, so that it is read once from start to end. A tree
 * with a loop is followed no further than there is room for nodes. */
static int
find_records(struct local_file *f, struct err *e)
{
	struct nodes nodes = {0}, records = {0};
	uint64_t most = f->size / DBX_NODE;
	struct records *to;
	struct text t;
	int rc = 0;

	if (local_bytes(f, 0, DBX_HEADER, &t, e) < 0)
		return -1;
	if (t.len >= DBX_HEADER && dbx_kind_of(t) == DBX_MESSAGES &&
		dbx_word(t, DBX_ROOTS) != 0)
		add_word(&nodes, dbx_word(t, DBX_ROOTS));
	for (size_t i = 0; rc == 0 && i < nodes.n && i < most; i++)
		rc = read_node(f, nodes.at[i], &nodes, &records, e);
	if (records.n > 0)
		qsort(records.at, records.n, sizeof(*records.at), dbx_by_place);
	to = f->state = must_alloc(sizeof(*to) + records.n * sizeof(*to->at));
	for (size_t i = 0; i < records.n; i++)
		if (i == 0 || records.at[i] != records.at[i - 1])
			to->at[to->n++] = records.at[i];
	free(nodes.at);
	free(records.at);
	return rc;
}

static int
begin(struct local_file *f, struct err *e)
{
	struct records *one;

	if (f->off == 0)
		return find_records(f, e);
	if (f->off > UINT32_MAX)
		return err_set(e, ERR_INTERNAL, "", "%s: no record is there", f->path);
	one = f->state = must_alloc(sizeof(*one) + sizeof(*one->at));
	one->n = 1;
	one->at[0] = (uint32_t)f->off;
	return 0;
}

/* The lines of a text that comes in pieces. */
struct lines {
	const struct local_sink *sink;
	struct buf rest;   /* of a line that is not over */
	bool in_body, cut; /* cut: a line was too long to be held */
	uint64_t bytes;
};

static void
end_line(struct lines *l, struct text line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	l->sink->line(l->sink->arg, line);
	l->in_body = l->in_body || line.len == 0;
}

static void
take_piece(struct lines *l, struct text t)
{
	l->bytes += t.len;
	while (t.len > 0 && !(l->in_body && l->sink->headers_only)) {
		size_t n = text_find(t, '\n');
		struct text part = {t.at, n};

		if (n == t.len || l->rest.len > 0)
			buf_add(&l->rest, part);
		if (n < t.len) {
			l->cut = l->cut || l->rest.full;
			end_line(l, l->rest.len > 0 ? buf_text(&l->rest) : part);
			buf_clear(&l->rest);
			n++;
		}
		t = (struct text){t.at + n, t.len - n};
	}
}

/* Up to the end of the chain, or of the header where that is all that is wanted; *whole
 * is whether all of it was there. */
static int
read_text(struct local_file *f, struct lines *l, uint32_t off, bool *whole, struct err *e)
{
	uint64_t most = f->size / BLOCK + 1;
	struct text t;

	*whole = off != 0;
	while (off != 0) {
		if (local_bytes(f, off, BLOCK, &t, e) < 0)
			return -1;
		uint32_t used = dbx_word(t, 8);
		if (t.len < BLOCK || dbx_word(t, 0) != off || used > BLOCK - BLOCK_HEAD ||
			most-- == 0) {
			*whole = false;
			break;
		}
		off = dbx_word(t, 12);
		take_piece(l, (struct text){t.at + BLOCK_HEAD, used});
		if (l->in_body && l->sink->headers_only)
			return 0;
	}
	if (*whole && l->rest.len > 0) {
		l->cut = l->cut || l->rest.full;
		end_line(l, buf_text(&l->rest));
	}
	return 0;
}

static int
tell(struct local_file *f, const struct local_sink *sink, uint32_t text, uint32_t size,
	struct err *e)
{
	struct lines l = {.sink = sink};
	enum local_known known = LOCAL_NOTHING;
	bool whole;
	int rc;

	buf_init(&l.rest, LINE_MAX_BYTES);
	rc = read_text(f, &l, text, &whole, e);
	/* Not wholly there, or not what the record says: the header may be, for all that. */
	if (!l.cut && l.in_body)
		known = LOCAL_HEADER;
	if (!l.cut && whole && l.bytes == size && !sink->headers_only)
		known = LOCAL_ALL;
	buf_release(&l.rest);
	return rc < 0 ? -1 : sink->end(sink->arg, known, e);
}

static struct text
string_of(const struct dbx_record *r, enum column column)
{
	struct text t = {"", 0};
	struct dbx_value v;

	if (!dbx_column(r, column, &v) || !dbx_string(&v, &t))
		t.len = 0;
	return t;
}

void
dbx_mail_key(struct text server, struct text account_id, struct buf *key)
{
	buf_add(key, account_id);
	buf_byte(key, '@');
	buf_add(key, server);
}

static bool
is_of_account(const struct dbx_record *r, struct text key)
{
	struct text id = string_of(r, ACCOUNTID), server = string_of(r, SERVER);

	return key.len == 0 ||
	       (key.len == id.len + 1 + server.len && key.at[id.len] == '@' &&
		       text_equal((struct text){key.at, id.len}, id) &&
		       text_equal_nocase(
			       (struct text){key.at + id.len + 1, server.len}, server));
}

/* The record is done with before anything else is read: its bytes are in the window. */
static int
read_record(struct local_file *f, const struct local_sink *sink, uint32_t off, bool *told,
	struct err *e)
{
	struct local_message m = {.at = off};
	struct dbx_value text = {0}, size = {0};
	struct dbx_record r;
	struct text t;
	size_t at;

	if (local_bytes(f, off, DBX_RECORD_HEAD, &t, e) < 0)
		return -1;
	uint32_t len = dbx_word(t, 4);
	if (t.len < DBX_RECORD_HEAD || len > DBX_RECORDS_SEGMENT)
		return 0;
	if (local_bytes(f, off, DBX_RECORD_HEAD + len, &t, e) < 0)
		return -1;
	if (dbx_record_take(t, off, &r, &at) != NULL)
		return 0;
	m.uidl = string_of(&r, UIDL);
	*told = m.uidl.len > 0 && is_of_account(&r, f->key);
	dbx_column(&r, TEXT, &text);
	dbx_column(&r, SIZE, &size);
	if (!*told)
		return 0;
	bool wanted = true;
	if (sink->begin(sink->arg, &m, &wanted, e) < 0)
		return -1;
	return wanted ? tell(f, sink, text.number, size.number, e) : 0;
}

int
dbx_local(struct local_file *f, const struct local_sink *sink, struct err *e)
{
	bool told = false;

	if (f->state == NULL && begin(f, e) < 0)
		return -1;
	struct records *r = f->state;
	while (r->next < r->n && !told) {
		f->off = r->at[r->next++];
		if (read_record(f, sink, (uint32_t)f->off, &told, e) < 0)
			return -1;
	}
	f->done = r->next == r->n;
	return 0;
}
