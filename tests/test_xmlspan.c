/* Places of texts in XML: written by hand, as raw bytes and as what they mean. */
#include "model/xmlspan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct seen {
	const struct source *src;
	struct buf log; /* an element a line: DEPTH NAME [its own bytes] RAW=TEXT */
	const char *stop_at;
};

static int
log_begin(void *arg, const struct xml_element *el, struct err *e)
{
	struct seen *s = arg;

	cr_assert_eq(s->src->bytes.at[el->start], '<');
	if (s->stop_at != NULL && text_equal(el->name, text_of(s->stop_at)))
		return xmlspan_refuse(e, s->src, el->start, "stopped");
	return 0;
}

static int
log_end(void *arg, const struct xml_element *el, struct err *e)
{
	struct seen *s = arg;
	const char *at = s->src->bytes.at;

	(void)e;
	cr_assert_eq(at[el->start], '<');
	cr_assert_eq(at[el->end - 1], '>');
	buf_print(&s->log, "%u %.*s", el->depth, TEXT_ARG(el->name));
	if (el->text_alone)
		buf_print(&s->log, " %.*s [%.*s]=[%.*s]", (int)(el->end - el->start),
			at + el->start, (int)el->at.len, at + el->at.off,
			TEXT_ARG(el->text));
	buf_byte(&s->log, '\n');
	return 0;
}

static const struct xml_handler logger = {log_begin, log_end};

static void
means(const char *xml, const char *want)
{
	struct source src;
	struct seen s = {.src = &src};
	struct err e;

	source_of(&src, "f", text_of(xml));
	buf_init(&s.log, 1 << 20);
	cr_assert_eq(xmlspan_read(&src, &logger, &s, &e), 0, "%s", e.message);
	cr_assert(text_equal(buf_text(&s.log), text_of(want)), "%s: %.*s", xml,
		TEXT_ARG(buf_text(&s.log)));
	buf_release(&s.log);
}

static void
is_refused(struct text xml, const char *want)
{
	struct source src;
	struct seen s = {.src = &src};
	struct err e = {0};

	source_of(&src, "f", xml);
	buf_init(&s.log, 1 << 20);
	cr_assert_eq(xmlspan_read(&src, &logger, &s, &e), -1, "%.*s", TEXT_ARG(xml));
	cr_assert_str_eq(e.message, want);
	buf_release(&s.log);
}

Test(xmlspan, places)
{
	means("<a/>", "1 a <a/> []=[]\n");
	means("<a></a >", "1 a <a></a > []=[]\n");
	means("<a b='>/' c=\"&lt;&#62;\" >x</a\n>\n<!-- <z> -->",
		"1 a <a b='>/' c=\"&lt;&#62;\" >x</a\n> [x]=[x]\n");
	means("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<a>\n <b>x</b> <b/>\n</a>",
		"2 b <b>x</b> [x]=[x]\n2 b <b/> []=[]\n1 a\n");
	means("<a>\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xa8</a>",
		"1 a <a>\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xa8</a> "
		"[\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xa8]="
		"[\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xa8]\n");
	/* Not text alone: an element, a comment, an instruction in it. */
	means("<a><b>x<c/>y</b><b>x<!--c-->y</b><b>x<?i j?>y</b><b>z</b></a>",
		"3 c <c/> []=[]\n2 b\n2 b\n2 b\n2 b <b>z</b> [z]=[z]\n1 a\n");
}

Test(xmlspan, escapes)
{
	means("<a>&lt;&gt;&amp;&quot;&apos;</a>",
		"1 a <a>&lt;&gt;&amp;&quot;&apos;</a> [&lt;&gt;&amp;&quot;&apos;]=[<>&\"']\n");
	means("<a>&#65;&#x42;&#x00e4;&#8364;&#x1F4e8;</a>",
		"1 a <a>&#65;&#x42;&#x00e4;&#8364;&#x1F4e8;</a> "
		"[&#65;&#x42;&#x00e4;&#8364;&#x1F4e8;]="
		"[AB\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa8]\n");
	means("<a>x<![CDATA[<b>&lt;]] >]]>&amp;<![CDATA[]]></a>",
		"1 a <a>x<![CDATA[<b>&lt;]] >]]>&amp;<![CDATA[]]></a> "
		"[x<![CDATA[<b>&lt;]] >]]>&amp;<![CDATA[]]>]=[x<b>&lt;]] >&]\n");
	means("<a>1\r\n2\r3\n&#13;</a>",
		"1 a <a>1\r\n2\r3\n&#13;</a> [1\r\n2\r3\n&#13;]=[1\n2\n3\n\r]\n");
}

Test(xmlspan, doctype)
{
	means("<!DOCTYPE a PUBLIC \"-//x//\" \"http://127.0.0.1:1/x.dtd\"><a>1</a>",
		"1 a <a>1</a> [1]=[1]\n");
	means("<!DOCTYPE a SYSTEM 'file:///etc/passwd' ><a>1</a>",
		"1 a <a>1</a> [1]=[1]\n");
	is_refused(text_of("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
		"f:1: column 13: a DOCTYPE with declarations of its own");
	is_refused(text_of("<!DOCTYPE a SYSTEM 'x' [ ]><a/>"),
		"f:1: column 24: a DOCTYPE with declarations of its own");
	is_refused(text_of("<!DOCTYPE a SYSTEM 'x'>\n<a>12&b;3</a>"),
		"f:2: column 9: a reference to an entity, and no client writes any");
}

Test(xmlspan, refusals)
{
	static const char wide[] = "<\0a\0/\0>\0";

	is_refused(text_of(""), "f:1: column 1: not well-formed XML: it ends too early");
	is_refused(text_of("<?xml version='1.0'?>\n<!-- -->"),
		"f:2: column 9: not well-formed XML: it ends too early");
	is_refused(text_of("<a>\n<b>x</b>"),
		"f:2: column 9: not well-formed XML: it ends too early");
	is_refused(text_of("<a/>\nb"),
		"f:2: column 1: not well-formed XML: Extra content at the end of the "
		"document");
	is_refused((struct text){wide, 8}, "f:1: column 1: want the encoding UTF-8");
	is_refused(text_of("\xfe\xff"), "f:1: column 1: want the encoding UTF-8");
	is_refused(text_of("<?xml version='1.0' encoding='windows-1252'?><a/>"),
		"f:1: column 1: want the encoding UTF-8");
	is_refused((struct text){"<a>\0</a>", 8}, "f:1: column 4: a NUL byte");
	is_refused(
		text_of("<a>\n\xff</a>"), "f:2: column 1: this line is not valid UTF-8");
	is_refused(text_of("<x:a xmlns:x='y'/>"),
		"f:1: column 17: a name with a prefix, and no client writes any");
}

Test(xmlspan, callbacks_end_it)
{
	struct source src;
	struct seen s = {.src = &src, .stop_at = "c"};
	struct err e = {0};

	source_of(&src, "f", text_of("<a><b/>\n <c/><d/></a>"));
	buf_init(&s.log, 1000);
	cr_assert_eq(xmlspan_read(&src, &logger, &s, &e), -1);
	cr_assert_str_eq(e.message, "f:2: column 2: stopped");
	cr_assert(text_equal(buf_text(&s.log), text_of("2 b <b/> []=[]\n")));
	buf_release(&s.log);
}

/* libxml2 has limits for what it looks at, in one piece, of files of strangers; a long
 * list is no such thing, and a long text is. */
Test(xmlspan, sizes)
{
	struct buf b;
	struct seen s = {0};
	struct source src;
	struct err e = {0};

	buf_init(&b, 100 << 20);
	buf_add(&b, text_of("<a>"));
	for (int i = 0; i < 600000; i++)
		buf_print(&b, "\n<bbbbbbbbbb>%032d</bbbbbbbbbb>", i);
	buf_add(&b, text_of("</a>"));
	source_of(&src, "f", buf_text(&b));
	s.src = &src;
	buf_init(&s.log, 100 << 20);
	cr_assert_gt(b.len, 30 << 20);
	cr_assert_eq(xmlspan_read(&src, &logger, &s, &e), 0, "%s", e.message);
	cr_assert(
		text_ends(buf_text(&s.log), "[00000000000000000000000000599999]="
					    "[00000000000000000000000000599999]\n1 a\n"));
	buf_release(&s.log);

	buf_clear(&b);
	buf_add(&b, text_of("<a>\n <b>"));
	for (size_t i = 0; i <= XMLSPAN_TEXT; i++)
		buf_byte(&b, 'x');
	buf_add(&b, text_of("</b></a>"));
	is_refused(buf_text(&b), "f:2: column 5: a text of more than a megabyte");

	buf_clear(&b);
	for (size_t i = 0; i <= XMLSPAN_DEPTH; i++)
		buf_add(&b, text_of("<a>"));
	is_refused(buf_text(&b), "f:1: column 195: too many elements in each other");
	buf_release(&b);
}

Test(xmlspan, spell)
{
	static const struct {
		const char *text, *want;
	} cases[] = {{"1154111803.H3,S=22050,L=363", "1154111803.H3,S=22050,L=363"},
		{"a&b<c>d\"e'", "a&amp;b&lt;c&gt;d\"e'"}, {"\xc3\xbc", "\xc3\xbc"},
		{"a\rb", NULL}, {"a\tb", NULL}, {"\x1b[0m", NULL}, {"\x7f", NULL},
		{"\xff", NULL}, {"\xef\xbf\xbe", NULL}, {"\xef\xbf\xbd", "\xef\xbf\xbd"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b;
		buf_init(&b, 1000);
		bool can = xmlspan_spell(text_of(cases[i].text), &b);
		cr_assert_eq(can, cases[i].want != NULL, "%zu", i);
		cr_assert(!can || text_equal(buf_text(&b), text_of(cases[i].want)));
		buf_release(&b);
	}
}
