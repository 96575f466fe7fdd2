/* The clients' own lists: roots, the profiles in them, the accounts in those. */
#include "work/find_state.h"

#include <stdlib.h>

#include "base/os_file.h"
#include "work/settings.h"

#define LIST_MAX ((uint64_t)1 << 20) /* of profiles.ini: a profile is a hundred bytes */

bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static const struct origin *
origin_of(const struct finder *x, const char *path)
{
	for (size_t i = 0; i < x->norigins; i++)
		if (is_below(path, x->origins[i]->folder))
			return x->origins[i];
	return NULL;
}

/* The file's text, empty if it is not there; the caller frees what is behind it. */
static struct text
read_list(struct finder *x, const char *folder, const char *name, char **memory)
{
	struct os_stat st;
	struct err ignored;
	size_t len;

	*memory = NULL;
	if (name == NULL || os_read(arena_print(x->a, "%s/%s", folder, name), LIST_MAX,
				    memory, &len, &st, &ignored) < 0)
		return (struct text){"", 0};
	return (struct text){*memory, len};
}

static void
read_profiles(struct finder *x, const struct format *f, const char *root,
	struct profile_list *list)
{
	char *memory[2];
	struct err ignored;
	struct text profiles = read_list(x, root, f->profiles_file, &memory[0]);
	struct text installs = read_list(x, root, f->installs_file, &memory[1]);

	f->profiles(root, profiles, installs, x->a, list, &ignored);
	free(memory[0]);
	free(memory[1]);
}

/* The name of a profile that was found without its list, which is in one of the two
 * folders above (…/Profiles/NAME on Windows and macOS). */
static const char *
name_of(struct finder *x, const struct format *f, const char *folder)
{
	const char *above = folder, *name = NULL;
	struct profile_list list = {0};
	struct err ignored;

	for (int level = 0; level < 2 && name == NULL; level++) {
		above = os_folder_of(x->a, above);
		read_profiles(x, f, above, &list);
		for (size_t i = 0; i < list.n && name == NULL; i++) {
			char *real = os_resolve(x->a, list.at[i].folder, &ignored);
			if (real != NULL && strcmp(real, folder) == 0)
				name = list.at[i].name;
		}
		free(list.at);
		list = (struct profile_list){0};
	}
	return name;
}

static int
read_accounts(struct finder *x, struct found_profile *p)
{
	struct source main = {0}, beside[SETTINGS_BESIDE] = {0};
	struct err ignored;
	int rc = settings_read(&main, beside, p->format, p->settings, x->a, &ignored);

	if (rc == 0)
		rc = p->format->accounts(&main, x->a, &p->accounts, &ignored);
	settings_release(&main, beside);
	p->real = arena_alloc(x->a, (p->accounts.n + 1) * sizeof(*p->real));
	for (size_t i = 0; i < p->accounts.n; i++)
		p->real[i] = os_exists(p->accounts.at[i].store)
				     ? os_resolve(x->a, p->accounts.at[i].store, &ignored)
				     : NULL;
	return rc;
}

/* By its settings file, resolved; read once. Settings that cannot be read list nothing:
 * opening a store will say so. */
static struct found_profile *
load(struct finder *x, const struct format *f, const char *settings, const char *name,
	const char *client)
{
	struct found_profile p = {f, settings, name, client, NULL, {0}, NULL};

	for (size_t i = 0; i < x->nprofiles; i++)
		if (strcmp(x->profiles[i].settings, settings) == 0)
			return &x->profiles[i];
	if (name == NULL && f->profiles != NULL)
		p.name = name_of(x, f, os_folder_of(x->a, settings));
	p.origin = origin_of(x, settings);
	if (p.origin != NULL && p.origin->root != NULL && client == NULL)
		p.client = p.origin->root->client;
	read_accounts(x, &p);
	x->profiles = array_grow(
		x->profiles, &x->profiles_cap, x->nprofiles + 1, sizeof(*x->profiles));
	x->profiles[x->nprofiles] = p;
	return &x->profiles[x->nprofiles++];
}

static void
describe(struct found *to, const struct found_profile *p, size_t account)
{
	to->settings = p->settings;
	to->client = p->client;
	to->profile = p->name;
	to->origin = p->origin;
	if (account == SIZE_MAX)
		return;
	to->named = p->accounts.at[account].store;
	to->account = p->accounts.at[account].settings;
	for (size_t i = 0; i < p->accounts.n; i++)
		/* Two accounts with one store: whose it is cannot be told. */
		if (i != account && strcmp(p->accounts.at[i].store, to->named) == 0)
			to->account.known = false;
}

/* Root looks into nobody else's mail because a file of this user's says so. */
static bool
is_foreign(const struct finder *x, const char *path)
{
	struct os_stat st;

	return os_user() == 0 && !is_below(path, x->base) &&
	       os_stat(path, &st, NULL) == 0 && st.uid != x->owner;
}

static void
add_account(struct finder *x, const struct found_profile *p, size_t i)
{
	char *path = p->real[i];
	struct os_stat st;
	bool made;

	if (path == NULL && p->accounts.at[i].one_of_several)
		return;
	if (path == NULL)
		path = arena_string(x->a, text_of(p->accounts.at[i].store));
	else if (os_stat(path, &st, NULL) < 0 || !st.regular || is_foreign(x, path))
		return;
	struct found *f = finder_add(x, p->format, path, &made);
	if (!made)
		return;
	f->state = p->real[i] != NULL ? FOUND_LIVE : FOUND_ABSENT;
	describe(f, p, i);
}

/* The settings file in a folder, whose links are resolved; the file may be a link to
 * elsewhere, and its profile is where the link is. NULL: there is none that we may read. */
static const char *
settings_in(struct finder *x, const struct format *f, const char *folder)
{
	struct err ignored;
	char *real;

	if (f->settings_file == NULL || f->accounts == NULL || !os_exists(folder) ||
		(real = os_resolve(x->a, folder, &ignored)) == NULL)
		return NULL;
	char *path = arena_print(x->a, "%s/%s", real, f->settings_file);
	return os_exists(path) && !is_foreign(x, path) ? path : NULL;
}

static const char *
settings_over(struct finder *x, const struct format *f, const char *path, uint32_t owner)
{
	char *file = settings_above(f, path, owner, x->a);

	return file != NULL ? settings_in(x, f, os_folder_of(x->a, file)) : NULL;
}

static void
add_profile(struct finder *x, const struct format *f, const char *folder,
	const char *name, const char *client)
{
	const char *settings = settings_in(x, f, folder);

	if (settings == NULL)
		return;
	struct found_profile *p = load(x, f, settings, name, client);
	for (size_t i = 0; i < p->accounts.n; i++)
		add_account(x, p, i);
}

void
finder_root(struct finder *x, const struct format *f, const struct client_root *root,
	const char *home, const char *folder)
{
	struct profile_list list = {0};
	struct origin *o;

	for (size_t i = 0; i < x->norigins; i++)
		if (strcmp(x->origins[i]->folder, folder) == 0)
			return; /* ~/.icedove is often a link to ~/.thunderbird */
	o = arena_alloc(x->a, sizeof(*o));
	*o = (struct origin){root, home, folder};
	x->origins = array_grow(
		x->origins, &x->origins_cap, x->norigins + 1, sizeof(*x->origins));
	x->origins[x->norigins++] = o;
	read_profiles(x, f, folder, &list);
	for (size_t i = 0; i < list.n; i++)
		add_profile(x, f, list.at[i].folder, list.at[i].name,
			root != NULL ? root->client : NULL);
	free(list.at);
}

/* A settings file that no list of profiles leads to. */
static void
add_settings(struct finder *x, const struct format *f, char *path)
{
	struct os_stat st;

	if (os_stat(path, &st, NULL) < 0 || !st.regular || is_foreign(x, path))
		return;
	struct found_profile *p = load(x, f, path, NULL, NULL);
	for (size_t i = 0; i < p->accounts.n; i++)
		add_account(x, p, i);
}

/* Each file below the home that fits the glob, links resolved. */
static void
each(struct finder *x, const struct format *f, const char *home, const char *glob,
	const struct client_root *root)
{
	struct err ignored;
	char **paths = NULL;
	size_t cap = 0, n = finder_expand(x, home, glob, &paths, &cap, 0);

	for (size_t i = 0; i < n; i++) {
		char *real = os_resolve(x->a, paths[i], &ignored);
		if (real != NULL && root != NULL)
			finder_root(x, f, root, home, real);
		else if (real != NULL)
			add_settings(x, f, real);
	}
	free(paths);
}

void
finder_home(struct finder *x, const char *home)
{
	for (size_t k = 0; formats[k] != NULL; k++) {
		const struct format *f = formats[k];
		const struct client_root *root = f->roots;
		const char *const *place = f->settings_places;

		if (!finder_wants(x, f))
			continue;
		for (; root != NULL && root->path != NULL; root++)
			each(x, f, home, root->path, root);
		for (; place != NULL && *place != NULL; place++)
			each(x, f, home, *place, NULL);
	}
}

void
finder_folder(struct finder *x, const struct format *f, const char *folder)
{
	const char *inside = arena_print(x->a, "%s/.", folder), *settings;
	struct err ignored;

	if (settings_in(x, f, folder) != NULL) {
		add_profile(x, f, folder, NULL, NULL);
		return;
	}
	if ((settings = settings_over(x, f, inside, x->owner)) == NULL)
		return;
	struct found_profile *p = load(x, f, settings, NULL, NULL);
	for (size_t i = 0; i < p->accounts.n; i++) {
		const char *store = p->accounts.at[i].store;
		char *above = os_folder_of(x->a, store);
		char *real = os_exists(above) ? os_resolve(x->a, above, &ignored) : NULL;
		if (is_below(store, folder) ||
			(real != NULL &&
				is_below(arena_print(x->a, "%s/.", real), folder)))
			add_account(x, p, i);
	}
}

/* Settings that lie apart list accounts of this home, and this store is none of theirs. */
static bool
is_listed_elsewhere(const struct finder *x, const struct format *f, const char *path)
{
	size_t home = format_home(f, path);

	for (size_t i = 0; f->settings_places != NULL && home > 0 && i < x->nprofiles;
		i++) {
		const struct found_profile *p = &x->profiles[i];
		if (p->format == f && p->accounts.n > 0 &&
			strncmp(p->settings, path, home + 1) == 0)
			return true;
	}
	return false;
}

void
finder_file(struct finder *x, const struct format *f, char *path)
{
	const char *settings = NULL;
	struct os_stat st;
	bool made;
	struct found *to = finder_add(x, f, path, &made);

	if (made && os_stat(path, &st, NULL) == 0)
		settings = settings_over(x, f, path, st.uid);
	if (made && settings == NULL && is_listed_elsewhere(x, f, path))
		to->state = FOUND_LEFTOVER;
	if (settings == NULL)
		return;
	const struct found_profile *p = load(x, f, settings, NULL, NULL);
	describe(to, p, SIZE_MAX);
	for (size_t i = 0; i < p->accounts.n; i++)
		if (p->real[i] != NULL && strcmp(p->real[i], path) == 0) {
			describe(to, p, i);
			return;
		}
	/* A profile without any account says nothing: the settings may be new. */
	if (p->accounts.n > 0)
		to->state = FOUND_LEFTOVER;
}
