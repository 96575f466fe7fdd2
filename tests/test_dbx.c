/* The files of Outlook Express: each number of one changed, and what is said of it. */
#include "base/arena.h"
#include "model/format.h"
#include "model/pop3uidl.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH "Identities/{0}/Microsoft/Outlook Express/Pop3uidl.dbx"

static const struct format *
format(void)
{
	return format_named(text_of("outlook_express"));
}

/* A fixture, its bytes to be changed. */
static void
begin(struct source *disk, const char *name)
{
	char path[100];
	struct err e;

	snprintf(path, sizeof(path), "fixtures/outlook_express/%s", name);
	cr_assert(source_read(disk, path, &e) == 0, "%s", e.message);
}

/* The record that the description of the format prints byte by byte. */
Test(dbx, a_record)
{
	static const unsigned char bytes[84] = {0xbc, 0x24, 0, 0, 0x48, 0, 0, 0, 0, 0, 5,
		1, 0, 0, 0, 0, 0x82, 1, 0, 0, 3, 8, 0, 0, 4, 0x19, 0, 0, 5, 0x29, 0, 0,
		0x80, 0x69, 0x12, 0xe9, 0x63, 0xda, 0xc1, 1, '3', 'c', 'a', '9', 'd', 'c',
		'f', 'f', '0', '0', '0', '0', '0', '0', '0', '1', 0, 'p', 'o', 'p', '.',
		'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c', 'o', 'm', 0, '0', '0', '0',
		'0', '0', '0', '0', '1', 0, 0, 0};
	struct text t = {(const char *)bytes, sizeof(bytes)}, string;
	struct dbx_record r;
	struct dbx_value v;
	size_t at;

	cr_assert_null(dbx_record_take(t, 0x24bc, &r, &at));
	cr_assert_eq(r.size, 84);
	cr_assert_eq(r.n, 5);
	cr_assert_eq(r.version, 1);
	cr_assert(dbx_column(&r, 2, &v) && v.direct && v.number == 1);
	cr_assert(dbx_column(&r, 3, &v) && dbx_string(&v, &string) &&
		  text_equal(string, text_of("3ca9dcff00000001")));
	cr_assert(dbx_column(&r, 5, &v) && v.last && dbx_string(&v, &string) &&
		  text_equal(string, text_of("00000001")));
	cr_assert(dbx_column(&r, 0, &v) && v.bytes.len == 8);
	cr_assert_not(dbx_column(&r, 1, &v));
	/* No shorter, and nowhere else. */
	for (size_t n = 0; n < sizeof(bytes); n++)
		cr_assert_not_null(
			dbx_record_take((struct text){t.at, n}, 0x24bc, &r, &at));
	cr_assert_not_null(dbx_record_take(t, 0x24c0, &r, &at));
}

/*
 * The file `three`: a free block of 68 bytes at 0x24bc, records at 0x2500, 0x2554 and
 * 0x25a8, and of nodes the root at 0xe4bc and a free one at 0xe738.
 */
struct change {
	uint32_t off, word;
	const char *says;
};

#define OUT_OF_ORDER                                                                     \
	"which is not the order in which records are known to stand; it is not safe to " \
	"write this file"

static const struct change changes[] = {
	/* The header. */
	{0x18, 4, "byte 0x18: want 5 here, there is 4: the version of the engine"},
	{0x1c, 8, "byte 0x1c: want 0 here, there is 8: the length of the user data"},
	{0x24, 0x2000,
		"byte 0x24: want the place, the length 0xc000 and the use of a segment; "
		"there are 0x2000, 0xc000 and 0x140"},
	{0x2c, 0x144,
		"byte 0x2c: 0x144 bytes of the last segment are said to be in use, and "
		"they are 0x140"},
	{0x34, 0x3e20,
		"byte 0x30: want the place, the length 0x3e1c and the use of a segment; "
		"there are 0xe4bc, 0x3e20 and 0x4f8"},
	{0x3c, 1, "byte 0x3c: want 0 here, there is 1: a segment of text"},
	{0x50, 1, "byte 0x50: want 0 here, there is 1: a word of unknown meaning"},
	{0x54, 0,
		"byte 0x54: 0 bytes of all blocks are counted here, and there are 1592"},
	{0x58, 0,
		"byte 0x58: 0 bytes of free blocks are counted here, and there are 704"},
	{0x68, 7,
		"byte 0x68: want 0 here, there is 7: unfinished work (start Outlook "
		"Express and close it again)"},
	{0x7c, 0xe4bc,
		"byte 0x30: want the place, the length 0x3e1c and the use of a segment; "
		"there are 0xe4bc, 0x3e1c and 0x4f8"},
	{0x7c, 0x16000,
		"byte 0x7c: the segments are said to end at 0x16000, and the file has "
		"0x124bc bytes"},
	{0x7c, 0x122dc,
		"byte 0x7c: the segments are said to end at 0x122dc, and they end at "
		"0x122d8"},
	{0x80, 2, "byte 0x80: want 1 here, there is 2: the number of indexes"},
	{0x84, 0x24bc, "byte 0x84: want 0 here, there is 9404: the filter of an index"},
	{0xc8, 1, "byte 0xc8: want 0 here, there is 1: the records of another index"},
	{0xe4, 0, "byte 0xc4: 3 records are counted here, and the tree has 0"},
	{0xe4, 0x24bc,
		"byte 0x24c8: this node of the tree hangs below 0x0, and says 0x3"},
	{0xe4, 0xffffffff,
		"byte 0xe4: a node of the tree is said to be at 0xffffffff, outside the "
		"file"},
	{0xe8, 1, "byte 0xe8: want 0 here, there is 1: the root of another index"},
	{0x280, 4,
		"byte 0x280: want 0 here, there is 4: the bytes of filters and "
		"transactions"},
	{0x28c, 0, "byte 0x28c: 0 bytes of nodes are counted here, and there are 636"},
	{0x290, 4, "byte 0x290: want 0 here, there is 4: the bytes of text"},
	/* Free blocks. */
	{0x4c, 0xe4bc, "byte 0x300: this block lies outside all segments"},
	{0x4c, 0x2500, "byte 0x182: this block lies outside all segments"},
	{0x2e0, 0, "byte 0x24bc: want a block at the start of a segment"},
	{0x2e0, 0x2500, "byte 0x2500: want a free block of 0x44 bytes"},
	{0x2e0, 0xfffffffc, "byte 0xfffffffc: this block lies outside all segments"},
	{0x2e0, 0x24c0,
		"byte 0x24c0: want a free block, which begins with its own place in the "
		"file"},
	{0x24cc, 0x24bc, "byte 0x2e0: the list of free blocks from here has a loop"},
	{0x24c4, 0x48, "byte 0x24bc: want a free block of 0x44 bytes"},
	{0xe748, 0xe738, "byte 0x4c: the list of free blocks from here has a loop"},
	/* The root. */
	{0xe4c8, 1, "byte 0xe4c8: this node of the tree hangs below 0x0, and says 0x1"},
	{0xe4cc, 0x301,
		"byte 0xe4cc: this node of the tree is its parent's child 0, and says 1"},
	{0xe4cc, 0x3400,
		"byte 0xe4bc: this node of the tree has more entries than there is room "
		"for"},
	{0xe4d4, 0x2501,
		"byte 0x2501: want a record, which begins with its own place in the file"},
	{0xe4d4, 0xfffffff0, "byte 0xfffffff0: a record lies outside the file"},
	{0xe4d4, 0x2554,
		"byte 0x2554: this record (000000023ca9dcff) stands behind "
		"000000023ca9dcff, " OUT_OF_ORDER},
	{0xe4d8, 0xe4bc,
		"byte 0xe4c8: this node of the tree hangs below 0xe4bc, and says 0x0"},
	{0xe4d8, 0x2554,
		"byte 0x2560: this node of the tree hangs below 0xe4bc, and says 0x0"},
	{0xe4dc, 5,
		"byte 0xe4bc: this node of the tree counts 5 records below its child 0, "
		"and there are 0"},
	/* The first record. */
	{0x2504, 0x47, "byte 0x2504: this record has a length that cannot be"},
	{0x2504, 0x4c, "byte 0x251c: want a text that ends with a NUL in its record"},
	{0x2504, 0xfffffffc, "byte 0x2504: this record has a length that cannot be"},
	{0x250c, 0x400, "byte 0x250c: the first value does not begin where values begin"},
	{0x2510, 0x102, "byte 0x250c: want 8 bytes of time"},
	{0x2510, 0x10082, "byte 0x2510: want a number of one byte"},
	{0x2514, 0x03000803, "byte 0x2514: this value lies outside its record"},
	{0x2518, 0x1903, "byte 0x2518: the columns of this record do not ascend"},
	{0x2518, 0x1904 | 0x80,
		"byte 0x2514: want a text that ends with a NUL in its record"},
	{0x251c, 0x2906, "byte 0x251c: a column that Pop3uidl.dbx does not have"},
	{0x2528, 0x303030ff,
		"byte 0x2514: a byte that is not printable ASCII: the order of such texts "
		"is not known"},
	{0x2528, 0, "byte 0x2514: want a text that ends with a NUL in its record"},
	{0x2528, 0x30303039,
		"byte 0x2554: this record (000000023ca9dcff) stands behind "
		"900000013ca9dcff, " OUT_OF_ORDER},
};

Test(dbx, every_number_is_looked_at)
{
	struct source disk, src;
	struct store s;
	struct err e;
	char want[600];

	begin(&disk, "three");
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		const struct change *c = &changes[i];
		uint32_t was = dbx_word(disk.bytes, c->off);

		dbx_put(disk.memory + c->off, c->word);
		src = (struct source){.path = PATH, .bytes = disk.bytes};
		snprintf(want, sizeof(want), PATH ": %s", c->says);
		cr_assert_eq(store_read(&s, format(), &src, &e), -1, "0x%x: 0x%x is read",
			c->off, c->word);
		cr_expect_str_eq(
			e.message, want, "0x%x: 0x%x: %s", c->off, c->word, e.message);
		dbx_put(disk.memory + c->off, was);
	}
	source_release(&disk);
}

static void
refused(const struct store *s, enum edit_what what, uint32_t index, struct text to,
	const char *says)
{
	const struct edit edit = edit_make(what, index, to);
	struct buf out;
	struct err e;

	buf_init(&out, 0);
	cr_assert_eq(store_write(s, &edit, 1, &out, &e), -1);
	cr_expect_str_eq(e.message, says);
	cr_expect_eq(e.kind, ERR_DATA);
	buf_release(&out);
}

Test(dbx, what_cannot_be_written_is_refused)
{
	struct source disk, src;
	struct store s;
	struct err e;
	struct text large;

	begin(&disk, "three");
	source_of(&src, PATH, disk.bytes);
	cr_assert(store_read(&s, format(), &src, &e) == 0, "%s", e.message);
	refused(&s, EDIT_UIDL, 0, text_of("000000023ca9dcff"),
		PATH ": two records would have the UIDL 000000023ca9dcff of the server "
		     "pop.example.com; Outlook Express keeps one of each");
	refused(&s, EDIT_UIDL, 0, text_of("a b"),
		PATH ": \"a b\" cannot be written there as a UIDL: want printable ASCII "
		     "without blanks");
	refused(&s, EDIT_SERVER, 0, text_of("caf\xc3\xa9"),
		PATH ": \"caf\xc3\xa9\" cannot be written there as a server: want "
		     "printable ASCII without blanks");
	refused(&s, EDIT_UIDL, 0, text_of(""),
		PATH ": \"\" cannot be written there as a UIDL: want printable ASCII "
		     "without blanks");
	/* A record of 66 bytes without its UIDL, and blocks are below 0x2020. */
	static const size_t too_long[] = {8155, 9000, 70000};
	large = (struct text){must_alloc(70000), 0};
	memset((char *)large.at, 'x', 70000);
	for (size_t i = 0; i < sizeof(too_long) / sizeof(*too_long); i++) {
		large.len = too_long[i];
		refused(&s, EDIT_UIDL, 0, large,
			PATH ": byte 0x2500: the new UIDL or server is too long for this "
			     "record");
	}
	const struct edit longest = {0, EDIT_UIDL, 8154, large.at};
	struct buf out;
	buf_init(&out, 0);
	cr_assert(store_write(&s, &longest, 1, &out, &e) == 0, "%s", e.message);
	buf_release(&out);
	free((char *)large.at);
	store_release(&s);
	source_release(&disk);
}

/* Each record has a server of its own: what is between those that move stays. */
Test(dbx, a_record_moves_by_itself)
{
	struct source disk, src;
	struct store s, now;
	struct err e;
	struct buf out;
	static const char server[] = "mx.example.org";
	const struct edit edits[] = {
		{0, EDIT_SERVER, sizeof(server) - 1, server},
		{2, EDIT_SERVER, sizeof(server) - 1, server},
		{2, EDIT_UIDL, 4, "0new"},
	};

	begin(&disk, "three");
	source_of(&src, PATH, disk.bytes);
	cr_assert(store_read(&s, format(), &src, &e) == 0, "%s", e.message);
	buf_init(&out, 0);
	cr_assert(store_write(&s, edits, 3, &out, &e) == 0, "%s", e.message);
	source_of(&src, PATH, buf_text(&out));
	cr_assert(store_read(&now, format(), &src, &e) == 0, "%s", e.message);
	static const char *const want[][2] = {{"000000013ca9dcff", server},
		{"000000023ca9dcff", "pop.example.com"}, {"0new", server}};
	cr_assert_eq(now.nrecords, 3);
	cr_assert_eq(now.naccounts, 2);
	for (size_t i = 0; i < 3; i++) {
		struct record rec = store_record(&now, i), *r = &rec;
		cr_expect(text_equal(record_uidl(r), text_of(want[i][0])), "%zu", i);
		cr_expect(text_equal(now.accounts[r->account].host.text,
				  text_of(want[i][1])),
			"%zu", i);
		cr_expect(text_equal(
			now.accounts[r->account].user.text, text_of("00000001")));
	}
	const struct edit host = {0, EDIT_HOST, 1, "h"};
	cr_assert_eq(store_write(&s, &host, 1, &out, &e), -1);
	cr_expect(strstr(e.message, "the value is not in the file") != NULL, "%s",
		e.message);
	store_release(&now);
	store_release(&s);
	buf_release(&out);
	source_release(&disk);
}

/* Real files of Outlook Express 6, which must not be taken for its list of UIDLs. */
Test(dbx, sister_files)
{
	static const char *const files[][2] = {
		{"dbx-jamesmcguire/Inbox.dbx", "a message store of Outlook Express"},
		{"dbx-jamesmcguire/Outbox.dbx", "a message store of Outlook Express"},
		{"dbx-jamesmcguire/Folders.dbx", "list of folders"},
		{"dbx-jamesmcguire/Offline.dbx", "list of what it did offline"},
		{"dbx-mail-transport-dbx/test.dbx", "a message store of Outlook Express"},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[100];
		struct source src;
		struct store s;
		struct err e;

		snprintf(path, sizeof(path), "../shared/samples/%s", files[i][0]);
		if (source_read(&src, path, &e) < 0)
			cr_skip_test("no real files in ../shared/samples");
		cr_assert_eq(format_for(&src, NULL, &e), format());
		cr_assert_eq(store_read(&s, format(), &src, &e), -1);
		cr_expect(strstr(e.message, files[i][1]) != NULL, "%s", e.message);
		source_release(&src);
	}
}
