#include "work/find.h"

#include <stdlib.h>

#include "base/os_file.h"
#include "work/find_state.h"
#include "work/settings.h"

/* Profiles are a few folders deep; mail folders may nest, loops must not. */
#define DEPTH_MAX 12

bool
finder_wants(const struct finder *x, const struct format *f)
{
	return x->client == NULL || strcmp(f->name, x->client) == 0;
}

struct found *
finder_add(struct finder *x, const struct format *f, char *path, bool *made)
{
	struct found_list *l = x->out;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].path, path) == 0) {
			*made = false;
			return &l->at[i];
		}
	*made = true;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n] = (struct found){.format = f, .path = path};
	return &l->at[l->n++];
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A place may end in a name that any file could have ("uidl/"*): there the folders above
 * must be the client's, too. */
static bool
fits_one(const char *const *globs, const char *name)
{
	for (size_t i = 0; globs != NULL && globs[i] != NULL; i++)
		if (format_glob_tells(last_part(globs[i])) &&
			os_glob(last_part(globs[i]), name))
			return true;
	return false;
}

static struct found *
add_stray(struct finder *x, const struct format *f, char *path)
{
	bool made;
	struct found *to = finder_add(x, f, path, &made);

	if (made)
		to->state = FOUND_STRAY;
	return to;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

/* What was found from `first` on, in an order that does not depend on how. */
static void
sort_from(struct found_list *l, size_t first)
{
	if (l->n > first)
		qsort(l->at + first, l->n - first, sizeof(*l->at), by_path);
}

/* Does the file's name fit one of the format's places? Its folders are the user's
 * choice when the user names the folder. */
static void
try_file(struct finder *x, char *path, const char *name)
{
	for (size_t k = 0; formats[k] != NULL; k++) {
		if (!finder_wants(x, formats[k]))
			continue;
		if (format_stray(formats[k], path))
			add_stray(x, formats[k], path);
		else if (fits_one(formats[k]->places, name) ||
			 format_place(formats[k], path))
			finder_file(x, formats[k], path);
	}
}

static int
search(struct finder *x, const char *folder, int depth, struct err *e)
{
	char **names;
	size_t n;

	if (os_list(x->a, folder, &names, &n, e) < 0)
		return depth == 0 ? -1
				  : 0; /* an unreadable subfolder hides nothing else */
	for (size_t i = 0; i < n; i++) {
		char *path = arena_print(x->a, "%s/%s", folder, names[i]);
		struct os_stat st;

		if (os_stat_link(path, &st) < 0)
			continue;
		if (st.folder && depth < DEPTH_MAX && search(x, path, depth + 1, e) < 0)
			return -1;
		if (st.regular)
			try_file(x, path, names[i]);
	}
	return 0;
}

size_t
finder_expand(struct finder *x, const char *folder, const char *glob, char ***paths,
	size_t *cap, size_t n)
{
	size_t len = strcspn(glob, "/");
	char *part = arena_string(x->a, (struct text){glob, len});
	char **names = &part;
	size_t nnames = 1;
	struct os_stat st;
	struct err ignored;

	if (strpbrk(part, "*?[") != NULL &&
		os_list(x->a, folder, &names, &nnames, &ignored) < 0)
		return n;
	for (size_t i = 0; i < nnames; i++) {
		char *path = arena_print(x->a, "%s/%s", folder, names[i]);

		if (!os_glob(part, names[i]) || os_stat(path, &st, NULL) < 0)
			continue;
		if (glob[len] == '\0') {
			*paths = array_grow(*paths, cap, n + 1, sizeof(**paths));
			(*paths)[n++] = path;
		} else if (st.folder) {
			n = finder_expand(x, path, glob + len + 1, paths, cap, n);
		}
	}
	return n;
}

/* Where the client keeps it, whether or not its lists lead there. */
static void
add_places(struct finder *x, const char *home)
{
	struct os_stat st;
	struct err ignored;

	for (size_t k = 0; formats[k] != NULL; k++) {
		const char *const *place = formats[k]->places;

		for (; finder_wants(x, formats[k]) && *place != NULL; place++) {
			char **paths = NULL;
			size_t cap = 0,
			       n = finder_expand(x, home, *place, &paths, &cap, 0);

			for (size_t i = 0; i < n; i++) {
				char *real = os_resolve(x->a, paths[i], &ignored);
				if (real == NULL || os_stat(real, &st, NULL) < 0 ||
					!st.regular)
					continue;
				if (format_stray(formats[k], paths[i]))
					add_stray(x, formats[k], real);
				else
					finder_file(x, formats[k], real);
			}
			free(paths);
		}
	}
}

static void
add_strays(struct finder *x)
{
	size_t n = x->out->n, nnames;
	struct err ignored;
	char **names;

	for (size_t i = 0; i < n; i++) {
		const struct found store = x->out->at[i];
		const struct format *f = store.format;
		char *folder = os_folder_of(x->a, store.path);

		if (f == NULL || f->strays == NULL ||
			os_list(x->a, folder, &names, &nnames, &ignored) < 0)
			continue;
		for (size_t k = 0; k < nnames; k++) {
			if (!fits_one(f->strays, names[k]))
				continue;
			struct found *to = add_stray(
				x, f, arena_print(x->a, "%s/%s", folder, names[k]));
			to->settings = store.settings;
			to->client = store.client;
			to->profile = store.profile;
		}
	}
}

static void
finder_release(struct finder *x)
{
	for (size_t i = 0; i < x->nprofiles; i++)
		free(x->profiles[i].accounts.at);
	free(x->profiles);
	free(x->origins);
}

static int
find_in_folder(struct finder *x, char *folder, struct err *e)
{
	finder_home(x, folder);
	for (size_t k = 0; formats[k] != NULL; k++) {
		const struct format *f = formats[k];

		if (!finder_wants(x, f))
			continue;
		if (f->profiles_file != NULL &&
			os_exists(arena_print(x->a, "%s/%s", folder, f->profiles_file)))
			finder_root(x, f, NULL, folder, folder);
		if (f->accounts != NULL)
			finder_folder(x, f, folder);
	}
	if (search(x, folder, 0, e) < 0)
		return -1;
	add_strays(x);
	finder_judge(x->out);
	return 0;
}

/* All that the lists in a home lead to. */
static void
list_home(const char *client, const char *home, uint32_t owner, struct arena *a,
	struct found_list *out)
{
	struct finder x = {.client = client, .a = a, .out = out, .owner = owner};
	struct err ignored;

	if (home == NULL || (x.base = os_resolve(a, home, &ignored)) == NULL)
		return;
	finder_home(&x, home);
	finder_release(&x);
}

/* Stores that lie apart from their profile, or were named by way of a link: the lists in
 * their owner's home may know them. */
static void
ask_home(struct finder *x, size_t first)
{
	struct found_list known = {0};
	bool asked = false;

	for (size_t i = first; i < x->out->n; i++) {
		struct found *to = &x->out->at[i];

		if (to->settings != NULL || to->state != FOUND_LIVE)
			continue;
		if (!asked)
			list_home(x->client, os_owners_home(x->a, x->owner), x->owner,
				x->a, &known);
		asked = true;
		for (size_t k = 0; k < known.n; k++)
			if (strcmp(known.at[k].path, to->path) == 0)
				*to = known.at[k];
	}
	found_release(&known);
}

const char *
find_settings_of(
	const char *path, const struct format *f, uint32_t owner, struct arena *a)
{
	struct found_list known = {0};
	const char *settings = NULL;
	size_t n = format_home(f, path);

	/* The home that it lies in need not be its owner's: a disk that was carried here. */
	if (n > 0)
		list_home(f->name, arena_string(a, (struct text){path, n}), owner, a,
			&known);
	list_home(f->name, os_owners_home(a, owner), owner, a, &known);
	for (size_t i = 0; i < known.n && settings == NULL; i++)
		if (strcmp(known.at[i].path, path) == 0)
			settings = known.at[i].settings;
	found_release(&known);
	return settings;
}

/* The user knows that this is a store, and the client, or the content, says of whom. */
static void
find_file(struct finder *x, char *path)
{
	size_t n = x->out->n;
	bool made;

	try_file(x, path, last_part(path));
	finder_add(x, NULL, path, &made);
	for (size_t i = n; i < x->out->n; i++) {
		x->out->at[i].format = NULL;
		x->out->at[i].state = FOUND_LIVE;
	}
}

int
find_in(const char *path, const char *client, struct arena *a, struct found_list *out,
	struct err *e)
{
	struct finder x = {.client = client, .a = a, .out = out};
	struct os_stat st;
	char *real = os_resolve(a, path, e);
	size_t before = out->n;
	int rc = 0;

	if (real == NULL || os_stat(real, &st, e) < 0)
		return -1;
	x.base = real;
	x.owner = st.uid;
	if (st.folder)
		rc = find_in_folder(&x, real, e);
	else
		find_file(&x, real);
	ask_home(&x, before);
	sort_from(out, before);
	finder_release(&x);
	if (rc == 0 && st.folder && out->n == before)
		return err_set(e, ERR_NO_STORE, "",
			"%s: no store of a client is in this folder", path);
	return rc;
}

int
find_all(const char *client, struct arena *a, struct found_list *out, struct err *e)
{
	struct finder x = {.client = client, .a = a, .out = out};
	char *home = os_home(a);
	size_t before = out->n;
	struct os_stat st;

	if (home == NULL)
		return err_set(e, ERR_NO_STORE, "", "no home folder: name the store");
	if ((x.base = os_resolve(a, home, e)) == NULL || os_stat(home, &st, e) < 0)
		return -1;
	x.owner = st.uid;
	finder_home(&x, home);
	add_places(&x, home);
	add_strays(&x);
	finder_judge(out);
	sort_from(out, before);
	finder_release(&x);
	return 0;
}

void
found_keep_live(struct found_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].state == FOUND_LIVE)
			l->at[n++] = l->at[i];
	l->n = n;
}

void
found_release(struct found_list *l)
{
	free(l->at);
	*l = (struct found_list){0};
}
