/* A new server that goes on with the old UIDLs: what is given, and what is left out. Both
 * sides are Maildirs, so that each UIDL stands here. The real servers are in
 * tests/maildir_cases.py. */
#include "cli.h"

TestSuite(keep, .timeout = 60);

static struct cli c;

/* Letter `n` in a Maildir, under that name. */
static void
letter(const char *path, int n)
{
	char text[300];

	snprintf(text, sizeof(text),
		"Message-ID: <%d@x>\nDate: Mon, 2 Nov 2026 10:00:%02d +0000\n"
		"Subject: letter %d\n\nThe text of %d.\n",
		n, n, n, n);
	put(path, text, 0600);
}

static void
begin(void)
{
	static const char *const folders[] = {
		"old", "old/cur", "old/new", "new", "new/cur", "new/new"};

	set_up(&c);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		cr_assert_eq(mkdir(folders[i], 0700), 0);
}

static void
match(const char *more)
{
	char line[500];

	snprintf(line, sizeof(line),
		"match --old maildir:old --old-account me@old.example --new maildir:new "
		"--new-account me@new.example --map map --trust-rule %s",
		more);
	run(&c, line);
	cr_assert_eq(c.code, 0, "%s", c.err);
}

static void export(const char *form)
{
	char line[200];

	snprintf(line, sizeof(line), "map map --export %s", form);
	run(&c, line);
	cr_assert_eq(c.code, 0, "%s", c.err);
}

static bool
said(const char *words)
{
	return strstr(c.err, words) != NULL;
}

Test(keep, in_the_p_fields)
{
	begin();
	letter("old/cur/10.a:2,S", 1);
	letter("old/cur/11.b:2,S", 2);
	letter("old/cur/12.gone:2,S", 3);
	letter("new/cur/20.x:2,S", 2);
	letter("new/cur/21.y:2,", 1);
	letter("new/new/22.z", 4);
	put("new/dovecot-uidlist",
		"3 V7 N9 Gabc\n3 W12 :20.x\n4 S3 Pstored G5 :21.y\n6 :19.expunged\n"
		"8 :22.z\n",
		0600);
	match("");
	export("dovecot-uidlist");
	cr_expect_str_eq(c.out,
		"3 V7 N9 Gabc\n3 W12 P11.b :20.x\n4 S3 G5 P10.a :21.y\n6 :19.expunged\n"
		"8 :22.z\n");
	cr_expect_str_eq(c.err, "2 of the map's 2 pairs get their old UIDL\n");
	tear_down(&c);
}

/* Both servers have UIDVALIDITY 7: UIDL n is hex8(n) 00000007. */
static const char old_list[] = "3 V7 N10 Gabc\n1 :1\n2 :2\n3 :3\n9 :9\n";

static void
old_side(void)
{
	begin();
	letter("old/cur/1:2,S", 1);
	letter("old/cur/2:2,S", 2);
	letter("old/cur/3:2,S", 3);
	letter("old/cur/9:2,S", 9);
	put("old/dovecot-uidlist", old_list, 0600);
}

/* 1 and 2 have changed places: both get their own. 9 would be given again to the ninth
 * message; and a new one has what was 3's. */
Test(keep, equal_uidls_on_both_servers)
{
	char *line;

	old_side();
	letter("new/cur/b:2,S", 2);
	letter("new/cur/a:2,S", 1);
	letter("new/cur/n:2,S", 30);
	letter("new/cur/i:2,S", 9);
	put("new/dovecot-uidlist", "3 V7 N5 Gabc\n1 :b\n2 :a\n3 :n\n4 :i\n", 0600);
	match("");
	export("dovecot-uidlist");
	line = strstr(c.out, "\n1 ");
	cr_assert(line != NULL, "%s", c.out);
	cr_expect_eq(strncmp(line,
			     "\n1 P0000000200000007 :b\n2 P0000000100000007 :a\n3 "
			     "Preuidl-",
			     57),
		0, "%s", c.out);
	cr_expect(strstr(c.out, "\n4 :i\n") != NULL, "%s", c.out);
	cr_expect(said("2 of the map's 3 pairs get their old UIDL\n"), "%s", c.err);
	cr_expect(said("1 are left out: a message to come may get that UIDL\n"));
	cr_expect(said("1 messages without a partner got a UIDL of their own"));
	cr_expect(said("up to that of UID 9 will come again"));
	cr_expect(said("write N10 in place of N5"));
	tear_down(&c);
}

/* With that N the same map gives all. */
Test(keep, with_the_next_uid_raised)
{
	old_side();
	letter("new/cur/i:2,S", 9);
	put("new/dovecot-uidlist", "3 V7 N10 Gabc\n4 :i\n", 0600);
	match("");
	export("dovecot-uidlist");
	cr_expect_str_eq(c.out, "3 V7 N10 Gabc\n4 P0000000900000007 :i\n");
	cr_expect_str_eq(c.err, "1 of the map's 1 pairs get their old UIDL\n");
	tear_down(&c);
}

/* 2's UIDL is stored for another message that stays: 2 comes once more. */
Test(keep, a_uidl_is_never_given_twice)
{
	old_side();
	letter("new/cur/b:2,S", 2);
	letter("new/cur/c:2,S", 3);
	letter("new/cur/n:2,S", 30);
	put("new/dovecot-uidlist",
		"3 V8 N50 Gabc\n41 :b\n42 P0000000300000007 :c\n43 P0000000200000007 :n\n",
		0600);
	match("");
	export("dovecot-uidlist");
	cr_expect(strstr(c.out, "\n41 P0000000200000007 :b\n42 P0000000300000007 :c\n43 "
				"Preuidl-") != NULL,
		"%s", c.out);
	cr_expect(said("1 of the map's 2 pairs"), "%s", c.err);
	cr_expect(said("1 have it already\n"));
	tear_down(&c);
}

Test(keep, decimal_uids_come_again_too)
{
	begin();
	letter("old/cur/77:2,S", 1);
	letter("old/cur/12:2,S", 2);
	letter("new/cur/a:2,S", 1);
	letter("new/cur/b:2,S", 2);
	put("new/dovecot-uidlist", "3 V7 N50 Gabc\n1 :a\n2 :b\n", 0600);
	match("--new-uidl-rule {u}");
	export("dovecot-uidlist");
	cr_expect_str_eq(c.out, "3 V7 N50 Gabc\n1 :a\n2 P12 :b\n");
	cr_expect(said("1 are left out: a message to come may get that UIDL\n"), "%s",
		c.err);
	match("--new-uidl-rule {u}-{u}");
	run(&c, "map map --export dovecot-uidlist");
	cr_expect_eq(c.code, 64);
	cr_expect(said("has more than one {u}"), "%s", c.err);
	tear_down(&c);
}

Test(keep, in_file_names_whatever_they_are)
{
	char script[16384];

	begin();
	letter("old/cur/10.it's-$HOME:2,S", 1);
	letter("old/cur/11.fine,S=9:2,S", 2);
	letter("old/cur/12.-`x`;*?:2,S", 3);
	letter("new/cur/-20'x:2,RS", 1);
	letter("new/new/21.y", 2);
	letter("new/cur/22\"$(z):2,", 3);
	match("--new-uidl-rule {file}");
	export("maildir-rename");
	cr_expect(said("2 of the map's 3 pairs get their old UIDL\n"), "%s", c.err);
	cr_expect(said("1 are left out: they cannot be a file's name there"));
	snprintf(script, sizeof(script), "%s", c.out);
	put("rename.sh", script, 0600);
	cr_assert_eq(system("sh rename.sh check && sh rename.sh rename"), 0);
	cr_expect_eq(access("new/cur/12.-`x`;*?:2,", F_OK), 0);
	cr_expect_eq(access("new/cur/22\"$(z):2,", F_OK), -1);
	cr_expect_eq(
		access("new/new/21.y", F_OK), 0, "has another size than its name says");
	cr_assert_eq(rename("new/cur/12.-`x`;*?:2,", "new/cur/12.-`x`;*?:2,S"), 0);
	cr_assert_eq(system("sh rename.sh undo"), 0);
	cr_expect_eq(access("new/cur/22\"$(z):2,S", F_OK), 0, "with its flags of now");
	tear_down(&c);
}

Test(keep, what_is_refused)
{
	begin();
	letter("old/cur/10.a:2,S", 1);
	letter("old/cur/11.b:2,S", 2);
	letter("new/cur/20.x:2,S", 1);
	letter("new/cur/21.y:2,S", 2);
	match("");
	run(&c, "map map --export dovecot-uidlist");
	cr_expect_eq(c.code, 64);
	cr_expect(said("there is no dovecot-uidlist"), "%s", c.err);
	run(&c, "map map --export maildir-rename --redact");
	cr_expect_eq(c.code, 64);
	run(&c, "map map --export maildir-rename --json");
	cr_expect_eq(c.code, 64);
	cr_assert_eq(unlink("new/cur/20.x:2,S"), 0);
	run(&c, "map map --export maildir-rename");
	cr_expect_eq(c.code, 78);
	cr_expect(said("the message with the UIDL 20.x is not there; run match again"),
		"%s", c.err);
	cr_expect_str_empty(c.out);
	put("pairs.csv", "old_uidl,new_uidl,evidence\na,b,\n", 0600);
	run(&c, "map m2 --import pairs.csv --old-account a@b --new-account c@d");
	cr_assert_eq(c.code, 0, "%s", c.err);
	run(&c, "map m2 --export dovecot-uidlist");
	cr_expect_eq(c.code, 64);
	cr_expect(said("its new side is no Maildir"), "%s", c.err);
	tear_down(&c);
}

Test(keep, whose_mailbox_it_is)
{
	begin();
	letter("old/cur/10.a:2,S", 1);
	run(&c, "match --old maildir:old --new maildir:new --map map");
	cr_expect_eq(c.code, 64);
	cr_expect(said("says not whose mailbox it is: it wants --old-account USER@HOST"),
		"%s", c.err);
	run(&c, "match --old maildir:old --old-account me --new maildir:new --map map");
	cr_expect_eq(c.code, 64);
	run(&c, "match --old pop3://a@b --old-account me@b --new maildir:new --map map");
	cr_expect_eq(c.code, 64);
	cr_expect(said("pop3: says that itself"), "%s", c.err);
	run(&c, "match --old maildir:old --old-account a@b --old-tls=off --new maildir:new "
		"--new-account a@b --map map");
	cr_expect_eq(c.code, 64);
	cr_expect(said("is no server"), "%s", c.err);
	run(&c, "match --old mbox:old --old-account a@b --old-uidl-rule {file} --new "
		"maildir:new --new-account a@b --map map");
	cr_expect_eq(c.code, 64);
	run(&c, "match --old maildir:none --old-account a@b --new maildir:new --new-account "
		"a@b --map map");
	cr_expect_eq(c.code, 66);
	tear_down(&c);
}
