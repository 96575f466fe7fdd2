#include <criterion/criterion.h>

#include "model/rule.h"

TestSuite(rule, .timeout = 20);

/* UIDLs by hand from the servers' formulas, or seen: the file name's MD5 is md5sum's. */

#define FILE_NAME "1094503722.V902Ifc4M123.mx1"

static const struct rule_fields known = {
	.uid = 62,
	.has_uid = true,
	.validity = 1017765119, /* 0x3ca9dcff */
	.has_validity = true,
	.gmail = 0x12f7a1b2c3d4e5f6,
	.has_gmail = true,
	.file = {FILE_NAME, sizeof(FILE_NAME) - 1},
	.guid = {"0f3a4c1d2e5b6a790000000000000001", 32},
	.prefix = {"box7-", 5},
};

static void
is_uidl(const char *rule, const struct rule_fields *f, const char *want)
{
	struct buf out;

	buf_init(&out, 200);
	if (want == NULL)
		cr_expect_not(rule_uidl(rule, f, &out), "%s", rule);
	else {
		cr_expect(rule_uidl(rule, f, &out), "%s", rule);
		buf_byte(&out, '\0');
		cr_expect_str_eq(out.at, want, "%s", rule);
	}
	buf_release(&out);
}

static void
is_named(const char *words, const char *const *want)
{
	struct arena a = {0};
	struct err e = {0};
	const char **out;
	size_t n = 0;

	cr_assert_eq(rule_named(words, &a, &out, &e), 0, "%s: %s", words, e.message);
	for (; out[n] != NULL && want[n] != NULL; n++)
		cr_expect_str_eq(out[n], want[n], "%s", words);
	cr_expect(out[n] == NULL && want[n] == NULL, "%s: %zu", words, n);
	arena_free(&a);
}

static void
is_refused(const char *words, const char *why)
{
	struct arena a = {0};
	struct err e = {0};
	const char **out;

	cr_assert_eq(rule_named(words, &a, &out, &e), -1, "%s", words);
	cr_expect_eq(e.kind, ERR_USAGE);
	cr_expect(strstr(e.message, why) != NULL, "%s: %s", words, e.message);
	arena_free(&a);
}

Test(rule, servers)
{
	struct rule_fields first = {
		.uid = 1, .has_uid = true, .validity = 1795355606, .has_validity = true};

	is_uidl("{u:08x}{v:08x}", &known, "0000003e3ca9dcff");
	is_uidl("{v:08x}{u:08x}", &known, "3ca9dcff0000003e");
	is_uidl("{v}.{u}", &first, "1795355606.1");
	is_uidl("{u}", &first, "1");
	is_uidl("{u:08x}{v:08x}", &first, "000000016b02f3d6");
	is_uidl("{v}-{u}", &first, "1795355606-1");
	is_uidl("UID{u}-{v}", &first, "UID1-1795355606");
	is_uidl("UID{u}", &first, "UID1");
	is_uidl("{file}", &known, FILE_NAME);
	is_uidl("{md5file}", &known, "3bc43dba32058c95501c858bf53f01e4");
	is_uidl("{guid}", &known, "0f3a4c1d2e5b6a790000000000000001");
	is_uidl("GmailId{gmail}", &known, "GmailId12f7a1b2c3d4e5f6");
	is_uidl("GmailId{gmail:x}", &known, "GmailId12f7a1b2c3d4e5f6");
	is_uidl("{prefix}{u}", &known, "box7-62");
}

Test(rule, forms)
{
	struct rule_fields f = {.uid = 4294967295U,
		.has_uid = true,
		.file = {"1.a b+c'd\"e\x7f\xe9,S=1", 17}};

	is_uidl("{u:x}", &f, "ffffffff");
	is_uidl("{u:X}", &f, "FFFFFFFF");
	is_uidl("{u:012X}", &f, "0000FFFFFFFF");
	is_uidl("{u:04x}", &f, "ffffffff");
	is_uidl("{u:012}", &f, "004294967295");
	is_uidl("a{{{u}}}b", &f, "a{4294967295}b");
	is_uidl("{file:courier}", &f, "1.a+20b+2Bc+27d+22e+7F+E9,S=1");
}

Test(rule, what_is_not_known)
{
	struct rule_fields f = {.uid = 1, .has_uid = true};
	struct buf small;

	is_uidl("{v}.{u}", &f, NULL);
	is_uidl("{file}", &f, NULL);
	is_uidl("{file:courier}", &f, NULL);
	is_uidl("{md5file}", &f, NULL);
	is_uidl("{guid}", &f, NULL);
	is_uidl("{gmail}", &f, NULL);
	is_uidl("{prefix}{u}", &f, NULL);
	is_uidl("{u}", &(struct rule_fields){.file = {"a", 1}}, NULL);
	buf_init(&small, 3);
	cr_expect_not(rule_uidl("{u:08x}", &f, &small));
	cr_expect(rule_uidl("{u}", &f, &small), "emptied first");
	buf_release(&small);
}

Test(rule, prefix)
{
	struct rule_fields f = {
		.uid = 62, .has_uid = true, .validity = 7, .has_validity = true};
	struct text got;

	cr_assert(rule_prefix("{prefix}{u}", &f, text_of("abc62"), &got));
	cr_expect(text_equal(got, text_of("abc")));
	cr_assert(rule_prefix("{v}.{prefix}-{u}", &f, text_of("7.x-y-62"), &got));
	cr_expect(text_equal(got, text_of("x-y")));
	cr_assert(rule_prefix("{prefix}", &f, text_of("abc"), &got));
	cr_expect(text_equal(got, text_of("abc")));
	cr_expect_not(rule_prefix("{prefix}{u}", &f, text_of("abc63"), &got));
	cr_expect_not(rule_prefix("{v}.{prefix}-{u}", &f, text_of("8.x-62"), &got));
	cr_expect_not(
		rule_prefix("{prefix}{u}", &f, text_of("62"), &got), "nothing at all");
	cr_expect_not(rule_prefix("{v}{prefix}{u}", &f, text_of("62"), &got));
	cr_expect_not(rule_prefix("{prefix}{gmail}", &f, text_of("abc62"), &got));
	cr_expect_not(rule_prefix("{v}.{u}", &f, text_of("7.62"), &got));
}

Test(rule, names)
{
	is_named("dovecot", (const char *const[]){"{u:08x}{v:08x}", "{guid}", "{file}",
				    "{md5file}", "{v}.{u}", "{v:08x}{u:08x}", NULL});
	is_named("cyrus", (const char *const[]){
				  "{v}.{u}", "{u}", "{u:08x}{v:08x}", "{v}-{u}", NULL});
	is_named("courier",
		(const char *const[]){"UID{u}-{v}", "UID{u}", "{file:courier}", NULL});
	is_named("panda", (const char *const[]){"{v:08x}{u:08x}", NULL});
	is_named("x{u}", (const char *const[]){"x{u}", NULL});
}

/* Each row of the table is well formed, has a source, and is tried once. */
Test(rule, the_table)
{
	struct arena a = {0};
	struct err e = {0};
	const char **named, **all;
	size_t n = 0;

	for (const struct rule_row *r = rule_table; r->name != NULL; r++) {
		cr_expect_eq(rule_check(r->rule, NULL, &e), 0, "%s", e.message);
		cr_expect(strlen(r->source) > 0, "%s", r->name);
	}
	cr_assert_eq(rule_named(NULL, &a, &all, &e), 0);
	cr_assert_eq(rule_named("auto", &a, &named, &e), 0);
	for (; all[n] != NULL; n++) {
		cr_expect_str_eq(all[n], named[n]);
		for (size_t i = 0; i < n; i++)
			cr_expect(strcmp(all[i], all[n]) != 0, "%s twice", all[n]);
	}
	cr_expect_eq(n, 12);
	cr_expect_str_eq(all[0], "{u:08x}{v:08x}", "the likeliest first");
	arena_free(&a);
}

Test(rule, needs)
{
	struct err e = {0};
	unsigned needs;

	cr_assert_eq(rule_check("{u:08x}{v:08x}", &needs, &e), 0);
	cr_expect_eq(needs, RULE_UID | RULE_VALIDITY);
	cr_assert_eq(rule_check("{prefix}{file:courier}", &needs, &e), 0);
	cr_expect_eq(needs, RULE_PREFIX | RULE_FILE);
	cr_assert_eq(rule_check("{guid}{gmail}{md5file}", &needs, &e), 0);
	cr_expect_eq(needs, RULE_GUID | RULE_GMAIL | RULE_FILE);
}

Test(rule, refused_in_words)
{
	is_refused(
		"exchange", "one of dovecot, cyrus, uw, panda, courier, qmail, gmail, ");
	is_refused("", "is no UIDL rule");
	is_refused("{u", "at \"u\" is none of {u}");
	is_refused("{u}}", "what stands at \"}\"");
	is_refused("{uid}", "none of");
	is_refused("{U}", "none of");
	is_refused("{u:8x}", "none of");
	is_refused("{u:00x}", "none of");
	is_refused("{u:021}", "none of");
	is_refused("{u:}", "none of");
	is_refused("{u:08y}", "none of");
	is_refused("{file:x}", "none of");
	is_refused("{v}{prefix}", "all messages would have one UIDL");
	is_refused("{{}}", "all messages would have one UIDL");
	is_refused("{prefix}{u}{prefix}", "once only");
	is_refused("{u} {v}", "no blanks");
}
