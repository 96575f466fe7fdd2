#include <criterion/criterion.h>

#include "model/sizelist.h"
#include "model/uidlist.h"

TestSuite(uidlist, .timeout = 20);
TestSuite(sizelist, .timeout = 20);

/* dovecot-uidlist of a Dovecot 2.3.19 with pop3_save_uidl; O, G, an empty P and a field
 * that it does not know were put in by hand, and it served what is expected here. */
static const char real[] =
	"3 V1775808377 N71 G4a543e3593d0fce361c6d428b00255dd P%25v.%25u\n"
	"1 W200 Pab%c :1767225601.M1P1.lab\n"
	"2 P W200 :1767225602.M2P1.lab\n"
	"3 O5 Ga1b2c3d4e5f60718293a4b5c6d7e8f90 W182 :1767225603.M3P1.lab\n"
	"4 O1 Pab:c W201 :1767225604.M4P1.lab\n"
	"5 Zx O3 W188 :1767225605.M5P1.lab\n"
	"70 W200 :1767225606.M6P1.lab\n";

static const char courier[] = "/3 7 1795865844\n"
			      "1767225601.M1P1.lab:2, 200 1:1795865844:0\n"
			      "1767225602.M2P1.lab:2,S 210 2:1795865844:1\n"
			      "1767225603.M3P1.lab 182 3:0:0\n"
			      "a name 201 0:0:0\n";

static bool
is(struct text t, const char *want)
{
	return text_equal(t, text_of(want));
}

Test(uidlist, what_dovecot_wrote)
{
	struct uidlist l;
	struct err e = {0};

	cr_assert_eq(uidlist_read(&l, "x", text_of(real), &e), 0, "%s", e.message);
	cr_assert_eq(l.n, 6);
	cr_expect_eq(l.validity, 1775808377);
	cr_expect_eq(l.next, 71);
	cr_expect(is(l.at[0].pop3, "ab%c"));
	cr_expect(is(l.at[0].name, "1767225601.M1P1.lab"));
	cr_expect(l.at[0].has_vsize && l.at[0].vsize == 200);
	cr_expect(l.at[1].has_pop3 && l.at[1].pop3.len == 0);
	cr_expect_not(l.at[2].has_pop3);
	cr_expect(is(l.at[2].guid, "a1b2c3d4e5f60718293a4b5c6d7e8f90"));
	cr_expect(l.at[2].has_order && l.at[2].order == 5);
	cr_expect(is(l.at[3].pop3, "ab:c"));
	cr_expect_eq(l.at[5].uid, 70);
	cr_expect_eq(l.torn.len, 0);
	uidlist_release(&l);
}

Test(uidlist, written_with_other_uidls)
{
	static const char want[] =
		"3 V1775808377 N71 G4a543e3593d0fce361c6d428b00255dd P%25v.%25u\n"
		"1 W200 Pnew1 :1767225601.M1P1.lab\n"
		"2 W200 Pnew:2 :1767225602.M2P1.lab\n"
		"3 O5 Ga1b2c3d4e5f60718293a4b5c6d7e8f90 W182 :1767225603.M3P1.lab\n"
		"4 O1 Pab:c W201 :1767225604.M4P1.lab\n"
		"5 Zx O3 W188 Pnew5 :1767225605.M5P1.lab\n"
		"70 W200 :1767225606.M6P1.lab\n";
	struct text pop3[6] = {
		{"new1", 4}, {"new:2", 5}, {"", 0}, {"", 0}, {"new5", 4}, {"", 0}};
	struct uidlist l;
	struct buf out;
	struct err e = {0};

	cr_assert_eq(uidlist_read(&l, "x", text_of(real), &e), 0, "%s", e.message);
	buf_init(&out, 10000);
	uidlist_write(&l, pop3, &out);
	cr_expect(is(buf_text(&out), want), "%.*s", TEXT_ARG(buf_text(&out)));
	memset(pop3, 0, sizeof(pop3));
	buf_clear(&out);
	uidlist_write(&l, pop3, &out);
	cr_expect(is(buf_text(&out), real));
	buf_release(&out);
	uidlist_release(&l);
}

Test(uidlist, version_1_flags_and_a_last_line_that_is_being_written)
{
	struct uidlist l;
	struct err e = {0};

	cr_assert_eq(uidlist_read(&l, "x", text_of("1 5 9\n2 a.b:2,S\n3  c :d\n8 e"), &e),
		0, "%s", e.message);
	cr_expect_eq(l.version, 1);
	cr_expect_eq(l.validity, 5);
	cr_assert_eq(l.n, 2);
	cr_expect(is(l.at[0].name, "a.b"));
	cr_expect(is(l.torn, "8 e"));
	uidlist_release(&l);
	cr_assert_eq(uidlist_read(&l, "x", text_of("3 V5 N9\n2 :a b:2,S\n"), &e), 0);
	cr_expect(is(l.at[0].name, "a b"));
	struct text pop3[1] = {{"u", 1}};
	struct buf out;
	buf_init(&out, 1000);
	uidlist_write(&l, pop3, &out);
	cr_expect(is(buf_text(&out), "3 V5 N9\n2 Pu :a b:2,S\n"));
	buf_release(&out);
	uidlist_release(&l);
}

/* What stands behind a tab is no field of its own: not "Pb", which would be taken out. */
Test(uidlist, a_tab_is_a_byte_of_its_field)
{
	struct text pop3[1] = {{"u", 1}};
	struct uidlist l;
	struct buf out;
	struct err e = {0};

	cr_assert_eq(uidlist_read(&l, "x", text_of("3 V5 N9\n2 Ga\tPb  Pold :c\n"), &e),
		0, "%s", e.message);
	buf_init(&out, 1000);
	uidlist_write(&l, pop3, &out);
	cr_expect(is(buf_text(&out), "3 V5 N9\n2 Ga\tPb Pu :c\n"), "%.*s",
		TEXT_ARG(buf_text(&out)));
	buf_release(&out);
	uidlist_release(&l);
}

static void
is_refused(const char *bytes, size_t len, const char *want)
{
	struct uidlist l;
	struct err e = {0};

	cr_assert_eq(
		uidlist_read(&l, "box/dovecot-uidlist", (struct text){bytes, len}, &e),
		-1, "%s", bytes);
	cr_expect_eq(e.kind, ERR_DATA);
	cr_expect(text_starts(text_of(e.message), want), "%s", e.message);
	uidlist_release(&l);
}

#define REFUSED(bytes, want)                                                             \
	is_refused(bytes, sizeof(bytes) - 1, "box/dovecot-uidlist:" want)

Test(uidlist, lies_are_refused_with_their_line)
{
	REFUSED("", "1: want a dovecot-uidlist");
	REFUSED("3 V1 N1", "1: want a dovecot-uidlist");
	REFUSED("2 V1 N1\n", "1: want a dovecot-uidlist of version 1 or 3");
	REFUSED("3 V1\n", "1: want V and N");
	REFUSED("3 V0 N1\n", "1: want a number from 1 to 4294967295: \"V0\"");
	REFUSED("3 V4294967296 N1\n", "1: want a number");
	REFUSED("1 5\n", "1: want \"1 UIDVALIDITY NEXT-UID\"");
	REFUSED("3 V1 N9\n0 :a\n", "2: want a UID");
	REFUSED("3 V1 N9\n4294967296 :a\n", "2: want a UID");
	REFUSED("3 V1 N9\nx :a\n", "2: want a UID");
	REFUSED("3 V1 N9\n5 :a\n5 :b\n", "3: UIDs that do not go up");
	REFUSED("3 V1 N9\n5 :a\n4 :b\n", "3: UIDs that do not go up");
	REFUSED("3 V1 N9\n5\n", "2: want a UID");
	REFUSED("3 V1 N9\n5 W3\n", "2: want : and the file's name");
	REFUSED("3 V1 N9\n5 :\n", "2: want the file's name");
	REFUSED("3 V1 N9\n5 ::2,S\n", "2: want the file's name");
	REFUSED("3 V1 N9\n5 :../a\n", "2: a file's name that leads elsewhere");
	REFUSED("3 V1 N9\n5 w3 :a\n", "2: want fields, and :");
	REFUSED("3 V1 N9\n5 Wx :a\n", "2: want a number behind W");
	REFUSED("3 V1 N9\n5 O4294967296 :a\n", "2: want a number behind O");
	REFUSED("3 V1 N9\n5 :a\0b\n", " NUL bytes in it");
}

Test(sizelist, what_courier_wrote)
{
	struct sizelist l;
	struct err e = {0};

	cr_assert_eq(sizelist_read(&l, "x", text_of(courier), &e), 0, "%s", e.message);
	cr_assert_eq(l.n, 4);
	cr_expect(is(l.at[0].name, "1767225601.M1P1.lab"));
	cr_expect_eq(l.at[0].size, 200);
	cr_expect_eq(l.at[0].number, 1);
	cr_expect_eq(l.at[0].validity, 1795865844);
	cr_expect_str_eq(sizelist_rule(&l.at[0]), "UID{u}-{v}");
	cr_expect_str_eq(sizelist_rule(&l.at[2]), "UID{u}");
	cr_expect_str_eq(sizelist_rule(&l.at[3]), "{file:courier}");
	cr_expect(is(l.at[3].name, "a name"));
	sizelist_release(&l);
	cr_assert_eq(sizelist_read(&l, "x", text_of("/2 7 9\na 1 5:9\n"), &e), 0);
	cr_expect_eq(l.at[0].number, 5);
	sizelist_release(&l);
}

/* pop3dserver.c, cmpmsgs(). */
Test(sizelist, order)
{
	cr_expect_lt(sizelist_compare(text_of("9.b"), text_of("10.a")), 0);
	cr_expect_gt(sizelist_compare(text_of("10.b"), text_of("10.a")), 0);
	cr_expect_lt(sizelist_compare(text_of("x"), text_of("1")), 0);
	cr_expect_eq(sizelist_compare(text_of("10.a"), text_of("10.a")), 0);
	cr_expect_gt(
		sizelist_compare(text_of("99999999999999999999999"), text_of("1")), 0);
}

static void
is_no_sizelist(const char *bytes, const char *want)
{
	struct sizelist l;
	struct err e = {0};

	cr_assert_eq(sizelist_read(&l, "l", text_of(bytes), &e), -1, "%s", bytes);
	cr_expect_eq(e.kind, ERR_DATA);
	cr_expect(text_starts(text_of(e.message), want), "%s", e.message);
	sizelist_release(&l);
}

Test(sizelist, lies_are_refused_with_their_line)
{
	is_no_sizelist("", "l:1: want a courierpop3dsizelist");
	is_no_sizelist("/1 7\n", "l:1: want a courierpop3dsizelist of version 2 or 3");
	is_no_sizelist("a 200\n", "l:1: want a courierpop3dsizelist of version 2 or 3");
	is_no_sizelist("/3 7\n", "l:1: want \"/3 NEXT VALIDITY\"");
	is_no_sizelist("/3 7 9\na 1\n", "l:2: want \"NAME SIZE N:V\"");
	is_no_sizelist("/3 7 9\na 1 5\n", "l:2: want \"NAME SIZE N:V\"");
	is_no_sizelist("/3 7 9\na 1 x:9\n", "l:2: want \"NAME SIZE N:V\"");
	is_no_sizelist("/3 7 9\na x 5:9\n", "l:2: want \"NAME SIZE N:V\"");
	is_no_sizelist("/3 7 9\na 1 4294967296:9\n", "l:2: want \"NAME SIZE N:V\"");
	is_no_sizelist("/3 7 9\n../a 1 5:9\n", "l:2: a file's name that leads elsewhere");
	is_no_sizelist("/3 7 9\n:2, 1 5:9\n", "l:2: want the file's name");
	is_no_sizelist("/3 7 9\na 1 5:9", "l: it is cut off");
}
