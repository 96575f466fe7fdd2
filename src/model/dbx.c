#include "model/dbx.h"

static const char signature[] = {'\xcf', '\xad', '\x12', '\xfe'};

static const struct {
	unsigned char id[16];
	const char *words;
} classes[] = {
	[DBX_MESSAGES] = {{0xc5, 0xfd, 0x74, 0x6f, 0x66, 0xe3, 0xd1, 0x11, 0x9a, 0x4e, 0,
				  0xc0, 0x4f, 0xa3, 0x09, 0xd4},
		"a message store of Outlook Express (a folder of its mail)"},
	[DBX_FOLDERS] = {{0xc6, 0xfd, 0x74, 0x6f, 0x66, 0xe3, 0xd1, 0x11, 0x9a, 0x4e, 0,
				 0xc0, 0x4f, 0xa3, 0x09, 0xd4},
		"Outlook Express's list of folders (Folders.dbx)"},
	[DBX_POP3UIDL] = {{0xc7, 0xfd, 0x74, 0x6f, 0x66, 0xe3, 0xd1, 0x11, 0x9a, 0x4e, 0,
				  0xc0, 0x4f, 0xa3, 0x09, 0xd4},
		"Outlook Express's list of UIDLs (Pop3uidl.dbx)"},
	[DBX_OFFLINE] = {{0x30, 0x9d, 0xfe, 0x26, 0x8f, 0x1a, 0xd2, 0x11, 0xaa, 0xbf, 0,
				 0x60, 0x97, 0xd4, 0x74, 0xc4},
		"Outlook Express's list of what it did offline (Offline.dbx)"},
};

uint32_t
dbx_word(struct text bytes, size_t off)
{
	const unsigned char *b = (const unsigned char *)bytes.at + off;

	if (off > bytes.len || bytes.len - off < 4)
		return 0;
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

void
dbx_put(char *at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(word >> 8 * i & 0xff);
}

enum dbx_kind
dbx_kind_of(struct text bytes)
{
	if (bytes.len < DBX_SCHEMA || memcmp(bytes.at, signature, sizeof(signature)) != 0)
		return DBX_NOT;
	for (unsigned k = DBX_MESSAGES; k < DBX_OTHER; k++)
		if (memcmp(bytes.at + DBX_CLASS, classes[k].id, 16) == 0)
			return (enum dbx_kind)k;
	return DBX_OTHER;
}

const char *
dbx_kind_words(enum dbx_kind kind)
{
	switch (kind) {
	case DBX_NOT:
		return "no file of Outlook Express 5 or 6";
	case DBX_OTHER:
		return "a file of Outlook Express of an unknown kind";
	default:
		return classes[kind].words;
	}
}

/* Of the values that are bytes, each begins behind the one before. */
static const char *
check_entries(const struct dbx_record *r, size_t *at)
{
	uint32_t off = 0;

	for (size_t i = 0; i < r->n; i++) {
		uint32_t entry = dbx_word(r->entries, 4 * i);

		*at = r->off + DBX_RECORD_HEAD + 4 * i;
		if (i > 0 && (entry & 0x7f) <= (dbx_word(r->entries, 4 * i - 4) & 0x7f))
			return "the columns of this record do not ascend";
		if (entry & DBX_DIRECT)
			continue;
		if (entry >> 8 < off || entry >> 8 >= r->data.len)
			return "this value lies outside its record";
		off = entry >> 8;
	}
	return NULL;
}

const char *
dbx_record_take(struct text bytes, uint32_t off, struct dbx_record *r, size_t *at)
{
	uint32_t len = dbx_word(bytes, 4);

	*at = off;
	*r = (struct dbx_record){.off = off};
	if (bytes.len < DBX_RECORD_HEAD || dbx_word(bytes, 0) != off)
		return "want a record, which begins with its own place in the file";
	r->n = (uint8_t)bytes.at[10];
	r->version = (uint8_t)bytes.at[11];
	*at = (size_t)off + 4;
	if (len % 4 != 0 || len < 4u * r->n || len > bytes.len - DBX_RECORD_HEAD)
		return "this record has a length that cannot be";
	r->size = DBX_RECORD_HEAD + len;
	r->entries = (struct text){bytes.at + DBX_RECORD_HEAD, 4u * r->n};
	r->data = (struct text){r->entries.at + r->entries.len, len - 4u * r->n};
	return check_entries(r, at);
}

struct dbx_value
dbx_value_at(const struct dbx_record *r, size_t i)
{
	uint32_t entry = dbx_word(r->entries, 4 * i), end = (uint32_t)r->data.len;
	struct dbx_value v = {.column = entry & 0x7f, .number = entry >> 8, .last = true};

	v.direct = (entry & DBX_DIRECT) != 0;
	if (v.direct)
		return v;
	for (size_t k = i + 1; k < r->n && v.last; k++) {
		uint32_t next = dbx_word(r->entries, 4 * k);
		if (next & DBX_DIRECT)
			continue;
		v.last = false;
		end = next >> 8;
	}
	v.off = entry >> 8;
	v.bytes = (struct text){r->data.at + v.off, end - v.off};
	v.number = dbx_word(v.bytes, 0);
	return v;
}

bool
dbx_column(const struct dbx_record *r, unsigned column, struct dbx_value *v)
{
	for (size_t i = 0; i < r->n; i++)
		if ((dbx_word(r->entries, 4 * i) & 0x7f) == column) {
			*v = dbx_value_at(r, i);
			return true;
		}
	return false;
}

bool
dbx_string(const struct dbx_value *v, struct text *string)
{
	size_t nul = text_find(v->bytes, '\0');

	*string = (struct text){v->bytes.at, nul};
	return !v->direct && nul < v->bytes.len;
}

const char *
dbx_node_take(struct text bytes, uint32_t off, struct dbx_node *node)
{
	*node = (struct dbx_node){.off = off};
	if (bytes.len < DBX_NODE || dbx_word(bytes, 0) != off)
		return "want a node of the tree, which begins with its own place in the "
		       "file";
	node->left = dbx_word(bytes, 8);
	node->parent = dbx_word(bytes, 0xc);
	node->position = (uint8_t)bytes.at[0x10];
	node->n = (uint8_t)bytes.at[0x11];
	node->left_count = dbx_word(bytes, 0x14);
	if (node->n > DBX_ENTRIES)
		return "this node of the tree has more entries than there is room for";
	node->entries = (struct text){bytes.at + 0x18, 12u * node->n};
	return NULL;
}

struct dbx_entry
dbx_entry_at(const struct dbx_node *node, size_t k)
{
	return (struct dbx_entry){dbx_word(node->entries, 12 * k),
		dbx_word(node->entries, 12 * k + 4), dbx_word(node->entries, 12 * k + 8)};
}
