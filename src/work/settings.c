#include "work/settings.h"

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
