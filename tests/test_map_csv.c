/* CSV of a map, by hand-written files: RFC 4180 and what spreadsheets make of it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "map/map.h"

static char folder[] = "/tmp/csv-test-XXXXXX";
static char path[128], csv[128];
static struct err e;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/move.map", folder);
	snprintf(csv, sizeof(csv), "%s/pairs.csv", folder);
}

static void
leave(void)
{
	remove(path);
	remove(csv);
	remove(folder);
}

TestSuite(map_csv, .init = enter, .fini = leave, .timeout = 30);

static const struct map_side sides[2] = {
	{.host = "old.example", .user = "ann", .scheme = "", .whole = true},
	{.host = "new.example", .user = "ann", .scheme = ""},
};

static int
import_bytes(const char *bytes, size_t n)
{
	FILE *f = fopen(csv, "wb");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	return map_import_csv(csv, path, sides, 1700000000, &e);
}

static const char *
exported(void)
{
	static char bytes[8192];
	struct map *m;
	cr_assert_eq(map_open(path, &m, &e), 0, "%s", e.message);
	FILE *f = tmpfile();
	cr_assert_not_null(f);
	cr_assert_eq(map_export_csv(m, f, &e), 0, "%s", e.message);
	map_close(m);
	rewind(f);
	bytes[fread(bytes, 1, sizeof(bytes) - 1, f)] = '\0';
	fclose(f);
	return bytes;
}

static void
imports(const char *text, const char *want)
{
	cr_assert_eq(import_bytes(text, strlen(text)), 0, "%s", e.message);
	cr_expect_str_eq(exported(), want);
	remove(path);
}

static void
refuses_bytes(const char *bytes, size_t n, const char *words)
{
	char want[256];
	cr_expect_eq(import_bytes(bytes, n), -1, "wanted: %s", words);
	cr_expect_eq(e.kind, ERR_DATA);
	snprintf(want, sizeof(want), "%s:%s", csv, words);
	cr_expect_str_eq(e.message, want);
	cr_expect_not(os_exists(path), "a failed import left a file");
}

static void
refuses(const char *text, const char *words)
{
	refuses_bytes(text, strlen(text), words);
}

Test(map_csv, pairs_and_both_kinds_of_rest)
{
	imports("old_uidl,new_uidl,evidence\r\n"
		"a1,b2,strict\r\n"
		"a2,,\r\n"
		",b9,\r\n"
		"a3,b1,whatever\r\n",
		"old_uidl,new_uidl,evidence\r\n"
		"a1,b2,import\r\n"
		"a2,,\r\n"
		"a3,b1,import\r\n"
		",b9,\r\n");
}

Test(map_csv, without_the_evidence_column_lf_bom_and_no_last_line_end)
{
	imports("\xEF\xBB\xBFold_uidl,new_uidl\na1,b1\n\na2,b2",
		"old_uidl,new_uidl,evidence\r\na1,b1,import\r\na2,b2,import\r\n");
}

Test(map_csv, quotes)
{
	imports("\"old_uidl\",\"new_uidl\"\n\"a,1\",\"b\"\"1\"\n\" a 2\",\"b2\"\n"
		"a 3,\"\"\n",
		"old_uidl,new_uidl,evidence\r\n\"a,1\",\"b\"\"1\",import\r\n"
		"\" a 2\",b2,import\r\na 3,,\r\n");
}

Test(map_csv, what_is_exported_can_be_imported)
{
	static char first[8192];
	const char *text = "old_uidl,new_uidl\n\"x,\"\"\",\"y,\"\"\"\n,z\n\"q \",\n";
	cr_assert_eq(import_bytes(text, strlen(text)), 0, "%s", e.message);
	snprintf(first, sizeof(first), "%s", exported());
	remove(path);
	imports(first, first);
}

Test(map_csv, an_import_is_complete_and_never_firm)
{
	struct map *m;
	struct arena a = {0};
	struct map_info info;
	const char *text = "old_uidl,new_uidl\n1,2\n";
	cr_assert_eq(import_bytes(text, strlen(text)), 0, "%s", e.message);
	cr_assert_eq(map_open(path, &m, &e), 0);
	cr_assert_eq(map_info(m, &a, &info, &e), 0);
	cr_expect_eq(info.matched, 1700000000);
	cr_expect_eq(info.pairs, 1);
	cr_expect_eq(info.by_kind[EVIDENCE_IMPORT], 1);
	cr_expect(info.plain);
	cr_expect(info.side[0].whole);
	cr_expect_not(info.side[1].whole);
	cr_expect_str_eq(info.side[0].scheme, "");
	arena_free(&a);
	map_close(m);
}

Test(map_csv, errors_name_the_line)
{
	refuses("", "1: empty; wanted the header old_uidl,new_uidl");
	refuses("a1,b1\n",
		"1: not the header old_uidl,new_uidl or old_uidl,new_uidl,evidence");
	refuses("new_uidl,old_uidl\n",
		"1: not the header old_uidl,new_uidl or old_uidl,new_uidl,evidence");
	refuses("old_uidl,new_uidl\na1,b1\na2\n", "3: 1 fields where the header has 2");
	refuses("old_uidl,new_uidl\na1,b1,strict\n",
		"2: 3 fields where the header has 2");
	refuses("old_uidl,new_uidl\na1,\"b1\n\n", "2: a quoted field has no end");
	refuses("old_uidl,new_uidl\n\"a1\"x,b1\n",
		"2: bytes behind the closing quote of a field");
	refuses("old_uidl,new_uidl\na\"1,b1\n",
		"2: a quote in the middle of a field that does not begin with one");
	refuses("old_uidl,new_uidl\na1\rb,b1\n", "2: a carriage return outside quotes");
	refuses("old_uidl,new_uidl\n,\n", "2: neither an old nor a new UIDL");
	refuses("old_uidl,new_uidl\n\"a\n1\",b\n", "2: a line break in the old UIDL");
	refuses("old_uidl,new_uidl\na,b,c,d,e\n", "2: more than 4 fields");
	refuses_bytes("old_uidl,new_uidl\na\0b,c\n", 24,
		"2: holds a NUL byte; is this a CSV file?");
}

Test(map_csv, a_new_uidl_must_be_fit_for_a_store)
{
	refuses("old_uidl,new_uidl\na,b b\n",
		"2: \"b b\" cannot be a UIDL (1 to 70 characters, no blanks)");
	refuses("old_uidl,new_uidl\n\n,"
		"1234567890123456789012345678901234567890123456789012345678901234567890x"
		"\n",
		"3: "
		"\"1234567890123456789012345678901234567890123456789012345678901234567890"
		"x\""
		" cannot be a UIDL (1 to 70 characters, no blanks)");
}

Test(map_csv, a_uidl_twice_names_both_lines)
{
	refuses("old_uidl,new_uidl\na,b\nc,d\na,f\n",
		"4: the old UIDL \"a\" stands in line 2 already");
	refuses("old_uidl,new_uidl\r\na,b\r\nz,\r\nc,b\r\n,b\r\n",
		"4: the new UIDL \"b\" stands in line 2 already");
}

Test(map_csv, fields_and_lines_have_limits)
{
	static char text[200000] = "old_uidl,new_uidl\n";
	size_t head = strlen(text);
	memset(text + head, 'a', 4097);
	refuses_bytes(text, head + 4097, "2: a field is longer than 4096 bytes");
	memset(text + head, 'a', 100000);
	text[head] = '"';
	text[head + 99999] = '"';
	refuses_bytes(text, head + 100000, "2: longer than 65536 bytes");
}

Test(map_csv, a_map_that_is_there_is_not_overwritten)
{
	const char *text = "old_uidl,new_uidl\n1,2\n";
	cr_assert_eq(import_bytes(text, strlen(text)), 0, "%s", e.message);
	cr_expect_eq(import_bytes(text, strlen(text)), -1);
	cr_expect_eq(e.kind, ERR_USAGE);
	cr_expect(os_exists(path));
	cr_expect_str_eq(exported(), "old_uidl,new_uidl,evidence\r\n1,2,import\r\n");
}

Test(map_csv, no_such_csv_makes_no_map)
{
	cr_expect_eq(map_import_csv(csv, path, sides, 1700000000, &e), -1);
	cr_expect_not(os_exists(path));
}
