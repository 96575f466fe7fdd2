/* Whether a file is a map: one of ours, of this schema, whole. */
#include "map/map_db.h"

#include <errno.h>
#include <stdio.h>

#include "base/os.h"

/* Damage in a bigger file is found as it is read: map_each() proves what it gave. */
#define CHECK_MAX ((uint64_t)16 << 20)

#define LIST "(i INTEGER PRIMARY KEY, uidl TEXT, size INTEGER, flags INTEGER)"
#define PAIR                                                                             \
	"(i INTEGER PRIMARY KEY, partner INTEGER, evidence INTEGER, firm INTEGER, "      \
	"unmatched INTEGER, copies INTEGER)"
#define PROOF                                                                            \
	"(i INTEGER PRIMARY KEY, flags INTEGER, header_octets INTEGER, "                 \
	"message_id INTEGER, strict BLOB, loose BLOB, id BLOB, damaged BLOB, body BLOB)"
#define WORDS "(i INTEGER PRIMARY KEY, date TEXT, sender TEXT, subject TEXT)"

/* A file whose schema is not this, word for word, is not ours to trust. */
const char *const map_tables[MAP_TABLES] = {
	"CREATE TABLE map (id TEXT, created INTEGER, matched INTEGER, "
	"lengths_comparable INTEGER, pairs INTEGER, ambiguous INTEGER, lists BLOB)",
	"CREATE TABLE kind (kind INTEGER PRIMARY KEY, name TEXT, pairs INTEGER)",
	"CREATE TABLE side (side INTEGER PRIMARY KEY, name TEXT, scheme TEXT, host TEXT, "
	"user TEXT, port INTEGER, count INTEGER, whole INTEGER, plain INTEGER, "
	"since INTEGER, list BLOB, digest BLOB, path TEXT, rule TEXT)",
	"CREATE TABLE old_list " LIST,
	"CREATE TABLE new_list " LIST,
	"CREATE TABLE old_pair " PAIR,
	"CREATE TABLE new_pair " PAIR,
	"CREATE TABLE packed (n INTEGER PRIMARY KEY, side INTEGER, bytes BLOB)",
	"CREATE TABLE old_evidence " PROOF,
	"CREATE TABLE new_evidence " PROOF,
	"CREATE TABLE old_words " WORDS,
	"CREATE TABLE new_words " WORDS,
};

static uint32_t
big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

/* A finished transaction leaves no journal, or one that begins with a zero. */
static bool
journal_is_hot(const char *path)
{
	char *name = sqlite3_mprintf("%s-journal", path);
	FILE *f = fopen(name, "rb");
	sqlite3_free(name);
	if (f == NULL)
		return false;
	int first = fgetc(f);
	fclose(f);
	return first != EOF && first != 0;
}

static int
is_another(
	const struct map_header *h, const char *path, uint32_t application, struct err *e)
{
	const struct map_form *other =
		h->form == &map_form_map ? &map_form_capture : &map_form_map;

	if (application == other->application)
		return err_set(e, ERR_DATA, "format", "%s: is a %s, not a %s; %s", path,
			other->what, h->form->what, other->use);
	return err_set(e, ERR_DATA, "format",
		"%s: is a SQLite database, but not a reuidl %s", path, h->form->what);
}

static int
header_judge(struct map_header *h, const char *path, const unsigned char *at, size_t n,
	struct err *e)
{
	static const char magic[16] = "SQLite format 3";
	if (n == 0)
		return err_set(e, ERR_DATA, "format",
			"%s: is an empty file, not a %s (if %s was interrupted, run "
			"it again)",
			path, h->form->what, h->form->maker);
	if (memcmp(at, magic, n < sizeof(magic) ? n : sizeof(magic)) != 0)
		return err_set(e, ERR_DATA, "format",
			"%s: is not a %s: it is not a SQLite database", path,
			h->form->what);
	if (n < 100)
		return err_set(e, ERR_DATA, "format",
			"%s: this %s is cut off after %zu bytes", path, h->form->what, n);
	if (big_endian(at + 68) != h->form->application)
		return is_another(h, path, big_endian(at + 68), e);
	uint32_t schema = big_endian(at + 60);
	if (schema > MAP_SCHEMA)
		return err_set(e, ERR_DATA, "format",
			"%s: was written by a newer reuidl (schema %u, this one reads "
			"%d)",
			path, schema, MAP_SCHEMA);
	if (schema < MAP_SCHEMA)
		return err_set(e, ERR_DATA, "format",
			"%s: was written by an older reuidl (schema %u, this one reads "
			"%d); run %s again, with another file",
			path, schema, MAP_SCHEMA, h->form->maker);
	if (at[18] != 1 || at[19] != 1)
		return err_set(e, ERR_DATA, "format",
			"%s: another program changed this %s's journal mode; put it "
			"back with: sqlite3 FILE 'PRAGMA journal_mode=DELETE'",
			path, h->form->what);
	uint32_t page = (uint32_t)at[16] << 8 | at[17];
	/* 1 stands for 65536; the count holds if both counters are equal. */
	if (memcmp(at + 24, at + 92, 4) == 0)
		h->claimed = (uint64_t)(page == 1 ? 65536 : page) * big_endian(at + 28);
	return 0;
}

int
map_header_read(struct map_header *h, const struct map_form *form, const char *path,
	struct err *e)
{
	struct os_stat st;
	*h = (struct map_header){.form = form};
	if (os_stat(path, &st, NULL) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_set(e, ERR_NO_STORE, "", "%s: there is no such %s",
				path, form->what);
		return err_io(e, path, "look at the file");
	}
	if (st.folder)
		return err_set(e, ERR_DATA, "format", "%s: is a folder, not a %s", path,
			form->what);
	if (!st.regular)
		return err_set(e, ERR_DATA, "format",
			"%s: is not a regular file, so not a %s", path, form->what);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return err_io(e, path, "open the file");
	unsigned char bytes[100];
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	bool failed = ferror(f) != 0;
	fclose(f);
	if (failed)
		return err_io(e, path, "read the file");
	h->size = st.size;
	h->hot = journal_is_hot(path);
	return header_judge(h, path, bytes, n, e);
}

static int
cut_off(const struct map *m, uint64_t size, uint64_t claimed, struct err *e)
{
	return err_set(e, ERR_DATA, "format",
		"%s: this %s is cut off: %llu of its %llu bytes are there", m->sql.path,
		m->form->what, (unsigned long long)size, (unsigned long long)claimed);
}

static bool
schema_has(const char *type, struct text statement)
{
	if (strcmp(type, "table") != 0)
		return false;
	for (size_t i = 0; i < MAP_TABLES; i++)
		if (text_equal(statement, text_of(map_tables[i])))
			return true;
	return false;
}

static int
check_schema(struct map *m, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	size_t n = 0;
	int r = -1;
	if (sql_prepare(&m->sql, &st, e, "SELECT type, name, sql FROM sqlite_schema") ==
		-1)
		return -1;
	for (;;) {
		if (sql_step(&m->sql, st, &row, e) == -1)
			goto out;
		if (!row)
			break;
		const char *type = (const char *)sqlite3_column_text(st, 0);
		const char *name = (const char *)sqlite3_column_text(st, 1);
		if (type == NULL || name == NULL || !schema_has(type, sql_text(st, 2))) {
			err_set(e, ERR_DATA, "format",
				"%s: is a reuidl %s into which somebody else has put "
				"the %s \"%s\"; not read",
				m->sql.path, m->form->what, type != NULL ? type : "?",
				name != NULL ? name : "?");
			goto out;
		}
		n++;
	}
	r = n == MAP_TABLES ? 0 : map_damaged(m, "a table is missing", e);
out:
	sqlite3_finalize(st);
	return r;
}

static int
check_damage(struct map *m, struct err *e)
{
	sqlite3_stmt *st;
	bool row;
	if (sql_prepare(&m->sql, &st, e, "PRAGMA quick_check(1)") == -1)
		return -1;
	int r = sql_step(&m->sql, st, &row, e);
	if (r == 0 && row && !text_equal(sql_text(st, 0), text_of("ok"))) {
		const char *says = (const char *)sqlite3_column_text(st, 0);
		r = map_damaged(m, says != NULL ? says : "?", e);
	}
	sqlite3_finalize(st);
	return r;
}

static int
check_pages(struct map *m, struct err *e)
{
	int64_t pages, page;
	struct os_stat st;
	if (sql_number(&m->sql, "PRAGMA page_count", &pages, e) == -1 ||
		sql_number(&m->sql, "PRAGMA page_size", &page, e) == -1 ||
		os_stat(m->sql.path, &st, e) == -1)
		return -1;
	uint64_t claimed = (uint64_t)pages * (uint64_t)page;
	if (st.size < claimed)
		return cut_off(m, st.size, claimed, e);
	return claimed > CHECK_MAX ? 0 : check_damage(m, e);
}

/* Reading takes the first lock, so a file in the making by another process says so. */
int
map_check(struct map *m, const struct map_header *h, struct err *e)
{
	if (check_schema(m, e) == 0)
		return check_pages(m, e);
	/* SQLite calls it malformed; we know better why. */
	if (e->kind == ERR_DATA && !h->hot && h->size < h->claimed)
		return cut_off(m, h->size, h->claimed, e);
	return -1;
}
