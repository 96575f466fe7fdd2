#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "model/words.h"

TestSuite(words, .timeout = 20);

struct example {
	char encoded[200], shown[200];
};

/* RFC 2047, section 8; then what real senders write. */
static struct example examples[] = {
	{"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
		"Keith Moore <moore@cs.utk.edu>"},
	{"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
		"Keld J\u00f8rn Simonsen <keld@dkuug.dk>"},
	{"=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>",
		"Andr\u00e9 Pirard <PIRARD@vm1.ulg.ac.be>"},
	{"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
	 "    =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		"If you can read this you understand the example."},
	{"Nathaniel Borenstein <nsb@thumper.bellcore.com>\r\n"
	 "    (=?iso-8859-8?b?7eXs+SDv4SDs6Oj08A==?=)",
		"Nathaniel Borenstein <nsb@thumper.bellcore.com>\\x0d\\n    "
		"(\u05dd\u05d5\u05dc\u05e9"
		" \u05df\u05d1 \u05dc\u05d8\u05d8\u05e4\u05e0)"},
	{"(=?ISO-8859-1?Q?a?=)", "(a)"},
	{"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
	{"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
	{"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
	{"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
	{"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
	{"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
	{"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"}, /* RFC 2231, 5 */
	{"=?utf-8?b?QmrDtnJu?=", "Bj\u00f6rn"},
	{"=?UTF-8?B?QmrD?= =?UTF-8?B?tnJu?=", "Bj\u00f6rn"}, /* cut inside a character */
	{"=?windows-1252?Q?=80_5?= =?iso-8859-15?q?=A4?=", "\u20ac 5\u20ac"},
	{"=?gb2312?B?1tDOxA==?=", "\u4e2d\u6587"},
	{"Re: =?utf-8?Q?=C3=BC?= x", "Re: \u00fc x"},
	{"=?utf-8?Q?"
	 "?=",
		""},
	{"=?iso-8859-1?Q?"
	 "?=",
		""},
	/* Not words. */
	{"", ""},
	{"a = b =? c", "a = b =? c"},
	{"=?utf-8?Q?no end", "=?utf-8?Q?no end"},
	{"=?utf-8?Q?a b?=", "=?utf-8?Q?a b?="},
	{"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
	{"=?utf-8?Q?=4?=", "=?utf-8?Q?=4?="},
	{"=?utf-8?B?a*b?=", "=?utf-8?B?a*b?="},
	{"=?utf-7?Q?+AGE-?=", "=?utf-7?Q?+AGE-?="},
	{"=?../../x?Q?a?= =?utf-8?Q?b?=", "=?../../x?Q?a?= b"},
	{"=?utf-8?Q?a?= =?utf-7?Q?b?=", "a =?utf-7?Q?b?="},
	/* What would move a terminal's cursor or end the line. */
	{"=?utf-8?Q?a=1B[31m=0D=0Ab?=", "a\\x1b[31m\\x0d\\nb"},
	{"=?utf-8?Q?=E2=80=AEx?=", "\\u202ex"},
	{"=?iso-8859-1?Q?=9B31m?=", "\\x9b31m"},
	{"=?utf-8?Q?=FF=00?=", "\\xff\\x00"},
	{"=?gb2312?Q?=FF=FF?=", "=?gb2312?Q?=FF=FF?="},
};

ParameterizedTestParameters(words, read_as_people_do)
{
	return cr_make_param_array(
		struct example, examples, sizeof(examples) / sizeof(examples[0]));
}

ParameterizedTest(struct example *x, words, read_as_people_do)
{
	char shown[400];

	words_show(text_of(x->encoded), shown, sizeof(shown));
	cr_assert_str_eq(shown, x->shown, "%s: %s, not %s", x->encoded, shown, x->shown);
}

Test(words, a_short_place_gets_the_beginning)
{
	char shown[8];

	cr_assert_str_eq(words_show(text_of("=?utf-8?Q?=C3=BC=C3=BC=C3=BC=C3=BC?="),
				 shown, sizeof(shown)),
		"\u00fc\u00fc\u00fc");
}

Test(words, a_value_without_end_is_cut)
{
	static char shown[20000], value[100000];

	memset(value, '=', sizeof(value));
	words_show((struct text){value, sizeof(value)}, shown, sizeof(shown));
	cr_assert_eq(strlen(shown), 4096);
	for (size_t i = 0; i + 16 <= sizeof(value); i += 16)
		memcpy(value + i, "=?utf-8?Q?=C3?= ", 16);
	words_show((struct text){value, sizeof(value)}, shown, sizeof(shown));
	cr_assert_eq(strncmp(shown, "\\xc3\\xc3", 8), 0);
}
