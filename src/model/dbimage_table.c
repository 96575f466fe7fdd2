/* What a table is like, and its rows: checked, edited, written down whole. */
#include "model/dbimage.h"

#include <stdarg.h>

/* A statement made of names, which SQLite's own %Q and %w quote; the compiler does not
 * know these. The caller finalizes. */
static int
prepare(struct dbimage *d, sqlite3_stmt **st, struct err *e, const char *fmt, ...)
{
	va_list args;
	char *query;
	int rc;

	*st = NULL;
	va_start(args, fmt);
	query = sqlite3_vmprintf(fmt, args);
	va_end(args);
	rc = query != NULL ? dbimage_prepare(d, st, query, e)
			   : err_set(e, ERR_INTERNAL, "", "%s: not enough memory",
				     d->source->path);
	sqlite3_free(query);
	return rc;
}

/* It is a table, and no trigger is on it. */
static int
check_kind(struct dbimage *d, const char *table, struct err *e)
{
	bool found = false, trigger = false;
	sqlite3_stmt *st;
	int rc;

	if (prepare(d, &st, e,
		    "SELECT type FROM sqlite_schema WHERE (type = 'table' AND name = "
		    "%Q COLLATE NOCASE) OR (type = 'trigger' AND tbl_name = %Q COLLATE "
		    "NOCASE)",
		    table, table) < 0)
		return -1;
	while ((rc = dbimage_step(d, st, e)) > 0)
		if (text_equal(dbimage_text(st, 0), text_of("table")))
			found = true;
		else
			trigger = true;
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	if (!found)
		return err_set(e, ERR_DATA, "format", "%s: has no table %s",
			d->source->path, table);
	if (trigger)
		return err_set(e, ERR_DATA, "format",
			"%s: a trigger on the table %s would run when it is changed",
			d->source->path, table);
	return 0;
}

/* PRAGMA table_xinfo: cid, name, type, notnull, default, pk, hidden. */
static int
check_column(struct dbimage *d, const char *table, const struct dbimage_column *c,
	sqlite3_stmt *st, struct err *e)
{
	struct text type = dbimage_text(st, 2);
	char shown[60];

	if (c->type != NULL && !text_equal_nocase(type, text_of(c->type)))
		return err_set(e, ERR_DATA, "format",
			"%s: want the column %s of the table %s to be %s, it is %s",
			d->source->path, c->name, table, c->type,
			text_escape(type, shown, sizeof(shown)));
	if (c->key != (sqlite3_column_int(st, 5) != 0) || sqlite3_column_int(st, 6) != 0)
		return err_set(e, ERR_DATA, "format",
			"%s: want the column %s of the table %s to be %s",
			d->source->path, c->name, table,
			c->key ? "its primary key" : "one like any other");
	return 0;
}

int
dbimage_check_table(struct dbimage *d, const char *table,
	const struct dbimage_column *columns, bool *has, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (check_kind(d, table, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && columns[i].name != NULL; i++) {
		bool found = false;

		if (prepare(d, &st, e, "PRAGMA table_xinfo(%Q)", table) < 0)
			return -1;
		while (!found && (rc = dbimage_step(d, st, e)) > 0)
			found = text_equal_nocase(
				dbimage_text(st, 1), text_of(columns[i].name));
		if (found)
			rc = check_column(d, table, &columns[i], st, e);
		else if (rc == 0 && !columns[i].optional)
			rc = err_set(e, ERR_DATA, "format",
				"%s: the table %s has no column %s", d->source->path,
				table, columns[i].name);
		if (has != NULL)
			has[i] = found;
		sqlite3_finalize(st);
	}
	return rc;
}

static int
exec(struct dbimage *d, const char *query, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = dbimage_prepare(d, &st, query, e);

	if (rc == 0)
		rc = dbimage_step(d, st, e);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

/* The edits, as SQL functions of a row's key: is there one, and what is the new value? */
struct editing {
	const struct dbimage_edit *at;
	size_t n, next; /* rows mostly come in the order of their keys */
	bool final;
};

/* NULL: there is none. */
static const struct dbimage_edit *
edit_of(struct editing *g, sqlite3_value *v)
{
	int64_t key = sqlite3_value_int64(v);
	size_t low = 0, high = g->n;

	if (g->next < g->n && g->at[g->next].key == key)
		return &g->at[g->next];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (g->at[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	g->next = low;
	return low < g->n && g->at[low].key == key ? &g->at[low] : NULL;
}

static void
has_edit(sqlite3_context *c, int n, sqlite3_value **args)
{
	(void)n;
	sqlite3_result_int(c, edit_of(sqlite3_user_data(c), args[0]) != NULL);
}

/* A stand-in is a blob, which equals no text, and they differ from each other. */
static void
new_value(sqlite3_context *c, int n, sqlite3_value **args)
{
	struct editing *g = sqlite3_user_data(c);
	const struct dbimage_edit *edit = edit_of(g, args[0]);
	char bytes[8];

	(void)n;
	if (edit == NULL) {
		sqlite3_result_error_code(c, SQLITE_INTERNAL);
		return;
	}
	g->next = (size_t)(edit - g->at) + 1;
	if (g->final) {
		sqlite3_result_text64(
			c, edit->to.at, edit->to.len, SQLITE_STATIC, SQLITE_UTF8);
		return;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)((uint64_t)edit->key >> (8 * i));
	sqlite3_result_blob(c, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

/* Each edit has had its row; else the sentence about the first that has none. */
static int
check_changes(struct dbimage *d, const struct dbimage_place *place,
	const struct editing *g, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if ((size_t)sqlite3_changes64(d->db) == g->n)
		return 0;
	rc = prepare(d, &st, e, "SELECT 1 FROM \"%w\" WHERE \"%w\" = ?1", place->table,
		place->key);
	for (size_t i = 0; rc == 0 && i < g->n; i++) {
		sqlite3_bind_int64(st, 1, g->at[i].key);
		rc = dbimage_step(d, st, e);
		if (rc == 0)
			rc = dbimage_refuse(e, d, place->table, g->at[i].key,
				"want one such row, there are 0");
		else if (rc > 0)
			rc = sqlite3_reset(st) == SQLITE_OK ? 0 : -1;
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1
		      : err_set(e, ERR_INTERNAL, "edit",
				"%s: its rows are not those of "
				"the edits",
				d->source->path);
}

static int
edit_rows(struct dbimage *d, const struct dbimage_place *place,
	const struct dbimage_edit *edits, size_t n, bool final, struct err *e)
{
	static const int how = SQLITE_UTF8 | SQLITE_DIRECTONLY;
	struct editing g = {edits, n, 0, final};
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_create_function(
		    d->db, "reuidl_has", 1, how, &g, has_edit, NULL, NULL) == SQLITE_OK &&
		sqlite3_create_function(d->db, "reuidl_new", 1, how, &g, new_value, NULL,
			NULL) == SQLITE_OK)
		rc = prepare(d, &st, e,
			"UPDATE \"%w\" NOT INDEXED SET \"%w\" = reuidl_new(\"%w\") WHERE "
			"reuidl_has(\"%w\")",
			place->table, place->column, place->key, place->key);
	else
		err_set(e, ERR_INTERNAL, "", "%s: not enough memory", d->source->path);
	if (rc == 0)
		rc = dbimage_step(d, st, e);
	sqlite3_finalize(st);
	return rc == 0 ? check_changes(d, place, &g, e) : -1;
}

/* Without an index of unique values no row is in the way of another. */
static int
may_collide(
	struct dbimage *d, const struct dbimage_place *place, bool *may, struct err *e)
{
	sqlite3_stmt *st;
	int rc = dbimage_prepare(
		d, &st, "SELECT count(*) FROM pragma_index_list(?1) WHERE \"unique\"", e);

	if (rc == 0)
		sqlite3_bind_text(st, 1, place->table, -1, SQLITE_STATIC);
	if (rc == 0 && (rc = dbimage_step(d, st, e)) > 0)
		*may = sqlite3_column_int64(st, 0) > 0;
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

int
dbimage_edit(struct dbimage *d, const struct dbimage_place *place,
	const struct dbimage_edit *edits, size_t n, struct err *e)
{
	bool may = true;

	if (may_collide(d, place, &may, e) < 0 || exec(d, "BEGIN", e) < 0 ||
		(may && edit_rows(d, place, edits, n, false, e) < 0) ||
		edit_rows(d, place, edits, n, true, e) < 0)
		return -1;
	return exec(d, "COMMIT", e);
}

/* Rows on their way into a digest, some at a time. */
struct rows {
	struct buf piece;
	struct hash hash;
};

#define PIECE ((size_t)1 << 16)

/* A kind, and a number or how long the bytes behind it are. */
static void
dump_head(struct buf *out, char kind, const void *number)
{
	char head[9] = {kind};

	memcpy(head + 1, number, 8);
	buf_add(out, (struct text){head, sizeof(head)});
}

/* Its kind, its length and its bytes, so that no two values are alike. */
static void
dump_value(sqlite3_stmt *st, int column, struct buf *out)
{
	struct text t;
	int64_t number = 0;
	double real;
	int type = sqlite3_column_type(st, column);

	switch (type) {
	case SQLITE_INTEGER:
		number = sqlite3_column_int64(st, column);
		dump_head(out, 'i', &number);
		break;
	case SQLITE_FLOAT:
		real = sqlite3_column_double(st, column);
		dump_head(out, 'r', &real);
		break;
	case SQLITE_NULL:
		buf_byte(out, 'n');
		break;
	default:
		t = dbimage_text(st, column);
		number = (int64_t)t.len;
		dump_head(out, type == SQLITE_TEXT ? 't' : 'b', &number);
		buf_add(out, t);
	}
}

static void
rows_digest(struct rows *r)
{
	hash_add(&r->hash, buf_text(&r->piece));
	buf_clear(&r->piece);
}

/* In the order of its own tree: that of the keys. Where there is a rowid, it is first. */
static int
dump_table(struct dbimage *d, const char *name, const struct dbimage_place *place,
	struct buf *out, struct err *e)
{
	struct rows rows = {.hash = {NULL}};
	int place_at = -1, n, rc;
	sqlite3_stmt *st;
	char hex[65];

	if (prepare(d, &st, e, "SELECT _rowid_, * FROM \"%w\" NOT INDEXED", name) < 0 &&
		prepare(d, &st, e, "SELECT * FROM \"%w\" NOT INDEXED", name) < 0)
		return -1;
	n = sqlite3_column_count(st);
	for (int i = 0; i < n; i++)
		if (text_equal_nocase(text_of(name), text_of(place->table)) &&
			text_equal_nocase(text_of(sqlite3_column_name(st, i)),
				text_of(place->column)))
			place_at = i;
	buf_init(&rows.piece, SIZE_MAX);
	hash_begin(&rows.hash);
	while ((rc = dbimage_step(d, st, e)) > 0) {
		for (int i = 0; i < n; i++)
			if (i == place_at && sqlite3_column_type(st, i) == SQLITE_TEXT)
				buf_byte(&rows.piece, '*');
			else
				dump_value(st, i, &rows.piece);
		buf_byte(&rows.piece, '\n');
		if (rows.piece.len >= PIECE)
			rows_digest(&rows);
	}
	rows_digest(&rows);
	struct digest digest = hash_end(&rows.hash);
	digest_hex(&digest, hex);
	buf_print(out, "table %zu:%s\n%s\n", strlen(name), name, hex);
	hash_release(&rows.hash);
	buf_release(&rows.piece);
	sqlite3_finalize(st);
	return rc;
}

/* What is not the schema's or the rows': the file's page size and versions, and from the
 * schema's number to that of the application. */
static void
dump_header(const struct dbimage *d, struct buf *out)
{
	static const struct span parts[] = {{16, 8}, {40, 32}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		buf_add(out,
			(struct text){d->source->bytes.at + parts[i].off, parts[i].len});
	buf_byte(out, '\n');
}

int
dbimage_dump(struct dbimage *d, const struct dbimage_place *place, struct buf *out,
	struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	dump_header(d, out);
	if (prepare(d, &st, e,
		    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY "
		    "_rowid_") < 0)
		return -1;
	while ((rc = dbimage_step(d, st, e)) > 0) {
		for (int i = 0; i < sqlite3_column_count(st); i++)
			dump_value(st, i, out);
		buf_byte(out, '\n');
		if (text_equal(dbimage_text(st, 0), text_of("table")) &&
			dump_table(d, (const char *)sqlite3_column_text(st, 1), place,
				out, e) < 0) {
			rc = -1;
			break;
		}
	}
	sqlite3_finalize(st);
	return rc;
}
