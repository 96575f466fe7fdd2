/*
 * What the program says of what is there, and what to type next: a store of several
 * accounts, a record that was left behind, the command that the dry run leads to.
 */
#include "cli.h"

TestSuite(next, .timeout = 60);

#define RECORD "aaaaaaaaaaaaaa\t1700000000\t0\nbbbbbbbbbbbbbb\t1700000001\t0\n"

static void
make_map(struct cli *c, const char *name)
{
	put("pairs.csv",
		"old_uidl,new_uidl\naaaaaaaaaaaaaa,cccccccccccccc\n"
		"bbbbbbbbbbbbbb,dddddddddddddd\n",
		0600);
	char line[200];
	snprintf(line, sizeof(line),
		"map --import pairs.csv --old-account anna@old.example --new-account "
		"anna@new.example %s",
		name);
	run(c, line);
	cr_assert_eq(c->code, 0, "%s", c->err);
}

/* Claws Mail, whose account names `host`, and the record of old.example. */
static void
make_claws(const char *host)
{
	char rc[400];

	cr_assert_eq(mkdir(".claws-mail", 0700), 0);
	cr_assert_eq(mkdir(".claws-mail/uidl", 0700), 0);
	snprintf(rc, sizeof(rc),
		"[Account: 1]\naccount_name=A\nprotocol=0\nreceive_server=%s\nuser_id=anna\n"
		"remove_mail=0\n",
		host);
	put(".claws-mail/accountrc", rc, 0600);
	put(".claws-mail/uidl/old.example-anna", RECORD, 0600);
}

Test(next, find_tells_of_each_account_of_a_store)
{
	struct cli c;

	set_up(&c);
	put(".fetchids",
		"anna@old.example aaaaaaaaaaaaaa\nanna@old.example bbbbbbbbbbbbbb\n"
		"bob@other.example cccccccccccccc\neve@third.example dddddddddddddd\n",
		0600);
	put(".fetchmailrc",
		"poll old.example protocol pop3 user anna keep\n"
		"poll other.example protocol pop3 user bob\n",
		0600);
	run(&c, "find");
	cr_assert_eq(c.code, 0, "%s", c.err);
	static const char *const lines[] = {
		"    account anna@old.example, 2 entries: leaves mail on the server\n",
		"    account bob@other.example, 1 entry: leaves no mail on the server\n",
		"    account eve@third.example, 1 entry: its settings are not at hand\n",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		cr_expect(strstr(c.out, lines[i]) != NULL, "%s%s", lines[i], c.out);
	run(&c, "find --json");
	cr_expect(strstr(c.out,
			  "{\"host\":\"other.example\",\"user\":\"bob\",\"records\":1,"
			  "\"settings\":{") != NULL,
		"%s", c.out);
	cr_expect(strstr(c.out, "{\"host\":\"third.example\",\"user\":\"eve\","
				"\"records\":1}") != NULL,
		"%s", c.out);
	tear_down(&c);
}

Test(next, a_record_of_an_account_that_was_switched_is_named)
{
	struct cli c;

	set_up(&c);
	make_map(&c, "m");
	make_claws("new.example");
	run(&c, "diff --map m --force");
	cr_expect_eq(c.code, 66);
	char want[300];
	snprintf(want, sizeof(want),
		"%s/.claws-mail/uidl/old.example-anna is of no account that its client has "
		"now; if that account has the new server already, this is its old record, to "
		"be named: reuidl diff --map m --force %s/.claws-mail/uidl/old.example-anna",
		c.dir, c.dir);
	cr_expect(strstr(c.err, want) != NULL, "%s", c.err);
	/* Another client's store is there, and is not of this map. */
	put(".fetchids", "carl@old.example aaaaaaaaaaaaaa\n", 0600);
	run(&c, "diff --map m --force");
	cr_expect_eq(c.code, 66);
	cr_expect(strstr(c.err, want) != NULL, "%s", c.err);
	/* Of another server, it is nothing of this map's. */
	cr_assert_eq(rename(".claws-mail/uidl/old.example-anna",
			     ".claws-mail/uidl/elsewhere.example-anna"),
		0);
	run(&c, "diff --map m --force");
	cr_expect_eq(c.code, 66);
	cr_expect(strstr(c.err, "to be named") == NULL, "%s", c.err);
	tear_down(&c);
}

Test(next, what_was_given_is_part_of_the_next_command)
{
	struct cli c;

	set_up(&c);
	make_map(&c, "it's");
	make_claws("old.example");
	run(&c, "diff --stat --all --map it's --max-age 30 --account anna@old.example "
		"--before-first-contact --allow-deletes --state s");
	cr_assert_eq(c.code, 1, "%s", c.err);
	cr_expect(strstr(c.out,
			  "reuidl apply --map 'it'\\''s' --account anna@old.example "
			  "--before-first-contact --allow-deletes --max-age 30 --state "
			  "s\n") != NULL,
		"%s", c.out);
	cr_assert_eq(rename("it's", "m"), 0);
	run(&c, "diff --map m .claws-mail/uidl/old.example-anna");
	cr_assert_eq(c.code, 1, "%s", c.err);
	cr_expect(strstr(c.out,
			  "reuidl apply --map m .claws-mail/uidl/old.example-anna\n") !=
			  NULL,
		"%s", c.out);
	tear_down(&c);
}

Test(next, json_has_the_path_that_was_read_and_the_one_that_results)
{
	char want[300];
	struct cli c;

	set_up(&c);
	make_map(&c, "m");
	make_claws("old.example");
	snprintf(want, sizeof(want),
		"\"stores\":[{\"path\":\"%s/.claws-mail/uidl/old.example-anna\",", c.dir);
	static const char *const lines[] = {
		"diff --map m --json", "apply --map m --json"};
	for (int i = 0; i < 2; i++) {
		run(&c, lines[i]);
		cr_expect_eq(c.code, i == 0, "%s", c.err);
		cr_expect(strstr(c.out, want) != NULL, "%s", c.out);
		cr_expect(strstr(c.out, "/.claws-mail/uidl/new.example-anna\"") != NULL,
			"%s", c.out);
	}
	tear_down(&c);
}

/* Rows of Apple Mail's database may name no account, or one that is not there. */
Test(next, show_gives_no_account_to_an_entry_without_one)
{
	char fixture[1024], line[1200];
	struct cli c;

	cr_assert(realpath("fixtures/apple_coredata/odd-rows", fixture) != NULL);
	set_up(&c);
	snprintf(line, sizeof(line), "show --client apple_coredata %s", fixture);
	run(&c, line);
	cr_assert_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, "\n0 - 000000016b02f262 1230768000\n") != NULL, "%s",
		c.out);
	cr_expect(strstr(c.out, "\n- - no-account 0\n- - another 978307201\n") != NULL,
		"%s", c.out);
	tear_down(&c);
}
