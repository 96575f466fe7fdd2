/* Which format a file is of: by path and content, or by the user's word. */
#include "model/format.h"

#include <criterion/criterion.h>

#define HEADER	"# POP3 State File\n"
#define ENTRIES "*pop.example.org alice\nk one 1400000001\n"

static const struct format *
find(const char *path, const char *bytes, const char *name, struct err *e)
{
	struct source src;

	source_of(&src, path, text_of(bytes));
	*e = (struct err){0};
	return format_for(&src, name, e);
}

static bool
is_place(const char *path)
{
	return format_place(format_named(text_of("thunderbird")), path);
}

Test(format, places)
{
	static const char *const yes[] = {
		"/home/u/.thunderbird/x.default/Mail/pop.example.org/popstate.dat",
		".thunderbird/x.default/Mail/pop.example.org/popstate.dat",
		"/home/u/.icedove/x.default/Mail/h/popstate.dat",
		"/home/u/.mozilla/seamonkey/x.default/Mail/h/popstate.dat",
		"/home/u/snap/thunderbird/common/.thunderbird/x/Mail/h/popstate.dat",
		"/home/u/.var/app/net.thunderbird.Thunderbird/.thunderbird/x/Mail/h/"
		"popstate.dat",
		"C:/Users/u/AppData/Roaming/Thunderbird/Profiles/x/Mail/h/popstate.dat",
		"/Users/u/Library/Thunderbird/Profiles/x/Mail/h/popstate.dat",
		"/Users/u/Library/Application "
		"Support/SeaMonkey/Profiles/x/Mail/h/popstate.dat",
	};
	static const char *const no[] = {
		"",
		"popstate.dat",
		"/popstate.dat",
		"Mail/h/popstate.dat",
		"/home/u/.thunderbird/x.default/Mail/h/popstate.dat.old",
		"/home/u/.thunderbird/x.default/Mail/h/xpopstate.dat",
		"/home/u/.thunderbird/x.default/Mail/a/b/popstate.dat",
		"/home/u/.thunderbird/x.default/Mail//popstate.dat",
		"/home/u/.thunderbird/x.default/News/h/popstate.dat",
		"/home/u/x.thunderbird/x.default/Mail/h/popstate.dat",
		"/home/u/thunderbird/x.default/Mail/h/popstate.dat",
		"/home/u/.thunderbird/x.default/Mail/h/popstate.dat/",
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		cr_assert(is_place(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		cr_assert(!is_place(no[i]), "%s", no[i]);
}

static int
probe_none(const struct source *src)
{
	(void)src;
	return PROBE_NO;
}

Test(format, stars_match_within_one_part)
{
	static const char *const places[] = {"a*b*/x-*.dat", NULL};
	const struct format f = {.name = "f", .places = places, .probe = probe_none};
	const struct format none = {.name = "none", .probe = probe_none};

	cr_assert(format_place(&f, "/ab/x-.dat"));
	cr_assert(format_place(&f, "/a-b-b-c/x-1.dat.dat"));
	cr_assert(format_place(&f, "aXbX/x-x-.dat"));
	cr_assert(!format_place(&f, "/a/b/x-.dat"));
	cr_assert(!format_place(&f, "/ac/x-.dat"));
	cr_assert(!format_place(&f, "/ab/x.dat"));
	cr_assert(!format_place(&f, "/ab/x-.dat2"));
	cr_assert(!format_place(&f, "/zab/x-.dat"));
	cr_assert(!format_place(&none, "/ab/x-.dat"));
}

Test(format, strays_are_no_places)
{
	static const char *const places[] = {"uidl/*", "list-*", NULL};
	static const char *const strays[] = {"*.bak", "list-[0-9]", NULL};
	const struct format f = {
		.name = "f", .places = places, .strays = strays, .probe = probe_none};

	cr_assert(format_place(&f, "/h/uidl/a.bak.b") && format_place(&f, "/h/list-a"));
	cr_assert(!format_place(&f, "/h/uidl/a.bak") && !format_place(&f, "/h/list-1"));
	cr_assert(!format_place(&f, "/h/uidl/.hidden"));
	cr_assert(format_stray(&f, "/h/uidl/a.bak") && format_stray(&f, "/h/list-1"));
	/* A name that tells nothing, in a folder that tells nothing. */
	cr_assert(!format_stray(&f, "/h/a.bak") && !format_stray(&f, "/h/uidl/a"));
	cr_assert(format_stray(&f, "/other/list-1"));
}

Test(format, path_and_content)
{
	const struct format *t = format_named(text_of("thunderbird"));
	const char *path = "/home/u/.thunderbird/x.default/Mail/h/popstate.dat";
	struct err e;

	cr_assert(t != NULL);
	cr_assert(find(path, HEADER ENTRIES, NULL, &e) == t);
	cr_assert(find(path, ENTRIES, NULL, &e) == t);
	cr_assert(find(path, "", NULL, &e) == t);
	cr_assert(find(path, "From alice\n", NULL, &e) == NULL);
	/* The file says what it is, and bears the name: anywhere. */
	cr_assert(find("/tmp/popstate.dat", HEADER ENTRIES, NULL, &e) == t);
	cr_assert(find("/tmp/popstate.dat", ENTRIES, NULL, &e) == NULL);
	cr_assert(find("/tmp/state", HEADER ENTRIES, NULL, &e) == NULL);
	/* The user's word is enough; reading decides. */
	cr_assert(find("/tmp/state", ENTRIES, "thunderbird", &e) == t);
	cr_assert(find("/tmp/state", "From alice\n", "thunderbird", &e) == t);
}

Test(format, refusals_say_what_it_is_not)
{
	struct err e;

	find("/tmp/state", HEADER ENTRIES, NULL, &e);
	cr_assert_eq(e.kind, ERR_DATA);
	cr_assert_str_eq(e.reason, "format");
	cr_assert_str_eq(e.message, "/tmp/state: it looks like popstate.dat of Mozilla "
				    "Thunderbird, SeaMonkey, "
				    "Betterbird, but does not lie where that client "
				    "keeps it; if it is one, say "
				    "--client thunderbird");
	find("/tmp/x", "From alice\n", NULL, &e);
	cr_assert_eq(e.kind, ERR_DATA);
	cr_assert(text_starts(text_of(e.message), "/tmp/x: this is not a list of UIDLs "
						  "of any client that reuidl knows: "),
		"%s", e.message);
	cr_assert(strstr(e.message, ", thunderbird") != NULL, "%s", e.message);
	cr_assert(text_ends(text_of(e.message), "; --client NAME says which one it is"));
	find("/tmp/x", "", "nobody", &e);
	cr_assert_eq(e.kind, ERR_USAGE);
	cr_assert(text_starts(text_of(e.message),
			  "no client is named \"nobody\"; there are: "),
		"%s", e.message);
	cr_assert(format_named(text_of("thunderbir")) == NULL);
	cr_assert(format_named(text_of("Thunderbird")) == NULL);
}

/* What cannot stand in the file is refused, naming it. */
Test(format, thunderbird_spells_nothing_that_breaks_a_line)
{
	static const char bad[][6] = {"", "a b", "a\tb", "a\rb", "a\nb"};
	const struct format *t = format_named(text_of("thunderbird"));
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	source_of(&src, "popstate.dat", text_of(HEADER ENTRIES));
	cr_assert(store_read(&s, t, &src, &e) == 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (uint8_t what = EDIT_UIDL; what <= EDIT_USER; what++) {
			struct edit edit = edit_make(what, 0, text_of(bad[i]));
			int want = what == EDIT_USER && bad[i][1] == ' ' ? 0 : -1;
			cr_assert(store_write(&s, &edit, 1, &out, &e) == want, "%zu %d",
				i, what);
			cr_assert(want == 0 || e.kind == ERR_DATA, "%s", e.message);
		}
	struct edit nul = {0, EDIT_UIDL, 3, "a\0b"};
	cr_assert(store_write(&s, &nul, 1, &out, &e) == -1);
	cr_assert_eq(e.kind, ERR_DATA);
	struct edit blank = {0, EDIT_UIDL, 3, "a b"};
	cr_assert(store_write(&s, &blank, 1, &out, &e) == -1);
	cr_assert_str_eq(e.message,
		"popstate.dat: \"a b\" cannot be written there as a UIDL: "
		"Thunderbird has no way to quote it");
	/* A UIDL that begins like a comment or a block stands behind the letter. */
	struct edit star = {0, EDIT_UIDL, 2, "*#"};
	cr_assert(store_write(&s, &star, 1, &out, &e) == 0, "%s", e.message);
	cr_assert(text_equal(buf_text(&out),
		text_of(HEADER "*pop.example.org alice\nk *# 1400000001\n")));
	buf_release(&out);
	store_release(&s);
}

/* A block without a user has no place for one. */
Test(format, thunderbird_adds_no_user)
{
	struct source src;
	struct store s;
	struct buf out;
	struct err e;
	struct edit edit = {0, EDIT_USER, 3, "bob"};

	source_of(&src, "popstate.dat", text_of(HEADER "*pop.example.org \nk one 1\n"));
	cr_assert(store_read(&s, format_named(text_of("thunderbird")), &src, &e) == 0);
	buf_init(&out, 0);
	cr_assert(store_write(&s, &edit, 1, &out, &e) == -1);
	cr_assert_str_eq(e.message,
		"popstate.dat: edit of user 1 (): the value is not in the file");
	buf_release(&out);
	store_release(&s);
}
