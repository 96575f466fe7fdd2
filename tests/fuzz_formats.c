/*
 * One target over all formats: the first byte chooses the format, the rest is the
 * store. Whatever it is, it is read or refused, edited or refused, and edits can be
 * taken back; anything else is a crash.
 */
#include "model/format.h"
#include "model/prefs.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool yes, const char *what, const struct err *e)
{
	if (yes)
		return;
	fprintf(stderr, "%s: %s\n", what, e->message);
	abort();
}

static size_t
rename_all(
	const struct store *s, struct arena *a, struct edit *edits, const char *spelling)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nrecords; i++) {
		char *to = arena_print(a, spelling, i);
		edits[n++] = edit_make(EDIT_UIDL, i, text_of(to));
	}
	for (size_t i = 0; i < s->nrecords && s->server_in_records; i += 2) {
		char *to = arena_print(a, "a%u.b", store_record(s, i).account);
		edits[n++] = edit_make(EDIT_SERVER, i, text_of(to));
	}
	for (size_t i = 0; i < s->naccounts; i++)
		if (s->accounts[i].host.at.len > 0) {
			/* Two accounts that become one are refused, and that is right. */
			char *to = arena_print(a, "a%zu.b", i);
			edits[n++] = edit_make(EDIT_HOST, i, text_of(to));
		}
	return n;
}

/* A file that is built anew need not have the same bytes, but must mean the same. */
static bool
means_the_same(const struct store *was, struct text bytes)
{
	struct source src = {.path = was->source->path, .bytes = bytes};
	struct buf before, after;
	struct err e = {0};
	bool same;

	buf_init(&before, SIZE_MAX);
	buf_init(&after, SIZE_MAX);
	must(was->format->dump(was->source, &before, &e) == 0 &&
			was->format->dump(&src, &after, &e) == 0,
		"no dump", &e);
	same = text_equal(buf_text(&before), buf_text(&after));
	buf_release(&before);
	buf_release(&after);
	return same;
}

/* Values that the reader took from the file can always be written again. */
static void
take_back(const struct store *now, const struct edit *edits, const struct store *was,
	size_t n)
{
	struct edit *back = must_alloc(n * sizeof(*back) + 1);
	struct buf out;
	struct err e = {0};

	for (size_t i = 0; i < n; i++) {
		struct text t = store_value(was, &edits[i]);
		back[i] = (struct edit){
			edits[i].index, edits[i].what, (uint32_t)t.len, t.at};
	}
	buf_init(&out, 0);
	must(store_write(now, back, n, &out, &e) == 0, "edits cannot be taken back", &e);
	must(was->format->write != NULL ? means_the_same(was, buf_text(&out))
					: text_equal(buf_text(&out), was->source->bytes),
		"not the input", &e);
	buf_release(&out);
	free(back);
}

static void
try_store(const struct store *s, const char *spelling)
{
	struct edit *edits =
		must_alloc((2 * s->nrecords + s->naccounts) * sizeof(*edits) + 1);
	struct arena a = {0};
	struct buf out;
	struct err e = {0};
	size_t n = rename_all(s, &a, edits, spelling);

	buf_init(&out, 0);
	int rc = store_write(s, edits, n, &out, &e);
	/* A stranger's database may have rules of its own that forbid them. */
	must(rc == 0 || (s->format->write != NULL && e.kind == ERR_DATA), "edits refused",
		&e);
	struct source src = {.path = s->source->path, .bytes = buf_text(&out)};
	struct store now;
	if (rc == 0) {
		must(store_read(&now, s->format, &src, &e) == 0, "cannot be read again",
			&e);
		take_back(&now, edits, s, n);
		store_release(&now);
	}
	buf_release(&out);
	arena_free(&a);
	free(edits);
}

/* A client's own lists: the same bytes as each of its files. */
static void
try_lists(const struct format *f, struct text bytes)
{
	struct source version = {.path = "/p/compatibility.ini", .bytes = bytes};
	struct source user = {.path = "/p/user.js", .bytes = bytes, .beside = &version};
	struct source main = {.path = "/p/prefs.js", .bytes = bytes, .beside = &user};
	struct account_list accounts = {0};
	struct profile_list profiles = {0};
	struct arena a = {0};
	struct err e = {0};

	if (f->accounts != NULL)
		must(f->accounts(&main, &a, &accounts, &e) == 0, "accounts", &e);
	for (size_t i = 0; f->settings_places != NULL && f->settings_places[i] != NULL;
		i++) {
		main.path = arena_print(&a, "/p/%s", f->settings_places[i]);
		must(f->accounts(&main, &a, &accounts, &e) == 0, "accounts", &e);
	}
	for (size_t i = 0; i < accounts.n; i++)
		must(accounts.at[i].store[0] == '/', "a store that is not absolute", &e);
	if (f->profiles != NULL)
		must(f->profiles("/r", bytes, bytes, &a, &profiles, &e) == 0, "profiles",
			&e);
	for (size_t i = 0; i < profiles.n; i++)
		must(profiles.at[i].folder[0] == '/' || profiles.at[i].folder[0] == '\0',
			"a profile that is not absolute", &e);
	free(accounts.at);
	free(profiles.at);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t nformats = 0;
	struct store s;
	struct err e = {0};
	struct prefs p;

	while (formats[nformats] != NULL)
		nformats++;
	if (size == 0)
		return 0;
	const struct format *f = formats[data[0] % nformats];
	struct source src = {.path = "fuzz", .bytes = {(const char *)data + 1, size - 1}};
	format_for(&src, NULL, &e);
	prefs_read(&p, src.bytes);
	prefs_release(&p);
	if (f->settings != NULL) {
		struct arena a = {0};
		struct settings settings;
		f->settings("/p/Mail/h/popstate.dat",
			&(struct source){.path = "/p/prefs.js", .bytes = src.bytes}, &a,
			&settings, &e);
		arena_free(&a);
	}
	try_lists(f, src.bytes);
	if (store_read(&s, f, &src, &e) < 0) {
		must(e.kind == ERR_DATA && e.message[0] != '\0', "refused without words",
			&e);
		return 0;
	}
	try_store(&s, "renamed-%zu-to-something-long");
	try_store(&s, "%zx");
	store_release(&s);
	return 0;
}
