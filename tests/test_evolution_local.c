/*
 * Evolution's message cache as evidence. The files are as camel 3.46 writes them, the names
 * what libcamel gave (test_evolution.c).
 */
#include "hearing.h"

#include "base/arena.h"
#include "base/buf.h"
#include "model/camel.h"
#include "model/evolution.h"
#include "model/format.h"

#define CACHE "/home/x/.local/share/evolution/mail/abc/cache/"
#define ONE   CACHE "3d/000000166b02f55b"

static struct heard
listen_to(const char *path, const char *file, size_t len, bool headers_only)
{
	struct heard h = {.file = file, .len = len};
	struct local_file f = {.path = path, .single = true};

	hear(&h, evolution_local, &f, headers_only);
	return h;
}

static void
hears(const char *path, const char *file, const char *words)
{
	struct heard h = listen_to(path, file, strlen(file), false);

	cr_expect_str_eq(h.words, words, "got:\n%s", h.words);
}

Test(evolution_local, a_whole_message)
{
	hears(ONE, "#From: a\nSubject: s\n\none\n\n.two\n#three\n",
		"[000000166b02f55b] From: a|Subject: s||one||.two|#three|= all\n");
	hears(ONE, "#From: a\n\n", "[000000166b02f55b] From: a||= all\n");
	hears(ONE, "#\nx\n", "[000000166b02f55b] |x|= all\n");
	hears(ONE, "#From: a\n", "[000000166b02f55b] From: a|= all\n");
}

/* camel overwrites the '*' when the last line is there. */
Test(evolution_local, of_one_that_did_not_come_whole_the_header)
{
	hears(ONE, "*From: a\n\none\n", "[000000166b02f55b] From: a||= header\n");
	hears(ONE, "*From: a\nTo", "[000000166b02f55b] From: a|= nothing\n");
	hears(ONE, "*From: a\n", "[000000166b02f55b] From: a|= nothing\n");
	hears(ONE, "*", "[000000166b02f55b] = nothing\n");
	hears(ONE, "", "[000000166b02f55b] = nothing\n");
}

Test(evolution_local, torn_off)
{
	hears(ONE, "#From: a\n\none\ntw", "[000000166b02f55b] From: a||one|= header\n");
	hears(ONE, "#From: a\nSubj", "[000000166b02f55b] From: a|= nothing\n");
}

/* Since 3.62 nothing says whether it is whole. */
Test(evolution_local, without_a_mark)
{
	hears(ONE, "From: a\n\none\n", "[000000166b02f55b] From: a||= header\n");
	hears(ONE, "From: a\n", "[000000166b02f55b] From: a|= nothing\n");
}

Test(evolution_local, the_name_is_the_uidl)
{
	hears(CACHE "27/1%2f%28V%29,%3f", "#A: b\n\n", "[1/(V),?] A: b||= all\n");
	hears("2e/1", "#A: b\n\n", "[1] A: b||= all\n");
}

/* In another folder than camel's, half escaped, a copy. */
Test(evolution_local, other_names_are_nobodys)
{
	static const char *const others[] = {CACHE "3e/000000166b02f55b",
		CACHE "27/1%2F%28V%29,%3f", ONE "~", ONE "/x", "000000166b02f55b", "",
		"/2e/", CACHE "2e/%31"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		hears(others[i], "#From: a\n\none\n", "");
}

/* What would name a byte that ends a C string is not camel's either. */
Test(evolution_local, a_name_with_a_nul)
{
	struct buf name;

	buf_init(&name, 100);
	buf_print(&name, "%s", CACHE);
	camel_cache_name((struct text){"a\0b", 3}, &name);
	buf_byte(&name, '\0');
	hears(name.at, "#From: a\n\none\n", "");
	buf_release(&name);
}

Test(evolution_local, only_what_is_wanted)
{
	struct heard h = listen_to(ONE, "#From: a\n\none\n", 14, true);

	cr_expect_str_eq(h.words, "[000000166b02f55b] From: a||= header\n");
	h = (struct heard){.file = "#From: a\n\none\n", .len = 14, .picky = "1"};
	struct local_file f = {.path = ONE, .single = true};
	hear(&h, evolution_local, &f, false);
	cr_expect_str_eq(h.words, "[000000166b02f55b]-");
	cr_expect_eq(h.reads, 0);
}

Test(evolution_local, lines_that_are_too_long)
{
	struct buf b;

	buf_init(&b, (size_t)1 << 30);
	buf_print(&b, "#From: a\n\none\n");
	memset(buf_room(&b, (size_t)17 << 20), 'x', (size_t)17 << 20);
	b.len += (size_t)17 << 20;
	buf_print(&b, "\ntwo\n");
	struct heard h = listen_to(ONE, b.at, b.len, false);
	cr_expect_str_eq(h.words, "[000000166b02f55b] From: a||one|= header\n");
	b.at[9] = b.at[13] = 'x'; /* no line is empty */
	h = listen_to(ONE, b.at, b.len, false);
	cr_expect_str_eq(h.words, "[000000166b02f55b] From: a|= nothing\n");
	buf_release(&b);
}

static struct arena arena;

static void
lies_in(const char *store, const char *folders)
{
	const struct format *f = format_named(text_of("evolution"));
	static const struct account nobody;
	struct local_mail where;
	char got[400] = "";

	cr_assert(f->mail_beside(store, &nobody, &arena, &where));
	for (size_t i = 0; i < where.nfolders; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s ",
			TEXT_ARG(where.folders[i]));
	cr_expect_str_eq(got, folders, "%s: %s", store, got);
}

Test(evolution_local, where_it_lies)
{
	lies_in("/x/.local/share/evolution/mail/a/uid-cache",
		"/x/.local/share/evolution/mail/a/cache ");
	lies_in("/x/.evolution/mail/pop/a@h/uid-cache",
		"/x/.evolution/mail/pop/a@h/cache ");
	lies_in("/x/.evolution/mail/pop/a_auth=+APOP@h/uid-cache",
		"/x/.evolution/mail/pop/a_auth=+APOP@h/cache "
		"/x/.evolution/mail/pop/a@h/cache ");
	lies_in("uid-cache", "./cache ");
	lies_in("a/uid-cache", "a/cache ");
	arena_free(&arena);
}
