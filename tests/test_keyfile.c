/* Key files: what is expected was asked of GLib 2.74 itself (g_key_file_get_string() and
 * its like), but for unknown escapes, where we know nothing. */
#include "model/keyfile.h"

#include <criterion/criterion.h>

static struct arena arena;

static void
end(void)
{
	arena_free(&arena);
}

TestSuite(keyfile, .fini = end);

static struct text
string_of(const char *bytes)
{
	return keyfile_string(text_of(bytes), "G", "k", &arena);
}

Test(keyfile, strings)
{
	static const struct {
		const char *bytes, *value;
	} at[] = {
		{"[G]\nk=v\n", "v"},
		{"[G]\nk=v", "v"},
		{"[G]\r\nk=v\r\n", "v"},
		{"# c\n\n  [G]  \n  k  =  v w  \n", "v w  "},
		{"[G]\nk=a\\sb\\tc\\nd\\re\\\\f\n", "a b\tc\nd\re\\f"},
		{"[G]\nk=\\s\\sx\n", "  x"},
		{"[G]\nk=1\nk=2\n", "2"},
		{"[G]\nk=1\n[H]\nk=2\n[G]\nk=3\n[H]\n", "3"},
		{"[H]\nk=2\n[G]\n", ""},
		{"[G]\nk[de]=x\nk=y\nk[fr]=z\n", "y"},
		{"[G]\nK=x\n", ""},
		{"[G]\nk=a=b#c;d\n", "a=b#c;d"},
		{"[G]\nk=\n", ""},
		{"[G]\nk=x\\", ""},
		{"[G]\nk=x\\q\n", ""},
		/* Of these GLib takes nothing. */
		{"k=v\n[G]\nk=v\n", ""},
		{"[G]\nk=v\nnonsense\n", ""},
		{"[G]\nk=v\n[H\n", ""},
		{"[G]\nk=v\n[]\n", ""},
		{"[G]\nk=v\n=w\n", ""},
		{"[G]\nk=v\n;c\n", ""},
		{"[G]x\nk=v\n", ""},
		{"[G]\nk=v\n[a]b]\n", ""},
		{"\xef\xbb\xbf[G]\nk=v\n", ""},
		{"", ""},
		/* Of these not this value. */
		{"[G]\nk=\xff\n", ""},
		{"[G]\nother=\xff\nk=v\n", "v"},
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct text t = string_of(at[i].bytes);
		cr_expect(text_equal(t, text_of(at[i].value)), "%s: %.*s", at[i].bytes,
			TEXT_ARG(t));
	}
}

Test(keyfile, words_and_numbers)
{
	struct text all = text_of("[G]\nt=true\nf=false \none=1\nnull=0\nyes=yes\n"
				  "n=995\nblank=7 \nless=-7\nbig=2147483648\nhex=0x10\n");

	cr_expect(keyfile_bool(all, "G", "t", false));
	cr_expect(keyfile_bool(all, "G", "one", false));
	cr_expect_not(keyfile_bool(all, "G", "f", true));
	cr_expect_not(keyfile_bool(all, "G", "null", true));
	cr_expect(keyfile_bool(all, "G", "yes", true));
	cr_expect(keyfile_bool(all, "G", "absent", true));
	cr_expect_not(keyfile_bool(all, "H", "t", false));
	cr_expect_eq(keyfile_number(all, "G", "n", 1), 995);
	cr_expect_eq(keyfile_number(all, "G", "blank", 1), 7);
	cr_expect_eq(keyfile_number(all, "G", "less", 1), 1);
	cr_expect_eq(keyfile_number(all, "G", "big", 1), 1);
	cr_expect_eq(keyfile_number(all, "G", "hex", 1), 1);
	cr_expect_eq(keyfile_number(all, "G", "absent", 1), 1);
}
