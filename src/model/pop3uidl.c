#include "model/pop3uidl.h"

#include <stdlib.h>

/* The three keys: columns 3, 4 and 5; 4: bytes, 5: bytes in any case. */
static const char index_of_keys[DBX_INDEX_SIZE] = {3, 0, POP3UIDL_UIDL, 4, 0, 0, 0, 0,
	POP3UIDL_SERVER, 5, 0, 0, 0, 0, POP3UIDL_ACCOUNT, 5};

bool
pop3uidl_has_known_order(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < ' ' || t.at[i] > '~')
			return false;
	return true;
}

/* A value ends where the next one begins; behind the last are up to three zeroes. */
static bool
is_whole(const struct dbx_value *v, size_t len)
{
	if (v->bytes.len < len || v->bytes.len - len > (v->last ? 3 : 0))
		return false;
	for (size_t i = len; i < v->bytes.len; i++)
		if (v->bytes.at[i] != '\0')
			return false;
	return true;
}

static const char *
take_time(const struct dbx_value *v, struct pop3uidl *entry)
{
	if (v->direct || !is_whole(v, 8))
		return "want 8 bytes of time";
	entry->time = v->number | (uint64_t)dbx_word(v->bytes, 4) << 32;
	return NULL;
}

static const char *
take_string(const struct dbx_value *v, struct pop3uidl *entry)
{
	struct text t;

	if (!dbx_string(v, &t) || !is_whole(v, t.len + 1))
		return "want a text that ends with a NUL in its record";
	if (!pop3uidl_has_known_order(t))
		return "a byte that is not printable ASCII: the order of such texts is "
		       "not known";
	*(v->column == POP3UIDL_UIDL	       ? &entry->uidl
		: v->column == POP3UIDL_SERVER ? &entry->server
					       : &entry->id) = t;
	return NULL;
}

static const char *
take_value(const struct dbx_value *v, struct pop3uidl *entry)
{
	switch (v->column) {
	case POP3UIDL_TIME:
		return take_time(v, entry);
	case POP3UIDL_DELETED:
	case POP3UIDL_DOWNLOADED:
		if (!v->direct || v->number > UINT8_MAX)
			return "want a number of one byte";
		*(v->column == POP3UIDL_DELETED ? &entry->deleted : &entry->downloaded) =
			v->number != 0;
		return NULL;
	case POP3UIDL_UIDL:
	case POP3UIDL_SERVER:
	case POP3UIDL_ACCOUNT:
		return take_string(v, entry);
	default:
		return "a column that Pop3uidl.dbx does not have";
	}
}

int
pop3uidl_take(const struct source *src, uint32_t off, struct dbx_record *r,
	struct pop3uidl *entry, struct err *e)
{
	struct text all = src->bytes;
	size_t at = off;
	const char *wrong;
	bool bytes = false;

	*entry = (struct pop3uidl){{"", 0}, {"", 0}, {"", 0}, 0, false, false};
	if (off > all.len)
		return err_at_byte(e, src, off, "a record lies outside the file");
	wrong = dbx_record_take((struct text){all.at + off, all.len - off}, off, r, &at);
	for (size_t i = 0; wrong == NULL && i < r->n; i++) {
		struct dbx_value v = dbx_value_at(r, i);

		at = off + DBX_RECORD_HEAD + 4 * i;
		if (!v.direct && !bytes && v.off != 0)
			wrong = "the first value does not begin where values begin";
		else
			wrong = take_value(&v, entry);
		bytes |= !v.direct;
	}
	at = wrong == NULL ? off : at;
	if (wrong == NULL && (entry->uidl.len == 0 || entry->server.len == 0))
		wrong = "a record without a UIDL or without a server";
	return wrong != NULL ? err_at_byte(e, src, at, "%s", wrong) : 0;
}

static int
compare_nocase(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++) {
		char x = a.at[i], y = b.at[i];
		x = (char)(x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x);
		y = (char)(y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

int
pop3uidl_compare(const struct pop3uidl *a, const struct pop3uidl *b)
{
	int c = text_compare(a->uidl, b->uidl);

	if (c == 0)
		c = compare_nocase(a->server, b->server);
	return c != 0 ? c : compare_nocase(a->id, b->id);
}

/* That the client's order is ours is inferred; its own file must bear it out. */
static int
check_order(const struct source *src, const struct dbx_tree *tree, struct err *e)
{
	struct pop3uidl before, now;
	struct dbx_record r;
	char a[120], b[120];

	for (size_t i = 0; i < tree->nrecords; i++, before = now) {
		if (pop3uidl_take(src, tree->records[i], &r, &now, e) < 0)
			return -1;
		if (i == 0 || pop3uidl_compare(&before, &now) < 0)
			continue;
		return err_at_byte(e, src, r.off,
			"this record (%s) stands behind %s, which is not the order in "
			"which records are known to stand; it is not safe to write this "
			"file",
			text_escape(now.uidl, b, sizeof(b)),
			text_escape(before.uidl, a, sizeof(a)));
	}
	return 0;
}

static int
check_file(const struct source *src, struct dbx_tree *tree, struct err *e)
{
	enum dbx_kind kind = dbx_kind_of(src->bytes);

	*tree = (struct dbx_tree){0};
	if (kind != DBX_POP3UIDL)
		return err_at_byte(e, src, 0,
			"this is %s; want Pop3uidl.dbx, its list of UIDLs, which lies in "
			"the same folder",
			dbx_kind_words(kind));
	if (dbx_check_header(src, e) < 0)
		return -1;
	if (memcmp(src->bytes.at + DBX_INDEX, index_of_keys, sizeof(index_of_keys)) != 0)
		return err_at_byte(e, src, DBX_INDEX,
			"its index is not by UIDL, server and account, as that of Outlook "
			"Express 6 is");
	if (dbx_walk(src, 0, tree, e) < 0 || check_order(src, tree, e) < 0)
		return -1;
	return dbx_check_blocks(src, tree, e);
}

int
pop3uidl_open(const struct source *src, struct dbx_tree *tree, struct err *e)
{
	if (check_file(src, tree, e) < 0) {
		dbx_tree_release(tree);
		return -1;
	}
	if (tree->nrecords > 0)
		qsort(tree->records, tree->nrecords, sizeof(*tree->records),
			dbx_by_place);
	return 0;
}
