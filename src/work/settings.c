#include "work/settings.h"

#include <stdlib.h>

#include "base/os_file.h"

/* PROFILE/Mail/HOST/popstate.dat, with some to spare for folders that people make. */
#define SETTINGS_LEVELS 6

char *
settings_above(const struct format *f, const char *path, uint32_t owner, struct arena *a)
{
	char *home = os_home_of(a, owner);
	char *folder = os_folder_of(a, path);
	struct os_stat st;
	struct err e;

	if (f->settings_file == NULL)
		return NULL;
	if (home != NULL)
		home = os_resolve(a, home, &e);
	for (int level = 0; level < SETTINGS_LEVELS; level++) {
		char *file = arena_print(a, "%s/%s", folder, f->settings_file);
		if (os_stat(file, &st, NULL) == 0 && st.regular)
			return file;
		if (strcmp(folder, "/") == 0 ||
			(home != NULL && strcmp(folder, home) == 0))
			break;
		folder = os_folder_of(a, folder);
	}
	return NULL;
}

int
settings_read(struct source *main, struct source *beside, const struct format *f,
	const char *path, struct arena *a, struct err *e)
{
	const char *const *names = f->settings_beside;
	const char *folder = os_folder_of(a, path);
	const struct source **next = &main->beside;
	struct os_stat st;

	if (source_read(main, path, e) < 0)
		return -1;
	for (size_t i = 0; i < SETTINGS_BESIDE && names != NULL && names[i] != NULL;
		i++) {
		char *file = arena_print(a, "%s/%s", folder, names[i]);

		if (os_stat(file, &st, NULL) < 0)
			continue;
		if (source_read(&beside[i], file, e) < 0)
			return -1;
		*next = &beside[i];
		next = &beside[i].beside;
	}
	return 0;
}

void
settings_release(struct source *main, struct source *beside)
{
	source_release(main);
	*main = (struct source){0};
	for (size_t i = 0; i < SETTINGS_BESIDE; i++) {
		source_release(&beside[i]);
		beside[i] = (struct source){0};
	}
}

static bool
is_named(const struct settings *s, const struct account *account)
{
	return text_equal_nocase(s->host, account->host.text) &&
	       text_equal(s->user, account->user.text);
}

/* Several accounts may have one store. Where it names them, that one counts; else, or
 * where the name has changed since, the only one there is. */
static const struct settings *
choose(const struct account_list *l, const char *store_path,
	const struct account *account)
{
	const struct settings *only = NULL;
	bool named =
		account != NULL && account->host.text.len + account->user.text.len > 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->at[i].store, store_path) != 0)
			continue;
		if (named && is_named(&l->at[i].settings, account))
			return &l->at[i].settings;
		only = &l->at[i].settings;
		n++;
	}
	return n == 1 ? only : NULL;
}

int
settings_of(const struct format *f, const char *store_path, const struct account *account,
	const struct source *settings, struct arena *a, struct settings *out,
	struct err *e)
{
	struct account_list list = {0};
	const struct settings *found;
	int rc;

	*out = (struct settings){0};
	if (f->settings != NULL)
		return f->settings(store_path, settings, a, out, e);
	if (f->accounts == NULL)
		return 0;
	rc = f->accounts(settings, a, &list, e);
	if (rc == 0 && (found = choose(&list, store_path, account)) != NULL)
		*out = *found;
	free(list.at);
	return rc;
}
