/* Splicing: edits in, bytes out. */
#include "lying.h"

Test(store, edits_in_any_order)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit edits[] = {edit(EDIT_UIDL, 3, "4"),
		edit(EDIT_USER, 0, "somebody"), edit(EDIT_UIDL, 0, "a-longer-one"),
		edit(EDIT_HOST, 0, "h"), edit(EDIT_UIDL, 1, "ii")};
	assert_output(&s, edits, 5, "h somebody\na-longer-one k\nii d\nthree k\n4 k\n");
	store_release(&s);
}

Test(store, places_that_overlap_are_refused)
{
	const struct format f = {.name = "overlap", .read = pairs_read};
	struct source src;
	struct store s;

	begin(&s, &src, &f, "aabb");
	const struct edit edits[] = {edit(EDIT_UIDL, 0, "11"), edit(EDIT_UIDL, 1, "22")};
	assert_refused(&s, edits, 2, ERR_INTERNAL,
		"pairs: edit of UIDL 2 (bb): its place overlaps another's");
	store_release(&s);
}

Test(store, an_account_may_stand_as_user_and_host)
{
	struct format f = lines;
	struct source src;
	struct store s;

	f.name = "user first";
	begin(&s, &src, &f, "me there\none k\n");
	const struct edit edits[] = {
		edit(EDIT_HOST, 0, "elsewhere"), edit(EDIT_USER, 0, "I")};
	assert_output(&s, edits, 2, "I elsewhere\none k\n");
	store_release(&s);
}

Test(store, a_buffer_may_be_used_again)
{
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	begin(&s, &src, &lines, FILE_TEXT);
	buf_init(&out, 0);
	for (int i = 0; i < 2; i++) {
		cr_assert(store_write(&s, NULL, 0, &out, &e) == 0, "%s", e.message);
		cr_assert(text_equal(buf_text(&out), text_of(FILE_TEXT)));
	}
	buf_release(&out);
	store_release(&s);
}

Test(store, edits_that_change_nothing_are_dropped)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit same[] = {edit(EDIT_UIDL, 1, "two"), edit(EDIT_HOST, 0, "host"),
		edit(EDIT_UIDL, 2, "three")};
	assert_output(&s, same, 3, FILE_TEXT);
	assert_output(&s, NULL, 0, FILE_TEXT);
	store_release(&s);
}

Test(store, a_swap_is_no_special_case)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, FILE_TEXT);
	const struct edit edits[] = {
		edit(EDIT_UIDL, 0, "three"), edit(EDIT_UIDL, 2, "one")};
	assert_output(&s, edits, 2, "host user\nthree k\ntwo d\none k\nfour k\n");
	store_release(&s);
}

Test(store, bad_edits_are_refused)
{
	struct store s;
	struct source src;

	begin(&s, &src, &lines, "host\none k\ntwo d\n");
	const struct edit twice[] = {edit(EDIT_UIDL, 1, "a"), edit(EDIT_UIDL, 1, "b")};
	assert_refused(&s, twice, 2, ERR_INTERNAL,
		"lines.txt: edit of UIDL 2 (two): it has two edits");
	const struct edit same[] = {edit(EDIT_UIDL, 1, "a"), edit(EDIT_UIDL, 1, "a")};
	assert_refused(&s, same, 2, ERR_INTERNAL,
		"lines.txt: edit of UIDL 2 (two): it has two edits");
	const struct edit user = edit(EDIT_USER, 0, "u");
	assert_refused(&s, &user, 1, ERR_INTERNAL,
		"lines.txt: edit of user 1 (): the value is not in the file");
	const struct edit none[] = {edit(EDIT_UIDL, 2, "a"), edit(EDIT_HOST, 1, "a"),
		{.index = 0, .what = 3}};
	assert_refused(&s, &none[0], 1, ERR_INTERNAL,
		"lines.txt: edit of number 2, which is not in the file");
	assert_refused(&s, &none[1], 1, ERR_INTERNAL,
		"lines.txt: edit of number 1, which is not in the file");
	assert_refused(&s, &none[2], 1, ERR_INTERNAL,
		"lines.txt: edit of number 0, which is not in the file");
	const struct edit bad = edit(EDIT_UIDL, 0, "unspeakable");
	assert_refused(&s, &bad, 1, ERR_DATA, "lines.txt: cannot say it");
	store_release(&s);
}

Test(store, a_store_that_cannot_be_read_is_empty)
{
	struct source src;
	struct store s;
	struct err e;

	source_of(&src, "lines.txt", text_of("host user\none k\nbroken\n"));
	cr_assert(store_read(&s, &lines, &src, &e) == -1);
	cr_assert_str_eq(e.message, "lines.txt:3: want \"UIDL LETTER\"");
	cr_assert(s.records == NULL && s.nrecords == 0 && s.accounts == NULL);
	src.bytes.len = (size_t)SOURCE_MAX + 1;
	cr_assert(store_read(&s, &lines, &src, &e) == -1);
	cr_assert_str_eq(e.message, "lines.txt: 1073741825 bytes: no mail client writes "
				    "a list of UIDLs of that "
				    "size");
}

Test(store, notes_are_safe_for_a_terminal)
{
	struct store s = {0};

	store_note(&s, "entry %d: %s", 7, "\033[31m\xff");
	cr_assert_eq(s.nnotes, 1);
	cr_assert_str_eq(s.notes[0], "entry 7: \\x1b[31m\\xff");
	store_release(&s);
}

Test(store, places_outside_the_file_are_empty)
{
	struct source src;
	struct store s = {.source = &src};

	source_of(&src, "x", text_of("abc"));
	cr_assert(text_equal(store_at(&s, (struct span){1, 2}), text_of("bc")));
	cr_assert_eq(store_at(&s, (struct span){1, 3}).len, 0);
	cr_assert_eq(store_at(&s, (struct span){4, 0}).len, 0);
	cr_assert_eq(store_at(&s, (struct span){3, UINT32_MAX}).len, 0);
}

/* Whatever a reader says of a record is given back, whether it fits into the small form
 * or not. */
Test(store, what_a_record_says_is_kept)
{
	static char bytes[80000];
	struct source src;
	struct store s = {.format = &lines, .source = &src};
	struct err e;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 23);
	source_of(&src, "large", (struct text){bytes, sizeof(bytes)});
	const struct record said[] = {
		{bytes + 10, 4, 0, {10, 4}, {8, 10}, 0, RECORD_KNOWN, 'k'},
		{bytes + 22, 4, 1, {20, 6}, {20, 6}, 0, RECORD_DELETE, 'd'},
		{bytes + 1000, 4, 0, {936, 68}, {936, 68}, 0, RECORD_KNOWN, 'k'},
		{"%41", 3, 0, {30, 3}, {30, 3}, 0, RECORD_KNOWN, '-'},
		{bytes + 22, 3, 0, {20, 6}, {20, 6}, 0, RECORD_KNOWN, '-'},
		{bytes + 400, 4, 0, {400, 4}, {145, 510}, 9, RECORD_PARTIAL, 'f'},
		{bytes + 400, 4, 0, {400, 4}, {144, 510}, 0, RECORD_PARTIAL, 'f'},
		{bytes + 400, 4, 0, {400, 4}, {400, 260}, UINT32_MAX, RECORD_KNOWN, 'k'},
		{bytes + 10, 4, STORE_NO_ACCOUNT, {10, 4}, {8, 10}, 1, RECORD_KNOWN, 'k'},
		{bytes + 10, 4, 65535, {10, 4}, {8, 10}, 1, RECORD_KNOWN, 'k'},
		{bytes, 65534, 0, {0, 65534}, {0, 65535}, 0, RECORD_KNOWN, 'k'},
		{bytes, 65535, 0, {0, 65535}, {0, 65536}, 0, RECORD_KNOWN, 'k'},
		{"", 0, 0, {0, 0}, {5, 9}, 0, RECORD_KNOWN, 'k'},
		{bytes + 10, 4, 0, {10, 4}, {11, 3}, 2, RECORD_KNOWN, 'k'},
	};
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		cr_assert_eq(store_add_record(&s, said[i], &e), 0);
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct record is = store_record(&s, i), was = said[i];

		cr_expect(text_equal(record_uidl(&is), record_uidl(&was)), "%zu", i);
		cr_expect(text_equal(store_uidl(&s, i), record_uidl(&was)), "%zu", i);
		cr_expect(is.account == was.account && is.time == was.time &&
				  is.state == was.state && is.status == was.status &&
				  is.at.off == was.at.off && is.at.len == was.at.len &&
				  is.whole.off == was.whole.off &&
				  is.whole.len == was.whole.len,
			"%zu", i);
	}
	cr_expect_eq(s.nwide, 9);
	store_release(&s);
}
