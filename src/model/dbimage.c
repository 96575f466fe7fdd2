#include "model/dbimage.h"

#include <stdarg.h>
#include <stdio.h>

/* https://www.sqlite.org/fileformat2.html, "The Database Header" */
#define MAGIC	     "SQLite format 3" /* and its NUL */
#define HEADER	     100
#define PAGE_SIZE_AT 16
#define VERSIONS_AT  18
#define ENCODING_AT  56
#define WAL	     2

/* Instructions of SQLite's machine between two looks at the account, and how many there
 * may be: an integrity check takes less than one a byte. */
#define WORK_STEP  10000
#define WORK_LEAST ((uint64_t)10000000)
#define WORK_BYTE  60

bool
dbimage_is(struct text bytes)
{
	return bytes.len >= HEADER && memcmp(bytes.at, MAGIC, sizeof(MAGIC)) == 0;
}

static unsigned
byte_at(struct text t, size_t off)
{
	return (unsigned char)t.at[off];
}

static int
check_header(const struct source *src, struct err *e)
{
	struct text b = src->bytes;
	size_t page;

	if (!dbimage_is(b))
		return err_at_byte(
			e, src, 0, "want \"" MAGIC "\": not an SQLite database");
	page = byte_at(b, PAGE_SIZE_AT) << 8 | byte_at(b, PAGE_SIZE_AT + 1);
	if (page == 1)
		page = 65536;
	if (page < 512 || (page & (page - 1)) != 0)
		return err_at_byte(e, src, PAGE_SIZE_AT,
			"want a page size of 512 to 65536, there is %zu", page);
	if (b.len % page != 0)
		return err_at_byte(e, src, b.len,
			"want whole pages of %zu bytes: the file is not complete", page);
	for (size_t i = VERSIONS_AT; i < VERSIONS_AT + 2; i++)
		if (byte_at(b, i) < 1 || byte_at(b, i) > WAL)
			return err_at_byte(e, src, i,
				"want 1 or 2, there is %u: of a newer SQLite",
				byte_at(b, i));
	if (memcmp(b.at + ENCODING_AT, "\0\0\0\1", 4) != 0)
		return err_at_byte(e, src, ENCODING_AT, "want the encoding UTF-8 (1)");
	return 0;
}

static int
fail(struct dbimage *d, struct err *e)
{
	char says[200];

	if (sqlite3_errcode(d->db) == SQLITE_INTERRUPT)
		return err_set(e, ERR_DATA, "format",
			"%s: it keeps SQLite busy for longer than a database of its size may",
			d->source->path);
	return err_set(e, ERR_DATA, "format", "%s: SQLite says: %s", d->source->path,
		text_escape(text_of(sqlite3_errmsg(d->db)), says, sizeof(says)));
}

int
dbimage_refuse(struct err *e, const struct dbimage *d, const char *table, int64_t key,
	const char *fmt, ...)
{
	char what[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(e, ERR_DATA, "format", "%s: table %s, row %lld: %s",
		d->source->path, table, (long long)key, what);
}

static int
is_too_much(void *arg)
{
	struct dbimage *d = arg;

	if (d->work < WORK_STEP)
		return 1;
	d->work -= WORK_STEP;
	return 0;
}

static void
distrust(struct dbimage *d)
{
	static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA,
		SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
		SQLITE_DBCONFIG_ENABLE_FKEY};
	size_t len = d->source->bytes.len;

	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++)
		sqlite3_db_config(d->db, off[i], 0, (int *)NULL);
	sqlite3_limit(d->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(d->db, SQLITE_LIMIT_EXPR_DEPTH, 100);
	/* Nothing in it is longer than it, and a new UIDL is short. */
	sqlite3_limit(d->db, SQLITE_LIMIT_LENGTH, (int)len + (1 << 16));
	d->work = WORK_LEAST + WORK_BYTE * (uint64_t)len;
	sqlite3_progress_handler(d->db, WORK_STEP, is_too_much, d);
}

/* SQLite's B-tree code may look a few bytes past the end of a page that lies, and here it
 * reads pages where they are (https://www.sqlite.org/src, os_unix.c: nEofBuffer). */
#define BEHIND	   256
#define GROW_LEAST ((size_t)1 << 20)

/* To read, it takes pages where they lie, without a copy in a cache of its own. To edit, it
 * keeps no journal: whatever fails, the whole image is thrown away. */
static int
set_up(struct dbimage *d, struct err *e)
{
	static const char *const how[] = {
		"PRAGMA mmap_size = 2147418112", "PRAGMA journal_mode = OFF"};

	distrust(d);
	if (sqlite3_exec(d->db, how[d->out != NULL], NULL, NULL, NULL) != SQLITE_OK)
		return fail(d, e);
	/* Last, because it would not let the journal be off. */
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	return 0;
}

/* An image to read is SQLite's, which frees it, now or later. One to edit lies in `out`,
 * with room to grow: memory that is not touched costs nothing. */
static unsigned char *
image_room(struct dbimage *d, size_t more, size_t *room)
{
	size_t len = d->source->bytes.len;

	*room = len + BEHIND;
	if (d->out == NULL)
		return sqlite3_malloc64(*room);
	/* Pages that are split are half empty, and an index has each text once more. */
	*room = 2 * len + 4 * more + GROW_LEAST;
	if (d->out->max < *room)
		d->out->max = *room;
	return (unsigned char *)buf_room(d->out, *room);
}

static int
load(struct dbimage *d, size_t more, struct err *e)
{
	unsigned how = d->out != NULL ? 0
				      : SQLITE_DESERIALIZE_FREEONCLOSE |
						SQLITE_DESERIALIZE_READONLY;
	struct text b = d->source->bytes;
	size_t room;
	unsigned char *copy = image_room(d, more, &room);

	if (copy == NULL ||
		sqlite3_open_v2(":memory:", &d->db,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		if (d->out == NULL)
			sqlite3_free(copy);
		return err_set(
			e, ERR_INTERNAL, "", "%s: not enough memory", d->source->path);
	}
	os_large(copy, room);
	memcpy(copy, b.at, b.len);
	memset(copy + b.len, 0, BEHIND);
	memcpy(d->versions, b.at + VERSIONS_AT, sizeof(d->versions));
	memset(copy + VERSIONS_AT, 1, sizeof(d->versions));
	if (sqlite3_deserialize(d->db, "main", copy, (sqlite3_int64)b.len,
		    (sqlite3_int64)(d->out != NULL ? room : b.len), how) != SQLITE_OK)
		return fail(d, e);
	return set_up(d, e);
}

int
dbimage_prepare(struct dbimage *d, sqlite3_stmt **st, const char *query, struct err *e)
{
	if (sqlite3_prepare_v2(d->db, query, -1, st, NULL) == SQLITE_OK)
		return 0;
	return fail(d, e);
}

int
dbimage_step(struct dbimage *d, sqlite3_stmt *st, struct err *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(d, e);
	}
}

struct text
dbimage_text(sqlite3_stmt *st, int column)
{
	const char *at = sqlite3_column_blob(st, column);
	int len = sqlite3_column_bytes(st, column);

	return (struct text){at != NULL ? at : "", at != NULL ? (size_t)len : 0};
}

/* Each kind of damage by a row; "ok" if there is none. */
static int
check_integrity(struct dbimage *d, struct err *e)
{
	sqlite3_stmt *st = NULL;
	char says[200];
	int rc;

	if (dbimage_prepare(d, &st, "PRAGMA integrity_check(1)", e) < 0)
		return -1;
	rc = dbimage_step(d, st, e);
	if (rc > 0 && !text_equal(dbimage_text(st, 0), text_of("ok"))) {
		text_escape(dbimage_text(st, 0), says, sizeof(says));
		rc = err_set(e, ERR_DATA, "format",
			"%s: the database is damaged: SQLite says: %s", d->source->path,
			says);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

/* No page of its own, and yet a table. */
static int
check_virtual(struct dbimage *d, struct err *e)
{
	sqlite3_stmt *st = NULL;
	char name[100];
	int rc;

	if (dbimage_prepare(d, &st,
		    "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
		    "coalesce(rootpage, 0) = 0",
		    e) < 0)
		return -1;
	rc = dbimage_step(d, st, e);
	if (rc > 0)
		rc = err_set(e, ERR_DATA, "format",
			"%s: has a virtual table (%s), and a mail client's list has none",
			d->source->path,
			text_escape(dbimage_text(st, 0), name, sizeof(name)));
	sqlite3_finalize(st);
	return rc;
}

int
dbimage_open_again(struct dbimage *d, const struct source *src, struct err *e)
{
	*d = (struct dbimage){.source = src};
	return check_header(src, e) < 0 || load(d, 0, e) < 0 ? -1 : 0;
}

int
dbimage_open_to_edit(struct dbimage *d, const struct source *src, size_t more,
	struct buf *out, struct err *e)
{
	*d = (struct dbimage){.source = src, .out = out};
	return check_header(src, e) < 0 || load(d, more, e) < 0 ? -1 : 0;
}

int
dbimage_bytes(struct dbimage *d, struct err *e)
{
	sqlite3_int64 len = 0;
	unsigned char *bytes =
		sqlite3_serialize(d->db, "main", &len, SQLITE_SERIALIZE_NOCOPY);
	struct buf *out = d->out;

	if (bytes == NULL || bytes != (unsigned char *)out->at || len < HEADER ||
		(uint64_t)len > out->cap)
		return err_set(e, ERR_INTERNAL, "", "%s: SQLite gives no bytes",
			d->source->path);
	memcpy(bytes + VERSIONS_AT, d->versions, sizeof(d->versions));
	dbimage_close(d);
	out->len = (size_t)len;
	return 0;
}

int
dbimage_open(struct dbimage *d, const struct source *src, struct err *e)
{
	if (dbimage_open_again(d, src, e) < 0 || check_virtual(d, e) < 0)
		return -1;
	return check_integrity(d, e);
}

void
dbimage_close(struct dbimage *d)
{
	sqlite3_close(d->db);
	*d = (struct dbimage){0};
}
