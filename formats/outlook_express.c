/*
 * Pop3uidl.dbx of Outlook Express 5 and 6 (model/pop3uidl.h). A new UIDL has another place
 * in its tree, so the file is built anew, with the records in their order. The server is
 * part of the key, so a record may move to the new one by itself; one that stays with the
 * old one can hide no message of the new one.
 */
#include "base/arena.h"
#include "model/dbx_mail.h"
#include "model/format.h"
#include "model/pop3uidl.h"

#include <stdlib.h>

/* Windows 2000 and XP, and 9x; their names for the folders differ with the language. */
static const char *const places[] = {
	"*/*/Identities/*/Microsoft/Outlook Express/Pop3uidl.dbx",
	"*/*/Identities/*/Microsoft/Outlook Express/pop3uidl.dbx",
	"*/Identities/*/Microsoft/Outlook Express/Pop3uidl.dbx",
	"*/Identities/*/Microsoft/Outlook Express/pop3uidl.dbx",
	NULL,
};

/* Beside Pop3uidl.dbx; what is no message store of them is passed over. */
static const struct local_place local_places[] = {{"*.dbx", false}, {NULL, false}};

static bool
outlook_express_mail(const char *store_path, const struct account *account,
	struct arena *a, struct local_mail *out)
{
	struct text folder = text_of(store_path);
	struct buf key;

	while (folder.len > 0 && folder.at[folder.len - 1] != '/')
		folder.len--;
	buf_init(&key, SOURCE_MAX);
	dbx_mail_key(account->host.text, account->user.text, &key);
	out->key = arena_text(a, buf_text(&key));
	out->folders = arena_alloc(a, sizeof(*out->folders));
	out->folders[0] = arena_text(a, folder.len > 0 ? folder : text_of("."));
	out->nfolders = 1;
	buf_release(&key);
	return true;
}

static int
outlook_express_probe(const struct source *src)
{
	switch (dbx_kind_of(src->bytes)) {
	case DBX_NOT:
		return PROBE_NO;
	case DBX_POP3UIDL:
		return PROBE_CONTENT | PROBE_MAGIC;
	default:
		/* Of its own folder, and nobody else's: refused in words wherever it
		 * lies. */
		return PROBE_MAGIC | PROBE_PATH;
	}
}

/* Seconds since 1970; 0 if it is not a time of this age. */
static uint32_t
seconds_of(uint64_t filetime)
{
	uint64_t since_1601 = filetime / 10000000, to_1970 = 11644473600u;

	if (since_1601 < to_1970 || since_1601 - to_1970 > UINT32_MAX)
		return 0;
	return (uint32_t)(since_1601 - to_1970);
}

/* Server and account id stand side by side in each record; equal bytes, one account. The
 * id is what tells accounts apart that have one server; the user's name is not there. */
static int
account_of(struct store *s, const struct pop3uidl *entry, uint32_t *index, struct err *e)
{
	const char *end = entry->id.len > 0 ? entry->id.at + entry->id.len
					    : entry->server.at + entry->server.len;
	const struct text both = {entry->server.at, (size_t)(end - entry->server.at)};

	return store_account_of(s,
		(struct account){
			.host = {entry->server, {0, 0}},
			.user = {entry->id, {0, 0}},
			.prefix = store_span(s, both),
		},
		index, e);
}

static int
add_record(struct store *s, uint32_t off, struct err *e)
{
	struct dbx_record block;
	struct pop3uidl entry;

	if (pop3uidl_take(s->source, off, &block, &entry, e) < 0)
		return -1;
	struct record r = {
		.uidl = entry.uidl.at,
		.uidl_len = (uint32_t)entry.uidl.len,
		.at = store_span(s, entry.uidl),
		.whole = {off, block.size},
		.time = seconds_of(entry.time),
		/* Neither: the client knows of the message and has not got it. */
		.state = entry.deleted	    ? RECORD_DELETE
			 : entry.downloaded ? RECORD_KNOWN
					    : RECORD_PARTIAL,
		.status = '-',
	};
	if (account_of(s, &entry, &r.account, e) < 0)
		return -1;
	return store_add_record(s, r, e);
}

static int
outlook_express_read(struct store *s, struct err *e)
{
	struct dbx_tree tree;
	int rc = 0;

	s->server_in_records = true;
	if (pop3uidl_open(s->source, &tree, e) < 0)
		return -1;
	for (size_t i = 0; i < tree.nrecords && rc == 0; i++)
		rc = add_record(s, tree.records[i], e);
	dbx_tree_release(&tree);
	return rc;
}

/* The file's bytes that do not say where things are. */
static const struct span kept[] = {
	{0, DBX_RECORDS},
	{DBX_TEXTS, DBX_FREE_NODES - DBX_TEXTS},
	{DBX_UNKNOWN, DBX_ALLOCATED - DBX_UNKNOWN},
	{DBX_FREED + 4, DBX_END - DBX_FREED - 4},
	{DBX_INDEXES, DBX_ROOTS - DBX_INDEXES},
	{DBX_ROOTS + 4, DBX_LIVE - DBX_ROOTS - 4},
	{DBX_LIVE + 4, DBX_LIVE_NODES - DBX_LIVE - 4},
	{DBX_LIVE_NODES + 4, DBX_FREE_BLOCKS - DBX_LIVE_NODES - 4},
	{DBX_INDEX, DBX_HEADER - DBX_INDEX},
};

/* How often it was written, and the columns but for the UIDL and the server's name, which
 * are verified with the record. */
static void
dump_record(const struct dbx_record *r, struct buf *out)
{
	buf_byte(out, (char)r->version);
	buf_byte(out, (char)r->n);
	for (size_t i = 0; i < r->n; i++) {
		struct dbx_value v = dbx_value_at(r, i);
		struct text t = {v.bytes.at, 8};
		char number[4];

		buf_byte(out, (char)v.column);
		dbx_put(number, v.number);
		if (v.column == POP3UIDL_ACCOUNT)
			dbx_string(&v, &t);
		if (v.direct)
			buf_add(out, (struct text){number, sizeof(number)});
		else if (v.column == POP3UIDL_ACCOUNT || v.column == POP3UIDL_TIME)
			buf_add(out, t);
	}
}

static int
outlook_express_dump(const struct source *src, struct buf *out, struct err *e)
{
	struct dbx_tree tree;
	struct dbx_record r;
	struct pop3uidl entry;
	int rc = 0;

	if (pop3uidl_open(src, &tree, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		buf_add(out, (struct text){src->bytes.at + kept[i].off, kept[i].len});
	for (size_t i = 0; i < tree.nrecords && rc == 0; i++) {
		rc = pop3uidl_take(src, tree.records[i], &r, &entry, e);
		if (rc == 0)
			dump_record(&r, out);
	}
	dbx_tree_release(&tree);
	return rc;
}

/* The file to be: what its records will say, and where they will lie. */
struct rewrite {
	const struct store *s;
	const struct edit **of_record, **of_server;
	struct dbx_build build;
	struct buf entries, data; /* of one record */
	struct keyed {
		struct pop3uidl key;
		uint32_t off;
	} * keyed;
};

static int
sort_edits(struct rewrite *w, const struct edit *edits, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct text to = edit_text(&edits[i]);

		if (to.len == 0 || !pop3uidl_has_known_order(to) ||
			text_find(to, ' ') < to.len) {
			char shown[120];
			return err_set(e, ERR_DATA, "format",
				"%s: \"%s\" cannot be written there as a %s: want "
				"printable ASCII without blanks",
				w->s->source->path, text_escape(to, shown, sizeof(shown)),
				edits[i].what == EDIT_UIDL ? "UIDL" : "server");
		}
		if (edits[i].what == EDIT_UIDL)
			w->of_record[edits[i].index] = &edits[i];
		else
			w->of_server[edits[i].index] = &edits[i];
	}
	return 0;
}

static struct text
value_bytes(const struct dbx_value *v, const struct pop3uidl *entry)
{
	switch (v->column) {
	case POP3UIDL_UIDL:
		return entry->uidl;
	case POP3UIDL_SERVER:
		return entry->server;
	case POP3UIDL_ACCOUNT:
		return entry->id;
	default:
		return (struct text){v->bytes.at, 8};
	}
}

/* The record's columns again, with the strings of the entry. */
static void
lay_out(struct rewrite *w, const struct dbx_record *r, const struct pop3uidl *entry)
{
	char word[4];

	buf_clear(&w->entries);
	buf_clear(&w->data);
	for (size_t i = 0; i < r->n; i++) {
		struct dbx_value v = dbx_value_at(r, i);
		uint32_t off = (uint32_t)w->data.len;

		dbx_put(word, v.direct ? v.column | DBX_DIRECT | v.number << 8
				       : v.column | off << 8);
		buf_add(&w->entries, (struct text){word, sizeof(word)});
		if (v.direct)
			continue;
		buf_add(&w->data, value_bytes(&v, entry));
		if (v.column != POP3UIDL_TIME)
			buf_byte(&w->data, '\0');
	}
}

static int
write_record(struct rewrite *w, size_t i, struct err *e)
{
	struct span was = store_record(w->s, i).whole;
	struct keyed *to = &w->keyed[i];
	struct dbx_record r;

	if (pop3uidl_take(w->s->source, was.off, &r, &to->key, e) < 0)
		return -1;
	if (w->of_record[i] != NULL)
		to->key.uidl = edit_text(w->of_record[i]);
	if (w->of_server[i] != NULL)
		to->key.server = edit_text(w->of_server[i]);
	lay_out(w, &r, &to->key);
	r.entries = buf_text(&w->entries);
	r.data = buf_text(&w->data);
	if (!w->entries.full && !w->data.full &&
		dbx_build_record(&w->build, &r, &to->off) == 0)
		return 0;
	return err_at_byte(e, w->s->source, was.off,
		"the new UIDL or server is too long for this record");
}

static int
by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return pop3uidl_compare(&x->key, &y->key);
}

static int
write_tree(struct rewrite *w, struct err *e)
{
	size_t n = w->s->nrecords;
	uint32_t *records = must_alloc(n * sizeof(*records) + 1);
	int rc = 0;

	qsort(w->keyed, n, sizeof(*w->keyed), by_key);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct keyed *is = &w->keyed[i];
		char a[120], b[120];

		records[i] = is->off;
		if (i > 0 && pop3uidl_compare(&is[-1].key, &is->key) == 0)
			rc = err_set(e, ERR_DATA, "format",
				"%s: two records would have the UIDL %s of the server %s; "
				"Outlook Express keeps one of each",
				w->s->source->path,
				text_escape(is->key.uidl, a, sizeof(a)),
				text_escape(is->key.server, b, sizeof(b)));
	}
	if (rc == 0)
		dbx_build_finish(&w->build, records, n);
	free(records);
	return rc;
}

static int
outlook_express_write(const struct store *s, const struct edit *edits, size_t n,
	struct buf *out, struct err *e)
{
	struct rewrite w = {.s = s};
	struct arena a = {0};
	int rc;

	w.of_record = arena_alloc(&a, s->nrecords * sizeof(*w.of_record));
	w.of_server = arena_alloc(&a, s->nrecords * sizeof(*w.of_server));
	w.keyed = arena_alloc(&a, s->nrecords * sizeof(*w.keyed));
	buf_init(&w.entries, DBX_FREE_MAX);
	buf_init(&w.data, DBX_FREE_MAX);
	dbx_build_begin(&w.build, s->source->bytes, out);
	rc = sort_edits(&w, edits, n, e);
	for (size_t i = 0; i < s->nrecords && rc == 0; i++)
		rc = write_record(&w, i, e);
	if (rc == 0)
		rc = write_tree(&w, e);
	buf_release(&w.entries);
	buf_release(&w.data);
	arena_free(&a);
	return rc;
}

const struct format format_outlook_express = {
	.name = "outlook_express",
	.client = "Outlook Express 5, 6",
	.what = "Pop3uidl.dbx",
	.places = places,
	.probe = outlook_express_probe,
	.read = outlook_express_read,
	.write = outlook_express_write,
	.dump = outlook_express_dump,
	.mail_beside = outlook_express_mail,
	.local_places = local_places,
	.local = dbx_local,
};
