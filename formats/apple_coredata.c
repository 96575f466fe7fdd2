/*
 * MessageUidsAlreadyDownloaded3 of Apple's Mail, Mac OS X 10.5 and later: an SQLite
 * database of Core Data's, one for all accounts.
 *
 *     CREATE TABLE ZACCOUNT ( Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER,
 *         ZACCOUNTID VARCHAR )
 *     CREATE TABLE ZSEENMESSAGE ( Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER,
 *         ZACCOUNT INTEGER, ZDATESEEN TIMESTAMP, ZMESSAGEID VARCHAR )
 *
 * ZMESSAGEID is the UIDL, ZACCOUNT the account's Z_PK (from a published widget that asks
 * the database for them). ZACCOUNTID is not USER@HOST but the account's uniqueId in
 * com.apple.mail.plist, or later the system's identifier of it: a UUID, which --account
 * names. ZDATESEEN is inferred, from Core Data's way to name things and to count seconds
 * since 2001; without it the time is unknown. All that is relied on is asked of the
 * file's own schema.
 */
#include "model/format.h"
#include "model/dbimage.h"

#include <stdlib.h>

#define NAME "MessageUidsAlreadyDownloaded3"

static const char *const places[] = {
	"Library/Mail/" NAME,		  /* 10.5, 10.6 */
	"Library/Mail/V*/MailData/" NAME, /* 10.7: V2 */
	NULL,
};

/* In WAL mode SQLite keeps a read lock on the file as long as it is open. */
static const struct client_lock locks[] = {
	{LOCK_PROCESS, "Mail"}, {LOCK_STORE, NULL}, {LOCK_NONE, NULL}};

static const struct dbimage_column account_columns[] = {
	{.name = "Z_PK", .type = "INTEGER", .key = true},
	{.name = "ZACCOUNTID", .type = "VARCHAR"},
	{.name = NULL},
};

enum { COLUMN_PK, COLUMN_ACCOUNT, COLUMN_UIDL, COLUMN_SEEN, COLUMNS };

static const struct dbimage_column seen_columns[] = {
	[COLUMN_PK] = {.name = "Z_PK", .type = "INTEGER", .key = true},
	[COLUMN_ACCOUNT] = {.name = "ZACCOUNT", .type = "INTEGER"},
	[COLUMN_UIDL] = {.name = "ZMESSAGEID", .type = "VARCHAR"},
	[COLUMN_SEEN] = {.name = "ZDATESEEN", .type = "TIMESTAMP", .optional = true},
	[COLUMNS] = {.name = NULL},
};

static const struct dbimage_place uidls = {"ZSEENMESSAGE", "Z_PK", "ZMESSAGEID"};

/* 2001-01-01 00:00:00 UTC */
#define CORE_DATA_EPOCH 978307200

static int
apple_coredata_probe(const struct source *src)
{
	static const char table[] = "ZSEENMESSAGE";
	struct cursor c = {src->bytes, 0};
	struct text skipped;

	if (!dbimage_is(src->bytes))
		return PROBE_NO;
	while (take_until(&c, table[0], &skipped))
		if (text_starts((struct text){c.all.at + c.off, c.all.len - c.off},
			    table + 1))
			return PROBE_CONTENT | PROBE_MAGIC;
	/* Its tables may still be in the -wal. */
	return PROBE_CONTENT;
}

/* The accounts' keys, which ascend; the n-th is the store's n-th account. */
struct keys {
	int64_t *at;
	size_t n, cap;
};

static int
read_accounts(struct store *s, struct dbimage *d, struct keys *keys, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (dbimage_check_table(d, "ZACCOUNT", account_columns, NULL, e) < 0 ||
		dbimage_prepare(d, &st,
			"SELECT Z_PK, ZACCOUNTID FROM ZACCOUNT ORDER BY Z_PK", e) < 0)
		return -1;
	while ((rc = dbimage_step(d, st, e)) > 0) {
		struct text id = dbimage_text(st, 1);

		keys->at =
			array_grow(keys->at, &keys->cap, keys->n + 1, sizeof(*keys->at));
		keys->at[keys->n++] = sqlite3_column_int64(st, 0);
		/* Nothing of it is the server's, so nothing of it is edited. */
		store_add_account(s, (struct account){
					     .host = {{"", 0}, {0, 0}},
					     .user = {arena_text(&s->arena, id), {0, 0}},
				     });
	}
	sqlite3_finalize(st);
	return rc;
}

static uint32_t
account_of(const struct keys *keys, int64_t key)
{
	size_t low = 0, high = keys->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (keys->at[middle] == key)
			return (uint32_t)middle;
		if (keys->at[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return STORE_NO_ACCOUNT;
}

static uint32_t
seconds_of(sqlite3_stmt *st, int column)
{
	double t;

	if (sqlite3_column_type(st, column) != SQLITE_INTEGER &&
		sqlite3_column_type(st, column) != SQLITE_FLOAT)
		return 0;
	t = sqlite3_column_double(st, column) + CORE_DATA_EPOCH;
	return t >= 1 && t < (double)UINT32_MAX ? (uint32_t)t : 0;
}

/* *is_record: it has a UIDL. */
static int
check_row(struct dbimage *d, sqlite3_stmt *st, bool *is_record, struct err *e)
{
	int64_t key = sqlite3_column_int64(st, COLUMN_PK);
	struct text uidl = dbimage_text(st, COLUMN_UIDL);
	int type = sqlite3_column_type(st, COLUMN_UIDL);

	*is_record = type == SQLITE_TEXT && uidl.len > 0;
	if (type != SQLITE_TEXT && type != SQLITE_NULL)
		return dbimage_refuse(
			e, d, uidls.table, key, "want a text as ZMESSAGEID");
	if (text_find(uidl, '\0') < uidl.len)
		return dbimage_refuse(e, d, uidls.table, key, "a NUL in its ZMESSAGEID");
	type = sqlite3_column_type(st, COLUMN_ACCOUNT);
	if (type != SQLITE_INTEGER && type != SQLITE_NULL)
		return dbimage_refuse(
			e, d, uidls.table, key, "want a number as ZACCOUNT");
	return 0;
}

/* Rows in the order of their keys; NULL in place of a time if there is no such column. */
static int
select_rows(struct dbimage *d, sqlite3_stmt **st, struct err *e)
{
	bool has[COLUMNS];

	if (dbimage_check_table(d, uidls.table, seen_columns, has, e) < 0)
		return -1;
	return dbimage_prepare(d, st,
		has[COLUMN_SEEN] ? "SELECT Z_PK, ZACCOUNT, ZMESSAGEID, ZDATESEEN FROM "
				   "ZSEENMESSAGE ORDER BY Z_PK"
				 : "SELECT Z_PK, ZACCOUNT, ZMESSAGEID, NULL FROM "
				   "ZSEENMESSAGE ORDER BY Z_PK",
		e);
}

/* A record has no place that could be spliced: its number, from 1, stands for one. While an
 * output is verified its record is not kept, so neither is its UIDL. */
static int
add_row(struct store *s, sqlite3_stmt *st, const struct keys *keys, uint32_t number,
	struct err *e)
{
	struct text read = dbimage_text(st, COLUMN_UIDL);
	struct text uidl = s->check != NULL ? read : arena_text(&s->arena, read);
	struct record r = {.uidl = uidl.at,
		.uidl_len = (uint32_t)uidl.len,
		.account = account_of(keys, sqlite3_column_int64(st, COLUMN_ACCOUNT)),
		.at = {number, 1},
		.whole = {number, 1},
		.time = seconds_of(st, COLUMN_SEEN),
		.status = '-'};

	if (sqlite3_column_type(st, COLUMN_ACCOUNT) == SQLITE_NULL)
		r.account = STORE_NO_ACCOUNT;
	return store_add_record(s, r, e);
}

static int
read_rows(struct store *s, struct dbimage *d, const struct keys *keys, struct err *e)
{
	sqlite3_stmt *st = NULL;
	size_t without = 0;
	uint32_t number = 0;
	bool is_record;
	int rc = select_rows(d, &st, e);

	while (rc == 0 && (rc = dbimage_step(d, st, e)) > 0) {
		rc = check_row(d, st, &is_record, e);
		if (rc == 0 && is_record)
			rc = add_row(s, st, keys, ++number, e);
		without += rc == 0 && !is_record;
	}
	sqlite3_finalize(st);
	if (rc == 0 && without > 0)
		store_note(s, "%zu of its rows have no UIDL", without);
	return rc;
}

static int
apple_coredata_read(struct store *s, struct err *e)
{
	struct keys keys = {0};
	struct dbimage d;
	int rc = dbimage_open(&d, s->source, e);

	if (rc == 0)
		rc = read_accounts(s, &d, &keys, e);
	if (rc == 0)
		rc = read_rows(s, &d, &keys, e);
	if (rc == 0)
		store_note(s,
			"its accounts bear Mail's own names for them: say which one "
			"is meant with --account, an @ at the end");
	dbimage_close(&d);
	free(keys.at);
	return rc;
}

/* The edits' records, counted as `read` counts them, are found by their keys. */
static int
find_keys(struct dbimage *d, const struct edit *edits, size_t n,
	struct dbimage_edit *found, struct err *e)
{
	sqlite3_stmt *st = NULL;
	size_t number = 0, k = 0;
	bool is_record;
	int rc = select_rows(d, &st, e);

	while (rc == 0 && k < n && (rc = dbimage_step(d, st, e)) > 0) {
		rc = check_row(d, st, &is_record, e);
		if (rc < 0 || !is_record || number++ != edits[k].index)
			continue;
		found[k] = (struct dbimage_edit){
			sqlite3_column_int64(st, COLUMN_PK), edit_text(&edits[k])};
		k++;
	}
	sqlite3_finalize(st);
	if (rc == 0 && k < n)
		return err_set(e, ERR_INTERNAL, "edit", "%s: edit of record %u, %s",
			d->source->path, (unsigned)edits[k].index,
			"which is not in the file");
	return rc;
}

static int
check_edits(const struct store *s, const struct edit *edits, size_t n, struct err *e)
{
	char shown[120];

	for (size_t i = 0; i < n; i++) {
		struct text to = edit_text(&edits[i]);
		if (to.len == 0 || text_find(to, '\0') < to.len)
			return err_set(e, ERR_DATA, "format",
				"%s: \"%s\" cannot be written there as a UIDL: it is "
				"empty, or has a NUL",
				s->source->path, text_escape(to, shown, sizeof(shown)));
	}
	return 0;
}

/* In the order of the records, for that is their place. */
static int
apple_coredata_write(const struct store *s, const struct edit *edits, size_t n,
	struct buf *out, struct err *e)
{
	struct dbimage_edit *found;
	struct dbimage d;
	size_t more = 0;
	int rc;

	if (check_edits(s, edits, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		more += edits[i].len;
	found = must_alloc(n * sizeof(*found) + 1);
	rc = dbimage_open_to_edit(&d, s->source, more, out, e);
	if (rc == 0)
		rc = find_keys(&d, edits, n, found, e);
	if (rc == 0)
		rc = dbimage_edit(&d, &uidls, found, n, e);
	if (rc == 0)
		rc = dbimage_bytes(&d, e);
	dbimage_close(&d);
	free(found);
	return rc;
}

static int
apple_coredata_dump(const struct source *src, struct buf *out, struct err *e)
{
	struct dbimage d;
	int rc = dbimage_open_again(&d, src, e);

	if (rc == 0)
		rc = dbimage_dump(&d, &uidls, out, e);
	dbimage_close(&d);
	return rc;
}

const struct format format_apple_coredata = {
	.name = "apple_coredata",
	.client = "Apple Mail (Mac OS X 10.5 and later)",
	.what = NAME,
	.places = places,
	.locks = locks,
	.sqlite = true,
	.probe = apple_coredata_probe,
	.read = apple_coredata_read,
	.write = apple_coredata_write,
	.dump = apple_coredata_dump,
};
