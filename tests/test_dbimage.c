/* A database changed in memory: what is edited, what stays, what is refused. */
#include "model/dbimage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* The bytes of a database that SQLite makes of the statements. */
static void
make(struct buf *bytes, const char *statements)
{
	sqlite3_int64 len;
	sqlite3 *db;
	char *says = NULL;

	cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
	cr_assert(
		sqlite3_exec(db, statements, NULL, NULL, &says) == SQLITE_OK, "%s", says);
	unsigned char *at = sqlite3_serialize(db, "main", &len, 0);
	cr_assert(at != NULL);
	buf_init(bytes, 1 << 24);
	buf_add(bytes, (struct text){(char *)at, (size_t)len});
	sqlite3_free(at);
	sqlite3_close(db);
}

static const struct dbimage_place place = {"T", "A", "B"};

#define TABLE                                                                            \
	"PRAGMA page_size = 512; CREATE TABLE T (A INTEGER PRIMARY KEY, B TEXT, C);"     \
	"INSERT INTO T VALUES (1, 'one', 0.5), (2, 'two', NULL), (5, 'five', x'00');"

/* The edits of rows 1 and 2; the sentence of the refusal, or "". */
static void
edit(const char *statements, const char *one, const char *two, struct buf *out,
	struct err *e)
{
	struct dbimage_edit edits[] = {{1, text_of(one)}, {2, text_of(two)}};
	struct source src;
	struct dbimage d;
	struct buf b;

	*e = (struct err){0};
	make(&b, statements);
	source_of(&src, "db", buf_text(&b));
	buf_init(out, 1 << 24);
	cr_assert(dbimage_open(&d, &src, e) == 0, "%s", e->message);
	dbimage_close(&d);
	cr_assert(dbimage_open_to_edit(
			  &d, &src, edits[0].to.len + edits[1].to.len, out, e) == 0,
		"%s", e->message);
	if (dbimage_edit(&d, &place, edits, 2, e) == 0)
		cr_assert(dbimage_bytes(&d, e) == 0, "%s", e->message);
	dbimage_close(&d);
	buf_release(&b);
}

static void
dump(struct text bytes, struct buf *out)
{
	struct source src;
	struct dbimage d;
	struct err e;

	source_of(&src, "db", bytes);
	buf_init(out, 1 << 24);
	cr_assert(dbimage_open(&d, &src, &e) == 0, "%s", e.message);
	cr_assert(dbimage_dump(&d, &place, out, &e) == 0, "%s", e.message);
	dbimage_close(&d);
}

/* Do two databases, each made of statements, mean the same but for T.B? */
static bool
same_dump(const char *a, const char *b)
{
	struct buf x, y, dump_x, dump_y;

	make(&x, a);
	make(&y, b);
	dump(buf_text(&x), &dump_x);
	dump(buf_text(&y), &dump_y);
	bool same = text_equal(buf_text(&dump_x), buf_text(&dump_y));
	buf_release(&x);
	buf_release(&y);
	buf_release(&dump_x);
	buf_release(&dump_y);
	return same;
}

static void
refused(const char *statements, const char *one, const char *two, const char *want)
{
	struct buf out;
	struct err e;

	edit(statements, one, two, &out, &e);
	cr_assert_str_eq(e.message, want);
	cr_assert_eq(out.len, 0);
	buf_release(&out);
}

Test(dbimage, edits)
{
	static const char swapped[] = "PRAGMA page_size = 512; CREATE TABLE T (A INTEGER "
				      "PRIMARY KEY, B TEXT, C);"
				      "INSERT INTO T VALUES (1, 'two', 0.5), (2, 'one', "
				      "NULL), (5, 'five', x'00');";
	struct buf out, want, dump_out, dump_want;
	struct err e;
	struct dbimage_place nowhere = {"none", "A", "B"};

	edit(TABLE "CREATE UNIQUE INDEX U ON T (B);", "two", "one", &out, &e);
	cr_assert_str_eq(e.message, "");
	make(&want, swapped);
	/* With every value. */
	struct source src;
	struct dbimage d;
	source_of(&src, "db", buf_text(&out));
	buf_init(&dump_out, 1 << 20);
	buf_init(&dump_want, 1 << 20);
	cr_assert(dbimage_open(&d, &src, &e) == 0 &&
		  dbimage_dump(&d, &nowhere, &dump_out, &e) == 0);
	dbimage_close(&d);
	source_of(&src, "db", buf_text(&want));
	cr_assert(dbimage_open(&d, &src, &e) == 0 &&
		  dbimage_dump(&d, &nowhere, &dump_want, &e) == 0);
	dbimage_close(&d);
	struct text got = buf_text(&dump_out), rows = buf_text(&dump_want);
	const char *table = memmem(rows.at, rows.len, "table 1:T\n", 10);
	cr_assert(table != NULL);
	rows.len -= (size_t)(table - rows.at);
	rows.at = table;
	cr_assert(memmem(got.at, got.len, rows.at, rows.len) != NULL, "%.*s",
		TEXT_ARG(got));
	buf_release(&out);
	buf_release(&want);
	buf_release(&dump_out);
	buf_release(&dump_want);
}

Test(dbimage, edits_refused)
{
	refused(TABLE "CREATE UNIQUE INDEX U ON T (B);", "new", "five",
		"db: SQLite says: UNIQUE constraint failed: T.B");
	refused("CREATE TABLE T (A INTEGER PRIMARY KEY, B TEXT CHECK (B < 'd'));"
		"INSERT INTO T VALUES (1, 'a'), (2, 'b');",
		"c", "d", "db: SQLite says: CHECK constraint failed: B < 'd'");
	refused("CREATE TABLE T (A INTEGER PRIMARY KEY, B TEXT); INSERT INTO T VALUES (1, "
		"'a')",
		"c", "d", "db: table T, row 2: want one such row, there are 0");
}

/* Triggers elsewhere and foreign keys do nothing. */
Test(dbimage, nothing_else_runs)
{
	static const char extra[] =
		"CREATE TABLE K (B TEXT REFERENCES T (B) ON UPDATE CASCADE);"
		"CREATE UNIQUE INDEX U ON T (B); INSERT INTO K VALUES ('one');"
		"CREATE TRIGGER G AFTER UPDATE ON K BEGIN DELETE FROM T; END;";
	char statements[1000];
	struct buf out, was, before, after;
	struct err e;

	snprintf(statements, sizeof(statements), "%s%s", TABLE, extra);
	make(&was, statements);
	edit(statements, "new one", "new two", &out, &e);
	cr_assert_str_eq(e.message, "");
	dump(buf_text(&was), &before);
	dump(buf_text(&out), &after);
	cr_assert(text_equal(buf_text(&before), buf_text(&after)));
	buf_release(&was);
	buf_release(&out);
	buf_release(&before);
	buf_release(&after);
}

Test(dbimage, dumps)
{
	static const char *const other[] = {
		"DELETE FROM T WHERE A = 5;",
		"INSERT INTO T VALUES (6, 'six', 6);",
		"UPDATE T SET C = 0.50000001 WHERE A = 1;",
		"UPDATE T SET C = 0 WHERE A = 2;",
		"UPDATE T SET C = '' WHERE A = 2;",
		"UPDATE T SET C = CAST(x'00' AS TEXT) WHERE A = 5;",
		"UPDATE T SET A = 4 WHERE A = 5;",
		"UPDATE T SET B = CAST(B AS BLOB) WHERE A = 5;",
		"CREATE TABLE U (B);",
		"CREATE INDEX I ON T (C);",
		"PRAGMA user_version = 1;",
		"PRAGMA application_id = 1;",
	};
	char statements[1000];

	cr_assert(same_dump(TABLE, TABLE "UPDATE T SET B = 'other' || A;"));
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		snprintf(statements, sizeof(statements), "%s%s", TABLE, other[i]);
		cr_assert(!same_dump(TABLE, statements), "%s", other[i]);
	}
}

Test(dbimage, endless)
{
	sqlite3_stmt *st = NULL;
	struct source src;
	struct dbimage d;
	struct buf b;
	struct err e;

	make(&b, TABLE);
	source_of(&src, "db", buf_text(&b));
	cr_assert(dbimage_open(&d, &src, &e) == 0, "%s", e.message);
	cr_assert(dbimage_prepare(&d, &st,
			  "WITH RECURSIVE C(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM "
			  "C) SELECT count(*) FROM C",
			  &e) == 0);
	cr_assert(dbimage_step(&d, st, &e) < 0);
	cr_assert_str_eq(e.message,
		"db: it keeps SQLite busy for longer than a database of its size may");
	sqlite3_finalize(st);
	dbimage_close(&d);
	buf_release(&b);
}
